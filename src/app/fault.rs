//! Short ways to say what went wrong here.

use std::io;
use std::path::Path;

use super::{Error, Failure};

/// An I/O failure: what was tried, on which path.
pub(crate) fn io(tried: &str, path: &Path, error: io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::PermissionDenied => Failure::Unreadable,
        _ => Failure::Io,
    };
    Error::new(kind, format!("cannot {tried} {}", path.display())).caused_by(error)
}

/// A file of ours that holds something it cannot hold; `what` says what and what to do.
pub(crate) fn damaged(path: &Path, what: &str) -> Error {
    Error::new(
        Failure::Damaged,
        format!("{} is damaged: {what}", path.display()),
    )
}

/// A broken invariant; `what` names it.
pub(crate) fn bug(what: &str) -> Error {
    Error::new(Failure::Bug, format!("this should not happen: {what}"))
        .hint("Please report it, with what you did before.")
}
