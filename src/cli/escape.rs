//! Names from elsewhere, made safe for a terminal.

use std::borrow::Cow;
use std::path::Path;

/// Writes out every character that would steer a terminal or disguise a text.
///
/// - Shape: control characters (C0, DEL, C1), line and paragraph separators and the marks that
///   change the direction of writing become `\n`, `\t`, `\r` or `\u{…}`; all else stays.
/// - Source: sharkdp/fd `src/sanitize.rs`.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_unsafe(c) {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// A path of this machine, made safe.
pub(super) fn escape_path(path: &Path) -> String {
    escape(&path.to_string_lossy()).into_owned()
}

/// A path as a shell would read it back.
pub(super) fn quote(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+,@:%".contains(c);
    let safe = escape(path);
    if !path.is_empty() && path.chars().all(plain) {
        safe.into_owned()
    } else {
        format!("'{}'", safe.replace('\'', r"'\''"))
    }
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steering_characters_are_written_out() {
        for (text, safe) in [
            ("a\x1b[2Jb", r"a\u{1b}[2Jb"),
            ("a\nb\tc\rd", r"a\nb\tc\rd"),
            ("bell\x07", r"bell\u{7}"),
            ("c1\u{9b}31m", r"c1\u{9b}31m"),
            ("del\x7f", r"del\u{7f}"),
            ("evil\u{202e}dm.exe", r"evil\u{202e}dm.exe"),
            ("iso\u{2066}x\u{2069}", r"iso\u{2066}x\u{2069}"),
        ] {
            assert_eq!(escape(text), safe);
        }
    }

    #[test]
    fn ordinary_names_stay() {
        for text in ["Täglich/2026-11-20.md", "日记.md", "🗒 a\u{200d}b", r"back\slash"] {
            assert!(matches!(escape(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn paths_are_quoted_where_a_shell_needs_it() {
        assert_eq!(quote("/home/me/Notes"), "/home/me/Notes");
        assert_eq!(quote("/home/me/My Notes"), "'/home/me/My Notes'");
        assert_eq!(quote("it's"), r"'it'\''s'");
        assert_eq!(quote(""), "''");
    }
}
