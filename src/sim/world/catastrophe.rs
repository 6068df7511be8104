//! Something happens to everything on one disk, while all else is well: nobody else may lose by it.

use super::super::careless;
use super::super::disk::{Crash, Save, Tree};
use super::super::oracles::Violation;
use super::World;
use crate::engine::{Command, Input};
use crate::model::{ProblemKind, VaultPath};

/// Long enough that nothing counts as having gone just before, in milliseconds.
const CALM_MS: u64 = 61_000;
/// How long the others are watched, in milliseconds.
const WATCH_MS: u64 = 8000;
/// Between two deletions of a slow one, in milliseconds.
const SLOW_MS: u64 = 1500;
/// Fewest files of the vault it happens to.
const FILES: usize = 8;

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// Everything is gone at once.
    Gone,
    /// Everything goes, one by one.
    Slow,
    /// Everything is emptied.
    Emptied,
    /// Everything is deleted, and that is agreed to here, but nowhere else.
    Agreed,
}

impl World {
    pub(super) fn catastrophe(&mut self) -> Result<(), Violation> {
        while self.targets().len() < FILES {
            let peer = &mut self.peers[0];
            peer.set_disk_clock(self.now);
            careless::fill(0, &mut peer.disk, &mut self.people, &mut self.users);
            self.collect();
        }
        self.rest()?;
        self.pass(CALM_MS)?;
        self.rest()?;
        self.agreeing = false;
        let sort = *self.users.pick(&[Sort::Gone, Sort::Slow, Sort::Emptied, Sort::Agreed]);
        let files = match sort {
            Sort::Emptied => self.targets(),
            Sort::Gone | Sort::Slow | Sort::Agreed => careless::files(&self.peers[0].disk),
        };
        self.trace.line(format!("{} CATASTROPHE {sort:?}", self.now.0));
        let trees: Vec<Tree> = self.peers.iter().map(|peer| peer.disk.tree()).collect();
        self.strike(sort, &files)?;
        self.pass(WATCH_MS)?;
        if self.users.chance(50) {
            for place in 0..self.peers.len() {
                self.stop(place, Crash::Kill)?;
            }
            self.pass(WATCH_MS)?;
        }
        let half = (files.len() / 2) as u64;
        let allowed = if sort == Sort::Slow { half.max(self.plan.brake_files - 1) } else { 0 };
        for (place, before) in trees.iter().enumerate().skip(1) {
            let now = self.peers[place].disk.tree();
            let lost: Vec<&VaultPath> = before
                .iter()
                .filter(|(path, bytes)| bytes.is_some() && now.get(*path) != Some(bytes))
                .map(|(path, _)| path)
                .collect();
            if lost.len() as u64 > allowed {
                let what = format!("{sort:?}: {lost:?} of {} files", files.len());
                return Err(Violation::PassedBrake { peer: place, what });
            }
        }
        self.resolve(sort, &files)
    }

    /// Files that hold something, canvases aside: an empty one is not well, whoever made it so.
    fn targets(&self) -> Vec<(VaultPath, Vec<u8>)> {
        let mut files = careless::files(&self.peers[0].disk);
        files.retain(|(path, bytes)| {
            !path.name().ends_with(".canvas") && bytes.iter().any(|byte| *byte != 0)
        });
        files
    }

    fn strike(&mut self, sort: Sort, files: &[(VaultPath, Vec<u8>)]) -> Result<(), Violation> {
        for (path, bytes) in files {
            self.peers[0].set_disk_clock(self.now);
            let disk = &mut self.peers[0].disk;
            match sort {
                Sort::Gone | Sort::Agreed | Sort::Slow => drop(disk.remove(path)),
                Sort::Emptied => {
                    let zeros = if self.users.chance(50) { 0 } else { bytes.len() };
                    disk.write(path, vec![0; zeros], Save::InPlace);
                }
            }
            self.collect();
            if sort == Sort::Slow {
                self.pass(SLOW_MS)?;
            }
        }
        if sort == Sort::Agreed {
            self.hear(0, Input::Command(Command::AllowMassDelete))?;
        }
        Ok(())
    }

    /// People agree, or put everything back; either way all is well again.
    fn resolve(&mut self, sort: Sort, files: &[(VaultPath, Vec<u8>)]) -> Result<(), Violation> {
        let back = matches!(sort, Sort::Gone | Sort::Emptied) && self.users.chance(50);
        self.trace.line(format!("{} RESOLVED by putting back: {back}", self.now.0));
        let rest = self.peers[0].disk.tree();
        for (path, bytes) in files {
            if back {
                self.peers[0].set_disk_clock(self.now);
                self.peers[0].disk.write(path, bytes.clone(), Save::InPlace);
            } else if sort == Sort::Emptied {
                self.people.emptied(0, bytes);
            } else {
                self.people.deleted(0, path, bytes, &rest);
            }
        }
        self.collect();
        self.agreeing = !back;
        self.rest()?;
        match (0..self.peers.len()).find(|place| self.is_braked(*place)) {
            Some(place) => {
                Err(Violation::NotStable(format!("peer {place} still holds something back")))
            }
            None => Ok(()),
        }
    }

    /// Lets time pass.
    fn pass(&mut self, ms: u64) -> Result<(), Violation> {
        let until = self.now.plus_ms(ms);
        while self.next().is_some_and(|(tick, _)| tick <= until) {
            self.step()?;
        }
        self.now = until;
        Ok(())
    }

    fn is_braked(&self, place: usize) -> bool {
        let engine = self.peers[place].engine.as_ref();
        let mut problems = engine.map(|it| it.status().problems).into_iter().flatten();
        problems.any(|it| it.kind == ProblemKind::Brake)
    }

    /// Wherever something is held back, a person agrees; once for each time it is told.
    pub(super) fn agree(&mut self) -> Result<(), Violation> {
        for place in 0..self.peers.len() {
            if self.healed && self.is_braked(place) {
                self.hear(place, Input::Command(Command::AllowMassDelete))?;
            }
        }
        Ok(())
    }
}
