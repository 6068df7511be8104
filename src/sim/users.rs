//! The people of a world: what they type, move and throw away.
//!
//! They work in few places, so that they meet. Each edit is one save of what the disk holds at that
//! moment with one word more; some edits also take a line away.

use super::disk::{Disk, Save, Tree};
use super::oracles::{People, marks};
use super::rng::Rng;
use crate::model::VaultPath;

/// Folders that people make and move.
const FOLDERS: [&str; 4] = ["Daily", "Projekte/Über", "Ablage", "新建"];
/// Names that people give.
const NAMES: [&str; 5] = ["a.md", "b.md", "Café.md", "2026-11-20.md", "无标题.md"];
/// Names of canvases.
const CANVASES: [&str; 1] = ["Tafel.canvas"];
/// Names of attachments.
const ATTACHMENTS: [&str; 2] = ["bild.png", "scan.pdf"];

/// Does one thing on a peer's disk; says what, for the trace.
pub(crate) fn act(
    peer: usize,
    disk: &mut Disk,
    people: &mut People,
    rng: &mut Rng,
    large_files: bool,
) -> String {
    let tree = disk.tree();
    let notes = files(&tree, |name| !is_attachment(name) && !CANVASES.contains(&name));
    let attachments = files(&tree, is_attachment);
    let choice = rng.below(100);
    match choice {
        0..=14 => create(peer, disk, people, rng),
        15..=59 => match pick(&notes, rng) {
            Some(path) => edit(peer, disk, people, rng, &path),
            None => create(peer, disk, people, rng),
        },
        60..=69 => match pick(&notes, rng) {
            Some(from) => rename(peer, disk, people, rng, &from),
            None => create(peer, disk, people, rng),
        },
        70..=77 => match pick(&files(&tree, |_| true), rng) {
            Some(path) => delete(peer, disk, people, &path),
            None => create(peer, disk, people, rng),
        },
        78..=82 => rename_folder(peer, disk, people, rng),
        83..=86 => empty_folder(disk, rng),
        87..=89 => delete_folder(peer, disk, people, rng),
        90..=94 => {
            let path = pick(&attachments, rng).unwrap_or_else(|| place(rng, &ATTACHMENTS));
            attach(peer, disk, people, rng, &path, large_files)
        }
        95..=96 => {
            let path = place(rng, &ATTACHMENTS);
            attach(peer, disk, people, rng, &path, large_files)
        }
        _ => draw(peer, disk, people, rng),
    }
}

fn is_attachment(name: &str) -> bool {
    ATTACHMENTS.contains(&name)
}

fn files(tree: &Tree, which: impl Fn(&str) -> bool) -> Vec<VaultPath> {
    tree.iter()
        .filter(|(path, bytes)| bytes.is_some() && which(path.name()))
        .map(|(path, _)| path.clone())
        .collect()
}

fn pick(paths: &[VaultPath], rng: &mut Rng) -> Option<VaultPath> {
    (!paths.is_empty()).then(|| rng.pick(paths).clone())
}

fn parse(text: &str) -> VaultPath {
    VaultPath::parse(text).expect("people only type good names")
}

fn choose(rng: &mut Rng, texts: &[&str]) -> VaultPath {
    parse(texts[rng.below(texts.len())])
}

fn place(rng: &mut Rng, names: &[&str]) -> VaultPath {
    let name = *rng.pick(names);
    if rng.chance(50) {
        return parse(name);
    }
    parse(&format!("{}/{name}", rng.pick(&FOLDERS)))
}

fn style(rng: &mut Rng) -> Save {
    *rng.pick(&[Save::InPlace, Save::Beside, Save::Beside, Save::KeepMtime])
}

fn create(peer: usize, disk: &mut Disk, people: &mut People, rng: &mut Rng) -> String {
    let path = place(rng, &NAMES);
    if disk.exists(&path) {
        return edit(peer, disk, people, rng, &path);
    }
    let mut lines = vec![format!("# {}", people.mark(peer))];
    for _ in 0..rng.below(5) {
        lines.push(format!("plain line with {}", people.word(peer)));
    }
    let mut text = lines.join("\n");
    if rng.chance(70) {
        text.push('\n');
    }
    save(disk, people, rng, &path, b"", text.as_bytes())
}

fn save(
    disk: &mut Disk,
    people: &mut People,
    rng: &mut Rng,
    path: &VaultPath,
    old: &[u8],
    new: &[u8],
) -> String {
    let words: Vec<String> = marks(new, b't').difference(&marks(old, b't')).cloned().collect();
    if disk.write(path, new.to_vec(), style(rng)) {
        people.saved(old, new);
        format!("write {path} {words:?}")
    } else {
        format!("cannot write {path}")
    }
}

fn edit(
    peer: usize,
    disk: &mut Disk,
    people: &mut People,
    rng: &mut Rng,
    path: &VaultPath,
) -> String {
    if path.name().ends_with(".canvas") {
        // One that lies beside another of its name: nobody writes lines into it.
        return format!("no text: {path}");
    }
    let Some(old) = disk.bytes(path) else {
        return format!("nothing to edit at {path}");
    };
    let Ok(text) = std::str::from_utf8(&old) else {
        return format!("not a text: {path}");
    };
    let word = people.word(peer);
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    // The first line holds the mark and is left alone.
    let at = 1 + rng.below(lines.len());
    match rng.below(5) {
        0 | 1 => lines.insert(at.min(lines.len()), format!("a new line by {peer} with {word}")),
        2 if at < lines.len() => {
            let mut words: Vec<&str> = lines[at].split(' ').collect();
            let place = rng.below(words.len() + 1);
            words.insert(place, &word);
            lines[at] = words.join(" ");
        }
        3 if at < lines.len() => lines[at] = format!("written anew by {peer}: {word}"),
        4 if at < lines.len() => {
            lines.remove(at);
            lines.push(format!("instead {word}"));
        }
        _ => lines.push(format!("at the end {word}")),
    }
    save(disk, people, rng, path, &old, lines.join("\n").as_bytes())
}

fn rename(
    peer: usize,
    disk: &mut Disk,
    people: &mut People,
    rng: &mut Rng,
    from: &VaultPath,
) -> String {
    let to = place(rng, &NAMES);
    if !disk.rename(from, &to) {
        return format!("cannot rename {from} to {to}");
    }
    let mut said = format!("rename {from} to {to}");
    if let Some(bytes) = disk.bytes(&to) {
        people.moved(peer, &to, &bytes);
    }
    if rng.chance(30) {
        said.push_str(", ");
        said.push_str(&edit(peer, disk, people, rng, &to));
    }
    said
}

fn delete(peer: usize, disk: &mut Disk, people: &mut People, path: &VaultPath) -> String {
    let old = disk.bytes(path);
    if !disk.remove(path) {
        return format!("cannot delete {path}");
    }
    if let Some(old) = old {
        people.deleted(peer, path, &old, &disk.tree());
    }
    format!("delete {path}")
}

fn rename_folder(peer: usize, disk: &mut Disk, people: &mut People, rng: &mut Rng) -> String {
    let from = choose(rng, &FOLDERS);
    let to = choose(rng, &["Daily", "Archiv", "Ablage", "Archiv/2026", "Projekte/Über"]);
    if disk.rename(&from, &to) {
        for (path, bytes) in disk.tree() {
            if let Some(bytes) = bytes.filter(|_| path.is_below(&to)) {
                people.moved(peer, &path, &bytes);
            }
        }
        format!("rename folder {from} to {to}")
    } else {
        format!("cannot rename folder {from} to {to}")
    }
}

fn empty_folder(disk: &mut Disk, rng: &mut Rng) -> String {
    let path = choose(rng, &["Leer", "Daily", "Leer/tiefer", "Ablage"]);
    if disk.make_folder(&path) {
        format!("make folder {path}")
    } else {
        format!("cannot make folder {path}")
    }
}

fn delete_folder(peer: usize, disk: &mut Disk, people: &mut People, rng: &mut Rng) -> String {
    let path = choose(rng, &["Leer", "Daily", "Archiv", "Leer/tiefer", "Ablage"]);
    let inside: Vec<_> = disk
        .tree()
        .into_iter()
        .filter(|(file, _)| file.is_below(&path))
        .filter_map(|(file, bytes)| Some((file, bytes?)))
        .collect();
    if !disk.is_folder(&path) || !disk.remove(&path) {
        return format!("cannot delete folder {path}");
    }
    let rest = disk.tree();
    for (file, old) in &inside {
        people.deleted(peer, file, old, &rest);
    }
    format!("delete folder {path} with {} files", inside.len())
}

/// Writes an attachment: a mark, a word, and bytes that are no text and hold neither.
fn attach(
    peer: usize,
    disk: &mut Disk,
    people: &mut People,
    rng: &mut Rng,
    path: &VaultPath,
    large_files: bool,
) -> String {
    let old = disk.bytes(path);
    let mark = old
        .as_ref()
        .and_then(|bytes| marks(bytes, b'F').pop_first())
        .unwrap_or_else(|| people.mark(peer));
    let length =
        if large_files && rng.chance(50) { 200_000 + rng.below(500_000) } else { rng.below(2000) };
    let mut bytes = format!("{mark} {}\0", people.word(peer)).into_bytes();
    bytes.extend(rng.bytes(length).into_iter().map(|byte| byte | 0x80));
    let old = old.map_or_else(Vec::new, |old| old.as_ref().clone());
    save(disk, people, rng, path, &old, &bytes)
}

/// Puts a node on a canvas, takes one away, or moves one.
fn draw(peer: usize, disk: &mut Disk, people: &mut People, rng: &mut Rng) -> String {
    let path = place(rng, &CANVASES);
    let old = disk.bytes(&path).map_or_else(Vec::new, |old| old.as_ref().clone());
    let mut canvas: serde_json::Value = serde_json::from_slice(&old).unwrap_or_else(|_| {
        let first = serde_json::json!({ "id": people.mark(peer), "x": 0, "y": 0 });
        serde_json::json!({ "nodes": [first], "edges": [] })
    });
    let node = serde_json::json!({ "id": people.word(peer), "x": rng.below(100), "y": 0 });
    if let Some(nodes) = canvas["nodes"].as_array_mut() {
        // The first node holds the mark and is left alone.
        if nodes.len() > 1 && rng.chance(40) {
            let at = 1 + rng.below(nodes.len() - 1);
            if rng.chance(50) {
                nodes.remove(at);
            } else {
                nodes[at]["x"] = rng.below(100).into();
            }
        }
        nodes.push(node);
    }
    let text = serde_json::to_string_pretty(&canvas).expect("a value can be written");
    save(disk, people, rng, &path, &old, text.as_bytes())
}
