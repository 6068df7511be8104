//! Which texts stay in the store, and which go.

use super::*;

const DAY_MS: u64 = 86_400_000;

/// Days pass at one device; it looks for texts that nobody needs now and then.
fn days(world: &mut World, at: usize, days: u64) {
    for _ in 0..days {
        let now = world.now.plus_ms(DAY_MS);
        let wall = WallMs(i64::try_from(now.0).unwrap());
        world.peers[at].inbox.push_back(Input::Command(Command::WallClock(wall)));
        for _ in 0..24 {
            world.run(DAY_MS / 24);
        }
    }
}

fn holds(peer: &Peer, text: &str) -> bool {
    peer.texts.contains_key(&ContentHash::of(text.as_bytes()))
}

#[test]
fn texts_of_deleted_files_stay_for_the_days_of_the_trash() {
    let mut world = met(2);
    for (name, text) in [("a.md", "one\n"), ("b.md", "two\n"), ("c.md", "three\n")] {
        world.peers[0].save(name, text);
    }
    world.run(5000);
    // One was edited before, so that its document has the characters; one was only deleted.
    world.peers[0].save("a.md", "one\nmore\n");
    world.run(5000);
    world.peers[0].remove("a.md");
    world.peers[1].remove("b.md");
    world.run(5000);
    world.assert_equal();
    let garbage = "read for a move\n";
    let hash = ContentHash::of(garbage.as_bytes());
    world.peers[0].texts.insert(hash, garbage.into());
    days(&mut world, 0, 29);
    assert!(!holds(&world.peers[0], garbage));
    for text in ["one\n", "two\n", "three\n"] {
        assert!(holds(&world.peers[0], text), "{text}");
    }
    days(&mut world, 0, 3);
    assert!(!holds(&world.peers[0], "one\n") && !holds(&world.peers[0], "two\n"));
    assert!(holds(&world.peers[0], "three\n"));
}

#[test]
fn a_clock_a_year_ahead_ends_nothing() {
    let mut world = met(1);
    world.peers[0].save("a.md", "one\n");
    world.run(5000);
    world.peers[0].remove("a.md");
    world.run(5000);
    days(&mut world, 0, 1);
    let ahead = WallMs(i64::try_from(365 * DAY_MS).unwrap());
    for _ in 0..5 {
        world.peers[0].inbox.push_back(Input::Command(Command::WallClock(ahead)));
        world.run(DAY_MS);
    }
    assert!(holds(&world.peers[0], "one\n"));
}

/// A deletion that went by long ago, and an edit made elsewhere before it was known: the text comes
/// from whoever still has the file.
#[test]
fn an_edit_of_a_file_deleted_long_ago_brings_its_text() {
    let mut world = met(2);
    world.peers[0].save("a.md", "one\n");
    world.run(5000);
    world.part();
    world.run(100);
    world.peers[0].remove("a.md");
    days(&mut world, 0, 40);
    assert!(!holds(&world.peers[0], "one\n"));
    world.peers[1].save("a.md", "one\nstill needed\n");
    days(&mut world, 1, 40);
    assert!(holds(&world.peers[1], "one\n"));
    world.apart = false;
    world.run(120_000);
    world.assert_equal();
    assert_eq!(world.peers[0].texts_on_disk()["a.md"], "one\nstill needed\n");
}

/// A restart in between forgets neither since when files are deleted, nor what documents need.
#[test]
fn days_go_on_after_a_restart() {
    let mut world = met(2);
    world.peers[0].save("a.md", "one\n");
    world.peers[0].save("b.md", "two\n");
    world.run(5000);
    world.peers[0].rename("b.md", "c.md");
    world.peers[0].remove("a.md");
    world.run(5000);
    days(&mut world, 0, 20);
    let peer = &mut world.peers[0];
    let setup = Setup {
        files: peer.files.clone().into_iter().collect(),
        peers: peer.members.clone().into_iter().collect(),
        meta: peer.meta.clone().into_iter().collect(),
        ..Peer::setup(1, true)
    };
    world.part();
    world.run(100);
    let peer = &mut world.peers[0];
    peer.inbox.clear();
    peer.engine = Engine::new(world.now, setup);
    world.apart = false;
    world.run(1000);
    days(&mut world, 0, 8);
    assert!(holds(&world.peers[0], "one\n"));
    days(&mut world, 0, 4);
    assert!(!holds(&world.peers[0], "one\n"));
    assert!(holds(&world.peers[0], "two\n"), "its document names it by hash alone");
}
