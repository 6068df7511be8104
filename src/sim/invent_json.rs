//! Cases of two people at work on one JSON file, made from a seed.
//!
//! - Shape: a canvas, a file of settings, a list of plugins, a tree of panes, or any JSON at all: deep,
//!   with odd numbers, escapes, lone surrogates, empty keys and keys named twice. Written in one of the
//!   usual styles, with either line end, with or without a final newline and a byte order mark.
//! - On each side one to six edits: a key or an item more, less, changed or elsewhere, a node dragged,
//!   an arrow drawn, a pane dragged to another group, the whole file indented anew. A third of the
//!   cases hold an edit that both made alike.
//! - The same seed gives the same case everywhere.

use super::invent_json_doc::{Doc, Layout, Style, write};
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
    /// Whether an object somewhere names a key twice.
    pub(super) key_twice: bool,
}

const NUMBERS: [&str; 16] = [
    "0",
    "-0",
    "1",
    "-378",
    "1e5",
    "100000.0",
    "1E+2",
    "0.1",
    "-0.50",
    "1.0",
    "12345678901234567890",
    "3.141592653589793238462643",
    "1e-400",
    "2e308",
    "600",
    "42",
];

const STRINGS: [&str; 14] = [
    "\"\"",
    "\"plain\"",
    "\"two words\"",
    "\"\\u00e9t\\u00e9\"",
    "\"été\"",
    "\"\\ud83d\\ude00\"",
    "\"😀\"",
    "\"\\ud800\"",
    "\"cut \\ud83d\"",
    "\"\\/slash\\\\\"",
    "\"tab\\tquote\\\"\"",
    "\"first line\\nsecond line\"",
    "\"\\u0000\"",
    "\"] } , :\"",
];

const KEYS: [&str; 12] = [
    "\"\"",
    "\"a\"",
    "\"key\"",
    "\"k\\u00e9\"",
    "\"两\"",
    "\"with space\"",
    "\"q\\\"uote\"",
    "\"x\"",
    "\"id\"",
    "\"text\"",
    "\"nested\"",
    "\"\\ud801\"",
];

/// Makes the case of `seed`.
pub(super) fn case(seed: u64) -> Case {
    let mut rng = Rng::new(seed).fork(0x15_0a);
    let mut maker = Maker { rng: rng.fork(1), next: 0 };
    let (doc, usual) = maker.doc();
    let style = Style {
        layout: if rng.chance(70) { usual } else { some_layout(&mut rng) },
        line_end: if rng.chance(12) { "\r\n" } else { "\n" },
        closed: rng.chance(50),
        mark: rng.chance(4),
    };
    let mut common = doc.clone();
    let shared = rng.chance(33).then(|| maker.rng.next());
    if let Some(shared) = shared {
        maker.replay(&mut common, shared);
    }
    let mut key_twice = doc.has_key_twice();
    let mut side = |maker: &mut Maker| {
        let (mut doc, mut style) = (common.clone(), style);
        for _ in 0..rng.between(1, 6) {
            maker.edit(&mut doc);
        }
        if rng.chance(8) {
            style = Style { layout: some_layout(&mut rng), ..style };
        }
        if rng.chance(4) {
            style.closed = !style.closed;
        }
        key_twice |= doc.has_key_twice();
        write(&doc, style)
    };
    let (ours, theirs) = (side(&mut maker), side(&mut maker));
    Case { base: write(&doc, style), ours, theirs, key_twice }
}

fn some_layout(rng: &mut Rng) -> Layout {
    *rng.pick(&[
        Layout::Compact,
        Layout::Spaced,
        Layout::Pretty("  "),
        Layout::Pretty("\t"),
        Layout::Pretty("    "),
        Layout::Canvas,
    ])
}

struct Maker {
    rng: Rng,
    /// Makes every new value and every id its own.
    next: u64,
}

impl Maker {
    fn new_number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn doc(&mut self) -> (Doc, Layout) {
        match self.rng.below(6) {
            0 | 1 => (self.canvas(), Layout::Canvas),
            2 => (self.settings(), Layout::Pretty("  ")),
            3 => (self.plugins(), Layout::Pretty("  ")),
            4 => (self.panes(), Layout::Pretty("  ")),
            _ => (self.any(5), some_layout(&mut self.rng)),
        }
    }

    fn id(&mut self) -> String {
        format!("\"{:016x}\"", self.new_number().wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn number(&mut self) -> String {
        if self.rng.chance(25) {
            (*self.rng.pick(&NUMBERS)).to_owned()
        } else {
            let whole = self.rng.between(0, 2000);
            if self.rng.chance(50) { format!("-{}", whole + 1) } else { whole.to_string() }
        }
    }

    fn prose(&mut self) -> String {
        let number = self.new_number();
        let lines = ["", "\\nWith **a second** line", "\\n\\n- [ ] buy milk\\n- [ ] call home"];
        format!("\"# Card {number}{}\"", self.rng.pick(&lines))
    }

    fn node(&mut self) -> Doc {
        let id = self.id();
        let mut members = vec![("\"id\"".to_owned(), Doc::Scalar(id))];
        for key in ["\"x\"", "\"y\"", "\"width\"", "\"height\""] {
            let number = self.number();
            members.push((key.to_owned(), Doc::Scalar(number)));
        }
        if self.rng.chance(30) {
            members.push(("\"color\"".to_owned(), Doc::Scalar("\"1\"".to_owned())));
        }
        let (kind, key, value) = match self.rng.below(4) {
            0 => ("\"file\"", "\"file\"", format!("\"notes/{}.md\"", self.new_number())),
            1 => ("\"link\"", "\"url\"", format!("\"https://example.org/{}\"", self.new_number())),
            _ => ("\"text\"", "\"text\"", self.prose()),
        };
        members.push(("\"type\"".to_owned(), Doc::Scalar(kind.to_owned())));
        members.push((key.to_owned(), Doc::Scalar(value)));
        Doc::Object(members)
    }

    fn edge(&mut self, ids: &[String]) -> Doc {
        let mut members = vec![("\"id\"".to_owned(), Doc::Scalar(self.id()))];
        for (node, side) in [("\"fromNode\"", "\"fromSide\""), ("\"toNode\"", "\"toSide\"")] {
            members.push((node.to_owned(), Doc::Scalar(self.rng.pick(ids).clone())));
            let place = *self.rng.pick(&["\"top\"", "\"right\"", "\"bottom\"", "\"left\""]);
            members.push((side.to_owned(), Doc::Scalar(place.to_owned())));
        }
        if self.rng.chance(30) {
            let label = format!("\"leads to {}\"", self.new_number());
            members.push(("\"label\"".to_owned(), Doc::Scalar(label)));
        }
        Doc::Object(members)
    }

    fn canvas(&mut self) -> Doc {
        let nodes: Vec<Doc> = (0..self.rng.between(1, 9)).map(|_| self.node()).collect();
        let ids: Vec<String> = nodes.iter().filter_map(Doc::id).collect();
        let edges: Vec<Doc> = (0..self.rng.between(0, 5)).map(|_| self.edge(&ids)).collect();
        Doc::Object(vec![
            ("\"nodes\"".to_owned(), Doc::Array(nodes)),
            ("\"edges\"".to_owned(), Doc::Array(edges)),
        ])
    }

    fn scalar(&mut self) -> Doc {
        let number = self.new_number();
        Doc::Scalar(match self.rng.below(8) {
            0 => "true".to_owned(),
            1 => "false".to_owned(),
            2 => "null".to_owned(),
            3 => self.number(),
            4 => (*self.rng.pick(&STRINGS)).to_owned(),
            5 => format!("{number}.5e{}", self.rng.below(9)),
            _ => format!("\"value{number}\""),
        })
    }

    fn settings(&mut self) -> Doc {
        let mut members = Vec::new();
        for name in ["alwaysUpdateLinks", "attachmentFolderPath", "fontSize", "showInlineTitle"] {
            members.push((format!("\"{name}\""), self.scalar()));
        }
        let keys: Vec<Doc> =
            (0..self.rng.between(1, 4)).map(|_| self.strings(&["Mod", "Shift", "Alt"])).collect();
        members.push(("\"hotkeys\"".to_owned(), Doc::Array(keys)));
        for name in ["graph", "editor:colours", "list"] {
            let value = match self.rng.below(3) {
                0 => self.numbers(),
                1 => self.strings(&["dataview", "templater", "calendar", "kanban"]),
                _ => self.object(2),
            };
            members.push((format!("\"{name}\""), value));
        }
        Doc::Object(members)
    }

    fn plugins(&mut self) -> Doc {
        self.strings(&[
            "dataview",
            "templater-obsidian",
            "calendar",
            "obsidian-kanban",
            "omnisearch",
        ])
    }

    /// Some of `names`, and some new ones, each once.
    fn strings(&mut self, names: &[&str]) -> Doc {
        let kept: Vec<&&str> = names.iter().filter(|_| self.rng.chance(70)).collect();
        let mut items: Vec<Doc> =
            kept.into_iter().map(|name| Doc::Scalar(format!("\"{name}\""))).collect();
        for _ in 0..self.rng.below(3) {
            let number = self.new_number();
            items.push(Doc::Scalar(format!("\"plugin{number}\"")));
        }
        Doc::Array(items)
    }

    fn numbers(&mut self) -> Doc {
        Doc::Array((0..self.rng.between(0, 4)).map(|_| Doc::Scalar(self.number())).collect())
    }

    fn object(&mut self, depth: u32) -> Doc {
        let mut members: Vec<(String, Doc)> = Vec::new();
        for _ in 0..self.rng.between(0, 4) {
            let key = (*self.rng.pick(&KEYS)).to_owned();
            // A key twice is rare, and legal.
            if members.iter().all(|(found, _)| *found != key) || self.rng.chance(3) {
                let value = self.any(depth);
                members.push((key, value));
            }
        }
        Doc::Object(members)
    }

    fn any(&mut self, depth: u32) -> Doc {
        if depth == 0 {
            return self.scalar();
        }
        match self.rng.below(8) {
            0 => self.numbers(),
            1 => Doc::Array((0..self.rng.between(0, 4)).map(|_| self.any(depth - 1)).collect()),
            2 => Doc::Array((0..self.rng.between(0, 4)).map(|_| self.node()).collect()),
            3..=5 => self.object(depth - 1),
            _ => self.scalar(),
        }
    }

    /// A split of groups with leaves, as `workspace.json` has it.
    fn panes(&mut self) -> Doc {
        let mut groups = Vec::new();
        for _ in 0..self.rng.between(2, 4) {
            let leaves: Vec<Doc> = (0..self.rng.between(1, 4)).map(|_| self.leaf()).collect();
            groups.push(Doc::Object(vec![
                ("\"id\"".to_owned(), Doc::Scalar(self.id())),
                ("\"type\"".to_owned(), Doc::Scalar("\"tabs\"".to_owned())),
                ("\"children\"".to_owned(), Doc::Array(leaves)),
            ]));
        }
        let main = Doc::Object(vec![
            ("\"id\"".to_owned(), Doc::Scalar(self.id())),
            ("\"type\"".to_owned(), Doc::Scalar("\"split\"".to_owned())),
            ("\"children\"".to_owned(), Doc::Array(groups)),
            ("\"direction\"".to_owned(), Doc::Scalar("\"vertical\"".to_owned())),
        ]);
        Doc::Object(vec![
            ("\"main\"".to_owned(), main),
            ("\"active\"".to_owned(), self.scalar()),
            ("\"lastOpenFiles\"".to_owned(), self.strings(&["a.md", "b.md", "c.md"])),
        ])
    }

    fn leaf(&mut self) -> Doc {
        let file = format!("\"note {}.md\"", self.new_number());
        Doc::Object(vec![
            ("\"id\"".to_owned(), Doc::Scalar(self.id())),
            ("\"type\"".to_owned(), Doc::Scalar("\"leaf\"".to_owned())),
            ("\"state\"".to_owned(), Doc::Object(vec![("\"file\"".to_owned(), Doc::Scalar(file))])),
        ])
    }

    /// One edit that depends on nothing but `seed` and the document.
    fn replay(&mut self, doc: &mut Doc, seed: u64) {
        let own = std::mem::replace(&mut self.rng, Rng::new(seed));
        self.edit(doc);
        self.rng = own;
    }

    fn edit(&mut self, doc: &mut Doc) {
        if self.rng.chance(12) && self.drag_pane(doc) {
            return;
        }
        if self.rng.chance(25) && self.on_canvas(doc) {
            return;
        }
        let containers = doc.containers();
        if containers == 0 {
            *doc = self.scalar();
            return;
        }
        let at = self.rng.below(containers);
        let Some(container) = doc.container(&mut { at }) else { return };
        match container {
            Doc::Scalar(_) => {}
            Doc::Object(members) => self.edit_object(members),
            Doc::Array(items) => self.edit_array(items),
        }
    }

    fn edit_object(&mut self, members: &mut Vec<(String, Doc)>) {
        // An identity is never edited by people.
        let free: Vec<usize> = (0..members.len()).filter(|&at| members[at].0 != "\"id\"").collect();
        match self.rng.below(6) {
            0 => {
                let at = self.rng.below(members.len() + 1);
                let (key, value) = (format!("\"new{}\"", self.new_number()), self.any(1));
                members.insert(at, (key, value));
            }
            1 if !free.is_empty() => drop(members.remove(*self.rng.pick(&free))),
            2 if members.len() > 1 => {
                let moved = members.remove(self.rng.below(members.len()));
                members.insert(self.rng.below(members.len() + 1), moved);
            }
            _ if !free.is_empty() => {
                let at = *self.rng.pick(&free);
                if let Doc::Scalar(old) = &members[at].1 {
                    let old = old.clone();
                    members[at].1 = self.changed(&old);
                }
            }
            _ => {}
        }
    }

    fn edit_array(&mut self, items: &mut Vec<Doc>) {
        match self.rng.below(6) {
            0 | 1 => {
                let like = items.first().cloned();
                let item = match like {
                    Some(Doc::Object(members)) if members.iter().any(|it| it.0 == "\"x\"") => {
                        self.node()
                    }
                    Some(Doc::Object(members)) if members.iter().any(|it| it.0 == "\"state\"") => {
                        self.leaf()
                    }
                    Some(Doc::Object(members)) if members.iter().any(|it| it.0 == "\"id\"") => {
                        Doc::Object(vec![("\"id\"".to_owned(), Doc::Scalar(self.id()))])
                    }
                    Some(Doc::Scalar(raw)) if !raw.starts_with('"') => {
                        Doc::Scalar(format!("{}.25", self.new_number()))
                    }
                    Some(Doc::Array(_)) => self.strings(&["Mod", "Ctrl"]),
                    _ => Doc::Scalar(format!("\"item{}\"", self.new_number())),
                };
                let at =
                    if self.rng.chance(60) { items.len() } else { self.rng.below(items.len() + 1) };
                items.insert(at, item);
            }
            2 if !items.is_empty() => drop(items.remove(self.rng.below(items.len()))),
            3 if items.len() > 1 => {
                let moved = items.remove(self.rng.below(items.len()));
                items.insert(self.rng.below(items.len() + 1), moved);
            }
            _ if !items.is_empty() => {
                let at = self.rng.below(items.len());
                if let Doc::Scalar(old) = &items[at] {
                    let old = old.clone();
                    items[at] = self.changed(&old);
                }
            }
            _ => {}
        }
    }

    /// Another value in the place of `old`, of the same kind more often than not.
    fn changed(&mut self, old: &str) -> Doc {
        let number = self.new_number();
        Doc::Scalar(match old {
            "true" => "false".to_owned(),
            "false" => "true".to_owned(),
            _ if self.rng.chance(10) => return self.any(1),
            _ if old.starts_with("\"# Card") => {
                // One word more, at one of the ends.
                if self.rng.chance(50) {
                    format!("{} more{number}\"", &old[..old.len() - 1])
                } else {
                    format!("\"# Card new{number}{}", &old[7..])
                }
            }
            _ if old.starts_with('"') => format!("\"changed{number}\""),
            _ => format!("{}", 10_000 + number),
        })
    }

    /// Drags a node, or draws an arrow; false when this is no canvas.
    fn on_canvas(&mut self, doc: &mut Doc) -> bool {
        let Doc::Object(members) = doc else { return false };
        let [(nodes_key, Doc::Array(nodes)), (edges_key, Doc::Array(edges)), ..] = &mut members[..]
        else {
            return false;
        };
        if nodes_key != "\"nodes\"" || edges_key != "\"edges\"" || nodes.is_empty() {
            return false;
        }
        let ids: Vec<String> = nodes.iter().filter_map(Doc::id).collect();
        if self.rng.chance(40) && !ids.is_empty() {
            let edge = self.edge(&ids);
            edges.push(edge);
            return true;
        }
        let at = self.rng.below(nodes.len());
        let Doc::Object(members) = &mut nodes[at] else { return false };
        for (key, value) in members {
            if key == "\"x\"" || key == "\"y\"" {
                *value = Doc::Scalar((10_000 + self.new_number()).to_string());
            }
        }
        true
    }

    /// Takes a leaf out of one group and puts it into another; false when there are no two.
    fn drag_pane(&mut self, doc: &mut Doc) -> bool {
        let Some(Doc::Array(groups)) =
            doc.get_mut("\"main\"").and_then(|it| it.get_mut("\"children\""))
        else {
            return false;
        };
        if groups.len() < 2 {
            return false;
        }
        let from = self.rng.below(groups.len());
        let to = (from + 1 + self.rng.below(groups.len() - 1)) % groups.len();
        let Some(Doc::Array(leaves)) = groups[from].get_mut("\"children\"") else { return false };
        if leaves.is_empty() {
            return false;
        }
        let leaf = leaves.remove(self.rng.below(leaves.len()));
        let Some(Doc::Array(others)) = groups[to].get_mut("\"children\"") else { return true };
        others.insert(self.rng.below(others.len() + 1), leaf);
        true
    }
}
