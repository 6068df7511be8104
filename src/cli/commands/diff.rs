//! `diff`.

use clap::Args;
use serde_json::json;
use similar::{ChangeTag, TextDiff};

use super::show::split;
use super::{ask, read, vault_path};
use crate::app::answer::{self, VERSION};
use crate::app::{self, Failure, Request};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::escape::escape;
use crate::cli::exit::Exit;
use crate::cli::output::{Format, Paint, Tone};

/// Lines shown around each change.
const AROUND: usize = 3;

/// Show what changed in a file
///
/// Without REV between the last two revisions; with one from it to now; with REV..REV between the
/// two.
#[derive(Debug, Args)]
pub(in crate::cli) struct Diff {
    /// File in the vault
    path: String,

    /// From where, and to where
    #[arg(value_name = "REV[..REV]")]
    range: Option<String>,
}

pub(in crate::cli) fn run(arguments: &Diff, context: &mut Context<'_>) -> Result<Exit, Error> {
    let path = vault_path(split(&arguments.path).0, context)?;
    let inline = split(&arguments.path).1.map(str::to_owned);
    let (from, to) = match arguments.range.clone().or(inline) {
        Some(range) => match range.split_once("..") {
            Some((from, to)) => (from.to_owned(), Some(to.to_owned()).filter(|to| !to.is_empty())),
            None => (range, None),
        },
        None => (before_last(&path, context)?, None),
    };
    let old = state(&path, Some(from), context)?;
    let new = state(&path, to, context)?;
    let (Some(before), Some(after)) = (&old.text, &new.text) else {
        return Err(app::Error::new(Failure::Usage, format!("{path} is no text"))
            .hint("`vault-sync show` prints the bytes of a revision.")
            .into());
    };
    let diff = TextDiff::from_lines(before.as_str(), after.as_str());
    if context.output.format == Format::Json {
        let unified = diff.unified_diff().context_radius(AROUND).to_string();
        let value = json!({
            "v": VERSION, "path": path, "from": old.rev, "to": new.rev, "diff": unified,
        });
        context.output.json(&value)?;
        return Ok(Exit::Done);
    }
    let text = text(&old, &new, &diff, context.output.paint);
    context.output.result(&text)?;
    Ok(Exit::Done)
}

/// The revision before the one that is now.
fn before_last(path: &str, context: &mut Context<'_>) -> Result<String, Error> {
    let request = Request::Log { path: path.to_owned(), limit: 2, single: false };
    let log: answer::Log = read(&ask(request, context)?)?;
    let last = log.revisions.last().map(|entry| entry.rev.clone());
    last.ok_or_else(|| app::Error::new(Failure::Usage, format!("{path} has no history")).into())
}

fn state(
    path: &str,
    rev: Option<String>,
    context: &mut Context<'_>,
) -> Result<answer::Show, Error> {
    read(&ask(Request::Show { path: path.to_owned(), rev }, context)?)
}

fn text(
    old: &answer::Show,
    new: &answer::Show,
    diff: &TextDiff<'_, '_, str>,
    paint: Paint,
) -> String {
    let head = |sign: &str, show: &answer::Show| {
        let rev = &show.rev[..show.rev.len().min(10)];
        paint.tone(Tone::Strong, &format!("{sign} {}@{rev}", escape(&show.path)))
    };
    let mut lines = vec![head("---", old), head("+++", new)];
    for hunk in diff.unified_diff().context_radius(AROUND).iter_hunks() {
        lines.push(paint.tone(Tone::Faint, hunk.header().to_string().trim_end()));
        for change in hunk.iter_changes() {
            let content = escape(change.value().trim_end_matches(['\r', '\n']));
            lines.push(match change.tag() {
                ChangeTag::Equal => format!(" {content}"),
                ChangeTag::Delete => paint.tone(Tone::Bad, &format!("-{content}")),
                ChangeTag::Insert => paint.tone(Tone::Good, &format!("+{content}")),
            });
        }
    }
    if lines.len() == 2 {
        return String::new();
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_shown_with_its_lines() {
        let show = |rev: &str| answer::Show {
            v: 1,
            path: "a.md".to_owned(),
            rev: rev.repeat(4),
            at: None,
            kind: "text".to_owned(),
            bytes: 0,
            text: None,
            file: None,
        };
        let diff = TextDiff::from_lines("a\nb\nc\n", "a\nB\nc\n");
        let told = text(&show("0123"), &show("4567"), &diff, Paint::Plain);
        assert_eq!(
            told,
            "--- a.md@0123012301\n+++ a.md@4567456745\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"
        );
        let same = TextDiff::from_lines("a\n", "a\n");
        assert_eq!(text(&show("0123"), &show("4567"), &same, Paint::Plain), "");
    }
}
