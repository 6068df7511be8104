//! `init`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::app;
use crate::app::answer::VERSION;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::escape::{escape, escape_path};
use crate::cli::events::{Lines, Listener};
use crate::cli::exit::Exit;
use crate::cli::output::Format;
use crate::cli::words::{count, size};

/// Make a folder a vault and take in what is there
///
/// The folder's files stay as they are; a small marker, `.vault-sync/vault.json`, is added. On a
/// folder that is a vault already nothing happens.
#[derive(Debug, Args)]
pub(in crate::cli) struct Init {
    /// Folder; without it, the current directory
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    dir: Option<PathBuf>,

    /// What this device is called on the others; without it, the host's name
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) name: Option<String>,
}

pub(in crate::cli) fn run(arguments: &Init, context: &mut Context<'_>) -> Result<Exit, Error> {
    let dir = context.folder(arguments.dir.as_deref())?;
    let dir = dir.unwrap_or_else(|| context.directory.clone());
    let settings = context.settings()?;
    let mut listener = Listener::new(&mut context.output, Lines::Important, context.time_zone);
    let made = app::init(&dir, &settings, &mut |event| listener.take(event));
    let done = listener.finish(made)?;
    if context.output.format == Format::Json {
        context.output.json(&json!({
            "v": VERSION,
            "event": "done",
            "vault": { "id": done.vault.to_string(), "path": done.path.to_string_lossy() },
            "device": { "name": done.name },
            "created": done.created,
            "files": done.files,
            "bytes": done.bytes,
        }))?;
        return Ok(Exit::Done);
    }
    let path = escape_path(&done.path);
    if !done.created {
        context.output.result(&format!("{path} is a vault already."))?;
        return Ok(Exit::Done);
    }
    context.output.result(&format!(
        "{path} is a vault now: {}, {}. This device is {}.",
        count(done.files, "file", "files"),
        size(done.bytes),
        escape(&done.name),
    ))?;
    context.output.note(
        "Next: `vault-sync watch` keeps it in sync, `vault-sync invite` adds another device.",
    );
    Ok(Exit::Done)
}
