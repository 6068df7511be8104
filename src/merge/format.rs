//! Which merge fits which file, and the one way in.

use super::choice::Merged;
use super::{diff3, frontmatter, json, text, union, yaml};
use crate::model::VaultPath;

/// How the text of a file is understood when two versions of it meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Notes: front matter by key, the rest by lines and atoms.
    Markdown,
    /// Canvases and settings: as structure.
    Json,
    /// Bases and other YAML: by key.
    Yaml,
    /// Everything else: by lines and atoms.
    Plain,
}

impl Format {
    /// Decides by the extension alone, letter case ignored, so that every device decides alike.
    pub fn of(path: &VaultPath) -> Self {
        let extension =
            path.name().rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        match extension.as_deref() {
            Some("md" | "markdown") => Self::Markdown,
            Some("canvas" | "json") => Self::Json,
            Some("base" | "yaml" | "yml") => Self::Yaml,
            _ => Self::Plain,
        }
    }
}

/// Merges two versions of one file.
///
/// - Shape: whole texts; `base` is the version both came from, `None` when there is none.
/// - Total: every input has an answer. What cannot be understood as its `format` is chosen as a
///   whole, and the version left aside is in the choices.
/// - Symmetric: which side is called ours makes no difference.
pub fn merge(format: Format, base: Option<&str>, ours: &str, theirs: &str) -> Merged {
    if ours == theirs || base == Some(theirs) {
        return Merged::clean(ours);
    }
    if base == Some(ours) {
        return Merged::clean(theirs);
    }
    // One fixed order of the sides makes everything below symmetric.
    let (ours, theirs) = if ours <= theirs { (ours, theirs) } else { (theirs, ours) };
    if let Some(base) = base
        && let Some(text) = diff3::merge(base, ours, theirs)
        && is_sound(format, base, (ours, theirs), &text)
    {
        return Merged::clean(text);
    }
    match (format, base) {
        (Format::Markdown, _) => frontmatter::merge(base, ours, theirs),
        (Format::Json, _) => json::merge(base, ours, theirs),
        (Format::Yaml, _) => yaml::merge(base, ours, theirs),
        (Format::Plain, Some(base)) => text::merge(base, ours, theirs),
        (Format::Plain, None) => union::merge(ours, theirs),
    }
}

/// What two versions that are themselves only ancestors may both have come to know, as the base for
/// versions that grew out of both.
///
/// - A line that one of them deleted and the other kept stays: where both later versions brought it
///   back, each in its own wording, they are then seen to have the same line. Where neither did, both
///   lack it, and that settles it.
/// - Properties, JSON and YAML are merged as ever. No choice is told: that was done when it was made.
pub fn ancestor(format: Format, base: &str, ours: &str, theirs: &str) -> String {
    let (ours, theirs) = if ours <= theirs { (ours, theirs) } else { (theirs, ours) };
    match format {
        _ if ours == theirs => ours.to_owned(),
        Format::Markdown => frontmatter::ancestor(base, ours, theirs),
        Format::Plain => text::ancestor(base, ours, theirs),
        Format::Json | Format::Yaml => merge(format, Some(base), ours, theirs).text,
    }
}

/// Whether a merge by lines left the structure whole, where both sides have one.
fn is_sound(format: Format, base: &str, (ours, theirs): (&str, &str), merged: &str) -> bool {
    match format {
        Format::Markdown => frontmatter::is_sound(base, (ours, theirs), merged),
        Format::Json => json::is_sound(base, (ours, theirs), merged),
        Format::Yaml => {
            yaml::is_sound(Some(base), (ours, theirs), merged)
                && !diff3::has_revived(base, (ours, theirs), merged)
        }
        Format::Plain => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_decides() {
        for (path, format) in [
            ("a.md", Format::Markdown),
            ("A.MD", Format::Markdown),
            ("b/c.canvas", Format::Json),
            (".obsidian/app.json", Format::Json),
            ("books.base", Format::Yaml),
            ("x.yml", Format::Yaml),
            ("notes.txt", Format::Plain),
            ("md", Format::Plain),
        ] {
            assert_eq!(Format::of(&VaultPath::parse(path).unwrap()), format, "{path}");
        }
    }
}
