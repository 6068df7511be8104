use super::*;
use crate::model::{Digest, PeerId, ProblemKind, VaultPath};

fn path(text: &str) -> VaultPath {
    VaultPath::parse(text).unwrap()
}

fn line(report: &Report) -> String {
    let start = Start {
        startup_ms: 12,
        addresses: vec!["127.0.0.1:50000".into()],
        vault: "00".into(),
        path: "/notes".into(),
        device: "11".into(),
        name: "laptop".into(),
        created: true,
    };
    of_report(WallMs(0), report, &start, 2).map_or_else(String::new, |event| event.to_string())
}

const PEER: PeerId = PeerId([0xab; 32]);

#[test]
fn every_event_has_the_names_and_keys_of_the_contract() {
    let digest = Digest([1; 16]);
    let found = |message: &str| Problem {
        path: "a.md".into(),
        kind: ProblemKind::DiskFull,
        message: message.into(),
    };
    let reports = [
        Report::Ready { digest, files: 3 },
        Report::PeerConnected(PEER),
        Report::PeerDisconnected(PEER, "gone".into()),
        Report::PeerRefused(PEER, "stranger".into()),
        Report::Paired(PEER, "phone".into()),
        Report::TakenIn { path: path("ä/b.md"), ops: 2, ms: 5 },
        Report::Sent { path: path("b"), peer: PEER, bytes: 9 },
        Report::Written { path: path("b"), peer: None, ms: 1 },
        Report::Renamed { path: path("new"), from: path("old"), peer: Some(PEER) },
        Report::Deleted { path: path("old"), peer: None },
        Report::Merged(path("m")),
        Report::Conflict(path("m"), "17".into()),
        Report::InSync(PEER, digest),
        Report::Problem(found("no space")),
        Report::Problem(found("")),
        Report::Brake { reason: "too many".into(), count: 40 },
        Report::Progress { done: 1, total: 2, what: Work::Receiving },
        Report::Failed("disk".into()),
        Report::Stopped,
    ];
    let expected = [
        r#"{"v":1,"event":"ready","at":"EPOCH","digest":"DIGEST","files":3,"startup_ms":12,"addresses":["127.0.0.1:50000"],"vault":{"id":"00","path":"/notes"},"device":{"id":"11","name":"laptop"},"created":true,"peers":2}"#,
        r#"{"v":1,"event":"peer-connected","at":"EPOCH","peer":"PEER"}"#,
        r#"{"v":1,"event":"peer-disconnected","at":"EPOCH","peer":"PEER","message":"gone"}"#,
        r#"{"v":1,"event":"peer-refused","at":"EPOCH","peer":"PEER","message":"stranger"}"#,
        r#"{"v":1,"event":"paired","at":"EPOCH","peer":"PEER","name":"phone"}"#,
        r#"{"v":1,"event":"taken-in","at":"EPOCH","path":"ä/b.md","ops":2,"ms":5}"#,
        r#"{"v":1,"event":"sent","at":"EPOCH","path":"b","peer":"PEER","bytes":9}"#,
        r#"{"v":1,"event":"written","at":"EPOCH","path":"b","peer":null,"ms":1}"#,
        r#"{"v":1,"event":"renamed","at":"EPOCH","path":"new","from":"old","peer":"PEER"}"#,
        r#"{"v":1,"event":"deleted","at":"EPOCH","path":"old","peer":null}"#,
        r#"{"v":1,"event":"merged","at":"EPOCH","path":"m"}"#,
        r#"{"v":1,"event":"conflict","at":"EPOCH","path":"m","id":"17"}"#,
        r#"{"v":1,"event":"in-sync","at":"EPOCH","peer":"PEER","digest":"DIGEST"}"#,
        r#"{"v":1,"event":"problem","at":"EPOCH","path":"a.md","kind":"disk-full","message":"no space"}"#,
        r#"{"v":1,"event":"solved","at":"EPOCH","path":"a.md","kind":"disk-full"}"#,
        r#"{"v":1,"event":"brake","at":"EPOCH","reason":"too many","count":40}"#,
        r#"{"v":1,"event":"progress","at":"EPOCH","what":"receiving","done":1,"total":2}"#,
        r#"{"v":1,"event":"failed","at":"EPOCH","message":"disk"}"#,
        r#"{"v":1,"event":"stopped","at":"EPOCH"}"#,
    ];
    for (report, expected) in reports.iter().zip(expected) {
        let clean = line(report)
            .replace(&PEER.to_string(), "PEER")
            .replace(&digest.to_string(), "DIGEST")
            .replace("1970-01-01T00:00:00.000Z", "EPOCH");
        assert_eq!(clean, expected);
    }
    assert_eq!(reports.len(), expected.len());
}
