//! `conflicts`.

use clap::{ArgGroup, Args, Subcommand};
use serde_json::json;

use super::{ask, read};
use crate::app::answer::{self, Conflict, VERSION};
use crate::app::{self, Failure, Request, Verdict};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::escape::escape;
use crate::cli::exit::Exit;
use crate::cli::output::{Format, Paint, Tone};
use crate::cli::words::count;

/// List where two devices contradicted each other, and settle it
///
/// When two devices changed the very same word, date or link in different ways, one of the two was
/// chosen, the same on every device. The other is kept here.
#[derive(Debug, Args)]
pub(in crate::cli) struct Conflicts {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List what nobody settled; this is what happens without a subcommand
    List,
    /// Show one of them: before, what stands, what else there was
    Show {
        /// The start of its id
        id: String,
    },
    /// Settle one of them on this device
    #[command(group(ArgGroup::new("verdict").required(true)))]
    Resolve {
        /// The start of its id
        id: String,
        /// What stands is right
        #[arg(long, group = "verdict")]
        ours: bool,
        /// The alternative is to stand instead
        #[arg(long, group = "verdict")]
        theirs: bool,
        /// Both are to stand
        #[arg(long, group = "verdict")]
        both: bool,
        /// The note is right as it is now
        #[arg(long, group = "verdict")]
        merged: bool,
    },
}

pub(in crate::cli) fn run(arguments: &Conflicts, context: &mut Context<'_>) -> Result<Exit, Error> {
    match &arguments.action {
        None | Some(Action::List) => list(context),
        Some(Action::Show { id }) => show(id, context),
        Some(Action::Resolve { id, ours, theirs, both, merged: _ }) => {
            let verdict = match (ours, theirs, both) {
                (true, ..) => Verdict::Chosen,
                (_, true, _) => Verdict::Alternative,
                (.., true) => Verdict::Both,
                (false, false, false) => Verdict::Merged,
            };
            resolve(id, verdict, context)
        }
    }
}

fn list(context: &mut Context<'_>) -> Result<Exit, Error> {
    let value = ask(Request::Conflicts, context)?;
    if context.output.format == Format::Json {
        context.output.json(&value)?;
        return Ok(Exit::Done);
    }
    let answer: answer::Conflicts = read(&value)?;
    let text: String = answer.conflicts.iter().map(|it| line(it, context.output.paint)).collect();
    context.output.result(&text)?;
    let open = count(answer.conflicts.len() as u64, "contradiction", "contradictions");
    context.output.note(&format!("{open} to settle."));
    Ok(Exit::Done)
}

fn line(it: &Conflict, paint: Paint) -> String {
    let id = paint.tone(Tone::Strong, &it.id[..it.id.len().min(8)]);
    let (chosen, alternative) = (short(&it.chosen), short(&it.alternative));
    format!("{id}  {}: {chosen} stands, {alternative} does not\n", escape(&it.path))
}

/// The first line of a text, in quotes, cut where it gets long.
fn short(text: &str) -> String {
    const MOST: usize = 40;
    let line = text.lines().next().unwrap_or_default();
    let more = line.chars().count() > MOST || text.lines().nth(1).is_some();
    let cut: String = line.chars().take(MOST).collect();
    format!("\u{201c}{}{}\u{201d}", escape(&cut), if more { "\u{2026}" } else { "" })
}

fn show(id: &str, context: &mut Context<'_>) -> Result<Exit, Error> {
    let answer: answer::Conflicts = read(&ask(Request::Conflicts, context)?)?;
    let prefix = id.to_ascii_lowercase();
    let found: Vec<&Conflict> =
        answer.conflicts.iter().filter(|it| it.id.starts_with(&prefix)).collect();
    let [one] = found.as_slice() else {
        let what = if found.is_empty() { "no open entry" } else { "more than one open entry" };
        let error = app::Error::new(Failure::NoSuchVersion, format!("{what} begins with {id:?}"));
        return Err(error.hint("`vault-sync conflicts` lists them.").into());
    };
    if context.output.format == Format::Json {
        context.output.json(&json!({ "v": VERSION, "conflict": one }))?;
        return Ok(Exit::Done);
    }
    let text = versions(one, context.output.paint);
    context.output.result(&text)?;
    Ok(Exit::Done)
}

/// The three versions, one below the other, so that long lines stay readable.
fn versions(it: &Conflict, paint: Paint) -> String {
    let mut text = format!("{}  {}\n", paint.tone(Tone::Strong, &it.id), escape(&it.path));
    for (label, tone, content) in [
        ("before", Tone::Faint, &it.base),
        ("stands", Tone::Good, &it.chosen),
        ("or else", Tone::Warn, &it.alternative),
    ] {
        let lines = if content.is_empty() { vec![""] } else { content.lines().collect() };
        for (at, line) in lines.iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            text += paint.tone(tone, &format!("{label:<8}| {}", escape(line))).trim_end();
            text.push('\n');
        }
    }
    text
}

fn resolve(id: &str, verdict: Verdict, context: &mut Context<'_>) -> Result<Exit, Error> {
    let value = ask(Request::Resolve { id: id.to_owned(), verdict }, context)?;
    if context.output.format == Format::Json {
        context.output.json(&value)?;
        return Ok(Exit::Done);
    }
    let answer: answer::Resolved = read(&value)?;
    let what = if answer.changed { "was changed" } else { "stays as it is" };
    let text = format!("{} {what}; settled.", escape(&answer.conflict.path));
    context.output.result(&text)?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_reads_in_one_line_and_in_full() {
        let it = Conflict {
            id: "00112233aabbccdd".into(),
            path: "a.md".into(),
            about: "text".into(),
            base: "due Monday".into(),
            chosen: "due Tuesday".into(),
            alternative: "due Friday\nor later".into(),
        };
        assert_eq!(
            line(&it, Paint::Plain),
            "00112233  a.md: \u{201c}due Tuesday\u{201d} stands, \u{201c}due Friday\u{2026}\u{201d} does not\n"
        );
        assert_eq!(
            versions(&it, Paint::Plain),
            "00112233aabbccdd  a.md\nbefore  | due Monday\nstands  | due Tuesday\n\
             or else | due Friday\n        | or later\n"
        );
    }
}
