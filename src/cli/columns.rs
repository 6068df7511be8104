//! Texts beside each other, where the terminal is wide enough.

use console::measure_text_width;

use super::escape::escape;
use super::output::{Paint, Tone};

/// Narrowest column that is worth reading, in terminal cells.
const COLUMN_LEAST: usize = 20;
/// What stands between two columns.
const BETWEEN: &str = " | ";

/// Labelled texts side by side in `width` cells; one below the other where that is too narrow or
/// not known (no terminal).
pub(super) fn abreast(parts: &[(&str, Tone, &str)], width: Option<usize>, paint: Paint) -> String {
    let count = parts.len().max(1);
    let room = width.unwrap_or(0).saturating_sub(BETWEEN.len() * (count - 1)) / count;
    if room < COLUMN_LEAST {
        return stacked(parts, paint);
    }
    let wrapped: Vec<Vec<String>> = parts
        .iter()
        .map(|(label, _, text)| {
            let lines = text.lines().flat_map(|line| wrap(&escape(line), room));
            std::iter::once((*label).to_owned()).chain(lines).collect()
        })
        .collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
    let mut all = String::new();
    for row in 0..height {
        let mut line = String::new();
        for (column, (_, tone, _)) in parts.iter().enumerate() {
            let cell = wrapped[column].get(row).map_or("", String::as_str);
            let tone = if row == 0 { Tone::Faint } else { *tone };
            line += &paint.tone(tone, cell);
            if column + 1 < parts.len() {
                line += &" ".repeat(room.saturating_sub(measure_text_width(cell)));
                line += BETWEEN;
            }
        }
        all += line.trim_end();
        all.push('\n');
    }
    all
}

fn stacked(parts: &[(&str, Tone, &str)], paint: Paint) -> String {
    let mut all = String::new();
    for (label, tone, content) in parts {
        let lines = if content.is_empty() { vec![""] } else { content.lines().collect() };
        for (at, line) in lines.iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            all += paint.tone(*tone, &format!("{label:<8}| {}", escape(line))).trim_end();
            all.push('\n');
        }
    }
    all
}

/// A line in pieces of at most `room` cells, broken at spaces where there are any.
fn wrap(line: &str, room: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for word in line.split_inclusive(' ') {
        let cells = measure_text_width(word.trim_end_matches(' '));
        if used > 0 && used + cells > room {
            pieces.push(String::new());
            used = 0;
        }
        for c in word.chars() {
            let cells = measure_text_width(c.encode_utf8(&mut [0; 4]));
            if used + cells > room {
                if c == ' ' {
                    continue;
                }
                pieces.push(String::new());
                used = 0;
            }
            if let Some(piece) = pieces.last_mut() {
                piece.push(c);
            }
            used += cells;
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_at_spaces_and_wide_letters_count_twice() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("\u{4f60}\u{597d}\u{4f60}", 4), ["\u{4f60}\u{597d}", "\u{4f60}"]);
        assert_eq!(wrap("", 4), [""]);
    }

    #[test]
    fn no_line_is_longer_than_the_terminal() {
        let long = "many words that go on and on ".repeat(9);
        let parts = [("a", Tone::Good, &*long), ("b", Tone::Bad, "x"), ("c", Tone::Warn, &*long)];
        let text = abreast(&parts, Some(80), Paint::Plain);
        assert!(text.lines().all(|line| measure_text_width(line) <= 80), "{text}");
        assert!(text.lines().count() > 5);
    }
}
