//! Why a command could not be carried out.

use serde::{Deserialize, Serialize};

/// Sorts of failure; each has its exit code in `cli`. The kebab-case form crosses the control
/// socket and is printed with `--json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// The folder is no vault, and lies in none.
    NotAVault,
    /// There is no such folder.
    NoSuchFolder,
    /// Something else lies where a folder is expected.
    NotAFolder,
    /// The folder, or something that must be read, cannot be read.
    Unreadable,
    /// The folder belongs to another vault, or the vault lives in another folder already.
    OtherVault,
    /// Another instance holds this vault and could not carry out the command.
    Busy,
    /// Nothing was changed: too many deletions at once, or the vault's marker is missing.
    Brake,
    /// No peer was reached, or not in time.
    NoPeer,
    /// No peer, or more than one, goes by this name or id.
    UnknownPeer,
    /// The other side refused this device.
    Refused,
    /// The other side speaks another version of the protocol.
    Version,
    /// Done, but some files were left aside.
    LeftAside,
    /// The ticket is mangled, expired, used up, or this device's own.
    Ticket,
    /// The store is damaged.
    Damaged,
    /// A broken invariant.
    Bug,
    /// A configuration file or the environment holds a wrong key or value.
    Config,
    /// No file, or no version of it, goes by this name.
    NoSuchVersion,
    /// A wrong argument.
    Usage,
    /// The port to listen on is taken.
    PortInUse,
    /// A person stopped it.
    Stopped,
    /// The disk, the socket or the system said no.
    Io,
}

/// Why a command could not be carried out, with what to do about it.
///
/// - Shape: the text says what was tried and on what; the cause is the source, never repeated.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What sort.
    pub kind: Failure,
    /// What was tried, and on which path or peer; lower case, no full stop.
    pub message: String,
    /// What to do, one whole sentence each.
    pub hints: Vec<String>,
    /// Why it failed.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// Makes a failure without cause or hint.
    pub fn new(kind: Failure, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new(), source: None }
    }

    /// Adds one sentence that says what to do.
    #[must_use]
    pub fn hint(mut self, sentence: impl Into<String>) -> Self {
        self.hints.push(sentence.into());
        self
    }

    /// Names the cause.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(cause.into());
        self
    }

    /// Rebuilds a failure that came over the control socket.
    pub fn relayed(
        kind: Failure,
        message: String,
        hints: Vec<String>,
        causes: Vec<String>,
    ) -> Self {
        let chain = causes
            .into_iter()
            .rev()
            .fold(None, |source, message| Some(Box::new(Cause { message, source })));
        Self {
            kind,
            message,
            hints,
            source: chain.map(|cause| cause as Box<dyn std::error::Error + Send + Sync>),
        }
    }

    /// The texts of the chain of causes, nearest first.
    pub fn causes(&self) -> Vec<String> {
        let first = std::error::Error::source(self);
        std::iter::successors(first, |error| error.source()).map(ToString::to_string).collect()
    }
}

/// One link of a chain of causes of which only the text is known.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct Cause {
    message: String,
    #[source]
    source: Option<Box<Cause>>,
}
