//! `restore`.

use clap::Args;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{ask, read, vault_path};
use crate::app::{self, Failure, Request, answer};
use crate::cli::answers;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::escape::escape;
use crate::cli::exit::Exit;
use crate::cli::output::Format;
use crate::cli::words::count;

/// Put an earlier version of a file back
///
/// It becomes an ordinary edit: the version it replaces stays in the history. A deleted file needs
/// no revision. With --undo a merge is taken back: the note is as if only one side of it had been
/// written, with the edits made since. With --at a folder, or without PATH the whole vault, is put back as it was then;
/// files made since stay.
#[derive(Debug, Args)]
pub(in crate::cli) struct Restore {
    /// File in the vault; with --at also a folder, or nothing for everything
    #[arg(required_unless_present = "at")]
    path: Option<String>,

    /// The start of a revision's name, as in `log`
    #[arg(long, conflicts_with = "at")]
    rev: Option<String>,

    /// A time such as 2026-03-01T10:00, 2026-03-01, or 2h for two hours ago
    #[arg(long, value_name = "TIME")]
    at: Option<String>,

    /// Put it there instead, and leave the file as it is
    #[arg(long, value_name = "PATH", requires = "path")]
    to: Option<String>,

    /// Take back this merge, as `log` names it, and keep what was edited since
    #[arg(long, value_name = "REV", requires = "path", conflicts_with_all = ["rev", "at"])]
    undo: Option<String>,

    /// Which side to keep: a device, or a revision of `log --json`; else this device's
    #[arg(long, value_name = "DEVICE|REV", requires = "undo")]
    keep: Option<String>,

    /// Say what would be put back, and change nothing
    #[arg(long)]
    dry_run: bool,
}

pub(in crate::cli) fn run(arguments: &Restore, context: &mut Context<'_>) -> Result<Exit, Error> {
    let at_ms = match &arguments.at {
        Some(text) => {
            Some(moment(text, Timestamp::now(), &(context.time_zone)())?.as_millisecond())
        }
        None => None,
    };
    let inside = |path: &Option<String>, context: &Context<'_>| {
        path.as_deref().map(|path| vault_path(path, context)).transpose()
    };
    let request = Request::Restore {
        path: inside(&arguments.path, context)?.unwrap_or_default(),
        rev: arguments.rev.clone(),
        at_ms,
        to: inside(&arguments.to, context)?,
        undo: arguments.undo.clone(),
        keep: arguments.keep.clone(),
        dry_run: arguments.dry_run,
    };
    let value = ask(request, context)?;
    let answer: answer::Restored = read(&value)?;
    if context.output.format == Format::Json {
        context.output.json(&value)?;
    } else {
        let text = text(&answer) + &answers::problems(&answer.problems, context.output.paint);
        context.output.result(&text)?;
        if answer.contradictions > 0 {
            let places = count(answer.contradictions, "place was", "places were");
            context
                .output
                .note(&format!("{places} edited since and had to be chosen: look there."));
        }
    }
    Ok(if answer.problems.is_empty() { Exit::Done } else { Exit::LeftAside })
}

fn text(answer: &answer::Restored) -> String {
    let word = if answer.dry_run { "would put back" } else { "put back" };
    let mut text = String::new();
    for file in &answer.restored {
        let from =
            file.from.as_ref().map_or(String::new(), |from| format!(" from {}", escape(from)));
        text.push_str(&[word, " ", &escape(&file.path), &from, "\n"].concat());
    }
    if answer.restored.is_empty() && answer.problems.is_empty() {
        text += "Everything is so already.\n";
    } else if answer.restored.len() > 1 {
        text.push_str(&count(answer.restored.len() as u64, "file", "files"));
        text.push_str(".\n");
    }
    text
}

/// Reads a time: with its zone, or of the local clock, or as a span before now.
fn moment(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, Error> {
    let local = |at: DateTime| at.to_zoned(zone.clone()).ok().map(|at| at.timestamp());
    let found = text
        .parse::<Timestamp>()
        .ok()
        .or_else(|| text.parse::<DateTime>().ok().and_then(local))
        .or_else(|| text.parse::<Date>().ok().and_then(|day| local(day.at(0, 0, 0, 0))))
        .or_else(|| {
            let ago = text.trim_end_matches("ago").trim();
            let span = ago.parse::<SignedDuration>().ok().filter(|span| !span.is_negative())?;
            now.checked_sub(span).ok()
        });
    found.ok_or_else(|| {
        app::Error::new(Failure::Usage, format!("{text:?} is no time"))
            .hint("Write 2026-03-01T10:00, 2026-03-01, or 2h for two hours ago.")
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let now: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        let read = |text: &str| moment(text, now, &TimeZone::UTC).unwrap().to_string();
        assert_eq!(read("2026-03-01T10:00:00+02:00"), "2026-03-01T08:00:00Z");
        assert_eq!(read("2026-03-01T10:00"), "2026-03-01T10:00:00Z");
        assert_eq!(read("2026-03-01 10:00"), "2026-03-01T10:00:00Z");
        assert_eq!(read("2026-03-01"), "2026-03-01T00:00:00Z");
        assert_eq!(read("2h"), "2026-03-02T10:00:00Z");
        assert_eq!(read("90m ago"), "2026-03-02T10:30:00Z");
        for bad in ["", "yesterday", "-2h", "2026-13-01"] {
            assert!(moment(bad, now, &TimeZone::UTC).is_err(), "{bad:?}");
        }
    }
}
