//! The same bytes in many places cross once.

use super::*;

/// Chunks of one content of so many bytes.
fn chunks(bytes: usize) -> u64 {
    (bytes as u64).div_ceil(CHUNK_BYTES)
}

#[test]
fn one_attachment_in_many_folders_crosses_once() {
    for bytes in [70_000, 1_300_000] {
        let mut world = met(2);
        world.part();
        let picture = "p".repeat(bytes);
        for language in ["de", "en", "es", "fr", "ja", "zh"] {
            world.peers[0].save(&format!("{language}/picture.png"), &picture);
        }
        world.run(2000);
        world.apart = false;
        world.run(30_000);
        world.assert_equal();
        assert_eq!(world.peers[1].disk.len(), 6);
        assert_eq!(world.chunks, chunks(bytes), "of {bytes} bytes");
    }
}

#[test]
fn a_copy_does_not_wait_for_one_that_cannot_be_put_in_place() {
    for bytes in [70_000, 1_300_000] {
        for (stuck, other) in [("a.png", "b.png"), ("b.png", "a.png")] {
            let mut world = met(2);
            world.part();
            let picture = "p".repeat(bytes);
            world.peers[0].save("a.png", &picture);
            world.peers[0].save("b.png", &picture);
            world.peers[1].refused.insert(path(stuck));
            world.run(2000);
            world.apart = false;
            world.run(30_000);
            let there = world.peers[1].texts_on_disk();
            assert_eq!(there.get(other), Some(&picture), "beside {stuck}");
            world.peers[1].refused.clear();
            world.run(120_000);
            world.assert_equal();
            assert!(world.chunks <= 2 * chunks(bytes), "at most once more: {}", world.chunks);
        }
    }
}
