//! `pull`.

use clap::Args;

use super::shot::{self, Shot};
use crate::app::Mode;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::exit::Exit;

/// Take in local edits and fetch those of others once
///
/// Ends when this device holds what every device that answers holds. While `watch` runs on the vault,
/// it carries this out.
#[derive(Debug, Args)]
pub(in crate::cli) struct Pull {
    #[command(flatten)]
    shot: Shot,
}

pub(in crate::cli) fn run(arguments: &Pull, context: &mut Context<'_>) -> Result<Exit, Error> {
    shot::run(&arguments.shot, Mode::Pull, context)
}
