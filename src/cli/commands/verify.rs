//! `verify`.

use clap::Args;

use super::read;
use crate::app::answer;
use crate::app::{self, Request};
use crate::cli::answers;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::events::{Lines, Listener};
use crate::cli::exit::Exit;
use crate::cli::output::Format;

/// Check the store against itself and against the folder
///
/// Ends with 0 when all is well, 3 when files were left aside, 70 when the store is damaged. Devices
/// that print the same digest hold the same vault.
#[derive(Debug, Args)]
pub(in crate::cli) struct Verify {
    /// Read every file again, instead of only looking at it
    #[arg(long)]
    deep: bool,
}

pub(in crate::cli) fn run(arguments: &Verify, context: &mut Context<'_>) -> Result<Exit, Error> {
    let (located, settings) = context.located(None)?;
    let request = Request::Verify { deep: arguments.deep };
    let mut listener = Listener::new(&mut context.output, Lines::Important, context.time_zone);
    let result = app::ask(&located.path, request, &settings, &mut |event| listener.take(event));
    let value = listener.finish(result)?;
    let answer: answer::Verify = read(&value)?;
    if context.output.format == Format::Json {
        context.output.json(&value)?;
    } else {
        let text = answers::verify(&answer, context.output.paint);
        context.output.result(&text)?;
    }
    Ok(answer.exit())
}
