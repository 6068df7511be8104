//! The subcommands: one file each, an argument struct whose doc is the help text, and `run`.

pub(super) mod completions;
pub(super) mod config;
pub(super) mod conflicts;
pub(super) mod diff;
pub(super) mod init;
pub(super) mod invite;
pub(super) mod join;
pub(super) mod log;
pub(super) mod man;
pub(super) mod metrics;
pub(super) mod peers;
pub(super) mod pull;
pub(super) mod push;
pub(super) mod restore;
pub(super) mod service;
mod shot;
pub(super) mod show;
pub(super) mod status;
pub(super) mod sync;
pub(super) mod verify;
pub(super) mod watch;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::context::Context;
use super::error::Error;
use super::events::{Lines, Listener};
use crate::app::{self, Failure, Request};

/// Reads a result in the shape that its request promises.
fn read<T: DeserializeOwned>(value: &Value) -> Result<T, Error> {
    T::deserialize(value).map_err(|error| {
        app::Error::new(Failure::Bug, "the answer has an unknown shape")
            .caused_by(error)
            .hint("Stop a `watch` of another version that still runs on this vault.")
            .into()
    })
}

/// Asks the vault in question, and waits for the end.
fn ask(request: Request, context: &mut Context<'_>) -> Result<Value, Error> {
    let (located, settings) = context.located(None)?;
    let mut listener = Listener::new(&mut context.output, Lines::Important, context.time_zone);
    let result = app::ask(&located.path, request, &settings, &mut |event| listener.take(event));
    listener.finish(result)
}

/// A path as the vault has it: as typed, or of a file named from the current directory.
fn vault_path(text: &str, context: &Context<'_>) -> Result<String, Error> {
    let (located, _) = context.located(None)?;
    let root = std::path::Path::new(&located.path);
    let typed = std::path::Path::new(text);
    let inside = if typed.is_absolute() {
        typed.strip_prefix(root).ok().map(std::path::Path::to_path_buf)
    } else {
        // Inside the vault a person means what lies beside them; elsewhere, the vault's own path.
        let below = context.directory.strip_prefix(root).ok();
        Some(below.map_or_else(|| typed.to_path_buf(), |below| below.join(typed)))
    };
    let outside = || {
        app::Error::new(Failure::Usage, format!("{text:?} does not lie in the vault"))
            .hint(format!("The vault is {}.", root.display()))
    };
    let mut parts: Vec<String> = Vec::new();
    for part in inside.ok_or_else(outside)?.components() {
        match part {
            std::path::Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                parts.pop().ok_or_else(outside)?;
            }
            std::path::Component::RootDir | std::path::Component::Prefix(_) => {
                return Err(outside().into());
            }
        }
    }
    Ok(parts.join("/"))
}
