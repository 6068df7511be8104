//! The subcommands: one file each, an argument struct whose doc is the help text, and `run`.

pub(super) mod completions;
pub(super) mod config;
pub(super) mod init;
pub(super) mod invite;
pub(super) mod join;
pub(super) mod man;
pub(super) mod peers;
pub(super) mod pull;
pub(super) mod push;
mod shot;
pub(super) mod status;
pub(super) mod sync;
pub(super) mod verify;
pub(super) mod watch;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::Error;
use crate::app::{self, Failure};

/// Reads a result in the shape that its request promises.
fn read<T: DeserializeOwned>(value: &Value) -> Result<T, Error> {
    T::deserialize(value).map_err(|error| {
        app::Error::new(Failure::Bug, "the answer has an unknown shape")
            .caused_by(error)
            .hint("Stop a `watch` of another version that still runs on this vault.")
            .into()
    })
}
