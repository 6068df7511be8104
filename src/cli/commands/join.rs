//! `join`.

use std::path::PathBuf;

use clap::Args;

use super::shot::conclude;
use crate::app;
use crate::cli::answers::Scope;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::events::{Lines, Listener};
use crate::cli::exit::Exit;

/// Join a vault with a ticket and fetch it
///
/// The folder may be new, empty, or hold notes already: what is there is brought together with the
/// vault, equal files once. Ends when both devices hold the same.
#[derive(Debug, Args)]
pub(in crate::cli) struct Join {
    /// What `vault-sync invite` printed on the other device
    #[arg(value_name = "TICKET")]
    ticket: String,

    /// Folder; without it, the current directory
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    dir: Option<PathBuf>,

    /// What this device is called on the others; without it, the host's name
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) name: Option<String>,
}

pub(in crate::cli) fn run(arguments: &Join, context: &mut Context<'_>) -> Result<Exit, Error> {
    let dir = context.folder(arguments.dir.as_deref())?;
    let dir = dir.unwrap_or_else(|| context.directory.clone());
    let settings = context.settings()?;
    let mut listener = Listener::new(&mut context.output, Lines::Important, context.time_zone);
    let result =
        app::join(arguments.ticket.trim(), &dir, &settings, &mut |event| listener.take(event));
    let braked = listener.braked;
    let value = listener.finish(result)?;
    let exit = conclude(&value, Scope::Named, braked, &mut context.output)?;
    if exit == Exit::Done {
        context.output.note("Next: `vault-sync watch` in that folder keeps both in sync.");
    }
    Ok(exit)
}
