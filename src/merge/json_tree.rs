//! JSON with its spelling: every value keeps the text it was written in, and every container the
//! blanks around its parts.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::IgnoredAny;
use serde_json::Value;

/// How deep containers may stand in one another; deeper files are only chosen as a whole.
const DEPTH_LIMIT: usize = 128;

/// A value as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node<'a> {
    /// From its first byte to its last.
    pub(super) raw: &'a str,
    pub(super) shape: Shape<'a>,
}

/// What kind of value a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape<'a> {
    Object(Vec<Member<'a>>, Layout<'a>),
    Array(Vec<Node<'a>>, Layout<'a>),
    String(String),
    /// Numbers, `true`, `false`, `null`, strings with half a surrogate pair, and objects that name one
    /// key twice.
    Other,
}

/// One member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member<'a> {
    pub(super) key: String,
    pub(super) key_raw: &'a str,
    pub(super) value: Node<'a>,
}

/// The blanks of a container, as it has them first; `None` where it has no such place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Layout<'a> {
    /// Before the first part.
    pub(super) open: Option<&'a str>,
    /// Before a comma.
    pub(super) comma: Option<&'a str>,
    /// After a comma.
    pub(super) next: Option<&'a str>,
    /// Between key and value, colon included.
    pub(super) colon: Option<&'a str>,
    /// Before the end.
    pub(super) close: Option<&'a str>,
}

/// A whole file: the root with the blanks before and after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File<'a> {
    /// Whether a byte order mark comes first.
    pub(super) mark: bool,
    pub(super) before: &'a str,
    pub(super) root: Node<'a>,
    pub(super) after: &'a str,
}

/// Reads `text`; `None` when it is not JSON, or nested deeper than [`DEPTH_LIMIT`].
pub(super) fn parse(text: &str) -> Option<File<'_>> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    // The strict reader comes first; below, the text is known to be well-formed. This one takes half
    // a surrogate pair for a string, as browsers do, and does not go down the stack.
    serde_json::from_str::<IgnoredAny>(body).ok()?;
    let mut reader = Reader { text: body, at: 0, depth: 0 };
    let before = reader.blanks();
    let root = reader.node()?;
    let after = reader.blanks();
    let mark = body.len() < text.len();
    (reader.at == body.len()).then_some(File { mark, before, root, after })
}

impl Node<'_> {
    /// The values of an object by their keys; nothing for anything else.
    pub(super) fn by_key(&self) -> BTreeMap<&str, &Self> {
        match &self.shape {
            Shape::Object(members, _) => {
                members.iter().map(|member| (member.key.as_str(), &member.value)).collect()
            }
            Shape::Array(..) | Shape::String(_) | Shape::Other => BTreeMap::new(),
        }
    }

    /// Whether both say the same, blanks aside. Keys in another order and numbers spelled otherwise
    /// say something else.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (&self.shape, &other.shape) {
            (Shape::Object(a, _), Shape::Object(b, _)) => {
                a.len() == b.len()
                    && (a.iter().zip(b)).all(|(a, b)| a.key == b.key && a.value.same(&b.value))
            }
            (Shape::Array(a, _), Shape::Array(b, _)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b))
            }
            (Shape::String(a), Shape::String(b)) => a == b,
            (Shape::Other, Shape::Other) => self.raw == other.raw,
            (Shape::Object(..) | Shape::Array(..) | Shape::String(_) | Shape::Other, _) => false,
        }
    }

    /// Whether both mean the same: keys in any order, numbers in any spelling.
    pub(super) fn means(&self, other: &Self) -> bool {
        match (&self.shape, &other.shape) {
            (Shape::Object(a, _), Shape::Object(b, _)) => {
                let b: BTreeMap<&str, &Self> =
                    b.iter().map(|member| (member.key.as_str(), &member.value)).collect();
                let in_b = |member: &Member<'_>| {
                    b.get(member.key.as_str()).is_some_and(|value| member.value.means(value))
                };
                a.len() == b.len() && a.iter().all(in_b)
            }
            (Shape::Array(a, _), Shape::Array(b, _)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.means(b))
            }
            (Shape::Other, Shape::Other) => {
                self.raw == other.raw
                    || number(self.raw).is_some_and(|it| number(other.raw) == Some(it))
            }
            (Shape::Object(..) | Shape::Array(..) | Shape::String(_) | Shape::Other, _) => {
                self.same(other)
            }
        }
    }

    /// The value of `key`, when this is an object that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match &self.shape {
            Shape::Object(members, _) => {
                members.iter().find_map(|member| (member.key == key).then_some(&member.value))
            }
            Shape::Array(..) | Shape::String(_) | Shape::Other => None,
        }
    }

    /// The value without any blanks, by which equal values are found.
    pub(super) fn tight(&self) -> String {
        self.plain(Sorted::Nothing)
    }

    /// The same with the keys of every object in one order.
    pub(super) fn canonical(&self) -> String {
        self.plain(Sorted::Keys)
    }

    /// What the value holds, whatever the order of keys and of items.
    pub(super) fn content(&self) -> String {
        self.plain(Sorted::All)
    }

    fn plain(&self, sorted: Sorted) -> String {
        match &self.shape {
            Shape::Object(members, _) => {
                let mut parts: Vec<String> = members
                    .iter()
                    .map(|member| {
                        let key = Value::from(member.key.as_str());
                        format!("{key}:{}", member.value.plain(sorted))
                    })
                    .collect();
                if sorted != Sorted::Nothing {
                    parts.sort_unstable();
                }
                format!("{{{}}}", parts.join(","))
            }
            Shape::Array(items, _) => {
                let mut parts: Vec<String> = items.iter().map(|item| item.plain(sorted)).collect();
                if sorted == Sorted::All {
                    parts.sort_unstable();
                }
                format!("[{}]", parts.join(","))
            }
            Shape::String(text) => Value::from(text.as_str()).to_string(),
            Shape::Other => self.raw.to_owned(),
        }
    }
}

/// What is put into one order before values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sorted {
    Nothing,
    Keys,
    All,
}

/// What a number is worth: sign, digits without zeros around them, power of ten; `None` for what is
/// no number, or beyond all use.
fn number(raw: &str) -> Option<(bool, String, i64)> {
    let (negative, rest) = raw.strip_prefix('-').map_or((false, raw), |rest| (true, rest));
    rest.starts_with(|c: char| c.is_ascii_digit()).then_some(())?;
    let (digits, power) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let power: i64 = power.parse().ok()?;
    let all = format!("{whole}{fraction}");
    let short = all.trim_end_matches('0');
    let zeros = i64::try_from(all.len() - short.len()).ok()?;
    let digits = short.trim_start_matches('0').to_owned();
    if digits.is_empty() {
        return Some((false, digits, 0));
    }
    let power = power.checked_sub(i64::try_from(fraction.len()).ok()?)?.checked_add(zeros)?;
    Some((negative, digits, power))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn blanks(&mut self) -> &'a str {
        self.while_in(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
    }

    fn while_in(&mut self, keep: impl Fn(u8) -> bool) -> &'a str {
        let start = self.at;
        while self.peek().is_some_and(&keep) {
            self.at += 1;
        }
        &self.text[start..self.at]
    }

    fn node(&mut self) -> Option<Node<'a>> {
        let start = self.at;
        let shape = match self.peek()? {
            b'{' => self.object()?,
            b'[' => self.array()?,
            b'"' => self.string()?.0.map_or(Shape::Other, Shape::String),
            _ => {
                self.while_in(|byte| !b",]} \t\r\n".contains(&byte));
                Shape::Other
            }
        };
        Some(Node { raw: &self.text[start..self.at], shape })
    }

    /// A string, when it can be one in memory, and as it is written.
    fn string(&mut self) -> Option<(Option<String>, &'a str)> {
        let start = self.at;
        self.take(b'"')?;
        loop {
            self.while_in(|byte| byte != b'"' && byte != b'\\');
            let byte = self.peek()?;
            self.at += 1;
            if byte == b'"' {
                break;
            }
            self.at += 1;
        }
        let raw = self.text.get(start..self.at)?;
        Some((serde_json::from_str(raw).ok(), raw))
    }

    fn object(&mut self) -> Option<Shape<'a>> {
        let mut keys = BTreeSet::new();
        let mut doubled = false;
        let mut colon = None;
        let (members, mut layout) = self.parts(b'{', b'}', |reader| {
            let (key, key_raw) = reader.string()?;
            let key = key.unwrap_or_else(|| key_raw.to_owned());
            let start = reader.at;
            reader.blanks();
            reader.take(b':')?;
            reader.blanks();
            colon.get_or_insert(&reader.text[start..reader.at]);
            doubled |= !keys.insert(key.clone());
            Some(Member { key, key_raw, value: reader.node()? })
        })?;
        layout.colon = colon;
        Some(if doubled { Shape::Other } else { Shape::Object(members, layout) })
    }

    fn array(&mut self) -> Option<Shape<'a>> {
        let (items, layout) = self.parts(b'[', b']', Self::node)?;
        Some(Shape::Array(items, layout))
    }

    fn parts<T>(
        &mut self,
        open: u8,
        close: u8,
        mut part: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<(Vec<T>, Layout<'a>)> {
        let mut layout = Layout::default();
        let mut parts = Vec::new();
        self.take(open)?;
        if self.depth == DEPTH_LIMIT {
            return None;
        }
        self.depth += 1;
        let first = self.blanks();
        if self.take(close).is_some() {
            self.depth -= 1;
            return Some((parts, layout));
        }
        layout.open = Some(first);
        loop {
            parts.push(part(self)?);
            let blanks = self.blanks();
            if self.take(close).is_some() {
                layout.close = Some(blanks);
                self.depth -= 1;
                return Some((parts, layout));
            }
            self.take(b',')?;
            layout.comma.get_or_insert(blanks);
            let next = self.blanks();
            layout.next.get_or_insert(next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn some_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[ -~é\\n\"]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-c\"]{1,2}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_read_says_what_serde_reads(value in some_json(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
            let file = parse(&text).unwrap();
            prop_assert_eq!(file.root.raw, &text);
            prop_assert_eq!(file.root.tight(), value.to_string());
        }

        #[test]
        fn reading_never_panics(text in "[\\[\\]{}\":,\\\\ 0-9a-eu\\n]{0,40}") {
            prop_assert_eq!(parse(&text).is_some(), serde_json::from_str::<IgnoredAny>(&text).is_ok());
        }
    }

    #[test]
    fn a_key_twice_makes_an_opaque_value() {
        assert_eq!(parse("{\"a\":1,\"a\":2}").unwrap().root.shape, Shape::Other);
    }

    #[test]
    fn numbers_are_compared_by_worth() {
        let means = |a: &str, b: &str| parse(a).unwrap().root.means(&parse(b).unwrap().root);
        for (a, b) in [("1e5", "100000.0"), ("-0", "0.0"), ("0.10", "1E-1"), ("[100]", "[1e+2]")] {
            assert!(means(a, b), "{a} {b}");
        }
        for (a, b) in [("1", "-1"), ("10", "1"), ("1e99999999999999999999", "1"), ("1", "true")] {
            assert!(!means(a, b), "{a} {b}");
        }
        assert!(means("{\"a\":1,\"b\":2}", "{\"b\":2.0,\"a\":1}"));
        assert!(!means("[1,2]", "[2,1]"));
    }

    #[test]
    fn depth_has_a_limit() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(&nested(DEPTH_LIMIT - 1)).is_some());
        assert!(parse(&nested(DEPTH_LIMIT)).is_some());
        assert!(parse(&nested(DEPTH_LIMIT + 1)).is_none());
        assert!(parse(&nested(100_000)).is_none());
        assert!(parse(&"[".repeat(100_000)).is_none());
        assert!(parse(&format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000))).is_none());
    }

    #[test]
    fn a_mark_and_half_a_pair_are_no_fault() {
        let file = parse("\u{feff} [\"\\ud800\"]\n").unwrap();
        assert!(file.mark);
        assert_eq!((file.before, file.root.raw, file.after), (" ", "[\"\\ud800\"]", "\n"));
        assert!(
            matches!(&file.root.shape, Shape::Array(items, _) if items[0].shape == Shape::Other)
        );
    }
}
