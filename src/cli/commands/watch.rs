//! `watch`.

use std::path::PathBuf;

use clap::Args;

use crate::app::{self, Failure};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::events::{Lines, Listener};
use crate::cli::exit::Exit;

/// Keep a vault in sync until stopped
///
/// Makes the folder a vault when it is none yet. Edits made meanwhile, and those made while it was
/// stopped, are taken in and sent to every device that answers; theirs are written here. Only one
/// runs on each vault.
#[derive(Debug, Args)]
pub(in crate::cli) struct Watch {
    /// Folder; without it, the vault that contains the current directory
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    dir: Option<PathBuf>,
}

pub(in crate::cli) fn run(arguments: &Watch, context: &mut Context<'_>) -> Result<Exit, Error> {
    let named = context.folder(arguments.dir.as_deref())?;
    let start = named.as_ref().unwrap_or(&context.directory);
    let (dir, settings) = match (app::locate(start), &named) {
        (Ok(located), _) => {
            let settings = context.settings()?.with_vault(located.id)?;
            (located.path, settings)
        }
        // Only a folder that was named becomes a vault: nobody wants to share their home by being
        // in the wrong place.
        (Err(error), Some(dir)) if error.kind == Failure::NotAVault => {
            (dir.clone(), context.settings()?)
        }
        (Err(error), None) if error.kind == Failure::NotAVault => {
            let hint = "Name the folder: `vault-sync watch FOLDER` makes it a vault.";
            return Err(error.hint(hint).into());
        }
        (Err(error), _) => return Err(error.into()),
    };
    let mut listener = Listener::new(&mut context.output, Lines::All, &context.time_zone);
    let result = app::watch(&dir, &settings, &mut |event| listener.take(event));
    listener.finish(result)?;
    Ok(Exit::Done)
}
