//! Where this installation keeps its things.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use crate::app::{Error, Failure};
use crate::model::VaultId;

/// The environment variable that names one folder for everything.
pub const ENV_HOME: &str = "VAULT_SYNC_HOME";

/// The places of one installation; nothing is made here.
///
/// - Shape: with [`ENV_HOME`] all lie in that folder (`config.toml`, `identity`, `state/`);
///   without, the configuration lies in the platform's folder for settings, identity and state in
///   its folder for data that stays on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    config_file: PathBuf,
    identity_file: PathBuf,
    state_dir: PathBuf,
}

impl Home {
    /// Decides the places from the value of [`ENV_HOME`]; an empty one counts as absent, a relative
    /// one is below the current directory.
    ///
    /// # Errors
    ///
    /// [`Failure::Config`] when there is no value and the system names no home directory.
    pub fn find(env_home: Option<&OsStr>) -> Result<Self, Error> {
        if let Some(folder) = env_home.filter(|value| !value.is_empty()) {
            let folder = std::path::absolute(folder).map_err(|error| {
                Error::new(Failure::Config, format!("cannot make the path in {ENV_HOME} absolute"))
                    .caused_by(error)
            })?;
            return Ok(Self::below(&folder));
        }
        let project = ProjectDirs::from("", "", "vault-sync").ok_or_else(|| {
            Error::new(Failure::Config, "this system names no home directory")
                .hint(format!("Set {ENV_HOME} to a folder for settings, identity and state."))
        })?;
        let data = project.data_local_dir();
        Ok(Self {
            config_file: project.config_dir().join("config.toml"),
            identity_file: data.join("identity"),
            state_dir: data.join("state"),
        })
    }

    /// The places when everything lies in `folder`.
    pub fn below(folder: &Path) -> Self {
        Self {
            config_file: folder.join("config.toml"),
            identity_file: folder.join("identity"),
            state_dir: folder.join("state"),
        }
    }

    /// The configuration file of this installation.
    pub fn config_file(&self) -> &Path {
        &self.config_file
    }

    /// The file with this installation's secret key.
    pub fn identity_file(&self) -> &Path {
        &self.identity_file
    }

    /// The folder for everything that is neither configuration nor identity.
    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// The folder for one vault's store, port and lock.
    pub fn vault_dir(&self, vault: VaultId) -> PathBuf {
        self.state_dir.join("vaults").join(vault.to_string())
    }

    /// One vault's own configuration file.
    pub fn vault_config_file(&self, vault: VaultId) -> PathBuf {
        self.vault_dir(vault).join("config.toml")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_folder_holds_everything_when_named() {
        let home = Home::find(Some(OsStr::new("/h"))).unwrap();
        assert_eq!(home, Home::below(Path::new("/h")));
        assert_eq!(home.config_file(), Path::new("/h/config.toml"));
        assert_eq!(home.identity_file(), Path::new("/h/identity"));
        assert_eq!(
            home.vault_config_file(VaultId([0xab; 16])),
            Path::new("/h/state/vaults").join("ab".repeat(16)).join("config.toml")
        );
    }

    #[test]
    fn a_relative_folder_becomes_absolute() {
        let home = Home::find(Some(OsStr::new("h"))).unwrap();
        assert!(home.config_file().is_absolute());
        assert!(home.config_file().ends_with("h/config.toml"));
    }
}
