//! What a stop leaves between a step and its record.

use super::trades::{apart_with, meet_again, restart};
use super::*;
use crate::engine::entry::Entry;

const OAK: &str = "# Of trees\n\nthe oak\n";
const WREN: &str = "# Of birds\n\nthe wren\n";

/// Stops a peer between having put what lies at `place` there and having recorded that.
fn stop_before_the_record(world: &mut World, at: usize, place: &str) {
    let peer = &mut world.peers[at];
    let id = peer.engine.index.at(&path(place)).unwrap();
    let entry = Entry::decode(&peer.files[&id]).unwrap();
    assert!(entry.base.is_some());
    peer.files.insert(id, Entry { base: None, ..entry }.encode());
    restart(world, at);
}

#[test]
fn a_note_that_was_renamed_before_it_came_is_not_found_as_another_after_a_stop() {
    for edited in [false, true] {
        let mut world = apart_with(&[("a.md", WREN)]);
        world.peers[0].save("b.md", OAK);
        world.run(3000);
        world.peers[0].rename("b.md", "trees/c.md");
        world.run(3000);
        let text = if edited { format!("{OAK}the elm\n") } else { OAK.to_owned() };
        world.peers[0].save("trees/c.md", &text);
        world.run(3000);
        meet_again(&mut world);
        world.part();
        world.run(100);
        stop_before_the_record(&mut world, 1, "trees/c.md");
        let told = meet_again(&mut world);
        assert_eq!(told.into_keys().collect::<Vec<_>>(), ["a.md", "trees/c.md"]);
        assert_eq!(world.peers[1].engine.index.len(), world.peers[0].engine.index.len());
        assert_eq!(world.peers[1].files.len(), 2);
        let news = |it: &Report| matches!(it, Report::TakenIn { .. } | Report::Written { .. });
        assert!(!world.peers[1].reports.iter().any(news), "it is neither new nor put there again");
    }
}

#[test]
fn nor_is_one_that_lies_beside_another_of_its_name() {
    let mut world = apart_with(&[("a.md", OAK), ("b.md", WREN)]);
    world.peers[0].rename("a.md", "c.md");
    world.peers[1].rename("b.md", "c.md");
    let names: Vec<String> = meet_again(&mut world).into_keys().collect();
    let [beside, place] = &names[..] else { panic!("{names:?}") };
    assert!(beside.starts_with("c (clash ") && place == "c.md", "{names:?}");
    for at in [0, 1] {
        world.part();
        world.run(100);
        stop_before_the_record(&mut world, at, beside);
        assert_eq!(meet_again(&mut world).into_keys().collect::<Vec<_>>(), names);
        assert_eq!(world.peers[at].files.len(), 2);
    }
}

#[test]
fn what_somebody_wrote_there_meanwhile_is_kept() {
    let mut world = apart_with(&[("a.md", WREN)]);
    world.peers[0].save("b.md", OAK);
    world.run(3000);
    world.peers[0].rename("b.md", "c.md");
    meet_again(&mut world);
    world.part();
    world.run(100);
    world.peers[1].save("c.md", &format!("{OAK}the elm\n"));
    world.peers[1].inbox.clear();
    stop_before_the_record(&mut world, 1, "c.md");
    let told = meet_again(&mut world);
    assert!(told.values().any(|text| text.contains("the elm")), "{told:?}");
    assert!(told.values().any(|text| text.contains("the oak")), "{told:?}");
}

#[test]
fn half_of_a_save_that_a_stop_meets_is_no_edit() {
    let whole = format!("{OAK}{WREN}");
    let mut world = apart_with(&[("a.md", &whole)]);
    world.peers[0].save("a.md", &whole.replace("the wren", "the grey wren"));
    let here = &mut world.peers[1];
    here.save("a.md", OAK);
    here.inbox.clear();
    here.inbox.push_back(Input::Hint(vec![Hint::Writing(path("a.md"))]));
    here.inbox.push_back(Input::Command(Command::Stop));
    world.run(1000);
    let here = &mut world.peers[1];
    assert!(here.reports.contains(&Report::Stopped));
    let id = here.engine.index.at(&path("a.md")).unwrap();
    assert_eq!(here.engine.index.get(&id).unwrap().content, Content::of(whole.as_bytes()));
    // Its writer goes on while nothing runs here.
    here.save("a.md", &format!("{whole}the crow\n"));
    here.inbox.clear();
    restart(&mut world, 1);
    let merged = whole.replace("the wren", "the grey wren") + "the crow\n";
    assert_eq!(meet_again(&mut world)["a.md"], merged);
}
