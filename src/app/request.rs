//! What a person's command asks of a vault, and how it is answered.
//!
//! The same values travel inside the process (no `watch` runs on the vault) and as JSON lines over
//! the control socket (one does): one [`Request`] line, then any number of [`Reply::Event`] lines,
//! then one [`Reply::Done`] or [`Reply::Failed`] line. Tags are written outside the fields, because
//! numbers inside internally tagged values do not survive `serde_json`'s arbitrary precision.
//!
//! What `cli` calls, all blocking, each with its own runtime inside:
//!
//! | `app::` | Does |
//! |---|---|
//! | `locate(start: &Path) -> Result<Located, Error>` | the vault that holds `start`, looking upwards; [`Failure::NotAVault`] |
//! | `init(dir: &Path, settings: &Settings) -> Result<InitDone, Error>` | makes `dir` a vault |
//! | `join(ticket: &str, dir: &Path, settings: &Settings, on_event) -> Result<Value, Error>` | pairs and brings both together; [`super::answer::Done`] |
//! | `watch(dir: &Path, settings: &Settings, on_event) -> Result<(), Error>` | syncs until stopped; makes `dir` a vault when it is none |
//! | `ask(dir: &Path, request: Request, settings: &Settings, on_event) -> Result<Value, Error>` | one request, through a running `watch` or in this process |
//!
//! The name of this device (`--name`) arrives as the key `device.name` of the settings, with the
//! origin *flag*. The `ready` event carries, beside the contract's keys, `vault` (`id`, `path`),
//! `device` (`id`, `name`), `created` (whether the folder became a vault just now) and `peers`
//! (how many other devices belong to the vault).

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::{Error, Failure};
use crate::engine::{ShotMode, Verdict};
use crate::model::VaultId;

/// Takes one event object as it happens, in the shape of `CLI.md` (`"v"`, `"event"`, `"at"`).
///
/// - Beside the contract's events it is given `progress` (`done`, `total`, `what`: `taking-in`,
///   `receiving` or `sending`), which is shown on a terminal only.
/// - [`ControlFlow::Break`] means that nobody listens any more: the work ends cleanly and early,
///   and counts as done.
pub type OnEvent<'a> = &'a mut (dyn FnMut(&Arc<Value>) -> ControlFlow<()> + Send);

/// One thing asked of a vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// The figures of device, vault and peers. Done: [`super::answer::Status`].
    Status,
    /// What the running `watch` measured of itself. Done: [`super::answer::Metrics`]; without a
    /// running `watch`, a failure [`Failure::Io`].
    Metrics,
    /// Every member with its addresses. Done: [`super::answer::Peers`].
    Peers,
    /// Gives a peer another name. Done: [`super::answer::Peer`].
    RenamePeer {
        /// Its name, or the start of its id.
        peer: String,
        /// The new name.
        name: String,
    },
    /// Refuses a peer from now on. Done: [`super::answer::Peer`].
    RemovePeer {
        /// Its name, or the start of its id.
        peer: String,
    },
    /// Remembers an address of a peer. Done: [`super::answer::Peer`].
    AddAddress {
        /// Its name, or the start of its id.
        peer: String,
        /// A socket address such as `192.168.1.7:50123`.
        address: String,
    },
    /// Makes a ticket. Done: [`super::answer::Invite`]; with `wait` that object comes as an event
    /// of the name `invite`, and Done is [`super::answer::Paired`] once the ticket was used as
    /// often as it may be, or a failure [`Failure::NoPeer`] once it expired.
    Invite {
        /// How long it is honoured, in milliseconds from now.
        expires_ms: u64,
        /// How many devices may use it.
        uses: u32,
        /// Whether to stay and honour it.
        wait: bool,
    },
    /// Takes in local edits and meets peers once. Events as they come; Done:
    /// [`super::answer::Done`].
    Shot {
        /// In which direction.
        mode: Mode,
        /// Names or starts of ids; empty means every peer that answers.
        peers: Vec<String>,
        /// Limit of the whole run in milliseconds.
        timeout_ms: Option<u64>,
        /// Only says what would happen.
        dry_run: bool,
        /// Lets one mass deletion pass.
        allow_mass_delete: bool,
    },
    /// Lists revisions. Done: [`super::answer::Log`].
    Log {
        /// A file or a folder; empty for the whole vault.
        path: String,
        /// How many at most.
        limit: u64,
        /// Whether every save is listed by itself.
        single: bool,
    },
    /// Shows what a file holds or held. Done: [`super::answer::Show`].
    Show {
        /// Which file.
        path: String,
        /// The start of a revision's name; what it holds now without.
        rev: Option<String>,
    },
    /// Puts an earlier state back, as an edit. Done: [`super::answer::Restored`].
    Restore {
        /// A file; a folder or nothing together with a time.
        path: String,
        /// The start of a revision's name.
        rev: Option<String>,
        /// The state at this time, in milliseconds since 1970.
        at_ms: Option<i64>,
        /// Where to put it, instead of where it was.
        to: Option<String>,
        /// The start of the name of a merge to take back, instead of a revision.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        undo: Option<String>,
        /// Which side of it to keep: the start of a revision's name, or a device; this one's
        /// without.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keep: Option<String>,
        /// Only says what would be done.
        dry_run: bool,
    },
    /// What nobody settled. Done: [`super::answer::Conflicts`].
    Conflicts,
    /// Settles a contradiction. Done: [`super::answer::Resolved`].
    Resolve {
        /// The start of its id.
        id: String,
        /// How.
        verdict: Verdict,
    },
    /// Checks the store against itself and against the folder. Done: [`super::answer::Verify`].
    Verify {
        /// Whether every file is read again, instead of only looked at.
        deep: bool,
    },
    /// Ends the running `watch`. Done once it has stopped.
    Stop,
    /// The running `watch`'s events until it stops. Done then.
    Events,
}

/// The direction of a one-shot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Gives peers what they lack.
    Push,
    /// Takes what is lacking here.
    Pull,
    /// Does both.
    Sync,
}

impl From<Mode> for ShotMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Push => Self::Push,
            Mode::Pull => Self::Pull,
            Mode::Sync => Self::Sync,
        }
    }
}

/// One line of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// Something happened; more follows.
    Event(Value),
    /// The end: the result, as the request's doc says.
    Done(Value),
    /// The end: it failed.
    Failed {
        /// What sort of failure; decides the exit code.
        kind: Failure,
        /// What was tried and on what.
        message: String,
        /// What to do about it, one sentence each.
        hints: Vec<String>,
        /// The chain of causes, nearest first.
        causes: Vec<String>,
    },
}

impl Reply {
    /// The final line for what a request came to.
    pub fn end(result: Result<Value, Error>) -> Self {
        match result {
            Ok(value) => Self::Done(value),
            Err(error) => Self::Failed {
                causes: error.causes(),
                kind: error.kind,
                message: error.message,
                hints: error.hints,
            },
        }
    }
}

/// What `init` did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitDone {
    /// The vault's identity, made now or found.
    pub vault: VaultId,
    /// Its folder, absolute.
    pub path: PathBuf,
    /// What this device is called.
    pub name: String,
    /// False when the folder was a vault already.
    pub created: bool,
    /// Files that take part.
    pub files: u64,
    /// Their length together, in bytes.
    pub bytes: u64,
}

/// A vault found on this disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// Its folder, absolute.
    pub path: PathBuf,
    /// Its identity, from the marker.
    pub id: VaultId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_survive_their_json_line() {
        let requests = [
            (Request::Status, r#""status""#),
            (Request::Peers, r#""peers""#),
            (Request::Metrics, r#""metrics""#),
            (
                Request::RenamePeer { peer: "ab".into(), name: "desk".into() },
                r#"{"rename-peer":{"peer":"ab","name":"desk"}}"#,
            ),
            (Request::RemovePeer { peer: "ab".into() }, r#"{"remove-peer":{"peer":"ab"}}"#),
            (
                Request::AddAddress { peer: "ab".into(), address: "127.0.0.1:1".into() },
                r#"{"add-address":{"peer":"ab","address":"127.0.0.1:1"}}"#,
            ),
            (
                Request::Invite { expires_ms: 900_000, uses: 1, wait: false },
                r#"{"invite":{"expires_ms":900000,"uses":1,"wait":false}}"#,
            ),
            (
                Request::Shot {
                    mode: Mode::Sync,
                    peers: vec!["desk".into()],
                    timeout_ms: Some(30_000),
                    dry_run: false,
                    allow_mass_delete: true,
                },
                r#"{"shot":{"mode":"sync","peers":["desk"],"timeout_ms":30000,"dry_run":false,"allow_mass_delete":true}}"#,
            ),
            (
                Request::Log { path: "a.md".into(), limit: 9, single: false },
                r#"{"log":{"path":"a.md","limit":9,"single":false}}"#,
            ),
            (
                Request::Show { path: "a.md".into(), rev: None },
                r#"{"show":{"path":"a.md","rev":null}}"#,
            ),
            (
                Request::Restore {
                    path: "a.md".into(),
                    rev: Some("ab".into()),
                    at_ms: None,
                    to: None,
                    undo: None,
                    keep: None,
                    dry_run: true,
                },
                r#"{"restore":{"path":"a.md","rev":"ab","at_ms":null,"to":null,"dry_run":true}}"#,
            ),
            (
                Request::Restore {
                    path: "a.md".into(),
                    rev: None,
                    at_ms: None,
                    to: None,
                    undo: Some("ab".into()),
                    keep: Some("desk".into()),
                    dry_run: false,
                },
                r#"{"restore":{"path":"a.md","rev":null,"at_ms":null,"to":null,"undo":"ab","keep":"desk","dry_run":false}}"#,
            ),
            (Request::Conflicts, r#""conflicts""#),
            (
                Request::Resolve { id: "ab".into(), verdict: Verdict::Both },
                r#"{"resolve":{"id":"ab","verdict":"both"}}"#,
            ),
            (Request::Verify { deep: true }, r#"{"verify":{"deep":true}}"#),
            (Request::Stop, r#""stop""#),
            (Request::Events, r#""events""#),
        ];
        for (request, line) in requests {
            assert_eq!(serde_json::to_string(&request).unwrap(), line);
            assert_eq!(serde_json::from_str::<Request>(line).unwrap(), request);
        }
    }

    #[test]
    fn a_failure_crosses_the_socket_with_its_causes() {
        let cause = std::io::Error::other("no space left");
        let error =
            Error::new(Failure::Io, "cannot write a.md").hint("Free some space.").caused_by(cause);
        let reply = Reply::end(Err(error));
        let line = serde_json::to_string(&reply).unwrap();
        assert_eq!(
            line,
            r#"{"failed":{"kind":"io","message":"cannot write a.md","hints":["Free some space."],"causes":["no space left"]}}"#
        );
        let back: Reply = serde_json::from_str(&line).unwrap();
        assert_eq!(back, reply);
        let Reply::Failed { kind, message, hints, causes } = back else {
            panic!("not a failure");
        };
        let error = Error::relayed(kind, message, hints, causes);
        assert_eq!(error.causes(), ["no space left"]);
        assert_eq!(error.to_string(), "cannot write a.md");
    }

    #[test]
    fn numbers_inside_replies_survive() {
        let reply = Reply::Event(serde_json::json!({"v": 1, "ms": 12, "part": {"n": 7}}));
        let line = serde_json::to_string(&reply).unwrap();
        assert_eq!(serde_json::from_str::<Reply>(&line).unwrap(), reply);
    }
}
