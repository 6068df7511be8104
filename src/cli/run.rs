//! One run: parse, act, and turn whatever came of it into an exit code.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use super::args::{Arguments, Color, Command, Global};
use super::chart;
use super::commands::{
    completions, config, conflicts, diff, init, invite, join, log, man, metrics, peers, pull, push,
    restore, service, show, status, sync, verify, watch,
};
use super::context::Context;
use super::error::Error;
use super::escape::escape;
use super::exit::Exit;
use super::output::{Format, Output, Paint, Talk, Tone};
use super::progress::Bars;
use crate::app::answer::VERSION;
use crate::app::config::ENV_HOME;
use crate::app::{self, Failure};

/// What a run knows of the process it is in.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Variables of the process.
    pub environment: BTreeMap<OsString, OsString>,
    /// The current directory.
    pub directory: PathBuf,
    /// Whether stdout is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether stderr is a terminal.
    pub stderr_is_terminal: bool,
    /// How many characters stdout shows on a line, if it is a terminal that says so.
    pub stdout_columns: Option<u16>,
    /// How many characters stderr shows on a line, if it is a terminal that says so.
    pub stderr_columns: Option<u16>,
    /// In which times of day are shown.
    pub time_zone: fn() -> TimeZone,
}

/// Runs the process's own arguments on its own streams.
pub fn main() -> ExitCode {
    let surroundings = Surroundings {
        environment: std::env::vars_os().collect(),
        // A deleted directory has no name; what is asked for there fails by its own message.
        directory: std::env::current_dir().unwrap_or_default(),
        stdout_is_terminal: io::stdout().is_terminal(),
        stderr_is_terminal: io::stderr().is_terminal(),
        stdout_columns: console::Term::stdout().size_checked().map(|(_, columns)| columns),
        stderr_columns: console::Term::stderr().size_checked().map(|(_, columns)| columns),
        time_zone: TimeZone::system,
    };
    // A panic is a bug, and the contract has a code for it. The hook has printed where it was.
    let exit = std::panic::catch_unwind(|| {
        let (mut stdout, mut stderr) = (io::stdout(), io::stderr());
        run(std::env::args_os(), &surroundings, &mut stdout, &mut stderr)
    });
    exit.unwrap_or(Exit::Bug).into()
}

/// Runs one command line.
///
/// - Shape: `arguments` begin with the name of the program. Nothing is read from the process but
///   by the work itself.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    surroundings: &Surroundings,
    stdout: &mut (dyn Write + Send),
    stderr: &mut (dyn Write + Send),
) -> Exit {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return explain(&error, surroundings, stdout, stderr),
    };
    let Arguments { global, command } = arguments;
    let mut output = Output::new(stdout, stderr);
    dress(&mut output, &global, surroundings);
    let mut flags = global.config;
    flags.extend(command.flags());
    let lossy = |text: &OsString| text.to_string_lossy().into_owned();
    let mut context = Context {
        output,
        vault: global.vault,
        directory: surroundings.directory.clone(),
        environment: surroundings
            .environment
            .iter()
            .map(|(name, value)| (lossy(name), lossy(value)))
            .collect(),
        env_home: surroundings.environment.get(&OsString::from(ENV_HOME)).cloned(),
        flags,
        time_zone: surroundings.time_zone,
    };
    let traced = trace(&context, global.quiet, global.verbose).map_err(Error::from);
    // What is drawn meanwhile is written out when the chart goes, at the end of the command.
    let result = traced.and_then(|_chart| act(&command, &mut context));
    match result {
        Ok(exit) => exit,
        Err(error) => report(&error, &mut context.output, Timestamp::now()),
    }
}

fn act(command: &Command, context: &mut Context<'_>) -> Result<Exit, Error> {
    match command {
        Command::Init(arguments) => init::run(arguments, context),
        Command::Invite(arguments) => invite::run(arguments, context),
        Command::Join(arguments) => join::run(arguments, context),
        Command::Watch(arguments) => watch::run(arguments, context),
        Command::Push(arguments) => push::run(arguments, context),
        Command::Pull(arguments) => pull::run(arguments, context),
        Command::Sync(arguments) => sync::run(arguments, context),
        Command::Status(arguments) => status::run(arguments, context),
        Command::Peers(arguments) => peers::run(arguments, context),
        Command::Log(arguments) => log::run(arguments, context),
        Command::Show(arguments) => show::run(arguments, context),
        Command::Diff(arguments) => diff::run(arguments, context),
        Command::Restore(arguments) => restore::run(arguments, context),
        Command::Conflicts(arguments) => conflicts::run(arguments, context),
        Command::Verify(arguments) => verify::run(arguments, context),
        Command::Metrics(arguments) => metrics::run(arguments, context),
        Command::Service(arguments) => service::run(arguments, context),
        Command::Config(arguments) => config::run(arguments, context),
        Command::Completions(arguments) => completions::run(arguments, context),
        Command::Man(arguments) => man::run(arguments, context),
    }
}

/// Help and version are results; everything else the parser says is a wrong argument.
fn explain(
    error: &clap::Error,
    surroundings: &Surroundings,
    stdout: &mut (dyn Write + Send),
    stderr: &mut (dyn Write + Send),
) -> Exit {
    let text = error.render();
    let show = |is_terminal| {
        if paint(Color::Auto, surroundings, is_terminal) == Paint::Colour {
            text.ansi().to_string()
        } else {
            text.to_string()
        }
    };
    let written = if error.use_stderr() {
        // Nowhere is left to tell that stderr is gone.
        stderr.write_all(show(surroundings.stderr_is_terminal).as_bytes()).ok();
        return Exit::Usage;
    } else {
        stdout
            .write_all(show(surroundings.stdout_is_terminal).as_bytes())
            .and_then(|()| stdout.flush())
    };
    match written.map_err(Error::from) {
        Ok(()) | Err(Error::Gone) => Exit::Done,
        Err(error) => report(&error, &mut Output::new(stdout, stderr), Timestamp::now()),
    }
}

fn dress(output: &mut Output<'_>, global: &Global, surroundings: &Surroundings) {
    output.columns = surroundings.stderr_columns.map(usize::from);
    let width = surroundings.stdout_columns.filter(|_| surroundings.stdout_is_terminal);
    output.width = width.map(usize::from);
    if global.json {
        output.format = Format::Json;
    }
    output.talk = match (global.quiet, global.verbose) {
        (true, _) => Talk::Quiet,
        (false, 0) => Talk::Normal,
        (false, _) => Talk::Verbose,
    };
    output.paint = paint(global.color, surroundings, surroundings.stdout_is_terminal);
    output.paint_err = paint(global.color, surroundings, surroundings.stderr_is_terminal);
    if surroundings.stderr_is_terminal && !global.no_progress && !global.quiet {
        output.set_bars(Bars::Shown);
    }
}

/// Decides about colours: the option, then `NO_COLOR` and a terminal that cannot, then the terminal.
pub(super) fn paint(color: Color, surroundings: &Surroundings, is_terminal: bool) -> Paint {
    let variable = |name: &str| surroundings.environment.get(&OsString::from(name));
    let refused = variable("NO_COLOR").is_some_and(|value| !value.is_empty())
        || variable("TERM").is_some_and(|value| value == "dumb");
    match color {
        Color::Always => Paint::Colour,
        Color::Auto if is_terminal && !refused => Paint::Colour,
        Color::Auto | Color::Never => Paint::Plain,
    }
}

/// Prints what happens inside on stderr, for people who look closer; draws a chart of it where the
/// program was built for that.
fn trace(
    context: &Context<'_>,
    quiet: bool,
    verbose: u8,
) -> Result<Option<chart::Chart>, app::Error> {
    let filter = match context.environment.get("VAULT_SYNC_LOG") {
        Some(filter) if !filter.is_empty() => filter.as_str(),
        Some(_) | None => match (quiet, verbose) {
            (true, _) => "off",
            (false, 0) => "off,vault_sync=warn",
            (false, 1) => "warn,vault_sync=info",
            (false, _) => "info,vault_sync=debug",
        },
    };
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        app::Error::new(Failure::Config, "VAULT_SYNC_LOG holds no valid filter")
            .caused_by(error)
            .hint("A filter looks like info or vault_sync=debug,iroh=warn.")
    })?;
    let printed = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(context.output.paint_err == Paint::Colour)
        .with_filter(filter);
    let (drawn, chart) = chart::layer(context)?;
    tracing_subscriber::registry()
        .with(printed)
        .with(drawn)
        .try_init()
        // Only the first run of a process can set this; further ones exist in tests alone.
        .ok();
    Ok(chart)
}

/// Prints an error with its causes and hints, and gives its code. The only place that does.
pub(super) fn report(error: &Error, output: &mut Output<'_>, now: Timestamp) -> Exit {
    output.end_progress();
    let (exit, kind, hints) = match error {
        Error::Gone => return Exit::Done,
        Error::App(error) if error.kind == Failure::Stopped => {
            output.detail("Stopped.");
            return Exit::Stopped;
        }
        Error::App(error) => (error.kind.into(), error.kind, error.hints.clone()),
        Error::Output(_) => (Exit::Failed, Failure::Io, Vec::new()),
    };
    let causes: Vec<String> = match error {
        Error::App(error) => error.causes(),
        Error::Gone | Error::Output(_) => {
            let first = std::error::Error::source(error);
            std::iter::successors(first, |cause| cause.source()).map(ToString::to_string).collect()
        }
    };
    let paint = output.paint_err;
    let label = paint.tone(Tone::Bad, "error:");
    let mut lines = vec![format!("{label} {}", escape(&error.to_string()))];
    lines.extend(causes.iter().map(|cause| format!("  because: {}", escape(cause))));
    let label = paint.tone(Tone::Strong, "hint:");
    lines.extend(hints.iter().map(|hint| format!("{label} {}", escape(hint))));
    output.complain(&lines.join("\n"));
    if output.format == Format::Json {
        let at = format!("{now:.3}");
        let object = json!({
            "v": VERSION, "event": "error", "at": at, "kind": kind, "exit": exit.code(),
            "message": error.to_string(), "causes": causes, "hints": hints,
        });
        // The code says it as well; a second complaint about the output would help nobody.
        output.json(&object).ok();
    }
    exit
}
