//! Short ways to say what went wrong here, and what errors of other rooms mean to a person.

use std::io;
use std::path::Path;

use super::{Error, Failure};
use crate::{net, store, vault};

/// An I/O failure: what was tried, on which path.
pub(crate) fn io(tried: &str, path: &Path, error: io::Error) -> Error {
    let kind = if error.kind() == io::ErrorKind::PermissionDenied {
        Failure::Unreadable
    } else {
        Failure::Io
    };
    Error::new(kind, format!("cannot {tried} {}", path.display())).caused_by(error)
}

/// A file of ours that holds something it cannot hold; `what` says what and what to do.
pub(crate) fn damaged(path: &Path, what: &str) -> Error {
    Error::new(Failure::Damaged, format!("{} is damaged: {what}", path.display()))
}

/// Something was asked that only a running `watch` can do or tell.
pub(crate) fn no_watch(root: &Path) -> Error {
    Error::new(Failure::Io, format!("no watch runs on {}", root.display()))
        .hint("`vault-sync watch` starts one.")
}

/// A broken invariant; `what` names it.
pub(crate) fn bug(what: &str) -> Error {
    Error::new(Failure::Bug, format!("this should not happen: {what}"))
        .hint("Please report it, with what you did before.")
}

/// Keeps an error's text as ours and its cause as ours, so that nothing is told twice.
fn wrap(kind: Failure, error: &(dyn std::error::Error + 'static)) -> Error {
    let mut wrapped = Error::new(kind, error.to_string());
    if let Some(cause) = error.source() {
        wrapped = wrapped.caused_by(super::workers::chain(cause));
    }
    wrapped
}

/// What is wrong with the folder as a whole.
pub(crate) fn of_vault(error: &vault::Error) -> Error {
    use vault::Error as E;
    match error {
        E::Missing { .. } => {
            wrap(Failure::NoSuchFolder, error).hint("Check the path, or make the folder first.")
        }
        E::NotAFolder { .. } => wrap(Failure::NotAFolder, error).hint("Name a folder."),
        E::NotAVault { .. } => wrap(Failure::NotAVault, error),
        E::Unmounted { .. } => wrap(Failure::Brake, error)
            .hint("Mount the disk, or run `vault-sync init` if the marker was deleted."),
        E::OtherVault { .. } => wrap(Failure::OtherVault, error).hint("Choose another folder."),
        E::MarkerVersion { .. } => wrap(Failure::Version, error),
        E::Marker { .. } => wrap(Failure::Unreadable, error)
            .hint("Restore the marker from another copy of the folder."),
        E::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
            wrap(Failure::Unreadable, error)
                .hint("Check who owns the folder and who may read and write it.")
        }
        E::Io { .. } | E::Random { .. } | E::WatchLimit { .. } | E::Watch { .. } => {
            wrap(Failure::Io, error)
        }
    }
}

/// What is wrong with the store.
pub(crate) fn of_store(error: &store::Error) -> Error {
    use store::Error as E;
    match error {
        E::Locked { .. } => wrap(Failure::Busy, error).hint("Wait for it to end, or stop it."),
        E::Version { .. } => wrap(Failure::Version, error).hint("Update vault-sync."),
        E::Damaged { path, .. } => wrap(Failure::Damaged, error)
            .hint("The notes in the folder are not touched by this.")
            .hint(format!(
                "Move {} away and start again: the store is made anew from the folder, \
                 and peers have to be paired again.",
                path.display()
            )),
        E::Row { .. } => wrap(Failure::Damaged, error)
            .hint("Run `vault-sync verify` to see everything that is damaged."),
        E::Text { .. } | E::Io { .. } | E::Random(_) => wrap(Failure::Io, error),
    }
}

/// What is wrong with the network, or with a ticket.
pub(crate) fn of_net(error: &net::Error) -> Error {
    use net::Error as E;
    match error {
        E::PortInUse(_) => wrap(Failure::PortInUse, error).hint(
            "Stop the other program, or choose another port with \
             `vault-sync config set net.port PORT` (0: any).",
        ),
        E::Relay { .. } => wrap(Failure::Config, error),
        E::NotATicket { .. } | E::Mangled => wrap(Failure::Ticket, error)
            .hint("Copy the whole line that `vault-sync invite` printed."),
        E::TicketVersion(_) => wrap(Failure::Ticket, error),
        E::Socket { .. }
        | E::Endpoint(_)
        | E::Random(_)
        | E::Gone(_)
        | E::Lane(_)
        | E::TooLarge { .. } => wrap(Failure::Io, error),
    }
}
