//! What is held back until a person agrees, kept and told: files gone from this disk, files emptied
//! on it, and files that other devices deleted.

use super::core::{Engine, Pending};
use super::members::Kept;
use crate::model::{FileId, Problem, ProblemKind, Write};

/// The named value that lists what is held back: removals, files gone, files emptied.
const HELD_KEY: &str = "held-back";

/// What becomes of too much at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Brake {
    /// The next time it is held back.
    Armed,
    /// It is being held back, for this reason.
    Holds(String),
    /// A person let it pass the next time.
    Released,
}

impl Brake {
    /// Whether something is held back.
    pub(super) fn holds(&self) -> bool {
        matches!(self, Self::Holds(_))
    }

    fn reason(&self) -> Option<&str> {
        match self {
            Self::Holds(reason) => Some(reason),
            Self::Armed | Self::Released => None,
        }
    }
}

/// The files that were held back when the store was last written.
#[derive(Debug, Default)]
pub(super) struct HeldBack {
    pub(super) removals: Vec<FileId>,
    pub(super) gone: Vec<FileId>,
    pub(super) emptied: Vec<FileId>,
}

impl HeldBack {
    /// Reads it from the named values of the store; what cannot be read is judged anew.
    pub(super) fn read(meta: &[(String, Vec<u8>)]) -> Self {
        let value = meta.iter().find(|(key, _)| key == HELD_KEY).map(|(_, value)| value);
        let lists = value.and_then(|value| postcard::from_bytes(value).ok());
        let (removals, gone, emptied) = lists.unwrap_or_default();
        Self { removals, gone, emptied }
    }
}

impl Engine {
    /// Makes durable what is held back, that a restart holds it back, too.
    pub(super) fn keep_held_back(&mut self) {
        let gone: Vec<&FileId> = self.intake.missing.iter().collect();
        let emptied: Vec<&FileId> = self.hollow.held.iter().collect();
        let value = postcard::to_allocvec(&(self.leaving.held(), gone, emptied))
            .expect("lists of names have no shape that cannot be encoded");
        let write = Write::Meta { key: HELD_KEY.to_owned(), value };
        self.append(vec![write], Pending::Kept(Kept::HeldBack));
    }

    /// Whether what lies at a file's place must stay as it is until a person agrees.
    pub(super) fn is_held_back(&self, id: &FileId) -> bool {
        self.intake.missing.contains(id) || self.hollow.held.contains(id)
    }

    /// How many files are held back, here.
    pub(super) fn held_back(&self) -> u64 {
        let lies = |id: &&FileId| self.index.get(id).is_some_and(|entry| entry.base.is_some());
        let changed = self.intake.missing.iter().chain(&self.hollow.held).filter(lies).count();
        changed as u64 + self.leaving.held_count()
    }

    /// The brakes that hold, as problems of the vault as a whole.
    pub(super) fn brakes(&self) -> impl Iterator<Item = Problem> {
        [&self.intake.brake, &self.hollow.brake, &self.leaving.brake]
            .into_iter()
            .filter_map(Brake::reason)
            .map(|reason| Problem {
                path: String::new(),
                kind: ProblemKind::Brake,
                message: reason.to_owned(),
            })
    }

    /// A person agrees: what is held back passes, or else what would be held back next.
    pub(super) fn release_brakes(&mut self) {
        self.intake.brake = Brake::Released;
        self.hollow.brake = Brake::Released;
        self.release_removals();
        // What it is for may have been found long ago. At the start it is about to be.
        if self.stage != super::core::Stage::Scanning {
            self.intake.ask_for_scan();
        }
    }

    /// Whoever asks for something is told again what is held back, if it is still so.
    pub(super) fn tell_brakes(&mut self) {
        if self.intake.brake.holds() || self.hollow.brake.holds() {
            self.intake.ask_for_scan();
        }
        self.tell_held_removals();
    }
}
