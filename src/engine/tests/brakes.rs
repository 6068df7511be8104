//! What goes or is emptied at once waits for a person, on either side.

use super::*;

/// A vault of `files` notes on two devices that agree.
fn full(files: usize) -> World {
    let mut world = met(2);
    for number in 0..files {
        world.peers[0].save(&format!("{number}.md"), &format!("note {number}\n"));
    }
    world.run(10_000);
    world.assert_equal();
    world
}

fn brakes(peer: &Peer) -> Vec<u64> {
    let mut counts = Vec::new();
    for report in &peer.reports {
        if let Report::Brake { count, .. } = report {
            counts.push(*count);
        }
    }
    counts
}

fn is_braked(peer: &Peer) -> bool {
    peer.engine.status().problems.iter().any(|it| it.kind == ProblemKind::Brake)
}

fn allow(world: &mut World, peer: usize) {
    world.peers[peer].inbox.push_back(Input::Command(Command::AllowMassDelete));
}

/// The peer's process ends and another begins, with the same store and disk.
fn restart(world: &mut World, at: usize, meta: Vec<(String, Vec<u8>)>) {
    world.part();
    world.run(100);
    let peer = &mut world.peers[at];
    let setup = Setup {
        files: peer.files.clone().into_iter().collect(),
        peers: peer.members.clone().into_iter().collect(),
        meta,
        ..Peer::setup(u8::try_from(at + 1).unwrap(), true)
    };
    peer.inbox.clear();
    peer.reports.clear();
    peer.engine = Engine::new(world.now, setup);
    world.apart = false;
    world.run(60_000);
}

#[test]
fn what_others_delete_at_once_stays_until_a_person_agrees() {
    let mut world = full(50);
    for number in 0..40 {
        world.peers[0].remove(&format!("{number}.md"));
    }
    allow(&mut world, 0);
    world.run(10_000);
    assert_eq!(world.peers[0].texts_on_disk().len(), 10);
    assert_eq!(world.peers[1].texts_on_disk().len(), 50);
    assert_eq!(brakes(&world.peers[1]), [40]);
    assert!(is_braked(&world.peers[1]) && !is_braked(&world.peers[0]));
    assert_eq!(world.peers[1].engine.status().pending, 0);
    // Other work goes on, and what is edited is back everywhere.
    world.peers[0].save("new.md", "new\n");
    world.peers[1].save("7.md", "note 7\nstill needed\n");
    world.run(10_000);
    assert_eq!(world.peers[1].texts_on_disk()["new.md"], "new\n");
    assert_eq!(world.peers[0].texts_on_disk()["7.md"], "note 7\nstill needed\n");
    // A restart does not let it pass, however many files there are by then.
    for number in 0..60 {
        world.peers[0].save(&format!("more {number}.md"), &format!("more {number}\n"));
    }
    world.run(10_000);
    let meta = world.peers[1].meta.clone().into_iter().collect();
    restart(&mut world, 1, meta);
    assert_eq!(world.peers[1].texts_on_disk().len(), 111);
    assert_eq!(brakes(&world.peers[1]), [39]);
    allow(&mut world, 1);
    world.run(10_000);
    world.assert_equal();
    assert_eq!(world.peers[1].texts_on_disk().len(), 72);
    assert!(!is_braked(&world.peers[1]));
}

#[test]
fn what_others_delete_bit_by_bit_is_judged_as_one() {
    let mut world = full(50);
    for number in 0..45 {
        world.peers[0].remove(&format!("{number}.md"));
        // The device itself is asked each time that its own brake holds.
        allow(&mut world, 0);
        world.run(1500);
    }
    world.run(10_000);
    let left = world.peers[1].texts_on_disk().len();
    assert!(left > 20, "{left}");
    assert!(is_braked(&world.peers[1]));
}

#[test]
fn a_slow_deletion_is_judged_as_one() {
    let mut world = full(50);
    for number in 0..45 {
        world.peers[0].remove(&format!("{number}.md"));
        world.run(1200);
    }
    assert!(is_braked(&world.peers[0]));
    assert_eq!(world.peers[1].texts_on_disk().len(), 25);
    // What is held back stays so when the rest goes later.
    world.run(120_000);
    world.peers[0].remove("48.md");
    world.run(10_000);
    assert_eq!(world.peers[1].texts_on_disk().len(), 25);
    allow(&mut world, 0);
    world.run(10_000);
    assert!(!is_braked(&world.peers[0]));
    assert_eq!(world.peers[0].texts_on_disk().len(), 4);
    assert_eq!(world.peers[0].engine.status().files, 4);
}

#[test]
fn deletions_far_apart_are_no_mass_deletion() {
    let mut world = full(50);
    for number in 0..45 {
        world.peers[0].remove(&format!("{number}.md"));
        world.run(5000);
    }
    world.assert_equal();
    assert_eq!(world.peers[1].texts_on_disk().len(), 5);
    assert!(brakes(&world.peers[0]).is_empty() && brakes(&world.peers[1]).is_empty());
}

#[test]
fn what_is_replaced_by_another_file_does_not_stay() {
    let mut world = full(50);
    world.part();
    world.run(100);
    for number in 0..45 {
        world.peers[0].remove(&format!("{number}.md"));
    }
    allow(&mut world, 0);
    world.run(10_000);
    for number in 0..45 {
        world.peers[0].save(&format!("{number}.md"), &format!("another {number}\n"));
    }
    world.run(10_000);
    world.apart = false;
    world.run(60_000);
    world.assert_equal();
    assert!(!is_braked(&world.peers[1]));
    assert_eq!(world.peers[1].texts_on_disk()["0.md"], "another 0\n");
}

#[test]
fn many_emptied_files_are_held_back_and_one_is_not() {
    let mut world = full(50);
    world.peers[0].save("49.md", "");
    world.run(5000);
    assert_eq!(world.peers[1].texts_on_disk()["49.md"], "");
    for number in 0..30 {
        let stub = if number % 2 == 0 { "" } else { "\0\0\0\0" };
        world.peers[0].save(&format!("{number}.md"), stub);
    }
    world.run(10_000);
    assert_eq!(brakes(&world.peers[0]), [31]);
    assert_eq!(world.peers[0].engine.status().pending, 0);
    for number in 0..30 {
        let name = format!("{number}.md");
        assert_eq!(world.peers[1].texts_on_disk()[&name], format!("note {number}\n"));
    }
    // What others write is not put in place of a stub, and other work goes on.
    world.peers[1].save("3.md", "note 3\nmore\n");
    world.peers[0].save("40.md", "note 40\nmore\n");
    world.run(10_000);
    assert_eq!(world.peers[0].texts_on_disk()["3.md"], "\0\0\0\0");
    assert_eq!(world.peers[1].texts_on_disk()["40.md"], "note 40\nmore\n");
    let meta = world.peers[0].meta.clone().into_iter().collect();
    restart(&mut world, 0, meta);
    assert_eq!(brakes(&world.peers[0]), [30]);
    // Half of them come back, by themselves.
    for number in 0..15 {
        world.peers[0].save(&format!("{number}.md"), &format!("note {number}\n"));
    }
    world.run(10_000);
    assert!(is_braked(&world.peers[0]));
    assert_eq!(world.peers[0].texts_on_disk()["3.md"], "note 3\nmore\n");
    assert_eq!(world.peers[1].texts_on_disk()["20.md"], "note 20\n");
    allow(&mut world, 0);
    world.run(10_000);
    assert!(!is_braked(&world.peers[0]));
    world.assert_equal();
    assert_eq!(world.peers[1].texts_on_disk()["20.md"], "");
}

#[test]
fn what_is_agreed_to_passes_in_parts_and_only_once() {
    let mut world = full(60);
    allow(&mut world, 1);
    for part in [0..25, 25..55] {
        allow(&mut world, 0);
        for number in part {
            world.peers[0].remove(&format!("{number}.md"));
        }
        world.run(1500);
    }
    world.run(1000);
    assert!(brakes(&world.peers[1]).is_empty());
    assert_eq!(world.peers[1].texts_on_disk().len(), 5);
    world.run(10_000);
    for number in 60..100 {
        world.peers[0].save(&format!("{number}.md"), &format!("note {number}\n"));
    }
    world.run(10_000);
    world.assert_equal();
    allow(&mut world, 0);
    for number in 60..100 {
        world.peers[0].remove(&format!("{number}.md"));
    }
    world.run(10_000);
    assert_eq!(brakes(&world.peers[1]), [40]);
    assert_eq!(world.peers[1].texts_on_disk().len(), 45);
}

/// What a peer empties, or cuts to stubs, at once stays here as it was until a person agrees.
#[test]
fn what_others_empty_at_once_stays_until_a_person_agrees() {
    let mut world = full(60);
    let old = world.peers[1].texts_on_disk();
    for number in 0..30 {
        world.peers[0].save(&format!("{number}.md"), "");
    }
    allow(&mut world, 0);
    world.run(10_000);
    assert_eq!(world.peers[0].texts_on_disk()["3.md"], "");
    assert_eq!(world.peers[1].texts_on_disk(), old);
    assert_eq!(brakes(&world.peers[1]), [30]);
    assert_eq!(world.peers[1].engine.status().pending, 0);
    // What a person saves here stands, whole, on both sides.
    world.peers[1].save("7.md", "note 7\nstill needed\n");
    // What is filled again there comes, and is no longer held.
    world.peers[0].save("8.md", "note 8\nwritten anew\n");
    world.run(10_000);
    for peer in &world.peers {
        assert_eq!(peer.texts_on_disk()["7.md"], "note 7\nstill needed\n");
        assert_eq!(peer.texts_on_disk()["8.md"], "note 8\nwritten anew\n");
    }
    let meta = world.peers[1].meta.clone().into_iter().collect();
    restart(&mut world, 1, meta);
    assert_eq!(brakes(&world.peers[1]), [28]);
    assert_eq!(world.peers[1].texts_on_disk()["3.md"], "note 3\n");
    allow(&mut world, 1);
    world.run(10_000);
    world.assert_equal();
    assert!(!is_braked(&world.peers[1]));
    assert_eq!(world.peers[1].texts_on_disk()["3.md"], "");
}

#[test]
fn stubs_of_most_of_a_vault_are_held_back_and_of_some_notes_are_not() {
    let mut world = met(2);
    for number in 0..60 {
        world.peers[0].save(&format!("{number}.md"), &format!("{number} {}\n", "word ".repeat(60)));
    }
    world.run(10_000);
    for number in 0..25 {
        world.peers[0].save(&format!("{number}.md"), &format!("stub {number}\n"));
    }
    world.run(120_000);
    world.assert_equal();
    for number in 25..60 {
        world.peers[0].save(&format!("{number}.md"), &format!("stub {number}\n"));
    }
    world.run(10_000);
    assert_eq!(brakes(&world.peers[1]), [35]);
    assert!(world.peers[1].texts_on_disk()["30.md"].contains("word"));
    allow(&mut world, 1);
    world.run(10_000);
    world.assert_equal();
}

#[test]
fn one_note_that_a_peer_empties_is_emptied_here() {
    let mut world = full(50);
    world.peers[0].save("3.md", "");
    world.run(5000);
    assert_eq!(world.peers[1].texts_on_disk()["3.md"], "");
    world.assert_equal();
    assert!(brakes(&world.peers[1]).is_empty());
}

/// Both brakes: as many new files as went do not make it less of a mass deletion.
#[test]
fn files_that_come_in_the_same_breath_do_not_make_the_share_smaller() {
    for order in ["new first", "gone first"] {
        let mut world = full(60);
        world.run(120_000);
        world.part();
        world.run(100);
        let fill = |world: &mut World| {
            for number in 100..160 {
                world.peers[0].save(&format!("{number}.md"), &format!("new {number}\n"));
            }
            world.run(3000);
        };
        if order == "new first" {
            fill(&mut world);
        }
        for number in 0..59 {
            world.peers[0].remove(&format!("{number}.md"));
        }
        if order == "gone first" {
            fill(&mut world);
        }
        world.run(10_000);
        assert!(is_braked(&world.peers[0]), "{order}: held where it is made");
        allow(&mut world, 0);
        world.run(10_000);
        assert_eq!(world.peers[0].texts_on_disk().len(), 61, "{order}");
        world.apart = false;
        world.run(60_000);
        assert_eq!(world.peers[1].texts_on_disk().len(), 120, "{order}");
        assert_eq!(brakes(&world.peers[1]), [59], "{order}");
        allow(&mut world, 1);
        world.run(10_000);
        world.assert_equal();
    }
}

/// What came a moment ago and goes again was not there before.
#[test]
fn what_was_unpacked_and_partly_thrown_away_again_is_no_mass_deletion() {
    let mut world = full(5);
    world.run(120_000);
    for number in 100..200 {
        world.peers[0].save(&format!("{number}.md"), &format!("new {number}\n"));
    }
    world.run(5000);
    for number in 100..140 {
        world.peers[0].remove(&format!("{number}.md"));
    }
    world.run(10_000);
    world.assert_equal();
    assert_eq!(world.peers[1].texts_on_disk().len(), 65);
    assert!(brakes(&world.peers[0]).is_empty() && brakes(&world.peers[1]).is_empty());
}

/// While one side holds something back, neither calls the other in sync.
#[test]
fn both_sides_say_that_one_holds_something_back() {
    let mut world = full(50);
    for number in 0..40 {
        world.peers[0].remove(&format!("{number}.md"));
    }
    allow(&mut world, 0);
    world.run(10_000);
    let told = |peer: &Peer| {
        let status = peer.engine.status();
        let other = &status.peers[0];
        (other.in_sync, other.held_there, other.held_here)
    };
    assert_eq!(told(&world.peers[0]), (false, 40, 0));
    assert_eq!(told(&world.peers[1]), (false, 0, 40));
    let last = |peer: &Peer| {
        let agreed = |it: &&Report| matches!(it, Report::InSync(..) | Report::HeldBack { .. });
        peer.reports.iter().rev().find(agreed).cloned()
    };
    let there = Report::HeldBack { peer: world.peers[1].id, there: 40, here: 0 };
    assert_eq!(last(&world.peers[0]), Some(there));
    let here = Report::HeldBack { peer: world.peers[0].id, there: 0, here: 40 };
    assert_eq!(last(&world.peers[1]), Some(here));
    // A one-shot says so, too, and does not wait for it.
    for at in 0..2 {
        let peers = Vec::new();
        let shot = Command::Shot { shot: ShotId(7), mode: ShotMode::Sync, peers, dry_run: false };
        world.peers[at].inbox.push_back(Input::Command(shot));
        world.run(2000);
        let mut done = None;
        for report in &world.peers[at].reports {
            if let Report::Done(_, result) = report {
                done = Some(result.peers[0].2);
            }
        }
        assert_eq!(done, Some(ShotOutcome::HeldBack));
    }
    allow(&mut world, 1);
    world.run(10_000);
    assert_eq!((told(&world.peers[0]), told(&world.peers[1])), ((true, 0, 0), (true, 0, 0)));
    assert!(matches!(last(&world.peers[0]), Some(Report::InSync(..))));
}

#[test]
fn an_edit_of_a_note_held_back_and_alive_again_keeps_what_others_wrote() {
    let mut world = met(3);
    for number in 0..50 {
        world.peers[0].save(&format!("{number}.md"), &format!("note {number}\n"));
    }
    world.run(10_000);
    world.part();
    for number in 0..40 {
        world.peers[0].remove(&format!("{number}.md"));
    }
    allow(&mut world, 0);
    world.peers[2].rename("3.md", "moved.md");
    world.run(3000);
    world.peers[2].save("moved.md", "note 3\ntheirs\n");
    world.run(3000);
    world.strangers.extend([(0, 2), (1, 2)]);
    world.apart = false;
    world.run(60_000);
    assert!(is_braked(&world.peers[1]) && world.peers[1].disk.contains_key(&path("3.md")));
    // The note lives, elsewhere, where it cannot be put: it lies here as it was.
    world.peers[1].refused.insert(path("moved.md"));
    world.strangers.clear();
    world.run(60_000);
    assert!(world.peers[1].disk.contains_key(&path("3.md")));
    world.peers[1].save("3.md", "note 3\nmine\n");
    world.run(10_000);
    world.peers[1].refused.clear();
    world.run(120_000);
    for peer in &world.peers {
        let text = &peer.texts_on_disk()["moved.md"];
        assert!(text.contains("theirs") && text.contains("mine"), "{text}");
    }
}
