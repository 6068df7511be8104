//! What is to be started, and as what.

use std::path::{Path, PathBuf};

use super::{cron, launchd, systemd};
use crate::app::{Error, Failure};
use crate::model::VaultId;

/// Who starts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// systemd, as a unit of the user.
    Systemd,
    /// launchd, as an agent of the user.
    Launchd,
    /// cron, every few minutes for one sync.
    Cron,
}

impl Kind {
    /// The one of this platform.
    pub const fn native() -> Self {
        if cfg!(target_os = "macos") { Self::Launchd } else { Self::Systemd }
    }

    /// The word used in JSON and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Systemd => "systemd",
            Self::Launchd => "launchd",
            Self::Cron => "cron",
        }
    }
}

/// What is to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// This program, absolute.
    pub program: String,
    /// The vault's folder, absolute.
    pub vault: String,
    /// The vault.
    pub id: VaultId,
    /// Variables that it needs, by name.
    pub environment: Vec<(String, String)>,
    /// Keys set on the command line, as `KEY=VALUE`.
    pub settings: Vec<String>,
}

impl Job {
    /// Checks what is to be started.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`] when a path is not absolute, is no UTF-8 text, or holds a control character:
    /// none of the three formats can say that safely.
    pub fn new(
        program: &Path,
        vault: &Path,
        id: VaultId,
        environment: Vec<(String, String)>,
        settings: Vec<String>,
    ) -> Result<Self, Error> {
        let whole = |path: &Path, what: &str| match path.to_str() {
            Some(text) if path.is_absolute() && !text.chars().any(char::is_control) => {
                Ok(text.to_owned())
            }
            Some(_) | None => Err(Error::new(
                Failure::Usage,
                format!("{what} {} cannot be written into a unit", path.display()),
            )
            .hint("A path must be absolute UTF-8 text without control characters.")),
        };
        let (program, vault) = (whole(program, "the program")?, whole(vault, "the vault")?);
        let odd = |text: &str| text.chars().any(char::is_control);
        let settings_of = environment.iter().map(|(_, value)| value).chain(&settings);
        if let Some(text) = settings_of.into_iter().find(|text| odd(text)) {
            return Err(Error::new(
                Failure::Usage,
                format!("the setting {text:?} cannot be written into a unit"),
            )
            .hint("Unset it, or write it without control characters."));
        }
        Ok(Self { program, vault, id, environment, settings })
    }

    /// Everything behind the program that makes it a `watch`.
    pub(super) fn watch(&self) -> Vec<&str> {
        let mut words = self.options();
        words.extend(["watch", self.vault.as_str()]);
        words
    }

    /// Everything behind the program that makes it one sync.
    pub(super) fn sync(&self) -> Vec<&str> {
        let mut words = self.options();
        words.extend(["--vault", self.vault.as_str(), "sync"]);
        words
    }

    fn options(&self) -> Vec<&str> {
        let settings = self.settings.iter().flat_map(|pair| ["--config", pair.as_str()]);
        std::iter::once("--quiet").chain(settings).collect()
    }

    /// A short name of the vault, for names of units: 48 bits of its id.
    pub(super) fn short(&self) -> String {
        self.id.to_string().chars().take(12).collect()
    }
}

/// Where this user keeps what starts things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// The home directory.
    pub home: PathBuf,
    /// The folder for configuration.
    pub config: PathBuf,
}

impl Folders {
    /// Decides them from the values of `HOME` and `XDG_CONFIG_HOME`; as systemd does, one that is not
    /// absolute counts as absent.
    ///
    /// # Errors
    ///
    /// [`Failure::Config`] when there is no home.
    pub fn find(home: Option<&str>, xdg_config_home: Option<&str>) -> Result<Self, Error> {
        let absolute = |text: Option<&str>| text.map(PathBuf::from).filter(|it| it.is_absolute());
        let home = absolute(home)
            .ok_or_else(|| Error::new(Failure::Config, "HOME names no home directory"))?;
        let config = absolute(xdg_config_home).unwrap_or_else(|| home.join(".config"));
        Ok(Self { home, config })
    }
}

/// A text that makes somebody start a vault's `watch`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// For whom.
    pub kind: Kind,
    /// What they call it; empty for cron.
    pub name: String,
    /// Where it belongs; `None` for cron, whose table only `crontab` may change.
    pub file: Option<PathBuf>,
    /// The whole text.
    pub text: String,
    /// Commands that make it run, in their order.
    pub after_install: Vec<String>,
    /// Commands that make it forgotten, once the file is gone.
    pub after_uninstall: Vec<String>,
    /// What else may refer to it and goes with it.
    pub(super) links: Vec<PathBuf>,
}

/// Writes the text for `kind`; nothing is done with it.
///
/// # Errors
///
/// [`Failure::Usage`] when the format cannot say what is to be started.
pub fn unit(kind: Kind, job: &Job, folders: &Folders) -> Result<Unit, Error> {
    match kind {
        Kind::Systemd => systemd::unit(job, folders),
        Kind::Launchd => Ok(launchd::unit(job, folders)),
        Kind::Cron => Ok(cron::unit(job)),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Names that bite in every format.
    pub(in crate::app::service) fn odd_job() -> Job {
        Job::new(
            Path::new("/opt/my tools/100%/vault-sync"),
            Path::new("/home/zoë/My \"Notes\" & 50% of $HOME's <stuff>\\end"),
            VaultId([0xab; 16]),
            vec![("VAULT_SYNC_HOME".into(), "/home/zoë/a b%\"c\\".into())],
            vec!["device.name=zoë's $desk".into()],
        )
        .unwrap()
    }

    pub(in crate::app::service) fn folders() -> Folders {
        Folders::find(Some("/home/zoë"), None).unwrap()
    }

    #[test]
    fn what_no_format_can_say_is_refused() {
        let job = |program: &str, vault: &str, value: &str| {
            let environment = vec![("VAULT_SYNC_HOME".to_owned(), value.to_owned())];
            let id = VaultId([0; 16]);
            Job::new(Path::new(program), Path::new(vault), id, environment, vec![])
        };
        assert!(job("/p", "/v", "/h").is_ok());
        for (program, vault, value) in
            [("p", "/v", "/h"), ("/p", "v", "/h"), ("/p", "/v\n", "/h"), ("/p", "/v", "/h\x1b")]
        {
            let error = job(program, vault, value).unwrap_err();
            assert_eq!(error.kind, Failure::Usage, "{program:?} {vault:?} {value:?}");
        }
    }

    #[test]
    fn folders_follow_the_environment() {
        let find = |home, xdg| Folders::find(home, xdg).map(|found| found.config);
        assert_eq!(find(Some("/h"), None).unwrap(), Path::new("/h/.config"));
        assert_eq!(find(Some("/h"), Some("/x")).unwrap(), Path::new("/x"));
        assert_eq!(find(Some("/h"), Some("x")).unwrap(), Path::new("/h/.config"));
        assert_eq!(find(None, Some("/x")).unwrap_err().kind, Failure::Config);
    }
}
