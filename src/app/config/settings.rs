//! Which value holds, and where it comes from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::file;
use super::home::Home;
use super::key::{ENV_PREFIX, KEEPALIVES_PER_IDLE, Key, LOW_POWER, RESERVED};
use super::value::{Bind, Discovery, Relay, Value, WhenBackground};
use crate::app::{Error, Failure};
use crate::engine::Config;
use crate::model::VaultId;
use crate::vault::{Folder, Patterns};

/// Where a value comes from; a later one wins over an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Nobody said anything.
    BuiltIn,
    /// Nobody said anything but this `power.profile`.
    Profile(&'static str),
    /// The configuration file of this installation.
    File(PathBuf),
    /// The configuration file of the vault.
    Vault(PathBuf),
    /// This environment variable.
    Environment(String),
    /// The command line.
    Flag,
}

impl Origin {
    /// The word used in JSON.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::BuiltIn => "built-in",
            Self::Profile(_) => "profile",
            Self::File(_) => "file",
            Self::Vault(_) => "vault",
            Self::Environment(_) => "environment",
            Self::Flag => "flag",
        }
    }

    /// The file, variable or profile, where there is one.
    pub fn place(&self) -> Option<String> {
        match self {
            Self::File(path) | Self::Vault(path) => Some(path.display().to_string()),
            Self::Environment(name) => Some(name.clone()),
            Self::Profile(name) => Some((*name).to_owned()),
            Self::BuiltIn | Self::Flag => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BuiltIn => "built-in",
            Self::Flag => "flag",
            Self::Profile(name) => return write!(f, "profile {name}"),
            Self::File(_) | Self::Vault(_) | Self::Environment(_) => {
                return f.write_str(&self.place().unwrap_or_default());
            }
        })
    }
}

/// All settings of one run.
///
/// - Shape: a value for every key, with its origin.
/// - Source: [`Settings::load`], then [`Settings::with_vault`] once the vault is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    home: Home,
    said: BTreeMap<Key, Vec<(Origin, Value)>>,
}

impl Settings {
    /// Gathers the layers that need no vault: built-in, the file in `home`, `environment` (all
    /// variables of the process, or a test's own), and `flags` (`key`, `value`).
    ///
    /// # Errors
    ///
    /// [`Failure::Config`] for an unknown key or a wrong value in file or environment, naming file
    /// and line or the variable; [`Failure::Usage`] for one among the flags.
    pub fn load(
        home: Home,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: &[(String, String)],
    ) -> Result<Self, Error> {
        let path = home.config_file().to_owned();
        let mut settings = Self { home, said: BTreeMap::new() };
        settings.add_file(&path, Origin::File)?;
        settings.add_environment(environment)?;
        for (name, text) in flags {
            let key = Key::by_name(name).ok_or_else(|| {
                Error::new(Failure::Usage, format!("unknown configuration key {name:?}"))
                    .hint(Key::suggestion(name))
            })?;
            let value = Value::parse(key, text).map_err(|expected| {
                Error::new(Failure::Usage, format!("{text:?} is no value for {key}: {expected}"))
                    .hint(key.about())
            })?;
            settings.add(key, Origin::Flag, value);
        }
        Ok(settings)
    }

    /// The built-in values alone, below `home`.
    pub fn built_in(home: Home) -> Self {
        Self { home, said: BTreeMap::new() }
    }

    /// These settings with the vault's own file taken in.
    ///
    /// # Errors
    ///
    /// As [`Settings::load`] for that file.
    pub fn with_vault(mut self, vault: VaultId) -> Result<Self, Error> {
        let path = self.home.vault_config_file(vault);
        for layers in self.said.values_mut() {
            layers.retain(|(origin, _)| !matches!(origin, Origin::Vault(_)));
        }
        self.add_file(&path, Origin::Vault)?;
        Ok(self)
    }

    /// Where this installation keeps its things.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The value of `key` and where it comes from.
    pub fn get(&self, key: Key) -> (Value, Origin) {
        let winner = self.said.get(&key).and_then(|layers| layers.last());
        match winner {
            Some((origin, value)) => (value.clone(), origin.clone()),
            None => match key.low_power().filter(|_| self.is_low_power()) {
                Some(value) => (value, Origin::Profile(LOW_POWER)),
                None => (key.built_in(), Origin::BuiltIn),
            },
        }
    }

    /// Whether power is dear.
    fn is_low_power(&self) -> bool {
        let said = self.said.get(&Key::PowerProfile).and_then(|layers| layers.last());
        said.is_some_and(|(_, value)| *value == Value::Text(LOW_POWER.to_owned()))
    }

    /// When old files are sent.
    pub fn background(&self) -> WhenBackground {
        match self.text(Key::SyncBackground).as_str() {
            "plugged" => WhenBackground::Plugged,
            "asked" => WhenBackground::Asked,
            _ => WhenBackground::Always,
        }
    }

    /// Milliseconds between signs of life on an idle connection.
    pub fn keepalive_ms(&self) -> u64 {
        self.number(Key::NetKeepaliveMs)
    }

    /// Milliseconds of silence after which a peer counts as dead.
    pub fn idle_ms(&self) -> u64 {
        self.keepalive_ms() * KEEPALIVES_PER_IDLE
    }

    /// Shortest message in bytes that is compressed.
    pub fn pack_from_bytes(&self) -> usize {
        usize::try_from(self.number(Key::NetPackFromBytes)).unwrap_or(usize::MAX)
    }

    /// What a person called this device, if anybody did.
    pub fn device_name(&self) -> Option<String> {
        let name = self.text(Key::DeviceName);
        (!name.is_empty()).then_some(name)
    }

    /// Where to listen.
    pub fn bind(&self) -> Bind {
        checked(Bind::parse(&self.text(Key::NetBind)))
    }

    /// The port to listen on; 0 means one chosen once for each vault.
    pub fn port(&self) -> u16 {
        checked(u16::try_from(self.number(Key::NetPort)))
    }

    /// Who passes packets on.
    pub fn relay(&self) -> Relay {
        checked(Relay::parse(&self.text(Key::NetRelay)))
    }

    /// How peers are found.
    pub fn discovery(&self) -> Discovery {
        checked(Discovery::parse(&self.text(Key::NetDiscovery)))
    }

    /// Milliseconds between walks where the folder cannot be watched.
    pub fn fallback_ms(&self) -> u64 {
        self.number(Key::WatchFallbackMs)
    }

    /// Most milliseconds to wait for a connection.
    pub fn connect_timeout_ms(&self) -> u64 {
        self.number(Key::NetConnectTimeoutMs)
    }

    /// How the folder is treated on this device.
    pub fn tune(&self, folder: &Folder) {
        folder.let_settle(self.number(Key::WatchSettleMs));
        folder.keep_trash(self.number(Key::TrashDays), self.number(Key::TrashBytes));
        let patterns = |key| checked(Patterns::parse(&self.text(key)).ok_or(key));
        folder.narrow(
            patterns(Key::ScopeInclude),
            patterns(Key::ScopeExclude),
            self.max_attachment_bytes(),
        );
    }

    fn max_attachment_bytes(&self) -> u64 {
        match self.number(Key::ScopeMaxAttachmentBytes) {
            0 => u64::MAX,
            limit => limit,
        }
    }

    /// The limits and times of the engine.
    pub fn engine(&self) -> Config {
        let count = |key| usize::try_from(self.number(key)).unwrap_or(usize::MAX);
        let quiet_ms = self.number(Key::WatchQuietMs);
        Config {
            quiet_ms,
            first_ms: self.number(Key::WatchFirstMs).min(quiet_ms),
            // An upper limit below the quiet time would cut every wait short of it.
            max_ms: self.number(Key::WatchMaxMs).max(quiet_ms),
            rescan_ms: self.number(Key::WatchRescanMs),
            cache_documents: count(Key::CacheDocuments),
            cache_bytes: self.number(Key::CacheBytes),
            peers: count(Key::SyncPeers),
            retry_ms: self.number(Key::SyncRetryMs),
            brake_files: self.number(Key::BrakeFiles),
            brake_percent: self.number(Key::BrakePercent),
            text_days: self.number(Key::TrashDays),
            text_round_ms: Config::default().text_round_ms,
            packs_from: Config::default().packs_from,
            max_attachment_bytes: self.max_attachment_bytes(),
            background: Config::default().background,
        }
    }

    fn number(&self, key: Key) -> u64 {
        match self.get(key).0 {
            Value::Number(number) => number,
            Value::Text(_) => unreachable!("{key} holds numbers only"),
        }
    }

    fn text(&self, key: Key) -> String {
        match self.get(key).0 {
            Value::Text(text) => text,
            Value::Number(_) => unreachable!("{key} holds texts only"),
        }
    }

    fn add(&mut self, key: Key, origin: Origin, value: Value) {
        let layers = self.said.entry(key).or_default();
        layers.push((origin, value));
        // Stable: of two equal origins (a flag given twice) the later one wins.
        layers.sort_by(|a, b| a.0.cmp(&b.0));
    }

    fn add_file(&mut self, path: &Path, origin: fn(PathBuf) -> Origin) -> Result<(), Error> {
        for (key, value) in file::read(path)? {
            self.add(key, origin(path.to_owned()), value);
        }
        Ok(())
    }

    fn add_environment(
        &mut self,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(), Error> {
        let mut said: BTreeMap<Key, (String, Value)> = BTreeMap::new();
        for (name, text) in environment {
            if !name.starts_with(ENV_PREFIX) || RESERVED.contains(&name.as_str()) {
                continue;
            }
            let key = Key::ALL.into_iter().find(|key| key.env_names().contains(&name)).ok_or_else(
                || {
                    Error::new(
                        Failure::Config,
                        format!("the environment variable {name} sets no configuration key"),
                    )
                    .hint(Key::env_suggestion(&name))
                },
            )?;
            let value = Value::parse(key, &text).map_err(|expected| {
                Error::new(
                    Failure::Config,
                    format!("{text:?} in {name} is no value for {key}: {expected}"),
                )
                .hint(key.about())
            })?;
            match said.get(&key) {
                Some((other, earlier)) if *earlier != value => {
                    return Err(Error::new(
                        Failure::Config,
                        format!("{name} and {other} give {key} different values"),
                    )
                    .hint("Unset one of them."));
                }
                Some(_) | None => {
                    said.insert(key, (name, value));
                }
            }
        }
        for (key, (name, value)) in said {
            self.add(key, Origin::Environment(name), value);
        }
        Ok(())
    }
}

/// A value that was parsed when it came in parses again.
fn checked<T, E: fmt::Debug>(again: Result<T, E>) -> T {
    again.expect("values are checked when they come in")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn each_layer_wins_over_those_before() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::below(folder.path());
        let vault = VaultId([7; 16]);
        let key = Key::WatchQuietMs;
        let quiet = |settings: &Settings| {
            let (value, origin) = settings.get(key);
            (value.to_string(), origin.as_str())
        };
        let load = |env_pairs: &[(&str, &str)], flags: &[(&str, &str)]| {
            Settings::load(home.clone(), env(env_pairs), &env(flags))
                .and_then(|settings| settings.with_vault(vault))
                .unwrap()
        };
        assert_eq!(quiet(&load(&[], &[])), ("100".into(), "built-in"));
        file::write_key(home.config_file(), key.name(), "1").unwrap();
        assert_eq!(quiet(&load(&[], &[])), ("1".into(), "file"));
        file::write_key(&home.vault_config_file(vault), key.name(), "2").unwrap();
        assert_eq!(quiet(&load(&[], &[])), ("2".into(), "vault"));
        let env_pairs = [("VAULT_SYNC_WATCH_QUIET_MS", "3")];
        assert_eq!(quiet(&load(&env_pairs, &[])), ("3".into(), "environment"));
        let flags = [("watch.quiet_ms", "4"), ("watch.quiet_ms", "5")];
        assert_eq!(quiet(&load(&env_pairs, &flags)), ("5".into(), "flag"));
        // Another vault does not see this one's file, also not after a change of vault.
        let other = load(&[], &[]).with_vault(VaultId([8; 16])).unwrap();
        assert_eq!(quiet(&other), ("1".into(), "file"));
    }

    #[test]
    fn wrong_variables_are_named_and_others_left_alone() {
        let load = |pairs: &[(&str, &str)]| {
            Settings::load(Home::below(Path::new("/nowhere")), env(pairs), &[])
        };
        let fine = load(&[
            ("PATH", "/bin"),
            ("VAULT_SYNC_HOME", "/h"),
            ("VAULT_SYNC_LOG", "debug"),
            ("VAULT_SYNC_BIND", "127.0.0.1:0"),
            ("VAULT_SYNC_RELAY", "none"),
            ("VAULT_SYNC_DISCOVERY", "none"),
        ])
        .unwrap();
        assert_eq!(fine.bind(), Bind::Socket("127.0.0.1:0".parse().unwrap()));
        assert_eq!(fine.relay(), Relay::None);
        assert!(!fine.discovery().mdns());
        let error = load(&[("VAULT_SYNC_WATCH_QUITE_MS", "3")]).unwrap_err();
        assert_eq!(error.kind, Failure::Config);
        assert!(error.to_string().contains("VAULT_SYNC_WATCH_QUITE_MS"));
        assert!(error.hints[0].contains("VAULT_SYNC_WATCH_QUIET_MS"));
        let error = load(&[("VAULT_SYNC_NET_PORT", "many")]).unwrap_err();
        assert!(error.to_string().contains("from 0 to 65535"));
        let both = |second| load(&[("VAULT_SYNC_RELAY", "none"), ("VAULT_SYNC_NET_RELAY", second)]);
        assert!(both("none").is_ok());
        assert_eq!(both("default").unwrap_err().kind, Failure::Config);
    }

    #[test]
    fn wrong_flags_are_usage() {
        let load = |name: &str, value: &str| {
            Settings::load(Home::below(Path::new("/nowhere")), [], &env(&[(name, value)]))
                .unwrap_err()
        };
        assert_eq!(load("watch.quite_ms", "1").kind, Failure::Usage);
        assert_eq!(load("watch.quiet_ms", "x").kind, Failure::Usage);
    }

    #[test]
    fn built_in_values_are_the_engines_own() {
        let settings = Settings::built_in(Home::below(Path::new("/nowhere")));
        assert_eq!(settings.engine(), Config::default());
        assert_eq!(settings.port(), 0);
        assert_eq!(settings.bind(), Bind::All);
        assert_eq!(settings.relay(), Relay::Default);
        assert_eq!(settings.discovery(), Discovery::Default);
        assert_eq!(settings.device_name(), None);
        assert_eq!(settings.connect_timeout_ms(), 5000);
    }

    #[test]
    fn one_key_makes_all_thrifty_and_each_can_be_set_by_itself() {
        let load = |flags: &[(&str, &str)]| {
            Settings::load(Home::below(Path::new("/nowhere")), [], &env(flags)).unwrap()
        };
        let thrifty = load(&[("power.profile", "low-power")]);
        let engine = thrifty.engine();
        assert_eq!((engine.cache_documents, engine.cache_bytes), (50, 25_000_000));
        assert_eq!((engine.quiet_ms, engine.max_ms, engine.peers), (2000, 2000, 2));
        assert_eq!((thrifty.keepalive_ms(), thrifty.idle_ms()), (60_000, 180_000));
        assert_eq!(thrifty.pack_from_bytes(), 512);
        assert_eq!(thrifty.background(), WhenBackground::Plugged);
        let (_, origin) = thrifty.get(Key::CacheDocuments);
        assert_eq!((origin.as_str(), origin.place()), ("profile", Some("low-power".into())));
        assert_eq!(thrifty.get(Key::TrashDays).1, Origin::BuiltIn);
        for key in Key::ALL.into_iter().filter(|key| key.low_power().is_some()) {
            let own = key.built_in().to_string();
            // Wherever the profile is said: what is said of the key itself wins.
            let settings = load(&[(key.name(), &own), ("power.profile", "low-power")]);
            assert_eq!(settings.get(key), (key.built_in(), Origin::Flag), "{key}");
            let others = Key::ALL.into_iter().filter(|other| *other != key);
            for other in others.filter(|other| other.low_power().is_some()) {
                assert_eq!(Some(settings.get(other).0), other.low_power(), "{key} {other}");
            }
            assert_eq!(load(&[("power.profile", "normal")]).get(key).1, Origin::BuiltIn);
        }
    }

    #[test]
    fn usual_pauses_are_those_of_the_network() {
        let settings = Settings::built_in(Home::below(Path::new("/nowhere")));
        let idle = std::time::Duration::from_millis(settings.idle_ms());
        assert_eq!(idle, crate::net::IDLE_TIMEOUT);
        assert_eq!(settings.background(), WhenBackground::Always);
    }

    #[test]
    fn the_upper_limit_never_lies_below_the_quiet_time() {
        let settings = Settings::load(
            Home::below(Path::new("/nowhere")),
            [],
            &env(&[("watch.quiet_ms", "2000")]),
        )
        .unwrap();
        assert_eq!(settings.engine().quiet_ms, 2000);
        assert_eq!(settings.engine().max_ms, 2000);
    }
}
