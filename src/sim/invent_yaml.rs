//! Cases of two people at work on one base or on the properties of one note, made from a seed.
//!
//! - Shape: a base with filters, formulas, properties and views, or a block of properties with dates,
//!   tags, lists of mappings, lists in lists and block scalars; lists indented or not, either line end.
//! - One in twelve ties places together: a value and a mapping have anchors, other places name them.
//! - On each side one to five edits: a key or an item more, less, changed or elsewhere, a view renamed.
//! - The same seed gives the same case everywhere.

use super::rng::Rng;

/// A merge to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Case {
    /// What both started from.
    pub(super) base: String,
    /// One side.
    pub(super) ours: String,
    /// The other side.
    pub(super) theirs: String,
    /// Whether a side gave an item another name.
    pub(super) renamed: bool,
    /// Whether it has anchors and aliases.
    pub(super) tied: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Doc {
    Scalar(String),
    /// `[a, b]`
    Flow(Vec<String>),
    /// `|` with its lines.
    Text(Vec<String>),
    List(Vec<Doc>),
    Map(Vec<(String, Doc)>),
}

/// Makes the case of `seed`.
pub(super) fn case(seed: u64) -> Case {
    let mut rng = Rng::new(seed).fork(0x9a31);
    let mut maker = Maker { rng: rng.fork(1), next: 0, renamed: false };
    let mut doc = if rng.chance(60) { maker.base() } else { maker.properties() };
    // From numbers of its own, so that the other cases stay as they are.
    let mut knots = Rng::new(seed).fork(0x71e5);
    let tied = knots.chance(8);
    if tied {
        tie(&mut doc, &mut knots);
    }
    let indent = if rng.chance(70) { 2 } else { 0 };
    let line_end = if rng.chance(10) { "\r\n" } else { "\n" };
    let mut side = |maker: &mut Maker| {
        let mut doc = doc.clone();
        for _ in 0..rng.between(1, 5) {
            maker.edit(&mut doc);
        }
        loosened(write(&doc, indent, line_end))
    };
    let (ours, theirs) = (side(&mut maker), side(&mut maker));
    let base = loosened(write(&doc, indent, line_end));
    Case { base, ours, theirs, renamed: maker.renamed, tied }
}

/// Gives a document a value and a mapping with anchors, and aliases of both.
fn tie(doc: &mut Doc, rng: &mut Rng) {
    let Doc::Map(members) = doc else { return };
    let defaults = Doc::Map(vec![
        ("&map".to_owned(), scalar("")),
        ("retries".to_owned(), scalar("3")),
        ("wait".to_owned(), scalar("5")),
    ]);
    let user = |number: usize| {
        let own = ("port".to_owned(), scalar(format!("80{number}")));
        (format!("user{number}"), Doc::Map(vec![("<<".to_owned(), scalar("*map")), own]))
    };
    let users: Vec<(String, Doc)> =
        (0..rng.between(1, 3)).zip(0..).map(|(_, it)| user(it)).collect();
    let mut copies = vec![scalar("*one"), scalar("other")];
    copies.truncate(rng.below(2) + 1);
    let at = rng.below(members.len()) + 1;
    members.insert(at, ("defaults".to_owned(), defaults));
    members.insert(at + 1, ("single".to_owned(), scalar("&one lonely")));
    members.insert(at + 2, ("users".to_owned(), Doc::Map(users)));
    members.push(("copies".to_owned(), Doc::List(copies)));
}

/// Writes something plain for every alias whose anchor does not stand before it, as after edits.
fn loosened(mut text: String) -> String {
    for (anchor, alias) in [("&map", "*map"), ("&one", "*one")] {
        let known = text.find(anchor).unwrap_or(text.len());
        if text.find(alias).is_some_and(|at| at < known) {
            text = text.replace(alias, "plain");
        }
    }
    text
}

struct Maker {
    rng: Rng,
    next: u64,
    renamed: bool,
}

fn scalar(text: impl Into<String>) -> Doc {
    Doc::Scalar(text.into())
}

impl Maker {
    fn fresh(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn word(&mut self) -> String {
        let number = self.fresh();
        match self.rng.below(8) {
            0 => format!("\"quoted: {number}\""),
            1 => format!("'single # {number}'"),
            2 => format!("{number}"),
            3 => format!("2026-11-{:02}", 1 + number % 28),
            4 => format!("\"[[Link {number}]]\""),
            5 => format!("若い{number}"),
            6 => format!("file.name{number}"),
            _ => format!("word{number}"),
        }
    }

    fn condition(&mut self) -> String {
        let number = self.fresh();
        match self.rng.below(4) {
            0 => format!("'!file.name.contains(\"Template{number}\")'"),
            1 => format!("file.hasTag(\"tag{number}\")"),
            2 => format!("note.rating > {number}"),
            _ => format!("\"categories.contains(link({number}))\""),
        }
    }

    fn conditions(&mut self, depth: u32) -> Doc {
        let mut items: Vec<Doc> =
            (0..self.rng.between(1, 4)).map(|_| scalar(self.condition())).collect();
        if depth > 0 && self.rng.chance(40) {
            let more = self.conditions(depth - 1);
            let at = self.rng.below(items.len() + 1);
            items.insert(at, Doc::Map(vec![("or".to_owned(), more)]));
        }
        Doc::List(items)
    }

    fn filters(&mut self) -> Doc {
        let items = self.conditions(1);
        Doc::Map(vec![("and".to_owned(), items)])
    }

    fn columns(&mut self) -> Doc {
        Doc::List((0..self.rng.between(1, 5)).map(|_| scalar(self.word())).collect())
    }

    fn sort_rule(&mut self) -> Doc {
        let property = format!("note.p{}", self.fresh());
        let direction = *self.rng.pick(&["ASC", "DESC"]);
        Doc::Map(vec![
            ("property".to_owned(), scalar(property)),
            ("direction".to_owned(), scalar(direction)),
        ])
    }

    fn view(&mut self) -> Doc {
        let kind = *self.rng.pick(&["table", "cards"]);
        let name = format!("View {}", self.fresh());
        let mut members =
            vec![("type".to_owned(), scalar(kind)), ("name".to_owned(), scalar(name))];
        if self.rng.chance(40) {
            members.push(("filters".to_owned(), self.filters()));
        }
        members.push(("order".to_owned(), self.columns()));
        if self.rng.chance(60) {
            let rules = (0..self.rng.between(1, 3)).map(|_| self.sort_rule()).collect();
            members.push(("sort".to_owned(), Doc::List(rules)));
        }
        if self.rng.chance(30) {
            members.push(("limit".to_owned(), scalar(self.fresh().to_string())));
        }
        if self.rng.chance(30) {
            let sizes = vec![("file.name".to_owned(), scalar(self.fresh().to_string()))];
            members.push(("columnSize".to_owned(), Doc::Map(sizes)));
        }
        Doc::Map(members)
    }

    fn base(&mut self) -> Doc {
        let mut members = Vec::new();
        if self.rng.chance(80) {
            members.push(("filters".to_owned(), self.filters()));
        }
        let formulas: Vec<(String, Doc)> = (0..self.rng.between(0, 3))
            .map(|at| (format!("Formula{at}"), scalar(self.condition())))
            .collect();
        if !formulas.is_empty() {
            members.push(("formulas".to_owned(), Doc::Map(formulas)));
        }
        let properties = (0..self.rng.between(1, 4)).map(|at| {
            let shown = vec![("displayName".to_owned(), scalar(format!("Shown {}", self.fresh())))];
            (format!("note.prop{at}"), Doc::Map(shown))
        });
        let properties: Vec<(String, Doc)> = properties.collect();
        members.push(("properties".to_owned(), Doc::Map(properties)));
        let views = (0..self.rng.between(1, 4)).map(|_| self.view()).collect();
        members.push(("views".to_owned(), Doc::List(views)));
        Doc::Map(members)
    }

    fn properties(&mut self) -> Doc {
        let mut members = vec![
            ("title".to_owned(), scalar(self.word())),
            ("date".to_owned(), scalar("2026-11-20")),
            ("done".to_owned(), scalar("false")),
        ];
        let tags = (0..self.rng.between(1, 4)).map(|_| format!("tag{}", self.fresh())).collect();
        members.push(("tags".to_owned(), Doc::Flow(tags)));
        members.push(("aliases".to_owned(), self.columns()));
        let items = (0..self.rng.between(1, 5)).map(|_| self.ingredient()).collect();
        members.push(("ingredients".to_owned(), Doc::List(items)));
        if self.rng.chance(40) {
            let rows = (0..self.rng.between(1, 3)).map(|_| self.columns()).collect();
            members.push(("grid".to_owned(), Doc::List(rows)));
        }
        if self.rng.chance(40) {
            let lines = (0..self.rng.between(1, 4)).map(|_| format!("Line {} of it", self.fresh()));
            members.push(("summary".to_owned(), Doc::Text(lines.collect())));
        }
        Doc::Map(members)
    }

    fn ingredient(&mut self) -> Doc {
        let mut members = vec![
            ("item".to_owned(), scalar(format!("thing{}", self.fresh()))),
            ("amount".to_owned(), scalar(self.fresh().to_string())),
        ];
        if self.rng.chance(30) {
            members.push(("notes".to_owned(), self.columns()));
        }
        Doc::Map(members)
    }

    fn edit(&mut self, doc: &mut Doc) {
        let containers = doc.containers();
        let mut at = self.rng.below(containers);
        match doc.container(&mut at) {
            Some(Doc::Map(members)) => self.edit_map(members),
            Some(Doc::List(items)) => self.edit_list(items),
            Some(Doc::Flow(items)) => {
                let tag = format!("tag{}", self.fresh());
                if items.len() > 1 && self.rng.chance(40) {
                    items.remove(self.rng.below(items.len()));
                } else {
                    items.push(tag);
                }
            }
            Some(Doc::Scalar(_) | Doc::Text(_)) | None => {}
        }
    }

    fn edit_map(&mut self, members: &mut Vec<(String, Doc)>) {
        let is_name = |key: &str| ["name", "property", "item"].contains(&key);
        // A mapping keeps one key, and an item its first.
        let free: Vec<usize> =
            (0..members.len()).filter(|&at| !is_name(&members[at].0) && at > 0).collect();
        match self.rng.below(7) {
            0 => {
                let at = self.rng.between(1, members.len() as u64);
                let (key, value) = (format!("new{}", self.fresh()), scalar(self.word()));
                members.insert(usize::try_from(at).unwrap_or(1), (key, value));
            }
            1 if !free.is_empty() => drop(members.remove(*self.rng.pick(&free))),
            2 if free.len() > 1 => {
                let moved = members.remove(*self.rng.pick(&free));
                members.insert(1 + self.rng.below(members.len()), moved);
            }
            3 if self.rng.chance(20) => {
                if let Some((_, value)) = members.iter_mut().find(|(key, _)| key == "name") {
                    *value = scalar(format!("Renamed {}", self.fresh()));
                    self.renamed = true;
                }
            }
            _ if !free.is_empty() => {
                let at = *self.rng.pick(&free);
                let word = self.word();
                match &mut members[at].1 {
                    Doc::Scalar(text) => *text = word,
                    Doc::Text(lines) => {
                        let line = self.rng.below(lines.len());
                        lines[line] = format!("Line {word} anew");
                    }
                    Doc::Flow(_) | Doc::List(_) | Doc::Map(_) => {}
                }
            }
            _ => {}
        }
    }

    fn edit_list(&mut self, items: &mut Vec<Doc>) {
        let item = match items.first() {
            Some(Doc::Map(members)) => match members[0].0.as_str() {
                "type" => self.view(),
                "property" => self.sort_rule(),
                "item" => self.ingredient(),
                _ => scalar(self.condition()),
            },
            Some(Doc::List(_)) => self.columns(),
            _ => scalar(self.word()),
        };
        match self.rng.below(6) {
            0 | 1 => items.push(item),
            2 => items.insert(self.rng.below(items.len() + 1), item),
            3 if items.len() > 1 => drop(items.remove(self.rng.below(items.len()))),
            4 if items.len() > 1 => {
                let moved = items.remove(self.rng.below(items.len()));
                items.insert(self.rng.below(items.len() + 1), moved);
            }
            _ => {
                let at = self.rng.below(items.len());
                if matches!(items[at], Doc::Scalar(_)) {
                    items[at] = scalar(self.word());
                }
            }
        }
    }
}

impl Doc {
    fn children(&mut self) -> Vec<&mut Self> {
        match self {
            Self::Scalar(_) | Self::Flow(_) | Self::Text(_) => Vec::new(),
            Self::List(items) => items.iter_mut().collect(),
            Self::Map(members) => members.iter_mut().map(|(_, value)| value).collect(),
        }
    }

    fn containers(&mut self) -> usize {
        let own = usize::from(!matches!(self, Self::Scalar(_) | Self::Text(_)));
        own + self.children().into_iter().map(Self::containers).sum::<usize>()
    }

    fn container(&mut self, at: &mut usize) -> Option<&mut Self> {
        if matches!(self, Self::Scalar(_) | Self::Text(_)) {
            return None;
        }
        if *at == 0 {
            return Some(self);
        }
        *at -= 1;
        self.children().into_iter().find_map(|child| child.container(at))
    }
}

fn write(doc: &Doc, indent: usize, line_end: &str) -> String {
    let mut text = String::new();
    if let Doc::Map(members) = doc {
        map(members, 0, indent, &mut text);
    }
    text.replace('\n', line_end)
}

/// A mapping's anchor stands as its first key.
fn anchor_of(members: &[(String, Doc)]) -> Option<&str> {
    members.first().map(|(key, _)| key.as_str()).filter(|key| key.starts_with('&'))
}

fn map(members: &[(String, Doc)], column: usize, indent: usize, text: &mut String) {
    let members = if anchor_of(members).is_some() { &members[1..] } else { members };
    for (place, (key, value)) in members.iter().enumerate() {
        if place > 0 || column == 0 {
            text.push_str(&" ".repeat(column));
        }
        text.push_str(key);
        text.push(':');
        match value {
            Doc::Scalar(raw) => text.extend([" ", raw, "\n"]),
            Doc::Flow(items) => text.extend([" [", &items.join(", "), "]\n"]),
            Doc::Text(lines) => {
                text.push_str(" |\n");
                for line in lines {
                    text.extend([&" ".repeat(column + 2), line, "\n"]);
                }
            }
            Doc::List(items) => {
                text.push('\n');
                list(items, column + indent, indent, text);
            }
            Doc::Map(members) => {
                text.extend(anchor_of(members).into_iter().flat_map(|anchor| [" ", anchor]));
                text.push('\n');
                text.push_str(&" ".repeat(column + 2));
                map(members, column + 2, indent, text);
            }
        }
    }
}

fn list(items: &[Doc], column: usize, indent: usize, text: &mut String) {
    for (place, item) in items.iter().enumerate() {
        // The first item of a list in a list stands behind the outer dash.
        if place > 0 || !text.ends_with("- ") {
            text.push_str(&" ".repeat(column));
        }
        text.push_str("- ");
        match item {
            Doc::Scalar(raw) => text.extend([raw, "\n"]),
            Doc::Flow(items) => text.extend(["[", &items.join(", "), "]\n"]),
            Doc::Text(_) => text.push_str("~\n"),
            Doc::List(items) => list(items, column + 2, indent, text),
            Doc::Map(members) => map(members, column + 2, indent, text),
        }
    }
}
