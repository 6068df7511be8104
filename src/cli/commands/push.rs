//! `push`.

use clap::Args;

use super::shot::{self, Shot};
use crate::app::Mode;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::exit::Exit;

/// Take in local edits and send them once
///
/// Ends when every device that answers holds what this one holds. While `watch` runs on the vault, it
/// carries this out.
#[derive(Debug, Args)]
pub(in crate::cli) struct Push {
    #[command(flatten)]
    shot: Shot,
}

pub(in crate::cli) fn run(arguments: &Push, context: &mut Context<'_>) -> Result<Exit, Error> {
    shot::run(&arguments.shot, Mode::Push, context)
}
