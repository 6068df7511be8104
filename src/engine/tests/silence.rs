//! Peers that take and do not confirm, announce and do not send, ask and do not read.

use super::*;

fn ended(peer: &Peer) -> bool {
    peer.reports
        .iter()
        .any(|it| matches!(it, Report::PeerDisconnected(_, why) if why.contains("owed an answer")))
}

#[test]
fn who_does_not_confirm_holds_up_nobody_and_is_let_go() {
    for (silent, other) in [(1, 2), (2, 1)] {
        let mut world = met(3);
        world.peers[0].engine.config.peers = 1;
        world.part();
        world.run(1000);
        for number in 0..3 {
            world.peers[0].save(&format!("note {number}.md"), "text\n");
        }
        world.run(1000);
        // Nor does it hand on what it took.
        let kept = |message: &Message| matches!(message, Message::Ack(_) | Message::Deliver(_));
        world.withheld = Some((silent, kept));
        world.apart = false;
        world.run(60_000);
        let all = world.peers[0].texts_on_disk();
        assert_eq!(all.len(), 3);
        assert_eq!(world.peers[other].texts_on_disk(), all);
        assert!(!ended(&world.peers[0]));
        world.run(660_000);
        assert!(ended(&world.peers[0]), "{:#?}", world.peers[0].reports);
        world.withheld = None;
        world.run(700_000);
        world.assert_equal();
    }
}

#[test]
fn who_announces_and_does_not_send_holds_up_nobody() {
    let mut world = met(3);
    world.withheld = Some((1, |message| matches!(message, Message::Chunk { .. })));
    for number in 0..12 {
        world.peers[1].save(&format!("{number}.png"), &format!("\0 announced {number}"));
    }
    world.run(3000);
    world.peers[2].save("other.png", "\0 and sent");
    world.run(60_000);
    assert_eq!(world.peers[0].texts_on_disk().keys().collect::<Vec<_>>(), ["other.png"]);
    // It says other things, so that its link stays; what does not come is given up.
    world.run(700_000);
    world.withheld = None;
    world.run(700_000);
    assert_eq!(world.peers[0].disk.len(), 13);
    world.assert_equal();
}

#[test]
fn who_asks_and_does_not_read_is_sent_no_more_than_fits() {
    let mut world = met(2);
    world.unread = Some((1, VecDeque::new()));
    for number in 0..4_u8 {
        let bytes = vec![number; 3 << 20];
        let text = format!("\0{}", String::from_utf8(bytes).unwrap());
        world.peers[0].save(&format!("{number}.png"), &text);
    }
    world.run(5000);
    let (_, waiting) = world.unread.take().unwrap();
    let chunks = waiting.iter().filter(|(_, it)| matches!(it, Input::Message { .. })).count();
    assert!((1..=8).contains(&chunks), "{chunks} chunks in memory");
    for (at, input) in waiting {
        world.peers[at].inbox.push_back(input);
    }
    world.run(60_000);
    assert_eq!(world.peers[1].disk.len(), 4);
    world.assert_equal();
}
