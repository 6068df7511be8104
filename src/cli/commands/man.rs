//! `man`.

use clap::{Args, CommandFactory as _};
use clap_mangen::Man as Page;

use crate::cli::args::Arguments;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::exit::Exit;

/// Print the manual page
///
/// One page for the program and all its subcommands, in roff: `vault-sync man | man -l -` shows it.
#[derive(Debug, Args)]
pub(in crate::cli) struct Man {}

pub(in crate::cli) fn run(_: &Man, context: &mut Context<'_>) -> Result<Exit, Error> {
    let mut command = Arguments::command();
    command.build();
    let mut page = Vec::new();
    Page::new(command.clone()).render(&mut page)?;
    for subcommand in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let name = format!("vault-sync {}", subcommand.get_name());
        let sub = Page::new(subcommand.clone().display_name(name.clone()));
        page.extend_from_slice(format!(".SH \"{}\"\n", name.to_uppercase()).as_bytes());
        sub.render_description_section(&mut page)?;
        sub.render_synopsis_section(&mut page)?;
        sub.render_options_section(&mut page)?;
    }
    context.output.result(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Done)
}
