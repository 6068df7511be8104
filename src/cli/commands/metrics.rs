//! `metrics`.

use clap::Args;

use super::{ask, read};
use crate::app::{self, Failure, Request};
use crate::cli::answers;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::output::Format;

/// Show what a running `watch` measures of itself
///
/// Counters and latencies since its start, and each budget with its state: ok, near (more than four
/// fifths of the limit) or over. A `watch` also tells when a budget goes over, as the event `budget`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Metrics {
    /// Print the text format that Prometheus reads
    #[arg(long)]
    prometheus: bool,
}

pub(in crate::cli) fn run(arguments: &Metrics, context: &mut Context<'_>) -> Result<Exit, Error> {
    if arguments.prometheus && context.output.format == Format::Json {
        let error = app::Error::new(Failure::Usage, "both --json and --prometheus are given");
        return Err(error.hint("Choose one of the two.").into());
    }
    let value = ask(Request::Metrics, context)?;
    if context.output.format == Format::Json {
        context.output.json(&value)?;
    } else if arguments.prometheus {
        context.output.result(&answers::prometheus(&read(&value)?))?;
    } else {
        let text = answers::metrics(&read(&value)?, context.output.paint);
        context.output.result(&text)?;
    }
    Ok(Exit::Done)
}
