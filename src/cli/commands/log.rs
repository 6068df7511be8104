//! `log`.

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{ask, read, vault_path};
use crate::app::Request;
use crate::app::answer::{self, LogEntry};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::escape::escape;
use crate::cli::exit::Exit;
use crate::cli::output::{Format, Paint, Tone};

/// List what happened to a file, or to the whole vault
///
/// The newest comes first, with the device that made it and the time by that device's clock. Saves
/// of one device within five minutes of each other are one revision. Where the work of several
/// devices met it says `merged`, and whose work it was; `restore --undo` takes that back.
#[derive(Debug, Args)]
pub(in crate::cli) struct Log {
    /// File or folder in the vault; everything without it
    path: Option<String>,

    /// Most revisions to list
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
    limit: u64,

    /// List every save by itself
    #[arg(long)]
    all: bool,
}

pub(in crate::cli) fn run(arguments: &Log, context: &mut Context<'_>) -> Result<Exit, Error> {
    let path = arguments.path.as_deref().map(|path| vault_path(path, context)).transpose()?;
    let path = path.unwrap_or_default();
    let request = Request::Log { path, limit: arguments.limit, single: arguments.all };
    let value = ask(request, context)?;
    if context.output.format == Format::Json {
        context.output.json(&value)?;
        return Ok(Exit::Done);
    }
    let log: answer::Log = read(&value)?;
    let text = text(&log, &(context.time_zone)(), context.output.paint);
    context.output.result(&text)?;
    if log.more {
        context.output.note("There are more: --limit N lists them.");
    }
    Ok(Exit::Done)
}

fn text(log: &answer::Log, zone: &TimeZone, paint: Paint) -> String {
    let one_file = log.revisions.windows(2).all(|pair| pair[0].path == pair[1].path);
    let one_file = one_file && log.path.is_some();
    let mut text = String::new();
    for entry in &log.revisions {
        text += &line(entry, one_file, zone, paint);
        text.push('\n');
    }
    text
}

fn line(entry: &LogEntry, one_file: bool, zone: &TimeZone, paint: Paint) -> String {
    let rev = paint.tone(Tone::Strong, &entry.rev[..entry.rev.len().min(10)]);
    let at = entry.at.as_deref().and_then(|at| at.parse::<Timestamp>().ok());
    let at = at.map_or_else(
        || "-".repeat(16),
        |at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string(),
    );
    let mut device = entry.device.as_ref().map_or_else(String::new, |device| device.name.clone());
    let met: Vec<&str> =
        entry.met.iter().flat_map(|side| &side.devices).map(|it| &*it.name).collect();
    if !met.is_empty() {
        device = met.join(" + ");
    }
    let mut about = match (&entry.from, one_file) {
        (Some(from), _) => format!("{} -> {}", escape(from), escape(&entry.path)),
        (None, false) => escape(&entry.path).into_owned(),
        (None, true) => String::new(),
    };
    if entry.changes > 1 {
        about = format!("{about} ({} saves)", entry.changes);
    }
    let device = escape(&device);
    let line = format!("{rev}  {at}  {:<8}  {device:<14}  {}", entry.what, about.trim_start());
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_reads_as_a_table() {
        let entry = |rev: &str, at: Option<&str>, what: &str, from: Option<&str>| LogEntry {
            rev: rev.repeat(8),
            at: at.map(str::to_owned),
            device: at.map(|_| answer::Device { id: "00".into(), name: "laptop".into() }),
            what: what.to_owned(),
            path: "Daily/a.md".to_owned(),
            from: from.map(str::to_owned),
            changes: if what == "edited" { 3 } else { 1 },
            met: Vec::new(),
        };
        let side = |name: &str| answer::MetSide {
            rev: "00".into(),
            devices: vec![answer::Device { id: "00".into(), name: name.into() }],
        };
        let merged = LogEntry {
            device: None,
            met: vec![side("laptop"), side("phone")],
            ..entry("3a1b2c3d", Some("2026-03-01T11:00:00.000Z"), "merged", None)
        };
        let log = answer::Log {
            v: 1,
            path: None,
            revisions: vec![
                merged,
                entry("0a1b2c3d", Some("2026-03-01T10:00:00.000Z"), "renamed", Some("b.md")),
                entry("1a1b2c3d", Some("2026-03-01T09:00:00.000Z"), "edited", None),
                entry("2a1b2c3d", None, "created", None),
            ],
            more: false,
        };
        let expected = "\
            3a1b2c3d3a  2026-03-01 11:00  merged    laptop + phone  Daily/a.md\n\
            0a1b2c3d0a  2026-03-01 10:00  renamed   laptop          b.md -> Daily/a.md\n\
            1a1b2c3d1a  2026-03-01 09:00  edited    laptop          Daily/a.md (3 saves)\n\
            2a1b2c3d2a  ----------------  created                   Daily/a.md\n";
        assert_eq!(text(&log, &TimeZone::UTC, Paint::Plain), expected);
    }
}
