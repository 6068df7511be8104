//! Every row of the decision table, run through a file of the smallest possible kind.
//!
//! A row is what this disk held when it last agreed with the vault (the *base*), what the vault wanted
//! then (the *index*), what lies on the disk now, and what a peer sends. The table runs to its end with
//! nothing but the decisions of this room and the guard every step has: a step that finds other bytes
//! than it expects is not taken, and the disk is taken in first. Contents are sets of marks, and a
//! merge is their union, so that what is lost can be seen.

use std::collections::BTreeSet;

use super::file::{Change, Lies, Next, Wanted, disk_change, next_step};
use crate::model::{Content, Kind, VaultPath};

/// What somebody holds: where, and which marks. `None`: nothing.
type Version = Option<(VaultPath, BTreeSet<char>)>;

/// The vault's record of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Record {
    path: VaultPath,
    marks: BTreeSet<char>,
    alive: bool,
}

/// One row.
#[derive(Debug, Clone)]
struct Row {
    base: Version,
    record: Option<Record>,
    disk: Version,
    incoming: Option<Record>,
}

fn path(text: &str) -> VaultPath {
    VaultPath::parse(text).unwrap()
}

fn marks(text: &str) -> BTreeSet<char> {
    text.chars().collect()
}

fn content(marks: &BTreeSet<char>) -> Content {
    Content::of(marks.iter().collect::<String>().as_bytes())
}

/// The versions of a file that base, index, disk and peer may hold: nothing, as it was born, edited
/// by each of them, emptied, elsewhere, elsewhere and edited.
fn versions(mark: char) -> Vec<Version> {
    let born = marks("o");
    let edited: BTreeSet<char> = born.iter().copied().chain([mark]).collect();
    let mut all = vec![None];
    for place in ["here.md", "there.md"] {
        for marks in [&born, &edited, &BTreeSet::new()] {
            all.push(Some((path(place), marks.clone())));
        }
    }
    all
}

/// The same as records: each alive, or deleted.
fn records(mark: char) -> Vec<Option<Record>> {
    let mut all = vec![None];
    for (path, marks) in versions(mark).into_iter().flatten() {
        for alive in [true, false] {
            all.push(Some(Record { path: path.clone(), marks: marks.clone(), alive }));
        }
    }
    all
}

/// Joins two records that both started from `from`: what either added stays, what one moved is moved,
/// and an edit or a move beats a deletion.
fn merge(from: Option<&Record>, ours: &Record, theirs: &Record) -> Record {
    let Some(from) = from else {
        let marks = ours.marks.union(&theirs.marks).copied().collect();
        let path = ours.path.clone().min(theirs.path.clone());
        return Record { path, marks, alive: ours.alive || theirs.alive };
    };
    let taken: BTreeSet<char> = [ours, theirs]
        .iter()
        .flat_map(|side| from.marks.difference(&side.marks).copied().collect::<Vec<_>>())
        .collect();
    let all = ours.marks.union(&theirs.marks);
    let marks: BTreeSet<char> = all.copied().filter(|mark| !taken.contains(mark)).collect();
    let path = if ours.path == from.path { theirs.path.clone() } else { ours.path.clone() };
    let edited = |side: &Record| side.marks.difference(&from.marks).next().is_some();
    let kept = |side: &Record| side.alive && edited(side);
    let alive = (ours.alive && theirs.alive) || kept(ours) || kept(theirs);
    Record { path, marks, alive }
}

/// What came of a row.
struct Ran {
    disk: Version,
    record: Record,
    removed: Vec<BTreeSet<char>>,
    steps: usize,
}

/// Takes in what lies on the disk, as far as it is news.
fn take_in(base: &mut Version, record: &mut Option<Record>, disk: &Version) {
    let wanted = record.as_ref().map_or(Content::of(b"\0none"), |it| content(&it.marks));
    match (&*base, disk) {
        (_, Some((place, found))) => {
            let held = base.as_ref().map(|(_, marks)| content(marks));
            let moved = base.as_ref().is_some_and(|(from, _)| from != place);
            let wanted_here = record.as_ref().is_some_and(|it| it.alive && it.path == *place);
            let change = disk_change(held, wanted, content(found));
            let news = match change {
                Change::None => moved && !wanted_here,
                Change::Arrived => !record.as_ref().is_some_and(|it| it.alive) || moved,
                Change::Edited => true,
            };
            if news {
                let from = base.as_ref().map(|(path, marks)| Record {
                    path: path.clone(),
                    marks: marks.clone(),
                    alive: true,
                });
                let edit = Record { path: place.clone(), marks: found.clone(), alive: true };
                let merged = record.as_ref().map(|it| merge(from.as_ref(), it, &edit));
                *record = Some(merged.unwrap_or(edit));
            }
            *base = Some((place.clone(), found.clone()));
        }
        (Some((path, marks)), None) => {
            let from = Record { path: path.clone(), marks: marks.clone(), alive: true };
            let gone = Record { alive: false, ..from.clone() };
            *record = record.as_ref().map(|it| merge(Some(&from), it, &gone));
            *base = None;
        }
        (None, None) => {}
    }
}

fn run(row: &Row) -> Option<Ran> {
    let (mut base, mut record, disk) = (row.base.clone(), row.record.clone(), row.disk.clone());
    let mut disk = disk;
    let shared = row.base.as_ref().map(|(path, marks)| Record {
        path: path.clone(),
        marks: marks.clone(),
        alive: true,
    });
    if let Some(theirs) = &row.incoming {
        let merged = record.as_ref().map(|ours| merge(shared.as_ref(), ours, theirs));
        record = Some(merged.unwrap_or_else(|| theirs.clone()));
    }
    record.as_ref()?;
    let (mut removed, mut steps) = (Vec::new(), 0);
    for _ in 0..8 {
        let it = record.clone()?;
        let lies = base.as_ref().map(|(path, marks)| Lies { path, content: content(marks) });
        let wanted = Wanted { path: &it.path, content: content(&it.marks), kind: Kind::Text };
        let next = next_step(lies, it.alive.then_some(wanted), Kind::Text);
        // The guard: whatever a step replaces, moves or takes away must be what is known.
        if next != Next::Nothing && disk != base {
            take_in(&mut base, &mut record, &disk);
            continue;
        }
        steps += usize::from(next != Next::Nothing);
        match next {
            Next::Nothing => {
                if disk != base {
                    take_in(&mut base, &mut record, &disk);
                    continue;
                }
                return Some(Ran { disk, record: it, removed, steps });
            }
            Next::Create | Next::Overwrite => {
                if let Some((_, old)) = &disk {
                    removed.push(old.clone());
                }
                let place = base.as_ref().map_or(&it.path, |(place, _)| place).clone();
                disk = Some((place, it.marks.clone()));
            }
            Next::Move => disk = disk.map(|(_, marks)| (it.path.clone(), marks)),
            Next::Remove => {
                removed.extend(disk.take().map(|(_, marks)| marks));
            }
            Next::MakeFolder | Next::RemoveFolder => unreachable!("it is a file: {row:?}"),
        }
        base.clone_from(&disk);
    }
    panic!("it never ends: {row:?}");
}

#[test]
fn every_row_of_base_index_disk_and_incoming_keeps_the_promises() {
    let mut rows = 0_u32;
    for base in versions('b') {
        for record in records('i') {
            if base.is_some() && record.is_none() {
                // What lies here and is known has a record.
                continue;
            }
            for disk in versions('d') {
                for incoming in records('p') {
                    let row = Row {
                        base: base.clone(),
                        record: record.clone(),
                        disk: disk.clone(),
                        incoming,
                    };
                    rows += 1;
                    judge(&row);
                }
            }
        }
    }
    assert!(rows > 7000, "{rows} rows");
}

/// What must hold of every row.
fn judge(row: &Row) {
    let Some(ran) = run(row) else {
        // Nobody knows of the file but perhaps the disk, which a look takes in as new.
        assert!(row.record.is_none() && row.incoming.is_none(), "{row:?}");
        return;
    };
    let told = || format!("{row:?} came to {:?} and {:?}", ran.record, ran.disk);
    // The disk holds what the vault wants, no more and no less.
    let wanted = ran.record.alive.then(|| (ran.record.path.clone(), ran.record.marks.clone()));
    assert_eq!(ran.disk, wanted, "{}", told());
    // A place and a content: nothing is written twice.
    assert!(ran.steps <= 2, "{} steps: {}", ran.steps, told());
    let here = |it: &Version| it.as_ref().is_some_and(|(_, marks)| marks.contains(&'d'));
    let edited_there = row.incoming.as_ref().is_some_and(|it| it.alive && it.marks.contains(&'p'));
    // Unseen bytes are never overwritten, and an edit beats a deletion: each mark somebody put in
    // and nobody took away again is there at the end.
    if here(&row.disk) {
        assert!(ran.record.alive && ran.record.marks.contains(&'d'), "edited here: {}", told());
    }
    if edited_there {
        assert!(ran.record.alive && ran.record.marks.contains(&'p'), "edited there: {}", told());
    }
    // No deletion is guessed: somebody deleted it, here or there, or in the record before.
    let gone_here = row.base.is_some() && row.disk.is_none();
    let dead = |it: &Option<Record>| it.as_ref().is_some_and(|it| !it.alive);
    if !ran.record.alive {
        let deleted = gone_here || dead(&row.record) || dead(&row.incoming);
        assert!(deleted, "nobody deleted it: {}", told());
    }
    // What was pushed aside or taken away had been seen, and is in the record or was taken out of it.
    for lost in &ran.removed {
        assert!(lost.contains(&'d') <= ran.record.marks.contains(&'d'), "{}", told());
    }
}
