//! `completions`.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::args::Arguments;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::exit::Exit;

/// Print the completion script of a shell
///
/// For bash: `vault-sync completions bash > ~/.local/share/bash-completion/completions/vault-sync`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Completions {
    /// Which shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(in crate::cli) fn run(
    arguments: &Completions,
    context: &mut Context<'_>,
) -> Result<Exit, Error> {
    let mut script = Vec::new();
    let mut command = Arguments::command();
    clap_complete::generate(arguments.shell, &mut command, "vault-sync", &mut script);
    context.output.result(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
