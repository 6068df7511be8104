//! What the engine reports, as the JSON objects of the command-line contract.

use serde_json::{Map, Value, json};

use super::answer::VERSION;
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
mod tests;
