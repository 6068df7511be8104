//! From hints to facts: what a person or program did to the folder.

use std::collections::{BTreeMap, BTreeSet};

use super::batch::{Batch, Before, HELD_TEXT_BYTES};
use super::brakes::Brake;
use super::core::{Engine, Pending};
use super::debounce::Due;
use super::effect::Effect;
use super::entry::Base;
use super::hollow::Hollow;
use super::recent::{Arrivals, Recent};
use super::report::{Report, Work};
use super::task::Disk;
use crate::model::{
    Content, FileId, Kind, Observed, ProblemKind, Seen, Stamp, Tick, VaultPath, Write, Writer,
};

/// Most looks at once. Bounds the texts in memory during a first scan.
const LOOKS_LIMIT: usize = 64;
/// A file larger than this is compared by stamp alone with what was seen before; smaller ones, too,
/// but a hint always reads.
const PROGRESS_STEP: u64 = 64;

/// The state of taking in.
#[derive(Debug)]
pub(super) struct Intake {
    pub(super) batch: Option<Batch>,
    scan_wanted: bool,
    pub(super) rescan_ms: u64,
    max_ms: u64,
    pub(super) next_rescan: Option<Tick>,
    /// Files that a hint found gone, and when that may be confirmed by another look.
    pub(super) vanishing: BTreeMap<FileId, Tick>,
    pub(super) brake: Brake,
    /// Files found gone that are held back until a person agrees.
    pub(super) missing: BTreeSet<FileId>,
    /// Files whose deletion was taken in a short while ago.
    pub(super) gone: Recent,
    /// Files that were new on this disk a short while ago, whoever made them.
    pub(super) arrivals: Arrivals,
    /// Files on their way in, by place; an entry whose work is over no longer counts.
    pub(super) arriving: BTreeMap<VaultPath, FileId>,
    /// Places at which two files were recorded, with the one that is not believed, until a walk
    /// tells by the stamp which of them lies there.
    pub(super) contested: BTreeMap<VaultPath, (FileId, Base)>,
    /// The paths of which the last walk told problems.
    pub(super) told: BTreeSet<String>,
    /// Nothing was known of this vault at the start: what is found is not news.
    pub(super) fresh: bool,
}

impl Intake {
    pub(super) fn new(rescan_ms: u64, max_ms: u64, missing: Vec<FileId>) -> Self {
        Self {
            batch: None,
            scan_wanted: false,
            rescan_ms,
            max_ms,
            next_rescan: None,
            vanishing: BTreeMap::new(),
            brake: Brake::Armed,
            missing: missing.into_iter().collect(),
            gone: Recent::default(),
            arrivals: Arrivals::default(),
            arriving: BTreeMap::new(),
            contested: BTreeMap::new(),
            told: BTreeSet::new(),
            fresh: false,
        }
    }

    pub(super) fn ask_for_scan(&mut self) {
        self.scan_wanted = true;
    }

    /// Whether everything will be looked at anew.
    pub(super) fn scan_wanted(&self) -> bool {
        self.scan_wanted
    }

    /// Whether the next batch can begin.
    pub(super) fn between_batches(&self) -> bool {
        self.batch.is_none()
    }

    pub(super) fn deadline(&self, hollow: &Hollow) -> Option<Tick> {
        if self.batch.is_some() {
            return None;
        }
        self.confirm_due(hollow).into_iter().chain(self.next_rescan).min()
    }

    /// When files found gone or emptied are looked at again: all together, once no more of them
    /// were found for a while, so that a deletion of many is judged as one; at the latest `max_ms`
    /// after the first.
    fn confirm_due(&self, hollow: &Hollow) -> Option<Tick> {
        let all = || self.vanishing.values().chain(hollow.waiting.values());
        let (first, last) = (all().min()?, all().max()?);
        Some(*last.min(&first.plus_ms(self.max_ms)))
    }

    /// Whether what was found gone or emptied is to be believed when it is found so again.
    pub(super) fn ripe(&self, hollow: &Hollow, now: Tick) -> bool {
        self.confirm_due(hollow).is_some_and(|due| due <= now)
    }

    /// How many paths are still to be looked at.
    pub(super) fn open(&self) -> usize {
        self.batch.as_ref().map_or(0, |batch| batch.to_look.len() + batch.looking)
    }
}

impl Engine {
    /// Something happened at `path`; with `whole`, a file was written there to its end.
    pub(super) fn on_hint(&mut self, path: VaultPath, whole: bool) {
        let Self { index, intake, pace, debounce, echo, now, .. } = self;
        // Something goes on there: that it was gone a moment ago says nothing.
        if let Some(id) = index.at(&path) {
            intake.vanishing.remove(&id);
        }
        match pace.rest(*now, &path) {
            Some(rest) => debounce.rest(*now, path, rest),
            None if whole && debounce.whole(*now, &path, |it| index.at(it).is_some()) => {}
            None if echo.may_be(*now, &path) => debounce.echo(*now, path),
            None => debounce.hint(*now, path),
        }
    }

    pub(super) fn start_scan(&mut self) {
        let mut batch = Batch::new(self.now);
        batch.scanning = true;
        self.intake.scan_wanted = false;
        self.intake.batch = Some(batch);
        let op = self.op(Pending::Scan);
        self.emit(Effect::Scan { op });
    }

    /// Whether nothing is being looked at.
    pub(super) fn intake_idle(&self) -> bool {
        let Intake { batch, scan_wanted, vanishing, .. } = &self.intake;
        batch.is_none() && !scan_wanted && vanishing.is_empty() && self.hollow.waiting.is_empty()
    }

    pub(super) fn turn_intake(&mut self) {
        if self.intake.batch.is_none() {
            if self.intake.next_rescan.is_some_and(|due| due <= self.now) {
                self.intake.scan_wanted = true;
                self.intake.next_rescan = None;
            }
            self.begin_batch();
        }
        self.look_on();
        self.end_batch();
        if self.intake.batch.is_none() && self.intake.scan_wanted {
            self.begin_batch();
        }
    }

    fn begin_batch(&mut self) {
        let due = if self.stopping() || self.intake.scan_wanted {
            self.debounce.take_all()
        } else {
            self.debounce.take_due(self.now)
        };
        let now = self.now;
        let stopping = self.stopping();
        let confirm: Vec<FileId> = if stopping || self.intake.ripe(&self.hollow, now) {
            self.intake.vanishing.keys().chain(self.hollow.waiting.keys()).copied().collect()
        } else {
            Vec::new()
        };
        if self.intake.scan_wanted {
            self.start_scan();
        } else if due.is_empty() && confirm.is_empty() {
            return;
        } else {
            self.intake.batch = Some(Batch::new(now));
        }
        let places: Vec<VaultPath> = confirm
            .iter()
            .filter_map(|id| self.index.get(id)?.base.as_ref().map(|base| base.path.clone()))
            .collect();
        for id in &confirm {
            if self.index.get(id).is_none_or(|entry| entry.base.is_none()) {
                self.intake.vanishing.remove(id);
                self.hollow.waiting.remove(id);
            }
        }
        let Some(batch) = &mut self.intake.batch else {
            return;
        };
        for Due { path, first, early, echo } in due {
            batch.since = batch.since.min(first);
            batch.first.insert(path.clone(), first);
            if early || echo {
                batch.closed.insert(path.clone());
            }
            if echo {
                batch.echoes.insert(path.clone());
            }
            batch.look_at(&self.index, path);
        }
        for path in places {
            batch.look_at(&self.index, path);
        }
    }

    pub(super) fn look_on(&mut self) {
        while let Some(batch) = &mut self.intake.batch {
            if batch.scanning || batch.looking >= LOOKS_LIMIT || !self.turns.may_look() {
                break;
            }
            let Some(path) = batch.to_look.pop_front() else {
                break;
            };
            batch.looking += 1;
            batch.under_way.insert(path.clone());
            let closed = batch.closed.remove(&path);
            let writer = if closed { Writer::Done } else { Writer::Unknown };
            let op = self.op(Pending::Look(path.clone()));
            self.emit(Effect::Read { op, path, writer });
        }
    }

    pub(super) fn on_looked(&mut self, path: VaultPath, observed: Observed) {
        let Some(batch) = &mut self.intake.batch else {
            return;
        };
        batch.looking -= 1;
        batch.under_way.remove(&path);
        if let Some(before) = batch.stale.remove(&path) {
            // Most likely it is that step which was told of, before it was answered. Of many files that
            // come for the first time nobody waits for such a look.
            return if before == Before::Known && self.echo.may_be(self.now, &path) {
                self.debounce.echo(self.now, path);
            } else {
                self.debounce.hint(self.now, path);
            };
        }
        if batch.echoes.remove(&path) {
            // What is known of it is from the step itself; so soon after it, a stamp says less.
            if !self.is_as_left(&path, &observed) {
                // Somebody else was there, who may be in the middle of it.
                self.debounce.hint(self.now, path);
            }
            return;
        }
        batch.done += 1;
        let (done, total) = (batch.done, batch.asked.len() as u64);
        if done % PROGRESS_STEP == 0 {
            self.report(Report::Progress { done, total, what: Work::TakingIn });
        }
        match observed {
            Observed::Absent => self.found_absent(&path),
            Observed::File(seen) => self.found_file(path, seen),
            Observed::Folder { empty, stamp } => self.found_folder(path, empty, stamp),
            Observed::Ignored => {
                if let Some(id) = self.index.at(&path) {
                    self.leave_out(id);
                }
            }
            Observed::Special(problem) | Observed::Problem(problem) => {
                // Something is there, so nothing is gone.
                if let Some(id) = self.index.at(&path) {
                    self.is_there(id);
                }
                if problem.kind == ProblemKind::Changing {
                    // Somebody writes it right now; look again when that has calmed down.
                    self.debounce.hint(self.now, path);
                } else {
                    self.problem(problem);
                }
            }
        }
    }

    /// Whether a place is as a step of ours left it.
    fn is_as_left(&self, path: &VaultPath, observed: &Observed) -> bool {
        let base =
            self.index.at(path).map(|id| self.index.get(&id).and_then(|it| it.base.as_ref()));
        match observed {
            Observed::File(seen) => base.flatten().is_some_and(|it| it.content == seen.content),
            Observed::Absent => base.is_none(),
            Observed::Folder { .. }
            | Observed::Ignored
            | Observed::Special(_)
            | Observed::Problem(_) => false,
        }
    }

    /// This device does not want the file: whatever lies here is no longer a version of it, so that
    /// nothing done to it counts, also not once the file is wanted again.
    fn leave_out(&mut self, id: FileId) {
        self.is_there(id);
        self.is_filled(id);
        self.held.insert(id);
        let busy = self.tasks.get(&id).is_some_and(|task| task.working || !task.disk.is_empty());
        let entry = self.index.get(&id).filter(|entry| !busy && entry.base.is_some()).cloned();
        if let Some(entry) = entry {
            self.hold_task(id);
            self.commit_base(id, entry, None, Vec::new());
        }
    }

    /// Whether the file is an attachment that is too long for this device.
    pub(super) fn too_long(&self, kind: Kind, content: Content) -> bool {
        kind == Kind::Blob && content.size > self.config.max_attachment_bytes
    }

    fn found_absent(&mut self, path: &VaultPath) {
        let gone = self.index.at(path);
        if gone.is_none() && self.arriving(path) {
            // What was there is still on its way into the store; gone it is only once it was known.
            return self.look_later(path.clone());
        }
        let base = gone.and_then(|id| self.index.get(&id)?.base.as_ref());
        if let (Some(id), Some(base)) = (gone, base)
            && self.too_long(base.kind, base.content)
        {
            return self.leave_out(id);
        }
        let below: Vec<VaultPath> = self.index.below(path).map(|(it, _)| it.clone()).collect();
        self.solved(path.as_str());
        let Some(batch) = &mut self.intake.batch else {
            return;
        };
        for path in below {
            batch.look_at(&self.index, path);
        }
        if let Some(id) = gone {
            batch.vanished.insert(id);
            self.is_filled(id);
        }
    }

    /// It is not gone.
    pub(super) fn is_there(&mut self, id: FileId) {
        self.intake.vanishing.remove(&id);
        if self.intake.missing.remove(&id) {
            if self.intake.missing.is_empty() {
                // Whether anything else is missing is for a look at everything to say.
                self.intake.ask_for_scan();
            }
            self.keep_held_back();
            self.wake(id);
        }
    }

    fn found_file(&mut self, path: VaultPath, seen: Seen) {
        self.solved(path.as_str());
        if self.index.at(&path).is_none() && self.arriving(&path) {
            return self.look_later(path);
        }
        let first = self.first_hint(&path);
        if let Some(id) = self.index.at(&path) {
            self.is_there(id);
            let entry = self.index.get(&id).expect("a place on disk names a known file");
            if entry.kind != Kind::Folder {
                if self.is_half_written(id, &path, &seen) {
                    // At a stop it is left to the first walk of the next start.
                    if !self.stopping() {
                        self.debounce.hint(self.now, path);
                    }
                    return;
                }
                if self.found_hollow(id, &path, &seen) || self.found_another(id, &path, &seen) {
                    return;
                }
                self.disk_event(id, Disk::Edited(path, seen), first);
                return;
            }
            if let Some(batch) = &mut self.intake.batch {
                batch.vanished.insert(id);
            }
        }
        let Some(batch) = &mut self.intake.batch else {
            return;
        };
        if batch.hold {
            self.look_where_it_was(&seen);
        }
        let Some(batch) = &mut self.intake.batch else {
            return;
        };
        if batch.hold {
            let mut seen = seen;
            let bytes = seen.text.as_ref().map_or(0, Vec::len);
            batch.held_bytes += bytes;
            let full = batch.held_bytes > HELD_TEXT_BYTES;
            let text = if full { seen.text.take() } else { None };
            let hash = seen.content.hash;
            batch.appeared.insert(path, seen);
            if let Some(bytes) = text {
                let kept = super::members::Kept::Text;
                self.append(vec![Write::Text { hash, bytes, packed: None }], Pending::Kept(kept));
            }
        } else {
            self.born_file(path, seen, first);
        }
    }

    fn found_folder(&mut self, path: VaultPath, empty: bool, stamp: Stamp) {
        let known = self.index.at(&path);
        let folder = known.and_then(|id| self.index.get(&id)).map(|it| it.kind == Kind::Folder);
        let Some(batch) = &mut self.intake.batch else {
            return;
        };
        match (known, folder) {
            (Some(id), Some(false)) => {
                batch.vanished.insert(id);
            }
            (Some(id), _) => {
                self.intake.vanishing.remove(&id);
                if !empty && !batch.scanned {
                    batch.scanning = true;
                }
                return self.scan_in_batch();
            }
            (None, _) => {}
        }
        if empty {
            self.born_folder(path, stamp);
        } else if let Some(batch) = &mut self.intake.batch
            && !batch.scanned
        {
            batch.scanning = true;
            self.scan_in_batch();
        }
    }

    /// A folder was named by a hint: what is in it is only known after a walk.
    fn scan_in_batch(&mut self) {
        let under_way = self.pending.values().any(|it| matches!(it, Pending::Scan));
        if self.intake.batch.as_ref().is_some_and(|batch| batch.scanning) && !under_way {
            let op = self.op(Pending::Scan);
            self.emit(Effect::Scan { op });
        }
    }

    /// A step of ours changed this place: looks that may have seen it before are taken again.
    pub(super) fn place_changed(&mut self, id: FileId, path: &VaultPath) {
        if let Some(batch) = &mut self.intake.batch
            && batch.under_way.contains(path)
        {
            let known = self.index.at(path).is_some();
            batch.stale.insert(path.clone(), if known { Before::Known } else { Before::Free });
        }
        let Some(task) = self.tasks.get_mut(&id) else { return };
        let old = std::mem::take(&mut task.disk);
        for (disk, _) in old {
            if let Disk::Born { path, .. } | Disk::Moved(path, _) = disk {
                self.debounce.hint(self.now, path);
            }
            self.debounce.hint(self.now, path.clone());
        }
    }

    pub(super) fn first_hint(&self, path: &VaultPath) -> Tick {
        let batch = self.intake.batch.as_ref();
        batch.map_or(self.now, |it| it.first.get(path).copied().unwrap_or(it.since))
    }
}
