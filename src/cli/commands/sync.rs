//! `sync`.

use clap::Args;

use super::shot::{self, Shot};
use crate::app::Mode;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::exit::Exit;

/// Take in local edits, send and fetch once
///
/// Ends when all devices that answer hold the same; made for cron. While `watch` runs on the vault, it
/// carries this out.
#[derive(Debug, Args)]
pub(in crate::cli) struct Sync {
    #[command(flatten)]
    shot: Shot,
}

pub(in crate::cli) fn run(arguments: &Sync, context: &mut Context<'_>) -> Result<Exit, Error> {
    shot::run(&arguments.shot, Mode::Sync, context)
}
