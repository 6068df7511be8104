//! Results for people and the shapes of those for machines.

use serde_json::json;

use super::*;
use crate::app::answer::{Cache, Device, Invite, Met, Moved, Paired, Trash, VERSION, Vault, Would};

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn peer(name: &str) -> Peer {
    Peer {
        id: "3f9a12bc".repeat(8),
        name: name.into(),
        connected: true,
        path: Some(Route::Direct),
        rtt_ms: Some(2),
        in_sync: true,
        held_there: 0,
        held_here: 0,
        last_sync: Some("2026-11-20T10:00:00.000Z".into()),
        pending_out: 0,
        pending_in: 0,
        addresses: vec!["192.168.1.7:50123".into()],
        removed: false,
    }
}

fn problem() -> Problem {
    Problem {
        path: "Locked/a\u{1b}[1m.md".into(),
        kind: ProblemKind::Unreadable,
        message: "permission denied".into(),
    }
}

fn a_status() -> Status {
    Status {
        v: VERSION,
        vault: Vault {
            id: "00".repeat(16),
            path: "/home/me/Notes".into(),
            digest: "ab".repeat(16),
            files: 1095,
            left_out: 12,
            deleted: 3,
            bytes: 72_400_000,
        },
        device: Device { id: "11".repeat(32), name: "laptop".into() },
        running: true,
        peers: vec![
            peer("desk"),
            Peer {
                connected: false,
                path: None,
                rtt_ms: None,
                in_sync: false,
                pending_out: 3,
                ..peer("Telefon")
            },
            Peer { connected: false, last_sync: None, in_sync: false, ..peer("Tablet") },
            Peer {
                path: Some(Route::Relay),
                in_sync: false,
                pending_out: 1,
                pending_in: 12,
                last_sync: None,
                ..peer("nas")
            },
        ],
        problems: vec![problem()],
        conflicts: 2,
        trash: Trash { files: 3, bytes: 1_200_000 },
        cache: Cache { documents: 4, bytes: 70_000, hits: 10, misses: 5 },
        memory_bytes: 24_000_000,
    }
}

fn met(name: &str, outcome: Outcome) -> Met {
    Met {
        id: "3f9a12bc".repeat(8),
        name: name.into(),
        outcome,
        reason: None,
        message: String::new(),
    }
}

fn a_done(peers: Vec<Met>) -> Done {
    Done {
        v: VERSION,
        event: "done".into(),
        sent: Moved { files: 3, bytes: 12_300 },
        received: Moved { files: 1, bytes: 800 },
        merged: 1,
        conflicts: 0,
        problems: Vec::new(),
        peers,
        digest: "ab".repeat(16),
        elapsed_ms: 412,
        would: None,
    }
}

#[test]
fn status_for_people() {
    insta::assert_snapshot!(status(&a_status(), now(), Paint::Plain), @r"
    Vault   /home/me/Notes
            1,095 files, 72.4 MB
            12 files take no part on this device
    Trash   3 files, 1.2 MB; `vault-sync restore` gets them back
    Device  laptop (11111111)
    Digest  abababababababababababababababab
    Watch   running

    desk     3f9a12bc  in sync                   connected directly, 2 ms
    Telefon  3f9a12bc  3 to send                 not connected, last in sync 2 hours ago
    Tablet   3f9a12bc  not connected             never in sync
    nas      3f9a12bc  1 to send, 12 to receive  connected through a relay, 2 ms

    2 contradictions are on record, with every version kept.

    1 file was left aside:
      Locked/a\u{1b}[1m.md: permission denied
    ");
    let alone = Status {
        running: false,
        peers: Vec::new(),
        problems: Vec::new(),
        conflicts: 0,
        trash: Trash::default(),
        ..a_status()
    };
    insta::assert_snapshot!(status(&alone, now(), Paint::Plain), @r"
    Vault   /home/me/Notes
            1,095 files, 72.4 MB
            12 files take no part on this device
    Device  laptop (11111111)
    Digest  abababababababababababababababab
    Watch   not running

    No other device has this vault yet; `vault-sync invite` adds one.
    ");
}

#[test]
fn status_keeps_the_keys_of_the_contract() {
    let mut one = a_status();
    one.peers.truncate(1);
    let text = serde_json::to_string(&one).unwrap();
    insta::assert_snapshot!(text, @r#"{"v":1,"vault":{"id":"00000000000000000000000000000000","path":"/home/me/Notes","digest":"abababababababababababababababab","files":1095,"left_out":12,"deleted":3,"bytes":72400000},"device":{"id":"1111111111111111111111111111111111111111111111111111111111111111","name":"laptop"},"running":true,"peers":[{"id":"3f9a12bc3f9a12bc3f9a12bc3f9a12bc3f9a12bc3f9a12bc3f9a12bc3f9a12bc","name":"desk","connected":true,"path":"direct","rtt_ms":2,"in_sync":true,"held_there":0,"held_here":0,"last_sync":"2026-11-20T10:00:00.000Z","pending_out":0,"pending_in":0,"addresses":["192.168.1.7:50123"],"removed":false}],"problems":[{"path":"Locked/a\u001b[1m.md","kind":"unreadable","message":"permission denied"}],"conflicts":2,"trash":{"files":3,"bytes":1200000},"cache":{"documents":4,"bytes":70000,"hits":10,"misses":5},"memory_bytes":24000000}"#);
    assert_eq!(serde_json::from_str::<Status>(&text).unwrap(), one);
}

#[test]
fn peers_for_people() {
    let answer = Peers {
        v: VERSION,
        device: Device { id: "11".repeat(32), name: "laptop".into() },
        peers: vec![peer("desk"), Peer { removed: true, ..peer("old") }],
    };
    insta::assert_snapshot!(peers(&answer, now(), Paint::Plain), @r"
    desk  3f9a12bc  in sync  connected directly, 2 ms
    old   3f9a12bc  removed
    desk at 192.168.1.7:50123
    ");
    let none = Peers { peers: Vec::new(), ..answer };
    assert!(peers(&none, now(), Paint::Plain).contains("vault-sync invite"));
}

#[test]
fn a_one_shot_for_people() {
    let mut one = a_done(vec![
        met("desk", Outcome::InSync),
        Met { message: "no answer".into(), ..met("phone", Outcome::Unreachable) },
    ]);
    one.problems.push(problem());
    insta::assert_snapshot!(done(&one, Paint::Plain), @r"
    desk   in sync
    phone  not reached  no answer
    Sent 3 files (12.3 KB), received 1 file (800 B), merged 1 file; took 412 ms.

    1 file was left aside:
      Locked/a\u{1b}[1m.md: permission denied
    ");
    let idle = Done {
        sent: Moved::default(),
        received: Moved::default(),
        merged: 0,
        ..a_done(vec![met("desk", Outcome::InSync)])
    };
    insta::assert_snapshot!(done(&idle, Paint::Plain), @r"
    desk  in sync
    Nothing to send or receive; took 412 ms.
    ");
    let alone = Done { peers: vec![met("desk", Outcome::Refused)], ..idle };
    assert_eq!(done(&alone, Paint::Plain), "desk  refused\n");
    let dry = Done {
        would: Some(vec![Would { path: "a.md".into(), action: "send".into() }]),
        ..a_done(vec![met("desk", Outcome::InSync)])
    };
    insta::assert_snapshot!(done(&dry, Paint::Plain), @r"
    desk  in sync
    would send       a.md
    Nothing was changed.
    ");
}

#[test]
fn a_one_shot_keeps_the_keys_of_the_contract() {
    let mut one = a_done(vec![met("desk", Outcome::InSync)]);
    one.problems.push(Problem { path: "a.md".into(), ..problem() });
    let text = serde_json::to_string(&one).unwrap();
    insta::assert_snapshot!(text, @r#"{"v":1,"event":"done","sent":{"files":3,"bytes":12300},"received":{"files":1,"bytes":800},"merged":1,"conflicts":0,"problems":[{"path":"a.md","kind":"unreadable","message":"permission denied"}],"peers":[{"id":"3f9a12bc3f9a12bc3f9a12bc3f9a12bc3f9a12bc3f9a12bc3f9a12bc3f9a12bc","name":"desk","outcome":"in_sync","message":""}],"digest":"abababababababababababababababab","elapsed_ms":412}"#);
    assert_eq!(serde_json::from_str::<Done>(&text).unwrap(), one);
}

#[test]
fn the_other_results_keep_their_keys() {
    let invite = Invite {
        v: VERSION,
        event: None,
        ticket: "t".into(),
        expires: "2026-11-20T12:15:00.000Z".into(),
        honoured: true,
    };
    insta::assert_snapshot!(json!(invite).to_string(), @r#"{"v":1,"ticket":"t","expires":"2026-11-20T12:15:00.000Z","honoured":true}"#);
    let paired = Paired {
        v: VERSION,
        event: "paired".into(),
        peers: vec![Device { id: "11".into(), name: "desk".into() }],
    };
    insta::assert_snapshot!(json!(paired).to_string(), @r#"{"v":1,"event":"paired","peers":[{"id":"11","name":"desk"}]}"#);
    let checked = Verify {
        v: VERSION,
        digest: "ab".into(),
        files: 2,
        documents: 1,
        deep: true,
        problems: Vec::new(),
    };
    insta::assert_snapshot!(json!(checked).to_string(), @r#"{"v":1,"digest":"ab","files":2,"documents":1,"deep":true,"problems":[]}"#);
    insta::assert_snapshot!(verify(&checked, Paint::Plain), @r"
    2 files read again, 1 document checked.
    Digest ab
    All is well.
    ");
}

#[test]
fn outcomes_give_their_codes() {
    use Outcome::{Error, InSync, Refused, Timeout, Unreachable};
    for (outcomes, everyone, named) in [
        (&[InSync][..], Exit::Done, Exit::Done),
        (&[InSync, InSync], Exit::Done, Exit::Done),
        (&[InSync, Unreachable], Exit::Done, Exit::NoPeer),
        (&[InSync, Timeout], Exit::NoPeer, Exit::NoPeer),
        (&[Unreachable], Exit::NoPeer, Exit::NoPeer),
        (&[Timeout], Exit::NoPeer, Exit::NoPeer),
        (&[InSync, Refused], Exit::Failed, Exit::Failed),
        (&[Unreachable, Error], Exit::Failed, Exit::Failed),
        (&[], Exit::NoPeer, Exit::NoPeer),
    ] {
        let peers = outcomes.iter().map(|outcome| met("p", *outcome)).collect();
        let one = a_done(peers);
        assert_eq!(one.exit(Scope::Everyone), everyone, "{outcomes:?}");
        assert_eq!(one.exit(Scope::Named), named, "{outcomes:?}");
    }
    let mut aside = a_done(vec![met("p", InSync)]);
    aside.problems.push(problem());
    assert_eq!(aside.exit(Scope::Everyone), Exit::LeftAside);
    aside.peers[0].outcome = Timeout;
    assert_eq!(aside.exit(Scope::Everyone), Exit::NoPeer);
}

#[test]
fn findings_of_a_check_give_their_codes() {
    let mut checked = Verify {
        v: VERSION,
        digest: "ab".into(),
        files: 2,
        documents: 1,
        deep: false,
        problems: Vec::new(),
    };
    assert_eq!(checked.exit(), Exit::Done);
    checked.problems.push(problem());
    assert_eq!(checked.exit(), Exit::LeftAside);
    checked.problems.push(Problem { kind: ProblemKind::Damaged, ..problem() });
    assert_eq!(checked.exit(), Exit::Bug);
}

#[test]
fn colours_never_carry_the_meaning_alone() {
    let plain = status(&a_status(), now(), Paint::Plain);
    let mut colour = status(&a_status(), now(), Paint::Colour);
    assert!(!plain.contains('\u{1b}') && colour.contains('\u{1b}'));
    for code in ["1", "2", "31", "32", "33", "0"] {
        colour = colour.replace(&format!("\u{1b}[{code}m"), "");
    }
    assert_eq!(plain, colour);
}
