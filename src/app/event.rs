//! What the engine reports, as the JSON objects of the command-line contract.

use serde_json::{Map, Value, json};

use super::answer::{BudgetState, VERSION};
use super::clock::rfc3339;
use crate::engine::{Report, Work};
use crate::model::{PeerId, Problem, WallMs};

/// An event object: `v`, `event` and `at` first, then `fields`.
pub(crate) fn event(at: WallMs, name: &str, fields: Value) -> Value {
    let mut object = Map::new();
    object.insert("v".into(), json!(VERSION));
    object.insert("event".into(), json!(name));
    object.insert("at".into(), json!(rfc3339(at)));
    if let Value::Object(fields) = fields {
        object.extend(fields);
    }
    Value::Object(object)
}

/// What only the driver knows of the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Start {
    /// From the start of the process to `ready`, in milliseconds.
    pub(crate) startup_ms: u64,
    /// Socket addresses of this device, as text.
    pub(crate) addresses: Vec<String>,
    /// The vault, as hex.
    pub(crate) vault: String,
    /// Where it lies.
    pub(crate) path: String,
    /// This device, as hex.
    pub(crate) device: String,
    /// What a person calls it.
    pub(crate) name: String,
    /// Whether the folder became a vault just now.
    pub(crate) created: bool,
}

/// Turns a report into its event; `None` for those that only answer one asker.
///
/// - Shape: names and keys of the contract; besides them `paired`, `peer-refused`, `solved`,
///   `progress` and `failed`. `others` counts the other members, for `ready`.
pub(crate) fn of_report(
    at: WallMs,
    report: &Report,
    start: &Start,
    others: usize,
) -> Option<Value> {
    let (name, fields) = match report {
        Report::Ready { digest, files } => (
            "ready",
            json!({
                "digest": digest.to_string(),
                "files": files,
                "startup_ms": start.startup_ms,
                "addresses": start.addresses,
                "vault": { "id": start.vault, "path": start.path },
                "device": { "id": start.device, "name": start.name },
                "created": start.created,
                "peers": others,
            }),
        ),
        Report::PeerConnected(peer) => ("peer-connected", json!({ "peer": peer.to_string() })),
        Report::PeerDisconnected(peer, reason) => {
            ("peer-disconnected", json!({ "peer": peer.to_string(), "message": reason }))
        }
        Report::PeerRefused(peer, reason) => {
            ("peer-refused", json!({ "peer": peer.to_string(), "message": reason }))
        }
        Report::Paired(peer, name) => ("paired", json!({ "peer": peer.to_string(), "name": name })),
        Report::TakenIn { path, ops, ms } => {
            ("taken-in", json!({ "path": path.as_str(), "ops": ops, "ms": ms }))
        }
        Report::Sent { path, peer, bytes } => {
            ("sent", json!({ "path": path.as_str(), "peer": peer.to_string(), "bytes": bytes }))
        }
        Report::Written { path, peer, ms } => (
            "written",
            json!({ "path": path.as_str(), "peer": text_or_null(peer.as_ref()), "ms": ms }),
        ),
        Report::Renamed { path, from, peer } => (
            "renamed",
            json!({
                "path": path.as_str(),
                "from": from.as_str(),
                "peer": text_or_null(peer.as_ref()),
            }),
        ),
        Report::Deleted { path, peer } => {
            ("deleted", json!({ "path": path.as_str(), "peer": text_or_null(peer.as_ref()) }))
        }
        Report::Merged(path) => ("merged", json!({ "path": path.as_str() })),
        Report::Conflict(path, id) => ("conflict", json!({ "path": path.as_str(), "id": id })),
        Report::InSync(peer, digest) => {
            ("in-sync", json!({ "peer": peer.to_string(), "digest": digest.to_string() }))
        }
        Report::HeldBack { peer, there, here } => {
            ("held-back", json!({ "peer": peer.to_string(), "there": there, "here": here }))
        }
        Report::Problem(found) if found.message.is_empty() => {
            ("solved", json!({ "path": found.path, "kind": found.kind.as_str() }))
        }
        Report::Problem(found) => ("problem", problem(found)),
        Report::Brake { reason, count } => ("brake", json!({ "reason": reason, "count": count })),
        Report::Progress { done, total, what } => {
            ("progress", json!({ "what": work(*what), "done": done, "total": total }))
        }
        Report::Failed(message) => ("failed", json!({ "message": message })),
        Report::Stopped => ("stopped", json!({})),
        Report::Done(..) => return None,
    };
    Some(event(at, name, fields))
}

/// The event `budget`: one went over its limit (`state` is `over`), or is below it again.
pub(crate) fn of_budget(at: WallMs, state: &BudgetState) -> Value {
    let fields = json!({
        "budget": state.name,
        "about": state.about,
        "state": state.state,
        "value": state.value,
        "limit": state.limit,
        "unit": state.unit,
    });
    event(at, "budget", fields)
}

fn text_or_null(peer: Option<&PeerId>) -> Value {
    peer.map_or(Value::Null, |peer| json!(peer.to_string()))
}

/// The word for a kind of longer work.
const fn work(what: Work) -> &'static str {
    match what {
        Work::TakingIn => "taking-in",
        Work::Receiving => "receiving",
        Work::Sending => "sending",
    }
}

/// One entry of a list of problems: `path`, `kind`, `message`.
fn problem(found: &Problem) -> Value {
    json!({ "path": found.path, "kind": found.kind.as_str(), "message": found.message })
}

#[cfg(test)]
mod tests {
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
    fn a_budget_is_told_with_its_figures() {
        let state = BudgetState {
            name: "take-in".into(),
            about: "an edit".into(),
            state: crate::app::answer::Level::Over,
            value: Some(72_000),
            limit: 50_000,
            unit: "us".into(),
        };
        let told = of_budget(WallMs(0), &state).to_string();
        let epoch = told.replace("1970-01-01T00:00:00.000Z", "EPOCH");
        let expected = r#"{"v":1,"event":"budget","at":"EPOCH","budget":"take-in","about":"an edit","state":"over","value":72000,"limit":50000,"unit":"us"}"#;
        assert_eq!(epoch, expected);
    }

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
            Report::HeldBack { peer: PEER, there: 40, here: 0 },
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
            r#"{"v":1,"event":"held-back","at":"EPOCH","peer":"PEER","there":40,"here":0}"#,
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
}
