//! `status`.

use clap::Args;
use jiff::Timestamp;

use super::read;
use crate::app::{self, Request};
use crate::cli::answers;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::events::{Lines, Listener};
use crate::cli::exit::Exit;
use crate::cli::output::Format;

/// Show the state of vault, device and peers
///
/// A peer is in sync when it proved to hold the same as this device. Figures are live while `watch`
/// runs on the vault, otherwise those of its last end.
#[derive(Debug, Args)]
pub(in crate::cli) struct Status {}

pub(in crate::cli) fn run(_: &Status, context: &mut Context<'_>) -> Result<Exit, Error> {
    let (located, settings) = context.located(None)?;
    let mut listener = Listener::new(&mut context.output, Lines::Important, context.time_zone);
    let result =
        app::ask(&located.path, Request::Status, &settings, &mut |event| listener.take(event));
    let value = listener.finish(result)?;
    if context.output.format == Format::Json {
        context.output.json(&value)?;
    } else {
        let text = answers::status(&read(&value)?, Timestamp::now(), context.output.paint);
        context.output.result(&text)?;
    }
    Ok(Exit::Done)
}
