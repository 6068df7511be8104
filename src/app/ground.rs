//! The user's folder as this process may use it.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::thread;
use std::time::SystemTime;

use super::answer::Trash;
use super::config::Settings;
use super::{Error, fault};
use crate::model::{VaultId, Walk};
use crate::vault::{self, Folder, Swept};

/// The folder, from nothing through a candidate to a vault. All clones see the same.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    stage: Arc<RwLock<Stage>>,
    /// How the folder is treated; told before anything is done with it.
    settings: Arc<OnceLock<Settings>>,
    /// The walk that was begun before anybody asked for it.
    ahead: Arc<Mutex<Option<Receiver<Walked>>>>,
}

/// What came of a walk.
type Walked = Result<Walk, vault::Error>;

/// Tidying up that goes on; dropping it waits for its end, so that none goes on after its process let
/// go of the vault.
#[must_use = "nothing may be changed before it is over"]
#[derive(Debug)]
pub(crate) struct Tidying(Option<Receiver<()>>);

impl Tidying {
    /// Waits until it is over; nothing of it is left. Blocks.
    pub(crate) fn finish(self) -> Option<Self> {
        drop(self);
        None
    }
}

impl Drop for Tidying {
    fn drop(&mut self) {
        if let Some(over) = self.0.take() {
            // It says nothing but that it is over: by a word, or by a panic.
            over.recv().ok();
        }
    }
}

#[derive(Debug, Clone)]
enum Stage {
    /// There is no folder before the inviter accepts us.
    Missing(PathBuf, VaultId),
    /// There is one, to be looked at only before the inviter accepts us.
    Candidate(Folder),
    /// A vault.
    Vault(Folder),
}

impl Ground {
    /// The folder of a vault.
    pub(crate) fn vault(folder: Folder) -> Self {
        Self::at(Stage::Vault(folder))
    }

    /// The place `root` that becomes a copy of the vault `id` once we are accepted.
    ///
    /// # Errors
    ///
    /// What is wrong with a folder that is there.
    pub(crate) fn wanted(root: &Path, id: VaultId) -> Result<Self, Error> {
        if !root.exists() {
            return Ok(Self::at(Stage::Missing(root.to_owned(), id)));
        }
        let folder = Folder::candidate(root, id).map_err(|error| fault::of_vault(&error))?;
        Ok(Self::at(Stage::Candidate(folder)))
    }

    fn at(stage: Stage) -> Self {
        let stage = Arc::new(RwLock::new(stage));
        Self { stage, settings: Arc::default(), ahead: Arc::default() }
    }

    fn stage(&self) -> Stage {
        self.stage.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The folder, to be looked at.
    pub(crate) fn to_read(&self) -> Option<Folder> {
        match self.stage() {
            Stage::Missing(..) => None,
            Stage::Candidate(folder) | Stage::Vault(folder) => Some(folder),
        }
    }

    /// The folder, to be changed.
    pub(crate) fn to_write(&self) -> Option<Folder> {
        match self.stage() {
            Stage::Missing(..) | Stage::Candidate(_) => None,
            Stage::Vault(folder) => Some(folder),
        }
    }

    /// Makes it a vault: folder, marker, and what a killed run left swept away.
    ///
    /// # Errors
    ///
    /// Why the folder or its marker cannot be made.
    pub(crate) fn accept(&self) -> Result<(), Error> {
        let (root, id) = match self.stage() {
            Stage::Missing(root, id) => (root, id),
            Stage::Candidate(folder) => (folder.root().to_owned(), folder.id()),
            Stage::Vault(_) => return Ok(()),
        };
        let folder = Folder::adopt(&root, id).map_err(|error| fault::of_vault(&error))?;
        self.tune(&folder);
        let mut stage = self.stage.write().unwrap_or_else(PoisonError::into_inner);
        *stage = Stage::Vault(folder);
        drop(stage);
        self.sweep();
        Ok(())
    }

    /// Treats the folder as `settings` say, from now on. Once, before anything is done with it.
    pub(crate) fn treat_as(&self, settings: &Settings) {
        // A second time cannot be: a run has one set of settings.
        self.settings.set(settings.clone()).ok();
        if let Some(folder) = self.to_read() {
            self.tune(&folder);
        }
    }

    /// Tidies up after a run that was killed, and walks the folder of a vault for the first
    /// [`Ground::walk`], on a thread of its own. Once; whoever watches the folder does so already.
    ///
    /// - Shape: the one after the other; or, where nothing is changed before the walk is here anyway,
    ///   both at `once`, which is quicker.
    pub(crate) fn begin(&self, once: bool) -> Tidying {
        let Some(folder) = self.to_write() else {
            return Tidying(None);
        };
        let (tidy, tidied) = mpsc::channel();
        let (walk, walked) = mpsc::channel();
        let ground = self.clone();
        let work = move || {
            if once {
                let (swept, walked) = folder.sweep_and_walk();
                tell_of(&swept);
                walk.send(walked).ok();
                // As below.
                tidy.send(()).ok();
                return;
            }
            ground.sweep();
            // Without receiver nobody waits, and nobody needs the walk.
            tidy.send(()).ok();
            walk.send(folder.walk()).ok();
        };
        match thread::Builder::new().name("first look".to_owned()).spawn(work) {
            Ok(_goes_on) => {
                *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) = Some(walked);
                Tidying(Some(tidied))
            }
            Err(error) => {
                tracing::warn!(%error, "no thread for the first look at the folder");
                self.sweep();
                Tidying(None)
            }
        }
    }

    /// Walks the folder, or waits for the walk that was begun already; `None` while there is no
    /// folder. Blocks.
    ///
    /// # Errors
    ///
    /// As [`Folder::walk`].
    pub(crate) fn walk(&self) -> Option<Walked> {
        let folder = self.to_read()?;
        let ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner).take();
        // One that panicked told nobody why: it is walked again, by who can say so.
        let walked = ahead.and_then(|walked| walked.recv().ok());
        Some(walked.unwrap_or_else(|| folder.walk()))
    }

    fn tune(&self, folder: &Folder) {
        if let Some(settings) = self.settings.get() {
            settings.tune(folder);
        }
    }

    /// What lies in the trash. Blocks.
    pub(crate) fn trash(&self) -> Trash {
        let (files, bytes) = self.to_read().map(|folder| folder.trash_size()).unwrap_or_default();
        Trash { files, bytes }
    }

    /// Drops what has been in the trash for too long, or is too much for it. Blocks.
    pub(crate) fn prune_trash(&self) {
        if let Some(folder) = self.to_write() {
            let files = folder.prune_trash(SystemTime::now());
            if files > 0 {
                tracing::info!(files, "dropped from the trash");
            }
        }
    }

    fn sweep(&self) {
        let Some(folder) = self.to_write() else {
            return;
        };
        tell_of(&folder.sweep());
    }
}

fn tell_of(swept: &Swept) {
    for path in &swept.recovered {
        tracing::warn!(path = %path.display(), "brought back a file that a killed run had moved");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VAULT: VaultId = VaultId([9; 16]);

    #[test]
    fn a_missing_folder_is_made_when_accepted() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("deep/notes");
        let ground = Ground::wanted(&root, VAULT).unwrap();
        assert!(ground.to_read().is_none() && ground.to_write().is_none());
        assert!(!root.exists());
        ground.accept().unwrap();
        assert_eq!(Folder::marker(&root).unwrap(), Some(VAULT));
        assert!(ground.to_write().is_some());
    }

    #[test]
    fn a_candidate_is_looked_at_and_not_changed() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("a.md"), "a").unwrap();
        let ground = Ground::wanted(home.path(), VAULT).unwrap();
        assert_eq!(ground.to_read().unwrap().walk().unwrap().found.len(), 1);
        assert!(ground.to_write().is_none());
        assert_eq!(Folder::marker(home.path()).unwrap(), None);
        ground.accept().unwrap();
        assert_eq!(Folder::marker(home.path()).unwrap(), Some(VAULT));
        assert_eq!(ground.to_write().unwrap().walk().unwrap().found.len(), 1);
    }

    #[test]
    fn the_first_walk_is_begun_ahead_and_the_next_sees_what_came_since() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("a.md"), "a").unwrap();
        let ground = Ground::wanted(home.path(), VAULT).unwrap();
        // Nothing is begun in what is no vault yet.
        drop(ground.begin(false));
        assert!(ground.ahead.lock().unwrap().is_none());
        ground.accept().unwrap();
        for (once, found) in [(false, 1), (true, 2)] {
            drop(ground.begin(once));
            assert!(ground.ahead.lock().unwrap().is_some());
            assert_eq!(ground.walk().unwrap().unwrap().found.len(), found);
            std::fs::write(home.path().join(format!("{found}.md")), "b").unwrap();
            assert_eq!(ground.walk().unwrap().unwrap().found.len(), found + 1);
        }
    }

    #[test]
    fn a_walk_ahead_that_ended_without_a_word_is_walked_again() {
        let home = tempfile::tempdir().unwrap();
        let ground = Ground::wanted(home.path(), VAULT).unwrap();
        ground.accept().unwrap();
        *ground.ahead.lock().unwrap() = Some(mpsc::channel().1);
        assert!(ground.walk().unwrap().unwrap().found.is_empty());
    }

    #[test]
    fn a_file_is_no_ground() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(Ground::wanted(&file, VAULT).is_err());
    }
}
