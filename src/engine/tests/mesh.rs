//! Many peers: how often one thing crosses, and that it comes all the same.

use super::*;
use crate::wire::Hello;

/// How many of each message, and bytes of all of them on the wire.
fn counted(post: &[(usize, usize, Message)]) -> (BTreeMap<String, usize>, usize) {
    let mut counts = BTreeMap::new();
    let mut bytes = 0;
    for (_, _, message) in post {
        let name = format!("{message:?}");
        let name = name.split(['(', ' ']).next().unwrap().to_owned();
        *counts.entry(name).or_default() += 1;
        bytes += crate::wire::encode(message).len() + 4;
    }
    (counts, bytes)
}

/// Files delivered, by sender and receiver.
fn deliveries(post: &[(usize, usize, Message)]) -> BTreeMap<(usize, usize), usize> {
    let mut counts = BTreeMap::new();
    for (from, to, message) in post {
        if let Message::Deliver(files) = message {
            *counts.entry((*from, *to)).or_default() += files.len();
        }
    }
    counts
}

fn to(peer: usize, counts: &BTreeMap<(usize, usize), usize>) -> usize {
    counts.iter().filter(|((_, to), _)| *to == peer).map(|(_, count)| count).sum()
}

/// What is said in a world of `peers` that all know each other, from one save until they agree.
fn said_after(world: &mut World, text: &str) -> Vec<(usize, usize, Message)> {
    world.post = Some(vec![]);
    world.peers[0].save("a.md", text);
    world.run(10_000);
    world.assert_equal();
    world.post.take().unwrap()
}

#[test]
fn one_edit_in_a_mesh_of_eight_is_delivered_once_to_each() {
    let mut world = met(8);
    for text in ["one\n", "one\ntwo\n", "one\ntwo\nthree\n"] {
        let post = said_after(&mut world, text);
        let (kinds, bytes) = counted(&post);
        // What was delivered is confirmed, and each tells each where it is: nothing else is said.
        assert_eq!(kinds.values().sum::<usize>(), 7 + 7 + 56, "{kinds:?}");
        assert!(bytes < 4500, "{bytes} bytes, {kinds:?}");
        let counts = deliveries(&post);
        let expected: BTreeMap<(usize, usize), usize> = (1..8).map(|to| ((0, to), 1)).collect();
        assert_eq!(counts, expected);
    }
}

#[test]
fn what_goes_through_another_is_not_kept_waiting() {
    // A line: the first and the last do not reach each other. A star round the second.
    for peers in [3, 5] {
        let mut world = World::new(peers);
        world.strangers = (0..peers).flat_map(|a| (0..peers).map(move |b| (a, b))).collect();
        world.strangers.retain(|(a, b)| *a != 1 && *b != 1);
        world.introduce();
        world.run(5000);
        for text in ["one\n", "one\ntwo\n"] {
            world.post = Some(vec![]);
            world.delivered_on.clear();
            world.peers[0].save("a.md", text);
            world.run(Config::default().quiet_ms);
            world.assert_equal();
            assert_eq!(world.peers[2].texts_on_disk()["a.md"], text);
            let all = vec![Lane::Live; peers - 1];
            assert_eq!(world.delivered_on, all, "a live edit stays one");
        }
    }
}

/// A mesh of four; what the first saves does not reach the last two from it.
fn half_served() -> World {
    let mut world = met(4);
    world.peers[0].save("a.md", "one\n");
    world.run(5000);
    world.lost = [(0, 2), (0, 3)].into();
    world.post = Some(vec![]);
    world.peers[0].save("a.md", "one\ntwo\n");
    world.run(Config::default().quiet_ms);
    assert_eq!(world.peers[1].texts_on_disk()["a.md"], "one\ntwo\n");
    for peer in [2, 3] {
        assert_eq!(world.peers[peer].texts_on_disk()["a.md"], "one\n");
    }
    world
}

#[test]
fn an_edit_that_its_author_does_not_bring_comes_from_the_others_after_a_grace() {
    let mut world = half_served();
    world.run(1000);
    for peer in [2, 3] {
        assert_eq!(world.peers[peer].texts_on_disk()["a.md"], "one\ntwo\n");
    }
    let post = world.post.take().unwrap();
    let counts = deliveries(&post);
    assert_eq!((to(2, &counts), to(3, &counts)), (2, 2), "{counts:?}");
    world.lost.clear();
    world.part();
    world.apart = false;
    world.run(60_000);
    world.assert_equal();
}

#[test]
fn an_edit_whose_author_goes_comes_from_the_others_at_once() {
    let mut world = half_served();
    world.apart = true;
    let its: Vec<LinkId> =
        world.links.iter().filter(|(_, (a, b))| *a == 0 || *b == 0).map(|it| *it.0).collect();
    for link in its {
        world.cut(link);
    }
    world.run(0);
    for peer in [2, 3] {
        assert_eq!(world.peers[peer].texts_on_disk()["a.md"], "one\ntwo\n");
    }
}

#[test]
fn a_device_that_stops_sends_on_what_it_would_have_told_of() {
    let mut world = half_served();
    world.peers[1].inbox.push_back(Input::Command(Command::Stop));
    world.run(0);
    for peer in [2, 3] {
        assert_eq!(world.peers[peer].texts_on_disk()["a.md"], "one\ntwo\n");
    }
}

#[test]
fn what_was_told_in_vain_is_found_by_comparing() {
    let mut world = half_served();
    world.withheld = Some((1, |message| matches!(message, Message::Holds(_))));
    world.run(5000);
    for peer in [2, 3] {
        assert_eq!(world.peers[peer].texts_on_disk()["a.md"], "one\ntwo\n");
    }
}

#[test]
fn no_more_are_named_than_the_limit_and_all_get_it() {
    let mut world = World::new(36);
    world.rounds_limit = 200_000;
    world.strangers = (1..36).flat_map(|a| (a..36).map(move |b| (a, b))).collect();
    world.introduce();
    world.run(5000);
    let post = said_after(&mut world, "one\n");
    let named = post.iter().filter_map(|(_, _, message)| {
        let Message::Deliver(files) = message else { return None };
        files.iter().map(|it| it.others.len()).max()
    });
    assert_eq!(named.max(), Some(32));
}

/// Files delivered to the third, each with the time at which it was touched.
fn delivered_to_third(said: &(usize, usize, Message)) -> Vec<(FileId, i64)> {
    if let (_, 2, Message::Deliver(files)) = said {
        files.iter().map(|it| (it.id, it.mtime_ms)).collect()
    } else {
        vec![]
    }
}

/// Which half one of two sources was last asked to begin with, while there were two.
fn its_part(post: &[(usize, usize, Message)], source: usize) -> u8 {
    let mut part = None;
    for (_, _, message) in post.iter().filter(|it| (it.0, it.1) == (2, source)) {
        if let Message::Hello(Hello { share, .. }) | Message::Share(share) = message
            && share.of == 2
        {
            part = Some(share.part);
        }
    }
    part.unwrap()
}

/// A vault of `files` notes on the first two of three that do not know the third yet.
fn two_hold(files: usize) -> World {
    all_but_one_hold(3, files)
}

/// A vault of `files` notes on all of `peers` but the last, whom they do not know yet.
fn all_but_one_hold(peers: usize, files: usize) -> World {
    let mut world = World::new(peers);
    world.rounds_limit = 200_000;
    world.introduce_first(peers - 1);
    world.run(5000);
    for number in 0..files {
        let text = format!("note {number}\n{}\n", "text ".repeat(200));
        world.peers[0].save(&format!("{number}.md"), &text);
    }
    world.run(20_000);
    assert_eq!(world.peers[1].disk.len(), files);
    world.post = Some(vec![]);
    world
}

fn rounds_until(world: &mut World, done: impl Fn(&World) -> bool) {
    let mut rounds = 0;
    while !done(world) {
        rounds += 1;
        assert!(rounds < 200_000, "it does not come to that");
        if !world.round() {
            let next = world.peers.iter().filter_map(|it| it.engine.deadline()).min().unwrap();
            world.now = next.max(world.now.plus_ms(1));
        }
    }
}

fn assert_about_once(post: &[(usize, usize, Message)], files: usize) {
    let counts = deliveries(post);
    let said = || format!("{counts:?}, {:?}", counted(post));
    assert!(to(2, &counts) <= files + files / 10, "{}", said());
    assert_eq!((to(0, &counts), to(1, &counts)), (0, 0), "nothing goes back: {counts:?}");
}

#[test]
fn who_joins_two_gets_everything_about_once() {
    let mut world = two_hold(1000);
    world.introduce();
    world.run(60_000);
    world.assert_equal();
    let post = world.post.take().unwrap();
    assert_about_once(&post, 1000);
    let came: Vec<i64> = post.iter().flat_map(delivered_to_third).map(|it| it.1).collect();
    let mut newest = came.clone();
    newest.sort_unstable();
    newest.dedup();
    let newest = newest.split_off(newest.len() - 10);
    for mtime in newest {
        let at = came.iter().position(|it| *it == mtime).unwrap();
        assert!(at < 128, "one of the ten newest is the {at}th");
    }
    for source in [0, 1] {
        let its = post.iter().filter(|it| it.0 == source).flat_map(delivered_to_third);
        let own: Vec<i64> =
            its.filter(|it| it.0.0[15] % 2 == its_part(&post, source)).map(|it| it.1).collect();
        assert!(own.is_sorted_by(|a, b| a >= b), "the newest first");
    }
}

#[test]
fn who_joins_one_and_meets_the_other_on_the_way_gets_everything_about_once() {
    let mut world = two_hold(1000);
    world.strangers.insert((1, 2));
    world.introduce();
    rounds_until(&mut world, |world| world.peers[2].disk.len() > 100);
    world.strangers.clear();
    let other = world.peers[1].id;
    world.pass(2, Out::Dial(other));
    rounds_until(&mut world, |world| world.peers[2].disk.len() == 1000);
    world.run(60_000);
    world.assert_equal();
    assert_about_once(&world.post.take().unwrap(), 1000);
}

#[test]
fn a_source_that_ends_midway_is_replaced_by_the_other_at_once() {
    for gone in [0, 1] {
        let mut world = two_hold(1000);
        world.introduce();
        rounds_until(&mut world, |world| world.peers[2].disk.len() > 100);
        let link = *world
            .links
            .iter()
            .find(|(_, it)| [it.0, it.1].contains(&2) && [it.0, it.1].contains(&gone))
            .unwrap()
            .0;
        world.strangers.insert((gone, 2));
        world.cut(link);
        world.run(0);
        assert_eq!(world.peers[2].disk.len(), 1000);
        world.run(60_000);
        world.assert_equal();
    }
}

#[test]
fn nothing_waits_for_a_source_that_is_silent() {
    for silent in [0, 1] {
        let mut world = two_hold(1000);
        world.withheld = Some((silent, |message| matches!(message, Message::Deliver(_))));
        world.introduce();
        rounds_until(&mut world, |world| !world.peers[2].disk.is_empty());
        world.run(0);
        assert_eq!(world.peers[2].disk.len(), 1000, "{silent}");
    }
}

#[test]
fn a_source_that_is_quiet_is_not_counted_on() {
    let mut world = two_hold(300);
    world.introduce();
    rounds_until(&mut world, |world| world.peers[2].disk.len() > 100);
    let joined = &mut world.peers[2].engine;
    let parts = |engine: &Engine| engine.shares().iter().map(|it| it.1.of).collect::<Vec<_>>();
    assert_eq!(parts(joined), [2, 2]);
    for task in joined.tasks.values_mut() {
        task.incoming.clear();
    }
    assert!(joined.deadline().unwrap() <= joined.now.plus_ms(2000));
    joined.now = joined.now.plus_ms(2000);
    assert!(parts(joined).is_empty(), "nobody is, and nobody is told");
    let now = joined.now;
    joined.links.values_mut().next().unwrap().heard = now;
    assert_eq!(parts(joined), [1]);
}

#[test]
fn who_joins_seven_gets_everything_about_once() {
    let mut world = all_but_one_hold(8, 300);
    world.introduce();
    world.run(60_000);
    world.assert_equal();
    let counts = deliveries(&world.post.take().unwrap());
    assert!(to(7, &counts) < 2 * 300, "{counts:?}");
}

#[test]
fn what_one_of_eight_did_while_it_was_away_comes_about_once_to_each() {
    let mut world = met(8);
    world.rounds_limit = 200_000;
    for number in 0..50 {
        world.peers[0].save(&format!("{number}.md"), "one\n");
    }
    world.run(10_000);
    world.assert_equal();
    world.part();
    for number in 0..50 {
        world.peers[0].save(&format!("{number}.md"), &format!("one\ntwo {number}\n"));
        world.peers[0].save(&format!("new {number}.md"), &format!("new {number}\n"));
    }
    world.run(10_000);
    world.post = Some(vec![]);
    world.apart = false;
    world.run(60_000);
    world.assert_equal();
    let counts = deliveries(&world.post.take().unwrap());
    assert!(counts.values().sum::<usize>() < 7 * 100 * 11 / 10, "{counts:?}");
}

#[test]
fn who_is_told_of_a_file_waits_a_grace_for_another_and_no_longer() {
    let mut world = World::new(4);
    // A line, with a third neighbour of the last that has much to give and does not.
    world.strangers = [(0, 2), (0, 3), (1, 3)].into();
    world.introduce();
    world.run(60_000);
    world.part();
    world.peers[0].save("a.md", "from the first\n");
    world.peers[3].save("z.md", "kept back\n");
    world.run(1000);
    world.withheld = Some((3, |message| matches!(message, Message::Deliver(_))));
    let link = |world: &mut World, from: usize, to: usize| {
        let to = world.peers[to].id;
        world.pass(from, Out::Dial(to));
    };
    world.apart = false;
    link(&mut world, 1, 2);
    world.run(10);
    link(&mut world, 2, 3);
    link(&mut world, 0, 1);
    world.post = Some(vec![]);
    world.run(900);
    assert!(world.peers[1].texts_on_disk().contains_key("a.md"));
    assert!(!world.peers[2].texts_on_disk().contains_key("a.md"));
    let told = |it: &(usize, usize, Message)| matches!(it, (1, 2, Message::Holds(_)));
    assert!(world.post.take().unwrap().iter().any(told));
    world.run(200);
    assert!(world.peers[2].texts_on_disk().contains_key("a.md"));
}

#[test]
fn attachments_come_once_to_who_joins_two() {
    let mut world = two_hold(0);
    for number in 0..10 {
        let bytes = format!("\0{number}").repeat(200_000);
        world.peers[number % 2].save(&format!("{number}.png"), &bytes);
    }
    world.run(60_000);
    assert!(world.peers[0].disk.len() == 10 && world.peers[1].disk.len() == 10);
    world.post = Some(vec![]);
    world.introduce();
    world.run(60_000);
    assert_eq!(world.peers[2].disk.len(), 10);
    let mut chunks = BTreeMap::new();
    for (_, to, message) in world.post.take().unwrap() {
        if let Message::Chunk { hash, index, .. } = message {
            *chunks.entry((to, hash, index)).or_insert(0) += 1;
        }
    }
    assert_eq!(chunks.len(), 10 * 2);
    assert!(chunks.iter().all(|((to, ..), count)| (*to, *count) == (2, 1)), "{chunks:?}");
}
