//! Many texts for one peer, in the packs of the store.

use super::*;

/// Saves so many notes, each a second older than the one before it.
fn with_notes(count: usize) -> World {
    let mut world = World::new(2);
    for number in (0..count).rev() {
        world.peers[0].save(&format!("{number:03}.md"), &format!("note {number}\n"));
    }
    world.run(5000);
    world.introduce();
    world
}

fn sizes(world: &World) -> Vec<usize> {
    world.packs.iter().map(Vec::len).collect()
}

#[test]
fn many_texts_travel_as_they_lie() {
    let mut world = with_notes(300);
    world.run(5000);
    world.assert_equal();
    assert_eq!(world.peers[1].texts_on_disk().len(), 300);
    // What was gathered last was the beginning of a pack, and came whole.
    assert_eq!(sizes(&world), [64, 64, 64, 64, 44]);
    let newest = Birth { vault: VAULT, path: path("000.md"), generation: 0 }.file_id();
    assert_eq!(world.packs[0][0], newest);
    assert!(world.peers[1].engine.status().peers[0].in_sync);
}

#[test]
fn few_texts_are_read_where_they_lie() {
    let mut world = with_notes(15);
    world.run(5000);
    world.assert_equal();
    assert!(world.packs.is_empty());
}

#[test]
fn what_lies_in_no_pack_is_read_where_it_lies() {
    let mut world = with_notes(1000);
    world.peers[0].texts.clear();
    world.run(5000);
    world.assert_equal();
    assert!(world.packs.is_empty());
    assert_eq!(world.peers[1].texts_on_disk().len(), 1000);
}

#[test]
fn a_file_edited_meanwhile_comes_as_it_is_now() {
    let mut world = with_notes(100);
    world.rounds_limit = 100_000;
    // Its record and its text are of one moment, and the answer of the store of another.
    for number in [3, 50, 99] {
        world.peers[0].save(&format!("{number:03}.md"), "edited\n");
    }
    world.run(10_000);
    world.assert_equal();
    assert_eq!(world.peers[1].texts_on_disk()["050.md"], "edited\n");
    assert!(!sizes(&world).is_empty());
}

#[test]
fn files_that_hold_the_same_all_come() {
    let mut world = World::new(2);
    for number in 0..40 {
        world.peers[0].save(&format!("{number:03}.md"), &format!("note {}\n", number / 2));
    }
    world.run(5000);
    world.introduce();
    world.run(5000);
    world.assert_equal();
    assert_eq!(world.peers[1].texts_on_disk().len(), 40);
    assert_eq!(sizes(&world), [20]);
}

#[test]
fn a_live_edit_does_not_wait_for_what_is_under_way() {
    let mut out = outbox::Outbox::default();
    let id = |at: usize| FileId(u128::try_from(at).unwrap().to_be_bytes());
    let rank = |live: bool| (!live, outbox::Class::Now, false, std::cmp::Reverse(0));
    let full = (0..).take_while(|at| {
        let room = out.has_room();
        if room {
            out.leaves(id(*at), crate::wire::State::Absent, 100_000, Tick(0));
        }
        room
    });
    assert!(full.count() > 80);
    out.push(id(1_000_000), rank(false));
    assert!(!out.has_room());
    out.push(id(1_000_001), rank(true));
    assert!(out.has_room());
}
