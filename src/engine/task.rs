//! One file with something to do: what waits for it, and whose turn it is.

use std::collections::{BTreeMap, VecDeque};

use super::core::Engine;
use super::ledger::Settling;

use super::effect::LinkId;
use crate::model::{Content, ContentHash, FileId, Heads, PeerId, Seen, Tick, VaultPath};
use crate::wire::{Body, Delivery, Lane};

/// What the disk did to one file.
#[derive(Debug, Clone)]
pub(super) enum Disk {
    /// It appeared where none was known.
    Born { path: VaultPath, generation: u32, seen: Seen },
    /// It was looked at in this place.
    Edited(VaultPath, Seen),
    /// It lies elsewhere now, perhaps edited.
    Moved(VaultPath, Seen),
    /// It is gone from this place.
    Gone(VaultPath),
}

impl Disk {
    /// When the file was last touched, as far as the disk says.
    pub(super) fn mtime_ms(&self) -> Option<i64> {
        match self {
            Self::Born { seen, .. } | Self::Edited(_, seen) | Self::Moved(_, seen) => {
                Some(seen.stamp.mtime_ms())
            }
            Self::Gone(_) => None,
        }
    }
}

/// A delivery waiting for its turn.
#[derive(Debug, Clone)]
pub(super) struct Incoming {
    pub(super) link: LinkId,
    pub(super) lane: Lane,
    pub(super) peer: PeerId,
    pub(super) delivery: Delivery,
    pub(super) since: Tick,
}

/// What is being worked on.
#[derive(Debug, Clone)]
pub(super) enum Work {
    Disk(Disk, Tick),
    Incoming(Box<Incoming>),
    Export(LinkId, Lane),
    /// A person settles a contradiction.
    Settle(Box<Settling>),
    /// The document's text is needed to write it to the disk.
    Render,
}

impl Work {
    /// The bytes of text it holds in memory.
    fn held_bytes(&self) -> u64 {
        let bytes = match self {
            Self::Disk(
                Disk::Born { seen, .. } | Disk::Edited(_, seen) | Disk::Moved(_, seen),
                _,
            ) => seen.text.as_ref().map_or(0, Vec::len),
            Self::Incoming(incoming) => match &incoming.delivery.body {
                Body::Plain { bytes, .. } => bytes.as_ref().map_or(0, Vec::len),
                Body::Document { bytes } => bytes.len(),
                Body::Changes { changes, .. } => changes.iter().map(Vec::len).sum(),
            },
            Self::Disk(Disk::Gone(_), _) | Self::Export(..) | Self::Settle(_) | Self::Render => 0,
        };
        bytes as u64
    }
}

/// Whether a file's content may be copied from another file of this disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Copying {
    /// If there is one.
    #[default]
    Allowed,
    /// It was tried, and the other file did not hold what it should.
    Failed,
}

/// One file with something to do; removed when nothing is left.
#[derive(Debug, Default)]
pub(super) struct Task {
    pub(super) working: bool,
    /// What the work under way was charged with when it began.
    pub(super) held_bytes: u64,
    /// Resting until a retry, a look or a fetch.
    pub(super) waiting: bool,
    pub(super) disk: VecDeque<(Disk, Tick)>,
    pub(super) incoming: VecDeque<Incoming>,
    pub(super) exports: BTreeMap<LinkId, Lane>,
    pub(super) verdicts: VecDeque<Settling>,
    pub(super) work: Option<Work>,
    /// Texts gathered for the work, by hash.
    pub(super) texts: BTreeMap<ContentHash, String>,
    pub(super) lacking: Vec<Content>,
    /// For which version it was looked up whether what lies here lost a choice.
    pub(super) reviewed: Option<Heads>,
    /// Bytes of the wanted content, when they are at hand.
    pub(super) bytes: Option<(ContentHash, Vec<u8>)>,
    /// A received part holds the wanted content.
    pub(super) part: Option<Content>,
    /// Whether its place takes part on this device.
    pub(super) probe: Probe,
    /// A copy on this disk turned out not to be what it should be.
    pub(super) copying: Copying,
    pub(super) attempts: u32,
    /// How many times nobody had its content, and when it is asked for again.
    pub(super) asked: u32,
    pub(super) ask_again: Option<Tick>,
    /// Nothing can be done now; the reason is listed, or a peer that is not here has the content.
    pub(super) blocked: bool,
    /// Under which path the reason is listed.
    pub(super) listed: Option<String>,
    /// Who changed it last, and since when it has been on its way to the disk.
    pub(super) origin: Option<PeerId>,
    pub(super) since: Tick,
}

/// Whether it was looked if a place takes part on this device, before anything is fetched for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Probe {
    /// Not yet.
    #[default]
    Due,
    /// It does, or did.
    Done,
}

/// Which step is being taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Taking {
    Create { place: VaultPath, content: Content },
    Overwrite { content: Content },
    Move { to: VaultPath },
    Remove,
    MakeFolder { place: VaultPath },
    RemoveFolder,
}

impl Task {
    /// Whether it is known already, and only not taken in yet, that the file left its place.
    pub(super) fn is_leaving(&self) -> bool {
        let leaves = |disk: &Disk| matches!(disk, Disk::Moved(..) | Disk::Gone(_));
        let now = matches!(&self.work, Some(Work::Disk(disk, _)) if leaves(disk));
        now || self.disk.iter().any(|(disk, _)| leaves(disk))
    }

    /// Whether a content that is at hand for this file is being put in place, or next to be.
    pub(super) fn lands(&self, hash: &ContentHash) -> bool {
        let at_hand = self.bytes.as_ref().is_some_and(|(it, _)| it == hash)
            || self.part.is_some_and(|it| it.hash == *hash);
        self.working || (at_hand && !self.waiting)
    }
}

impl Engine {
    /// The disk did something to a file: put it in line.
    pub(super) fn disk_event(&mut self, id: FileId, disk: Disk, first: Tick) {
        if self.shots.dry() {
            let path = match &disk {
                Disk::Born { path, .. } | Disk::Moved(path, _) => path.to_string(),
                Disk::Edited(..) | Disk::Gone(_) => {
                    self.index.get(&id).map_or_else(|| id.to_string(), |it| it.path.to_string())
                }
            };
            self.shots.would("take in", path);
            return;
        }
        if let Disk::Born { path, .. } | Disk::Moved(path, _) = &disk {
            self.intake.arriving.insert(path.clone(), id);
        }
        let task = self.tasks.entry(id).or_default();
        task.disk.push_back((disk, first));
        task.waiting = false;
        self.wake(id);
    }

    /// A peer sent something of a file: put it in line.
    pub(super) fn delivered(&mut self, incoming: Incoming) {
        let id = incoming.delivery.id;
        let task = self.tasks.entry(id).or_default();
        task.incoming.push_back(incoming);
        self.wake(id);
    }

    /// After the first scan: whatever a stop left between the store and the disk goes on.
    pub(super) fn wake_unfinished(&mut self) {
        let disputed = self.index.disputed();
        let open: Vec<FileId> = self
            .index
            .iter()
            .filter(|(id, entry)| {
                let lies = entry.base.as_ref().map(|base| (&base.path, base.content));
                let beside = disputed.contains(id).then(|| self.index.wanted_place(id, entry));
                let place = beside.as_ref().unwrap_or(&entry.path);
                let wanted = entry.alive.then_some((place, entry.content));
                lies != wanted
            })
            .map(|(id, _)| *id)
            .collect();
        for id in open {
            self.wake(id);
        }
    }

    /// Takes the next thing there is to do for a file.
    pub(super) fn advance(&mut self, id: FileId) {
        let known = self.index.get(&id).is_some();
        let task = match self.tasks.get_mut(&id) {
            Some(task) => task,
            None if known => self.tasks.entry(id).or_default(),
            None => return,
        };
        if task.working {
            return;
        }
        if task.since == Tick::default() {
            task.since = self.now;
        }
        // The disk first: nothing may be written over what has been seen and not taken in.
        let work = if let Some((disk, first)) = task.disk.pop_front() {
            Some(Work::Disk(disk, first))
        } else if let Some(settling) = task.verdicts.pop_front() {
            Some(Work::Settle(Box::new(settling)))
        } else if let Some(incoming) = task.incoming.pop_front() {
            Some(Work::Incoming(Box::new(incoming)))
        } else if let Some((link, lane)) = task.exports.pop_first() {
            Some(Work::Export(link, lane))
        } else {
            None
        };
        if let Some(work) = work {
            task.working = true;
            task.texts.clear();
            task.held_bytes = work.held_bytes();
            self.turns.begin(task.held_bytes);
            self.begin(id, work);
        } else if !task.waiting && !self.next_step(id) {
            self.tasks.remove(&id);
        }
    }

    /// The work on a file is over, one way or the other.
    pub(super) fn end_work(&mut self, id: FileId) {
        self.leave_trade(id);
        if let Some(task) = self.tasks.get_mut(&id) {
            if task.working {
                self.turns.end(task.held_bytes);
            }
            task.working = false;
            task.work = None;
            task.lacking.clear();
        }
        self.wake(id);
    }
}
