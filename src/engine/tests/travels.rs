//! What one device does reaches the others, and what stands in its way.

use super::*;

#[test]
fn a_new_note_an_edit_a_rename_and_a_deletion_arrive() {
    let mut world = met(2);
    world.peers[0].save("a.md", "one\ntwo\n");
    world.run(3000);
    world.assert_equal();
    assert_eq!(world.peers[1].texts_on_disk()["a.md"], "one\ntwo\n");
    world.peers[1].save("a.md", "one\ntwo\nthree\n");
    world.run(3000);
    world.assert_equal();
    assert_eq!(world.peers[0].texts_on_disk()["a.md"], "one\ntwo\nthree\n");
    world.peers[0].rename("a.md", "folder/b.md");
    world.run(3000);
    world.assert_equal();
    assert!(world.peers[1].texts_on_disk().contains_key("folder/b.md"));
    world.peers[1].remove("folder/b.md");
    world.run(3000);
    world.assert_equal();
    assert!(world.peers[0].texts_on_disk().is_empty());
}

#[test]
fn what_one_side_edited_while_apart_goes_one_way_and_whole_documents_go_neither() {
    let lines = |first: &str, last: &str| format!("{first}\n{}{last}\n", "between\n".repeat(9));
    for (ours, theirs, deliveries) in [(1, 0, 1), (5, 0, 1), (0, 3, 1), (1, 1, 2), (4, 3, 2)] {
        let mut world = met(2);
        world.peers[0].save("a.md", &lines("one", "two"));
        world.run(3000);
        world.peers[1].save("a.md", &lines("one", "2"));
        world.run(3000);
        world.part();
        for round in 1..=ours.max(theirs) {
            if round <= ours {
                world.peers[0].save("a.md", &lines(&format!("one {round}"), "2"));
            }
            if round <= theirs {
                world.peers[1].save("a.md", &lines("one", &format!("2 {round}")));
            }
            world.run(3000);
        }
        world.delivered_on.clear();
        world.apart = false;
        world.run(90_000);
        world.assert_equal();
        let expected = match (ours, theirs) {
            (0, theirs) => lines("one", &format!("2 {theirs}")),
            (ours, 0) => lines(&format!("one {ours}"), "2"),
            (ours, theirs) => lines(&format!("one {ours}"), &format!("2 {theirs}")),
        };
        assert_eq!(world.peers[0].texts_on_disk()["a.md"], expected);
        assert_eq!(world.wholes, 0, "{ours} {theirs}");
        assert_eq!(world.delivered_on.len(), deliveries, "{ours} {theirs}");
    }
}

#[test]
fn a_one_shot_calls_again_when_a_connection_ends_before_a_word() {
    for in_vain in [1, 3, 4] {
        let mut world = World::new(2);
        world.peers[0] = Peer::new(1, false);
        world.introduce();
        let (shot, peers) = (ShotId(1), vec![]);
        let command = Command::Shot { shot, peers, mode: ShotMode::Sync, dry_run: false };
        world.peers[0].inbox.push_back(Input::Command(command));
        let mut inputs: VecDeque<Input> = world.peers[0].inbox.drain(..).collect();
        let (mut dials, mut ends) = (0, 0);
        let other = world.peers[1].id;
        let peer = &mut world.peers[0];
        loop {
            while let Some(effect) = peer.engine.poll() {
                if let Some(Out::Dial(_)) = peer.carry_out(effect) {
                    dials += 1;
                    if ends < in_vain {
                        let link = LinkId(100 + ends);
                        let reason = "another one is kept".to_owned();
                        inputs.push_back(Input::LinkUp { link, peer: other, dialled: true });
                        inputs.push_back(Input::LinkDown { link, reason });
                        ends += 1;
                    }
                }
            }
            inputs.extend(peer.inbox.drain(..));
            let Some(input) = inputs.pop_front() else { break };
            peer.engine.handle(world.now, input);
        }
        let outcome = peer.reports.iter().find_map(|it| {
            if let Report::Done(_, result) = it { Some(result.peers[0].2) } else { None }
        });
        let expected = (in_vain > 3).then_some(ShotOutcome::Error);
        assert_eq!((outcome, dials), (expected, (in_vain + 1).min(4)), "{in_vain}");
    }
}

#[test]
fn a_peer_is_not_kept_waiting_by_what_the_watcher_tells_of_our_own_steps() {
    let mut world = met(2);
    world.peers[1].save("a.md", "one\n");
    world.run(3000);
    world.peers[1].save("a.md", "one\ntwo\n");
    world.run(Config::default().quiet_ms);
    let known = world.peers[0].files.clone();
    world.peers[0].reports.clear();
    world.peers[0].inbox.push_back(Input::Hint(vec![Hint::Path(path("a.md"))]));
    world.run(Config::default().first_ms);
    assert!(!world.peers[0].engine.working(), "it was looked at already");
    assert_eq!(world.peers[0].files, known, "and nothing came of it");
    assert!(!world.peers[0].reports.iter().any(|it| matches!(it, Report::TakenIn { .. })));
    world.assert_equal();
}

#[test]
fn nor_by_one_that_was_looked_at_before_it_was_answered() {
    let mut world = met(2);
    world.peers[1].save("a.md", "one\n");
    world.run(3000);
    world.peers[0].slow = Some(VecDeque::new());
    world.peers[1].save("a.md", "one\ntwo\n");
    world.run(Config::default().quiet_ms + 1);
    assert!(world.peers[0].engine.working(), "its disk takes its time");
    world.run(30);
    assert!(!world.peers[0].engine.working());
    world.assert_equal();
}

#[test]
fn only_a_writer_that_closed_its_file_is_known_to_be_done() {
    let mut world = met(2);
    let config = Config::default();
    world.peers[1].save("a.md", "one\n");
    world.run(3000);
    let closed = |world: &mut World, text: &str| {
        world.peers[1].save("a.md", text);
        world.peers[1].inbox.push_back(Input::Hint(vec![Hint::Whole(path("a.md"))]));
        world.peers[1].looks.clear();
    };
    let looks = |world: &World| world.peers[1].looks.clone();
    closed(&mut world, "one\ntwo\n");
    world.run(config.first_ms);
    assert_eq!(looks(&world), [(path("a.md"), Writer::Done)]);
    // One that follows soon is waited for, and once more should it be in the middle of another.
    closed(&mut world, "one\ntwo\nthree\n");
    world.run(config.quiet_ms);
    assert_eq!(looks(&world), [(path("a.md"), Writer::Unknown)]);
    world.run(1000);
    world.assert_equal();
}

#[test]
fn an_edit_right_after_our_own_step_is_waited_for_as_any_other() {
    let mut world = met(2);
    let config = Config::default();
    world.peers[1].save("a.md", "one\n");
    world.run(config.quiet_ms);
    assert_eq!(world.peers[0].texts_on_disk()["a.md"], "one\n");
    // Half of a save, and its rest once it was looked at.
    world.peers[0].save("a.md", "one\nt");
    world.run(config.first_ms + 1);
    world.peers[0].save("a.md", "one\ntwo\n");
    world.run(config.quiet_ms - 1);
    assert!(world.peers[0].engine.working());
    assert_eq!(world.peers[1].texts_on_disk()["a.md"], "one\n");
    world.run(2);
    assert_eq!(world.peers[1].texts_on_disk()["a.md"], "one\ntwo\n");
    world.assert_equal();
    let taken_in = |it: &&Report| matches!(it, Report::TakenIn { .. });
    assert_eq!(world.peers[0].reports.iter().filter(taken_in).count(), 1);
}

#[test]
fn what_is_saved_now_overtakes_whatever_is_queued() {
    let mut world = met(2);
    for text in ["new\n", "new\nand edited\n"] {
        world.delivered_on.clear();
        world.peers[0].save("note.md", text);
        world.run(10_000);
        assert_eq!(world.delivered_on, [Lane::Live], "{text:?}");
    }
    world.assert_equal();
}

#[test]
fn two_that_are_apart_edit_one_note_and_both_edits_stand() {
    let mut world = met(2);
    world.peers[0].save("n.md", "alpha\n\nbeta\n\ngamma\n");
    world.run(3000);
    world.part();
    world.run(100);
    world.peers[0].save("n.md", "alpha here\n\nbeta\n\ngamma\n");
    world.peers[1].save("n.md", "alpha\n\nbeta\n\ngamma there\n");
    world.run(3000);
    world.apart = false;
    world.run(60_000);
    world.assert_equal();
    assert_eq!(world.peers[0].texts_on_disk()["n.md"], "alpha here\n\nbeta\n\ngamma there\n");
}

#[test]
fn one_note_born_on_both_sides_is_one_note() {
    let mut world = World::new(2);
    world.peers[0].save("daily.md", "# Monday\nfrom one\n");
    world.peers[1].save("daily.md", "# Monday\nfrom two\n");
    world.peers[0].save("same.md", "the same\n");
    world.peers[1].save("same.md", "the same\n");
    world.run(1000);
    world.introduce();
    world.run(60_000);
    world.assert_equal();
    let texts = world.peers[0].texts_on_disk();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts["daily.md"].contains("from one") && texts["daily.md"].contains("from two"));
    assert_eq!(texts["daily.md"].matches("# Monday").count(), 1);
}

#[test]
fn three_meet_and_a_big_attachment_travels_in_chunks() {
    let mut world = met(3);
    let big: String = "0123456789abcdef".repeat(100_000);
    world.peers[0].save("big.txt", &big);
    world.peers[1].save("small.bin", "a\0b");
    world.run(10_000);
    world.assert_equal();
    assert_eq!(world.peers[2].texts_on_disk()["big.txt"].len(), big.len());
    assert_eq!(world.peers[2].texts_on_disk()["small.bin"], "a\0b");
}

#[test]
fn a_deletion_loses_against_an_edit_it_had_not_seen() {
    let mut world = met(2);
    world.peers[0].save("n.md", "alpha\n");
    world.run(3000);
    world.part();
    world.run(100);
    world.peers[0].remove("n.md");
    world.peers[1].save("n.md", "alpha\nbeta\n");
    world.run(3000);
    world.apart = false;
    world.run(60_000);
    world.assert_equal();
    assert_eq!(world.peers[0].texts_on_disk()["n.md"], "alpha\nbeta\n");
}

#[test]
fn two_files_swap_names() {
    let mut world = met(2);
    world.peers[0].save("a.md", "this is a\n");
    world.peers[0].save("b.md", "this is b\n");
    world.run(3000);
    world.part();
    world.run(100);
    world.peers[0].rename("a.md", "c.md");
    world.peers[0].rename("b.md", "a.md");
    world.peers[0].rename("c.md", "b.md");
    world.run(3000);
    world.apart = false;
    world.run(60_000);
    world.assert_equal();
    assert_eq!(world.peers[1].texts_on_disk()["a.md"], "this is b\n");
}

#[test]
fn attachments_replaced_on_both_sides_are_both_kept() {
    let mut world = met(2);
    world.peers[0].save("p.png", "\0original");
    world.run(3000);
    world.part();
    world.run(100);
    world.peers[0].save("p.png", "\0of one");
    world.peers[1].save("p.png", "\0of two");
    world.run(3000);
    world.apart = false;
    world.run(60_000);
    world.assert_equal();
    let texts = world.peers[0].texts_on_disk();
    assert_eq!(texts.len(), 2, "{texts:?}");
    let all: String = texts.into_values().collect();
    assert!(all.contains("of one") && all.contains("of two"));
}

#[test]
fn attachments_of_letters_are_not_mixed_either() {
    let mut world = met(2);
    world.peers[0].save("p.pdf", "%PDF-1.4\none\ntwo\nthree\n");
    world.run(3000);
    world.part();
    world.run(100);
    let versions = ["%PDF-1.4\nONE\ntwo\nthree\n", "%PDF-1.4\none\ntwo\nTHREE\n"];
    world.peers[0].save("p.pdf", versions[0]);
    world.peers[1].save("p.pdf", versions[1]);
    world.run(3000);
    world.apart = false;
    world.run(60_000);
    world.assert_equal();
    let texts = world.peers[0].texts_on_disk();
    let held: std::collections::BTreeSet<&str> = texts.values().map(String::as_str).collect();
    assert_eq!(held, versions.into(), "{texts:?}");
}

#[test]
fn attachments_of_letters_born_on_both_sides_are_both_kept() {
    let mut world = World::new(2);
    world.peers[0].save("p.pdf", "%PDF-1.4\nfrom one\n");
    world.peers[1].save("p.pdf", "%PDF-1.4\nfrom two\n");
    world.run(3000);
    world.introduce();
    world.run(60_000);
    world.assert_equal();
    let texts = world.peers[0].texts_on_disk();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts.values().all(|text| text.lines().count() == 2), "{texts:?}");
}

#[test]
fn a_file_renamed_to_the_name_of_an_attachment_and_back_takes_edits_all_along() {
    let mut world = met(2);
    let kind = |world: &World, name: &str| {
        let engine = &world.peers[1].engine;
        engine.index.get(&engine.index.at(&path(name)).unwrap()).unwrap().kind
    };
    world.peers[0].save("a.md", "one\ntwo\n");
    world.run(3000);
    for (from, to, text, stays) in [
        ("a.md", "a.png", "one\ntwo\nthree\n", Kind::Text),
        ("a.png", "a.md", "one\ntwo\nthree\nfour\n", Kind::Text),
        ("a.md", "a.PNG", "five\n", Kind::Text),
    ] {
        world.peers[0].rename(from, to);
        world.run(3000);
        world.assert_equal();
        assert_eq!(kind(&world, to), stays, "renamed to {to}");
        world.peers[1].save(to, text);
        world.run(3000);
        world.assert_equal();
        let edited = if to.ends_with("md") { Kind::Text } else { Kind::Blob };
        assert_eq!(kind(&world, to), edited, "edited as {to}");
        assert_eq!(world.peers[0].texts_on_disk()[to], text);
    }
    assert!(world.peers.iter().all(|peer| peer.engine.status().problems.is_empty()));
}

/// A device of an older rule took the file for a text; its record is still there.
#[test]
fn what_an_older_rule_called_a_text_is_edited_as_an_attachment() {
    let mut world = met(2);
    world.peers[0].save("old.md", "%PDF-1.4\none\n");
    world.run(3000);
    for peer in &mut world.peers {
        let id = peer.engine.index.at(&path("old.md")).unwrap();
        let mut entry = peer.engine.index.get(&id).unwrap().clone();
        assert!(entry.heads.is_empty());
        let file = peer.disk.remove(&path("old.md")).unwrap();
        peer.disk.insert(path("old.pdf"), file);
        // As if it had been born under that name.
        let birth = Birth { vault: VAULT, path: path("old.pdf"), generation: 0 };
        entry.birth = birth.path.clone();
        entry.path = birth.path.clone();
        entry.base.as_mut().unwrap().path = birth.path.clone();
        let mut gone = peer.engine.index.get(&id).unwrap().clone();
        gone.base = None;
        gone.alive = false;
        peer.engine.index.put(id, gone);
        peer.engine.index.put(birth.file_id(), entry);
        // A look that finds it unchanged leaves it what it is.
        let stamp = peer.stamp(13, 0);
        peer.disk.get_mut(&path("old.pdf")).unwrap().1 = stamp;
        peer.inbox.push_back(Input::Hint(vec![Hint::Path(path("old.pdf"))]));
    }
    world.run(3000);
    world.part();
    world.run(100);
    let versions = ["%PDF-1.4\none\nhere\n", "%PDF-1.4\none\nthere\n"];
    for (peer, version) in world.peers.iter_mut().zip(versions) {
        peer.save("old.pdf", version);
    }
    world.run(3000);
    world.apart = false;
    world.run(60_000);
    world.assert_equal();
    let texts = world.peers[0].texts_on_disk();
    let held: std::collections::BTreeSet<&str> = texts.values().map(String::as_str).collect();
    assert_eq!(held, versions.into(), "{texts:?}");
    assert!(world.peers.iter().all(|peer| peer.engine.status().problems.is_empty()));
}

#[test]
fn nothing_is_said_once_all_agree() {
    let mut world = met(2);
    world.peers[0].save("a.md", "one\n");
    world.run(60_000);
    let before = world.messages;
    world.run(600_000);
    assert_eq!(world.messages, before);
}

/// What the disk shows of a file, for events that are put in line by hand.
fn seen_at(peer: &Peer, name: &str) -> Seen {
    let Observed::File(seen) = peer.observe(&path(name)) else {
        panic!("{name} is no file");
    };
    seen
}

#[test]
fn what_was_seen_before_a_move_was_taken_in_is_not_taken_for_a_deletion() {
    let mut world = met(2);
    world.peers[0].save("n.md", "alpha\n");
    world.run(3000);
    world.part();
    world.run(100);
    world.peers[1].save("n.md", "alpha\nbeta\n");
    world.run(3000);
    let peer = &mut world.peers[0];
    peer.rename("n.md", "m.md");
    peer.inbox.clear();
    let seen = seen_at(peer, "m.md");
    let (id, now) = (peer.engine.index.at(&path("n.md")).unwrap(), peer.engine.now);
    peer.engine.disk_event(id, task::Disk::Moved(path("m.md"), seen.clone()), now);
    peer.engine.disk_event(id, task::Disk::Gone(path("n.md")), now);
    peer.engine.disk_event(id, task::Disk::Edited(path("n.md"), seen), now);
    peer.inbox.push_back(Input::Wake);
    world.apart = false;
    world.run(60_000);
    world.assert_equal();
    let texts = world.peers[0].texts_on_disk();
    assert_eq!(texts, BTreeMap::from([("m.md".to_owned(), "alpha\nbeta\n".to_owned())]));
    let deleted = |report: &Report| matches!(report, Report::Deleted { .. });
    assert!(!world.peers[0].reports.iter().any(deleted));
}

#[test]
fn an_edit_of_a_file_that_left_its_record_is_merged_with_what_came_meanwhile() {
    let mut world = met(2);
    world.peers[0].save("n.md", "alpha\n");
    world.run(3000);
    let id = world.peers[0].engine.index.at(&path("n.md")).unwrap();
    // What the other wrote is known, and not on this disk yet.
    world.peers[0].engine.held.insert(id);
    world.peers[1].save("n.md", "alpha\nbeta\n");
    world.run(3000);
    let peer = &mut world.peers[0];
    assert_eq!(peer.texts_on_disk()["n.md"], "alpha\n");
    // Deleted and written anew between two looks.
    let (seen, now) = (seen_at(peer, "n.md"), peer.engine.now);
    peer.engine.disk_event(id, task::Disk::Gone(path("n.md")), now);
    peer.engine.disk_event(id, task::Disk::Edited(path("n.md"), seen), now);
    peer.engine.held.clear();
    peer.inbox.push_back(Input::Wake);
    world.run(60_000);
    world.assert_equal();
    let all: String = world.peers[0].texts_on_disk().into_values().collect();
    assert!(all.contains("beta"), "{all}");
}

#[test]
fn a_content_that_nobody_has_is_asked_for_ever_more_rarely_and_at_once_when_somebody_has_it() {
    let mut world = met(2);
    let bytes = "\0the only copy";
    let birth = Birth { vault: VAULT, path: path("p.png"), generation: 0 };
    let id = birth.file_id();
    for peer in &mut world.peers {
        let entry = entry::Entry {
            birth: birth.path.clone(),
            generation: 0,
            path: birth.path.clone(),
            kind: Kind::Blob,
            content: Content::of(bytes.as_bytes()),
            alive: true,
            heads: Heads::default(),
            mtime_ms: 0,
            base: None,
            births: Some(Vec::new()),
        };
        peer.engine.index.put(id, entry);
        peer.engine.wake(id);
        peer.inbox.push_back(Input::Wake);
    }
    let asked = |world: &mut World, minutes: u64| {
        let before = world.messages;
        world.run(minutes * 60_000);
        world.messages - before
    };
    let first = asked(&mut world, 10);
    assert!(first >= 4, "{first} messages");
    asked(&mut world, 60);
    let later = asked(&mut world, 60);
    assert!(later < first, "{later} messages in an hour, {first} in ten minutes");
    assert!(later > 0);
    world.peers[1].save("found.png", bytes);
    world.run(3000);
    world.assert_equal();
    assert_eq!(world.peers[0].texts_on_disk()["p.png"], bytes);
    assert_eq!(world.peers[0].texts_on_disk().len(), 2);
}

#[test]
fn of_two_files_recorded_at_one_place_the_disk_tells_which_lies_there() {
    for lying in [0, 1] {
        let mut world = met(1);
        world.peers[0].save("a.md", "this is a\n");
        world.peers[0].save("b.md", "this is b\n");
        world.run(3000);
        // As after a stop: one went, the other came, and only the second was durable.
        let (from, to) = [("b.md", "a.md"), ("a.md", "b.md")][lying];
        let peer = &mut world.peers[0];
        let came = peer.engine.index.at(&path(from)).unwrap();
        let mut record = peer.engine.index.get(&came).cloned().unwrap();
        record.base.as_mut().unwrap().path = path(to);
        record.path = path(to);
        peer.files.insert(came, record.encode());
        let mut fresh = Peer::new(1, true);
        let file = peer.disk.remove(&path(from)).unwrap();
        let gone = peer.disk.insert(path(to), file).unwrap();
        peer.disk.insert(path("gone.md"), gone);
        fresh.disk.clone_from(&peer.disk);
        fresh.texts.clone_from(&peer.texts);
        fresh.files.clone_from(&peer.files);
        let setup =
            Setup { files: peer.files.clone().into_iter().collect(), ..Peer::setup(1, true) };
        fresh.engine = Engine::new(Tick(0), setup);
        world.peers[0] = fresh;
        world.run(10_000);
        let peer = &world.peers[0];
        for (id, entry) in peer.engine.index.iter() {
            let base = entry.base.as_ref().expect("every file lies somewhere");
            assert_eq!(peer.engine.index.at(&base.path), Some(*id));
            assert_eq!(base.content, entry.content);
            assert_eq!(Content::of(&peer.disk[&base.path].0), entry.content);
        }
        let after = peer.engine.index.get(&came).unwrap();
        assert_eq!(after.content, record.content, "what lies there is not taken for an edit");
        let all: String = peer.texts_on_disk().into_values().collect();
        assert!(all.contains("this is a") && all.contains("this is b"), "{all}");
    }
}

#[test]
fn work_that_asks_for_the_text_it_was_given_is_a_problem_and_no_loop() {
    let mut world = met(1);
    world.peers[0].save("n.md", "alpha\n");
    world.run(3000);
    let peer = &mut world.peers[0];
    let (seen, now) = (seen_at(peer, "n.md"), peer.engine.now);
    let (id, content) = (peer.engine.index.at(&path("n.md")).unwrap(), seen.content);
    peer.engine.hold_task(id);
    let task = peer.engine.tasks.get_mut(&id).unwrap();
    task.texts.insert(content.hash, "alpha\n".into());
    let work = task::Work::Disk(task::Disk::Edited(path("n.md"), seen), now);
    peer.engine.gather_texts(id, work, vec![content]);
    while let Some(effect) = peer.engine.poll() {
        assert!(matches!(effect, Effect::Report(Report::Problem(_))), "{effect:?}");
    }
    assert_eq!(peer.engine.status().problems[0].path, "n.md");
    // It is tried again, but not at once.
    assert!(!peer.engine.tasks[&id].working);
    assert!(peer.engine.deadline().unwrap() > now.plus_ms(10_000));
    world.run(60_000);
    assert!(world.peers[0].engine.tasks.is_empty());
}

/// Writes `text` as a writer in the middle of a save does, and lets `ms` pass.
fn write_on(world: &mut World, text: &str, hint: fn(VaultPath) -> Hint, ms: u64) {
    let peer = &mut world.peers[1];
    peer.save("a.md", text);
    peer.inbox.pop_back();
    peer.inbox.push_back(Input::Hint(vec![hint(path("a.md"))]));
    world.run(ms);
}

#[test]
fn half_of_a_save_whose_writer_is_held_up_is_no_edit() {
    let mut world = met(2);
    let config = Config::default();
    let (before, after) = ("one\ntwo\nthere:\nend\n", "one\ntwo\nthree\nthere:\nend\n");
    world.peers[1].save("a.md", before);
    world.run(3000);
    // Meanwhile the peer edits a line that is not written again yet.
    write_on(&mut world, "one\ntwo\n", Hint::Writing, config.quiet_ms * 3);
    world.peers[0].save("a.md", &before.replace("there:", "there: word"));
    world.run(config.quiet_ms * 5);
    assert_eq!(world.peers[1].texts_on_disk()["a.md"], "one\ntwo\n", "it is left alone");
    write_on(&mut world, after, Hint::Whole, 3000);
    world.assert_equal();
    let merged = after.replace("there:", "there: word");
    assert_eq!(world.peers[0].texts_on_disk()["a.md"], merged);
}

#[test]
fn nobody_is_waited_for_who_goes_on_too_long_or_only_adds() {
    let mut world = met(2);
    let config = Config::default();
    world.peers[1].save("a.md", "one\ntwo\n");
    world.run(3000);
    write_on(&mut world, "one\ntwo\nthree\n", Hint::Writing, config.quiet_ms * 2);
    assert_eq!(world.peers[0].texts_on_disk()["a.md"], "one\ntwo\nthree\n");
    world.peers[1].inbox.push_back(Input::Hint(vec![Hint::Whole(path("a.md"))]));
    world.run(3000);
    write_on(&mut world, "one\n", Hint::Writing, config.max_ms - 1);
    assert_eq!(world.peers[0].texts_on_disk()["a.md"], "one\ntwo\nthree\n");
    world.run(config.quiet_ms * 3);
    assert_eq!(world.peers[0].texts_on_disk()["a.md"], "one\n");
    world.assert_equal();
}

#[test]
fn a_note_that_is_deleted_before_its_birth_is_durable_is_not_kept_by_anybody() {
    let mut world = met(2);
    world.run(3000);
    world.peers[1].unanswered = Some(vec![]);
    world.peers[1].save("a.md", "one\n");
    world.run(500);
    world.peers[1].remove("a.md");
    world.run(500);
    let answers = world.peers[1].unanswered.take().unwrap();
    assert!(!answers.is_empty());
    let answered = answers.into_iter().map(|op| Input::Appended { op, result: Ok(()) });
    world.peers[1].inbox.extend(answered);
    world.run(10_000);
    world.assert_equal();
    assert!(world.peers[0].texts_on_disk().is_empty());
    assert_eq!(world.peers[1].engine.index.files(), 0);
}
