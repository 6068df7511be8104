//! Arguments, output, progress and exit codes.
//!
//! - Owns: what a person or a script types and reads, as written down in the command-line contract:
//!   one file for each subcommand in `commands` (an argument struct whose doc is the help text, one
//!   function under it), results on stdout and everything else on stderr (`output`), exit codes
//!   ([`Exit`]), and the one place where errors become text, hints and a code ([`run`]).
//! - Called by: `main`.
//! - Never: syncs, touches the vault, prints a name from elsewhere without escaping it.
//! - Invariants: a closed stdout ends quietly with 0; with `--json` every line on stdout is one
//!   object with `"v": 1`; without terminal there is neither colour nor progress.

mod answers;
mod args;
mod chart;
mod columns;
mod commands;
mod context;
mod error;
mod escape;
mod events;
mod exit;
mod output;
mod progress;
mod run;
#[cfg(test)]
mod tests;
mod words;

pub use error::Error;
pub use exit::Exit;
pub use run::{Surroundings, main, run};
