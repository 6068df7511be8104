//! Cuts a line into the things a person would call one thing.
//!
//! Atoms are never mixed from two sides. Joined in order they give back the line, byte for byte.

/// What sort of thing an atom is; only equals of one class replace each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Space,
    Word,
    Number,
    Date,
    Time,
    Checkbox,
    Bullet,
    Heading,
    Link,
    Embed,
    Footnote,
    Url,
    Tag,
    BlockId,
    Code,
    Math,
    Punct,
}

/// One atom of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Atom<'a> {
    pub(super) class: Class,
    pub(super) text: &'a str,
}

/// How far the end of a link, code span or formula is looked for, in bytes. Longer ones are cut into
/// words; without a limit a line of brackets would take quadratic time.
const SPAN_LIMIT_BYTES: usize = 2000;

/// Cuts `line`, which holds no line feed, from left to right.
pub(super) fn atoms(line: &str) -> Vec<Atom<'_>> {
    let mut atoms = Vec::new();
    let mut at = 0;
    let mut lead = Lead::Start;
    while at < line.len() {
        let (class, length) = next(line, at, lead);
        let text = &line[at..at + length];
        lead = lead.after(class, text);
        atoms.push(Atom { class, text });
        at += length;
    }
    atoms
}

/// Where in the opening of a line the cut stands; list markers and the like exist only there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lead {
    Start,
    AfterBullet,
    Body,
}

impl Lead {
    fn after(self, class: Class, text: &str) -> Self {
        match (self, class) {
            (Self::Body, _) => Self::Body,
            (lead, Class::Space) => lead,
            (_, Class::Bullet) => Self::AfterBullet,
            (Self::Start, Class::Punct) if text.starts_with('>') => Self::Start,
            _ => Self::Body,
        }
    }
}

fn next(line: &str, at: usize, lead: Lead) -> (Class, usize) {
    let rest = &line[at..];
    let before = line[..at].chars().next_back();
    let fresh = !before.is_some_and(char::is_alphanumeric);
    let Some(first) = rest.chars().next() else {
        return (Class::Punct, rest.len());
    };
    if first.is_whitespace() {
        return (Class::Space, run(rest, char::is_whitespace));
    }
    if lead != Lead::Body
        && let Some(found) = opening(rest, lead)
    {
        return found;
    }
    let spanned = match first {
        '!' | '[' => bracket(rest),
        '`' => code(rest),
        '$' => math(rest),
        '#' if fresh => tag(rest),
        '^' => block_id(rest),
        '\\' => rest.chars().nth(1).filter(char::is_ascii_punctuation).map(|_| (Class::Punct, 2)),
        '0'..='9' if fresh => Some(digits(rest)),
        '-' | '+' if fresh && before != Some('-') => signed(rest),
        _ => None,
    };
    spanned.unwrap_or_else(|| plain(rest, first))
}

/// Headings, list markers and checkboxes.
fn opening(rest: &str, lead: Lead) -> Option<(Class, usize)> {
    let ends = |length: usize| rest[length..].chars().next().is_none_or(char::is_whitespace);
    if lead == Lead::AfterBullet {
        let mut chars = rest.char_indices();
        let (_, '[') = chars.next()? else { return None };
        let (_, mark) = chars.next()?;
        let (end, ']') = chars.next()? else {
            return None;
        };
        return (mark != '[' && ends(end + 1)).then_some((Class::Checkbox, end + 1));
    }
    let hashes = run(rest, |c| c == '#');
    if (1..=6).contains(&hashes) && ends(hashes) {
        return Some((Class::Heading, hashes));
    }
    if rest.starts_with(['-', '*', '+']) && ends(1) {
        return Some((Class::Bullet, 1));
    }
    let number = run(rest, |c| c.is_ascii_digit());
    if (1..=9).contains(&number) && rest[number..].starts_with(['.', ')']) && ends(number + 1) {
        return Some((Class::Bullet, number + 1));
    }
    None
}

fn run(text: &str, keep: impl Fn(char) -> bool) -> usize {
    text.find(|c| !keep(c)).unwrap_or(text.len())
}

/// Finds `end` in `text` from byte `from` on, within the limit; the answer is the byte after it.
fn closing(text: &str, from: usize, end: &str) -> Option<usize> {
    let mut limit = text.len().min(from + SPAN_LIMIT_BYTES);
    while !text.is_char_boundary(limit) {
        limit -= 1;
    }
    text.get(from..limit)?.find(end).map(|found| from + found + end.len())
}

fn bracket(rest: &str) -> Option<(Class, usize)> {
    let (class, open) = if rest.starts_with('!') { (Class::Embed, 1) } else { (Class::Link, 0) };
    let inner = &rest[open..];
    if inner.starts_with("[[") {
        return Some((class, open + closing(inner, 2, "]]")?));
    }
    if !inner.starts_with('[') {
        return None;
    }
    let label = closing(inner, 1, "]")?;
    if open == 0 && inner.starts_with("[^") {
        return Some((Class::Footnote, label));
    }
    if open == 0 && inner.starts_with("[!") {
        // The kind of a callout.
        return Some((Class::Tag, label));
    }
    if !inner[label..].starts_with('(') {
        return None;
    }
    Some((class, open + closing(inner, label + 1, ")")?))
}

fn code(rest: &str) -> Option<(Class, usize)> {
    let ticks = run(rest, |c| c == '`');
    let mut from = ticks;
    loop {
        let end = closing(rest, from, &rest[..ticks])?;
        let more = run(&rest[end..], |c| c == '`');
        if more == 0 {
            return Some((Class::Code, end));
        }
        from = end + more;
    }
}

fn math(rest: &str) -> Option<(Class, usize)> {
    if rest.starts_with("$$") {
        return Some((Class::Math, closing(rest, 2, "$$")?));
    }
    let tight = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace());
    let end = closing(rest, 1, "$")?;
    let body = &rest[1..end - 1];
    let digit_follows = rest[end..].starts_with(|c: char| c.is_ascii_digit());
    (tight(body.chars().next()) && tight(body.chars().next_back()) && !digit_follows)
        .then_some((Class::Math, end))
}

fn tag(rest: &str) -> Option<(Class, usize)> {
    let length =
        run(&rest[1..], |c| c.is_alphanumeric() || joins(c) || matches!(c, '_' | '-' | '/'));
    (length > 0).then_some((Class::Tag, length + 1))
}

fn block_id(rest: &str) -> Option<(Class, usize)> {
    let length = run(&rest[1..], |c| c.is_ascii_alphanumeric() || c == '-');
    (length > 0 && rest[length + 1..].trim().is_empty()).then_some((Class::BlockId, length + 1))
}

fn signed(rest: &str) -> Option<(Class, usize)> {
    if !rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    match digits(&rest[1..]) {
        (Class::Number, length) => Some((Class::Number, length + 1)),
        _ => None,
    }
}

/// Dates, times, numbers, and words that begin with a digit.
fn digits(rest: &str) -> (Class, usize) {
    let alone =
        |length: usize| !rest[length..].starts_with(|c: char| c.is_alphanumeric() || joins(c));
    if let Some(date) = shaped(rest, b"dddd-dd-dd") {
        let time = rest[date..].strip_prefix('T').and_then(clock).map_or(0, |length| length + 1);
        if alone(date + time) {
            return (Class::Date, date + time);
        }
    }
    for shape in [b"dddd/dd/dd", b"dddd.dd.dd", b"dd.dd.dddd", b"dd/dd/dddd"] {
        if let Some(date) = shaped(rest, shape).filter(|&length| alone(length)) {
            return (Class::Date, date);
        }
    }
    if let Some(time) = clock(rest).filter(|&length| alone(length)) {
        return (Class::Time, time);
    }
    let mut length = run(rest, |c| c.is_ascii_digit());
    while rest[length..].starts_with(['.', ','])
        && rest[length + 1..].starts_with(|c: char| c.is_ascii_digit())
    {
        length += 1 + run(&rest[length + 1..], |c| c.is_ascii_digit());
    }
    if rest[length..].starts_with('%') {
        return (Class::Number, length + 1);
    }
    if alone(length) {
        return (Class::Number, length);
    }
    (Class::Word, word(rest))
}

/// Whether `rest` begins with `shape`, in which `d` stands for a digit; the answer is its length.
fn shaped(rest: &str, shape: &[u8]) -> Option<usize> {
    let bytes = rest.as_bytes().get(..shape.len())?;
    let fits = bytes.iter().zip(shape).all(|(byte, shape)| match shape {
        b'd' => byte.is_ascii_digit(),
        other => byte == other,
    });
    fits.then_some(shape.len())
}

fn clock(rest: &str) -> Option<usize> {
    let short = shaped(rest, b"dd:dd").or_else(|| shaped(rest, b"d:dd"))?;
    Some(short + shaped(&rest[short..], b":dd").unwrap_or(0))
}

/// Marks that belong to the character before them.
fn joins(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{200d}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}')
}

/// Scripts written without spaces, where one character is the smallest thing that stands alone.
fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{2e80}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

fn word(rest: &str) -> usize {
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let inside = c.is_alphanumeric() && !stands_alone(c)
            || joins(c)
            || c == '_'
            || matches!(c, '\'' | '’')
                && at > 0
                && chars.peek().is_some_and(|(_, next)| next.is_alphanumeric());
        if !inside {
            return at;
        }
    }
    rest.len()
}

fn plain(rest: &str, first: char) -> (Class, usize) {
    let with_marks = |length: usize| length + run(&rest[length..], joins);
    if stands_alone(first) {
        let class = if first.is_alphanumeric() { Class::Word } else { Class::Punct };
        return (class, with_marks(first.len_utf8()));
    }
    if first.is_alphanumeric() {
        let scheme = run(rest, |c| c.is_ascii_alphanumeric());
        if scheme > 0 && rest[scheme..].starts_with("://") {
            let length = run(rest, |c| {
                !c.is_whitespace() && !matches!(c, ')' | ']' | '>' | '<' | '"' | '|' | '`')
            });
            let trimmed = rest[..length].trim_end_matches(['.', ',', ';', ':', '!', '?', '\'']);
            return (Class::Url, trimmed.len().max(scheme));
        }
        return (Class::Word, word(rest).max(first.len_utf8()));
    }
    if first.is_ascii() {
        return (Class::Punct, with_marks(run(rest, |c| c == first)));
    }
    // Emoji and other symbols, with everything that is glued to them.
    (
        Class::Punct,
        run(rest, |c| !c.is_ascii() && !c.is_alphanumeric() && !c.is_whitespace())
            .max(first.len_utf8()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn classes(line: &str) -> Vec<(Class, &str)> {
        atoms(line)
            .into_iter()
            .filter(|atom| atom.class != Class::Space)
            .map(|atom| (atom.class, atom.text))
            .collect()
    }

    #[test]
    fn things_stay_whole() {
        use Class::{
            BlockId, Bullet, Checkbox, Code, Date, Embed, Footnote, Heading, Link, Math, Number,
            Punct, Tag, Time, Url, Word,
        };
        let rows: &[(&str, &[(Class, &str)])] = &[
            (
                "  - [ ] call at 9:30",
                &[(Bullet, "-"), (Checkbox, "[ ]"), (Word, "call"), (Word, "at"), (Time, "9:30")],
            ),
            ("12. x", &[(Bullet, "12."), (Word, "x")]),
            ("> > # Hi", &[(Punct, ">"), (Punct, ">"), (Heading, "#"), (Word, "Hi")]),
            ("> [!note] Hi", &[(Punct, ">"), (Tag, "[!note]"), (Word, "Hi")]),
            (
                "due 2026-11-29, ok",
                &[(Word, "due"), (Date, "2026-11-29"), (Punct, ","), (Word, "ok")],
            ),
            ("2026-11-29T10:00:05", &[(Date, "2026-11-29T10:00:05")]),
            (
                "-24.5 and 3,000 or 80%",
                &[
                    (Number, "-24.5"),
                    (Word, "and"),
                    (Number, "3,000"),
                    (Word, "or"),
                    (Number, "80%"),
                ],
            ),
            ("[[My Note|a b]] ![[p.png]]", &[(Link, "[[My Note|a b]]"), (Embed, "![[p.png]]")]),
            ("[a b](c.md) [^1]", &[(Link, "[a b](c.md)"), (Footnote, "[^1]")]),
            (
                "see https://a.example/b?c=1.",
                &[(Word, "see"), (Url, "https://a.example/b?c=1"), (Punct, ".")],
            ),
            ("#a/b-c x ^id-1", &[(Tag, "#a/b-c"), (Word, "x"), (BlockId, "^id-1")]),
            (
                "`a b` ``c`d`` $x+1$ $5 and $6",
                &[
                    (Code, "`a b`"),
                    (Code, "``c`d``"),
                    (Math, "$x+1$"),
                    (Punct, "$"),
                    (Number, "5"),
                    (Word, "and"),
                    (Punct, "$"),
                    (Number, "6"),
                ],
            ),
            (
                "**bold** isn't 3rd",
                &[(Punct, "**"), (Word, "bold"), (Punct, "**"), (Word, "isn't"), (Word, "3rd")],
            ),
            ("知識", &[(Word, "知"), (Word, "識")]),
            ("cafe\u{301} 👩‍👧!", &[(Word, "cafe\u{301}"), (Punct, "👩‍👧"), (Punct, "!")]),
            ("[[[ open", &[(Punct, "[[["), (Word, "open")]),
        ];
        for (line, expected) in rows {
            assert_eq!(&classes(line), expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn atoms_join_to_the_line(line in "[ -~äé知👍\\t\u{301}]{0,60}") {
            let joined: String = atoms(&line).iter().map(|atom| atom.text).collect();
            prop_assert_eq!(joined, line.clone());
            prop_assert!(atoms(&line).iter().all(|atom| !atom.text.is_empty()));
        }
    }
}
