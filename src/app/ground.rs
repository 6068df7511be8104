//! The user's folder as this process may use it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::SystemTime;

use super::answer::Trash;
use super::config::Settings;
use super::{Error, fault};
use crate::model::VaultId;
use crate::vault::Folder;

/// The folder, from nothing through a candidate to a vault. All clones see the same.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    stage: Arc<RwLock<Stage>>,
    /// How the folder is treated; told before anything is done with it.
    settings: Arc<OnceLock<Settings>>,
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
        Self { stage: Arc::new(RwLock::new(stage)), settings: Arc::default() }
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

    /// Treats the folder as `settings` say, from now on, and tidies up after a run that was killed.
    /// Once, before the first scan.
    pub(crate) fn begin(&self, settings: &Settings) {
        // A second time cannot be: a run has one set of settings.
        self.settings.set(settings.clone()).ok();
        if let Some(folder) = self.to_read() {
            self.tune(&folder);
        }
        self.sweep();
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
        for path in folder.sweep().recovered {
            tracing::warn!(path = %path.display(), "brought back a file that a killed run had moved");
        }
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
    fn a_file_is_no_ground() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(Ground::wanted(&file, VAULT).is_err());
    }
}
