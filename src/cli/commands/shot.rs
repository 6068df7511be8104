//! What `push`, `pull` and `sync` have in common.

use clap::Args;
use serde_json::Value;

use super::read;
use crate::app::answer::{Done, Reason};
use crate::app::{self, Mode, Request};
use crate::cli::answers::{self, Scope};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::events::{Lines, Listener};
use crate::cli::exit::Exit;
use crate::cli::output::{Format, Output};
use crate::cli::words::parse_span;

/// The arguments of a one-shot.
#[derive(Debug, Args)]
pub(super) struct Shot {
    /// Names of devices, or starts of their ids; without any, all that answer
    #[arg(value_name = "PEER")]
    peers: Vec<String>,

    /// Limit of the whole run, such as 30s or 5m; without it, as long as it takes
    #[arg(long, value_name = "TIME", value_parser = timeout)]
    timeout: Option<u64>,

    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,

    /// Let a deletion of many files at once pass
    #[arg(long)]
    allow_mass_delete: bool,
}

fn timeout(text: &str) -> Result<u64, String> {
    match parse_span(text)? {
        0 => Err("more than no time is needed".to_owned()),
        ms => Ok(ms),
    }
}

/// Carries out a one-shot in one direction.
pub(super) fn run(shot: &Shot, mode: Mode, context: &mut Context<'_>) -> Result<Exit, Error> {
    let (located, settings) = context.located(None)?;
    let request = Request::Shot {
        mode,
        peers: shot.peers.clone(),
        timeout_ms: shot.timeout,
        dry_run: shot.dry_run,
        allow_mass_delete: shot.allow_mass_delete,
    };
    let scope = if shot.peers.is_empty() { Scope::Everyone } else { Scope::Named };
    let mut listener = Listener::new(&mut context.output, Lines::Important, context.time_zone);
    let result = app::ask(&located.path, request, &settings, &mut |event| listener.take(event));
    let braked = listener.braked;
    let value = listener.finish(result)?;
    conclude(&value, scope, braked, &mut context.output)
}

/// Prints how a one-shot ended and gives its exit code.
pub(super) fn conclude(
    value: &Value,
    scope: Scope,
    braked: bool,
    output: &mut Output<'_>,
) -> Result<Exit, Error> {
    let done: Done = read(value)?;
    if output.format == Format::Json {
        output.json(value)?;
    } else {
        let text = answers::done(&done, output.paint);
        output.result(&text)?;
    }
    let exit = if braked { Exit::Brake } else { done.exit(scope) };
    match exit {
        Exit::NoPeer if done.peers.is_empty() => output.note(
            "No other device has this vault yet; `vault-sync invite` adds one. \
             What was edited here is taken in.",
        ),
        Exit::NoPeer => output.note(
            "Not every device was reached in time. What was edited here is taken in; try again.",
        ),
        Exit::Brake => {
            output.note("If the deletions are meant, repeat the command with --allow-mass-delete.");
        }
        Exit::Failed if done.peers.iter().any(|peer| peer.reason == Some(Reason::Member)) => output
            .note(
                "A device that was removed needs a new ticket: `vault-sync invite` there, \
                 `vault-sync join` here.",
            ),
        Exit::Done
        | Exit::Failed
        | Exit::Usage
        | Exit::LeftAside
        | Exit::Busy
        | Exit::Bug
        | Exit::Stopped => {}
    }
    Ok(exit)
}
