//! Old files that wait until there is power again, or until somebody asks.

use super::*;

/// Two that agreed once, the first of which then got old files while they were apart, and meets the
/// other again while its background rests.
fn resting() -> World {
    let mut world = met(2);
    world.peers[0].save("first.md", "one\n");
    world.run(5000);
    world.assert_equal();
    world.part();
    world.run(1000);
    for name in ["old.md", "older.md"] {
        world.peers[0].save(name, "text\n");
    }
    world.run(5000);
    // Two days later those are background.
    let later = WallMs(2 * 86_400_000);
    world.peers[0].inbox.push_back(Input::Command(Command::WallClock(later)));
    say(&mut world, Background::Rests);
    world.apart = false;
    world.run(120_000);
    assert!(world.peers[0].engine.status().peers[0].connected);
    world
}

fn say(world: &mut World, background: Background) {
    world.peers[0].inbox.push_back(Input::Command(Command::Background(background)));
}

fn names(world: &World) -> Vec<String> {
    world.peers[1].texts_on_disk().into_keys().collect()
}

#[test]
fn old_files_wait_and_edits_do_not() {
    let mut world = resting();
    assert_eq!(names(&world), ["first.md"]);
    let status = world.peers[0].engine.status();
    assert_eq!((status.peers[0].pending_out, status.peers[0].in_sync), (2, false));
    world.peers[0].save("new.md", "now\n");
    world.peers[1].save("first.md", "one\ntwo\n");
    world.run(5000);
    assert_eq!(names(&world), ["first.md", "new.md"]);
    assert_eq!(world.peers[0].texts_on_disk()["first.md"], "one\ntwo\n");
    say(&mut world, Background::Flows);
    world.run(5000);
    world.assert_equal();
    assert_eq!(names(&world).len(), 4);
    assert!(world.peers[0].engine.status().peers[0].in_sync);
}

#[test]
fn an_old_file_that_is_edited_now_goes_now() {
    let mut world = resting();
    world.peers[0].save("old.md", "text\nmore\n");
    world.run(5000);
    assert_eq!(names(&world), ["first.md", "old.md"]);
    assert_eq!(world.peers[1].texts_on_disk()["old.md"], "text\nmore\n");
}

#[test]
fn a_one_shot_takes_them_along() {
    let mut world = resting();
    let mode = ShotMode::Sync;
    let shot = Command::Shot { shot: ShotId(1), peers: vec![], mode, dry_run: false };
    world.peers[0].inbox.push_back(Input::Command(shot));
    world.run(5000);
    world.assert_equal();
    assert_eq!(names(&world).len(), 3);
}

#[test]
fn who_never_agreed_gets_everything() {
    let mut world = World::new(2);
    world.peers[0].save("old.md", "text\n");
    let later = WallMs(2 * 86_400_000);
    world.peers[0].inbox.push_back(Input::Command(Command::WallClock(later)));
    say(&mut world, Background::Rests);
    world.run(1000);
    world.introduce();
    world.run(5000);
    world.assert_equal();
    assert_eq!(names(&world), ["old.md"]);
}

#[test]
fn a_stop_does_not_wait_for_them() {
    let mut world = resting();
    world.peers[0].inbox.push_back(Input::Command(Command::Stop));
    world.run(50);
    assert!(world.peers[0].reports.contains(&Report::Stopped), "{:?}", world.peers[0].reports);
}
