//! What a subcommand works with.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use super::error::Error;
use super::output::Output;
use crate::app::config::Home;
use crate::app::config::Settings;
use crate::app::{self, Failure};

/// Everything around one run of a subcommand.
#[derive(Debug)]
pub(super) struct Context<'a> {
    /// Where results and everything else go.
    pub(super) output: Output<'a>,
    /// From `--vault`.
    pub(super) vault: Option<PathBuf>,
    /// Where the process was started.
    pub(super) directory: PathBuf,
    /// Variables of the process.
    pub(super) environment: BTreeMap<String, String>,
    /// The value of `VAULT_SYNC_HOME`.
    pub(super) env_home: Option<OsString>,
    /// Keys set on the command line.
    pub(super) flags: Vec<(String, String)>,
    /// In which times of day are shown; asked only then, for the system looks through many files.
    pub(super) time_zone: fn() -> TimeZone,
}

impl Context<'_> {
    /// Where this installation keeps its things.
    pub(super) fn home(&self) -> Result<Home, Error> {
        Ok(Home::find(self.env_home.as_deref())?)
    }

    /// The settings that need no vault.
    pub(super) fn settings(&self) -> Result<Settings, Error> {
        let environment = self.environment.clone();
        Ok(Settings::load(self.home()?, environment, &self.flags)?)
    }

    /// The vault in question, with its settings: from `dir`, else `--vault`, else the one that
    /// contains the current directory.
    pub(super) fn located(&self, dir: Option<&Path>) -> Result<(app::Located, Settings), Error> {
        let start = self.folder(dir)?.unwrap_or_else(|| self.directory.clone());
        let located = app::locate(&start)?;
        let settings = self.settings()?.with_vault(located.id)?;
        Ok((located, settings))
    }

    /// The folder named by the argument `dir` or by `--vault`, absolute.
    pub(super) fn folder(&self, dir: Option<&Path>) -> Result<Option<PathBuf>, Error> {
        if dir.is_some() && self.vault.is_some() {
            return Err(app::Error::new(Failure::Usage, "both --vault and a folder are given")
                .hint("Name the folder once.")
                .into());
        }
        let named = dir.or(self.vault.as_deref());
        Ok(named.map(|folder| self.directory.join(folder)))
    }
}
