//! `conflicts`.

use clap::{ArgGroup, Args, Subcommand};
use serde_json::json;

use super::{ask, read, vault_path};
use crate::app::answer::{self, Conflict, VERSION};
use crate::app::{self, Failure, Request, Verdict};
use crate::cli::columns;
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
    ///
    /// With a path, all of that file. On a wide terminal the three stand side by side.
    Show {
        /// The start of its id, or a file
        #[arg(value_name = "ID|PATH")]
        what: String,
    },
    /// Settle one of them, on every device
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
        Some(Action::Show { what }) => show(what, context),
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
    let text = listed(&answer.conflicts, context.output.paint);
    context.output.result(&text)?;
    let open = count(answer.conflicts.len() as u64, "contradiction", "contradictions");
    context.output.note(&format!("{open} to settle."));
    Ok(Exit::Done)
}

/// Every entry on a line, below the name of its file.
fn listed(conflicts: &[Conflict], paint: Paint) -> String {
    let mut text = String::new();
    let mut file = None;
    for it in conflicts {
        if file != Some(&it.path) {
            text += &[&*escape(&it.path), "\n"].concat();
            file = Some(&it.path);
        }
        text += &line(it, paint);
    }
    text
}

fn line(it: &Conflict, paint: Paint) -> String {
    let id = paint.tone(Tone::Strong, &it.id[..it.id.len().min(8)]);
    let (chosen, alternative) = (short(&it.chosen), short(&it.alternative));
    match it.about.as_str() {
        "path" => format!("  {id}  lies at {chosen}; {alternative} was wanted, too\n"),
        "attachment" => format!("  {id}  replaced twice; the other one is {alternative}\n"),
        _ => format!("  {id}  {chosen} stands, {alternative} does not\n"),
    }
}

/// The first line of a text, in quotes, cut where it gets long.
fn short(text: &str) -> String {
    const MOST: usize = 40;
    let line = text.lines().next().unwrap_or_default();
    let more = line.chars().count() > MOST || text.lines().nth(1).is_some();
    let cut: String = line.chars().take(MOST).collect();
    format!("\u{201c}{}{}\u{201d}", escape(&cut), if more { "\u{2026}" } else { "" })
}

fn show(what: &str, context: &mut Context<'_>) -> Result<Exit, Error> {
    let answer: answer::Conflicts = read(&ask(Request::Conflicts, context)?)?;
    let prefix = what.to_ascii_lowercase();
    let by_id: Vec<&Conflict> =
        answer.conflicts.iter().filter(|it| it.id.starts_with(&prefix)).collect();
    // A path comes second: no file is called as the digits of an open entry begin.
    let (found, one) = if let [one] = by_id.as_slice() {
        (vec![*one], true)
    } else {
        let path = vault_path(what, context)?;
        (answer.conflicts.iter().filter(|it| it.path == path).collect(), false)
    };
    if found.is_empty() {
        let how = if by_id.is_empty() { "no open entry" } else { "more than one open entry" };
        let error = app::Error::new(Failure::NoSuchVersion, format!("{how} begins with {what:?}"));
        return Err(error.hint("`vault-sync conflicts` lists them.").into());
    }
    if context.output.format == Format::Json {
        let value = if one {
            json!({ "v": VERSION, "conflict": found[0] })
        } else {
            json!({ "v": VERSION, "conflicts": found })
        };
        context.output.json(&value)?;
        return Ok(Exit::Done);
    }
    // Beside the entry that was asked for, what else the same merge had to choose in this file.
    let siblings = answer.conflicts.iter().filter(|it| {
        one && it.id != found[0].id && it.path == found[0].path && it.merge == found[0].merge
    });
    let siblings: Vec<&Conflict> = siblings.filter(|it| it.merge.is_some()).collect();
    let text = versions(&found, &siblings, context.output.width, context.output.paint);
    context.output.result(&text)?;
    Ok(Exit::Done)
}

/// The three versions of each entry below the name of their file, by merge; then a line for each of
/// `siblings`.
fn versions(
    found: &[&Conflict],
    siblings: &[&Conflict],
    width: Option<usize>,
    paint: Paint,
) -> String {
    let mut text = String::new();
    let mut merge = None;
    for it in found {
        if merge != Some((&it.path, &it.merge)) {
            merge = Some((&it.path, &it.merge));
            let rev = it.merge.as_ref().map_or("", |rev| &rev[..rev.len().min(10)]);
            let at = if rev.is_empty() { "" } else { "  merged in " };
            text += &[&*paint.tone(Tone::Strong, &escape(&it.path)), at, rev, "\n"].concat();
        }
        text += &[&*paint.tone(Tone::Strong, &it.id), "\n"].concat();
        let parts = [
            ("before", Tone::Faint, &*it.base),
            ("stands", Tone::Good, &*it.chosen),
            ("or else", Tone::Warn, &*it.alternative),
        ];
        text += &columns::abreast(&parts, width, paint);
    }
    if !siblings.is_empty() {
        text += "in the same merge:\n";
        text.extend(siblings.iter().map(|it| line(it, paint)));
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
    let text = format!("{} {what}; settled on every device.", escape(&answer.conflict.path));
    context.output.result(&text)?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conflict() -> Conflict {
        Conflict {
            id: "00112233aabbccdd".into(),
            path: "a.md".into(),
            about: "text".into(),
            base: "due Monday".into(),
            chosen: "due Tuesday".into(),
            alternative: "due Friday\nor later".into(),
            merge: Some("c0ffee0123456789".into()),
        }
    }

    #[test]
    fn entries_are_listed_below_their_file() {
        let text = conflict();
        let other = Conflict { id: "aa".into(), path: "b.png".into(), ..conflict() };
        let attachment = Conflict {
            about: "attachment".into(),
            alternative: "b (conflict 01).png".into(),
            ..other.clone()
        };
        let path =
            Conflict { about: "path".into(), chosen: "b".into(), alternative: "c".into(), ..other };
        let told = listed(&[text, attachment, path], Paint::Plain);
        let expected = "\
a.md
  00112233  \u{201c}due Tuesday\u{201d} stands, \u{201c}due Friday\u{2026}\u{201d} does not
b.png
  aa  replaced twice; the other one is \u{201c}b (conflict 01).png\u{201d}
  aa  lies at \u{201c}b\u{201d}; \u{201c}c\u{201d} was wanted, too
";
        assert_eq!(told, expected);
    }

    #[test]
    fn three_versions_stand_side_by_side_or_below_each_other() {
        let (one, other) = (conflict(), Conflict { id: "ff".into(), ..conflict() });
        let stacked = "\
a.md  merged in c0ffee0123
00112233aabbccdd
before  | due Monday
stands  | due Tuesday
or else | due Friday
        | or later
in the same merge:
  ff  \u{201c}due Tuesday\u{201d} stands, \u{201c}due Friday\u{2026}\u{201d} does not
";
        assert_eq!(versions(&[&one], &[&other], None, Paint::Plain), stacked);
        assert_eq!(versions(&[&one], &[&other], Some(40), Paint::Plain), stacked);
        let abreast = "\
a.md  merged in c0ffee0123
00112233aabbccdd
before                 | stands                 | or else
due Monday             | due Tuesday            | due Friday
                       |                        | or later
";
        assert_eq!(versions(&[&one], &[], Some(72), Paint::Plain), abreast);
        let coloured = versions(&[&one], &[], Some(72), Paint::Colour);
        assert!(coloured.contains("\x1b[32mdue Tuesday"), "{coloured:?}");
        assert!(coloured.contains("\x1b[33mor later"), "{coloured:?}");
    }
}
