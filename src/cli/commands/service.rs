//! `service`.

use std::path::Path;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::app::answer::VERSION;
use crate::app::config::ENV_HOME;
use crate::app::service::{self, Folders, Job, Overwrite, State, Unit};
use crate::app::{self, Failure};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::escape::escape_path;
use crate::cli::exit::Exit;
use crate::cli::output::Format;

/// Variables that decide where this installation keeps its things when its own is not set.
const PLATFORM_HOMES: [&str; 2] = ["XDG_CONFIG_HOME", "XDG_DATA_HOME"];

/// Have `watch` started with the session
///
/// As a systemd user unit (Linux) or a launchd agent (macOS), or every five minutes as one `sync` by
/// cron. The settings of this command's environment (`VAULT_SYNC_…`) and `--config` are written into
/// it. Nothing is started: what to do next is said.
#[derive(Debug, Args)]
pub(in crate::cli) struct Service {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Put the unit or agent where it belongs
    Install(Choice),
    /// Take it away
    Uninstall(Choice),
    /// Print it, or the line for cron
    Print {
        /// For whom; without it, whom this platform has
        #[arg(long, value_name = "KIND")]
        kind: Option<Kind>,
    },
}

#[derive(Debug, Args)]
struct Choice {
    /// For whom; without it, whom this platform has
    #[arg(long, value_name = "KIND")]
    kind: Option<Kind>,

    /// Also when what lies there is not as vault-sync left it
    #[arg(long)]
    force: bool,
}

/// Who starts it; documented by `service` itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Systemd,
    Launchd,
    Cron,
}

impl Choice {
    fn overwrite(&self) -> Overwrite {
        if self.force { Overwrite::Anything } else { Overwrite::Never }
    }
}

pub(in crate::cli) fn run(arguments: &Service, context: &mut Context<'_>) -> Result<Exit, Error> {
    match &arguments.action {
        Action::Install(choice) => install(choice, context),
        Action::Uninstall(choice) => uninstall(choice, context),
        Action::Print { kind } => print(*kind, context),
    }
}

fn unit(kind: Option<Kind>, context: &Context<'_>) -> Result<Unit, Error> {
    let kind = match kind {
        Some(Kind::Systemd) => service::Kind::Systemd,
        Some(Kind::Launchd) => service::Kind::Launchd,
        Some(Kind::Cron) => service::Kind::Cron,
        None => service::Kind::native(),
    };
    let (located, _) = context.located(None)?;
    let program = std::env::current_exe().map_err(|error| {
        app::Error::new(Failure::Io, "this program cannot be found on the disk").caused_by(error)
    })?;
    let settings = context.flags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let vault = std::path::absolute(&located.path).unwrap_or(located.path);
    let job = Job::new(&program, &vault, located.id, environment(context)?, settings)?;
    let variable = |name: &str| context.environment.get(name).map(String::as_str);
    let folders = Folders::find(variable("HOME"), variable("XDG_CONFIG_HOME"))?;
    Ok(service::unit(kind, &job, &folders)?)
}

/// What the session may not have set, and this command has.
fn environment(context: &Context<'_>) -> Result<Vec<(String, String)>, Error> {
    let set = |name: &str| context.environment.get(name).filter(|value| !value.is_empty());
    let mut found = Vec::new();
    if let Some(home) = set(ENV_HOME) {
        let home = std::path::absolute(context.directory.join(home)).map_err(|error| {
            app::Error::new(Failure::Config, format!("{ENV_HOME} names no folder")).caused_by(error)
        })?;
        found.push((ENV_HOME.to_owned(), home.to_string_lossy().into_owned()));
    } else {
        let homes = PLATFORM_HOMES.iter().filter_map(|name| set(name).map(|it| (*name, it)));
        found.extend(homes.map(|(name, value)| (name.to_owned(), value.clone())));
    }
    let settings = context.environment.iter().filter(|(name, value)| {
        name.starts_with(app::config::ENV_PREFIX) && *name != ENV_HOME && !value.is_empty()
    });
    found.extend(settings.map(|(name, value)| (name.clone(), value.clone())));
    Ok(found)
}

/// What machine output says of a unit.
fn object(unit: &Unit) -> Value {
    json!({
        "v": VERSION,
        "kind": unit.kind.as_str(),
        "name": unit.name,
        "file": unit.file.as_ref().map(|file| file.to_string_lossy()),
    })
}

fn print(kind: Option<Kind>, context: &mut Context<'_>) -> Result<Exit, Error> {
    let unit = unit(kind, context)?;
    if context.output.format == Format::Json {
        let mut object = object(&unit);
        object["text"] = json!(unit.text);
        context.output.json(&object)?;
    } else {
        context.output.result(&unit.text)?;
    }
    Ok(Exit::Done)
}

fn install(choice: &Choice, context: &mut Context<'_>) -> Result<Exit, Error> {
    let unit = unit(choice.kind, context)?;
    let changed = service::install(&unit, choice.overwrite())?;
    let file = unit.file.as_deref().map(escape_path).unwrap_or_default();
    let said = if changed { format!("Wrote {file}.") } else { format!("{file} is there already.") };
    tell(&unit, &unit.after_install, changed, &said, context)?;
    if context.output.format != Format::Json && unit.kind == service::Kind::Systemd {
        context.output.note("`loginctl enable-linger` lets it run while nobody is logged in.");
    }
    Ok(Exit::Done)
}

fn uninstall(choice: &Choice, context: &mut Context<'_>) -> Result<Exit, Error> {
    let unit = unit(choice.kind, context)?;
    let was = service::state(&unit)?;
    let changed = service::uninstall(&unit, choice.overwrite())?;
    let file = unit.file.as_deref().map(escape_path).unwrap_or_default();
    let said = match was {
        State::Absent => format!("There is no {file}."),
        State::Same | State::Ours | State::Edited | State::Foreign => format!("Removed {file}."),
    };
    let next: &[String] = if changed { &unit.after_uninstall } else { &[] };
    tell(&unit, next, changed, &said, context)?;
    Ok(Exit::Done)
}

/// Says what was done, and which commands do the rest.
fn tell(
    unit: &Unit,
    next: &[String],
    changed: bool,
    said: &str,
    context: &mut Context<'_>,
) -> Result<(), Error> {
    let tool = next.first().and_then(|command| command.split(' ').next());
    let missing = tool.filter(|tool| !on_path(tool, context)).map(str::to_owned);
    if context.output.format == Format::Json {
        let mut object = object(unit);
        object["changed"] = json!(changed);
        object["next"] = json!(next);
        return context.output.json(&object);
    }
    let mut text = format!("{said}\n");
    if !next.is_empty() {
        text += "Next:\n";
    }
    for command in next {
        text.extend(["  ", command, "\n"]);
    }
    context.output.result(&text)?;
    if let Some(tool) = missing {
        context.output.note(&format!("There is no {tool} here: this does nothing until there is."));
    }
    Ok(())
}

fn on_path(tool: &str, context: &Context<'_>) -> bool {
    let path = context.environment.get("PATH").map(String::as_str).unwrap_or_default();
    std::env::split_paths(path).any(|folder| Path::new(&folder).join(tool).is_file())
}
