//! The list of configuration keys.

use std::fmt;

use super::value::{Shape, Value};
use crate::engine::Config;
use crate::vault::{TRASH_BYTES, TRASH_DAYS};
use crate::wire::PACK_FROM_BYTES;

/// The usual `power.profile`.
pub(super) const NORMAL: &str = "normal";
/// The one for weak machines and batteries.
pub(super) const LOW_POWER: &str = "low-power";
/// The values of `power.profile`.
const PROFILES: [&str; 2] = [NORMAL, LOW_POWER];
/// The values of `sync.background`.
const BACKGROUNDS: [&str; 3] = ["always", "plugged", "asked"];

/// What the names of environment variables start with that set a key.
pub const ENV_PREFIX: &str = "VAULT_SYNC_";

/// Environment variables with the prefix that are no keys.
pub const RESERVED: [&str; 3] = [super::home::ENV_HOME, "VAULT_SYNC_LOG", "VAULT_SYNC_CHART"];

/// The built-in `net.connect_timeout_ms`; why so long is said by `net`.
const CONNECT_TIMEOUT_MS: u64 = 1000 * crate::net::CONNECT_TIMEOUT.as_secs();

/// The built-in `net.keepalive_ms`: a third of the silence after which `net` takes a peer for dead.
const KEEPALIVE_MS: u64 = 1000 * crate::net::IDLE_TIMEOUT.as_secs() / KEEPALIVES_PER_IDLE;

/// A connection on which this many signs of life were missed counts as dead.
pub(super) const KEEPALIVES_PER_IDLE: u64 = 3;

/// The built-in `watch.fallback_ms`. A walk of 10,000 files costs 15 ms of CPU, so this is about
/// 0.2 % of a core.
const FALLBACK_MS: u64 = 10_000;

/// The built-in `watch.settle_ms`: longer than copies and downloads pause between two writes, and
/// short enough that a pasted picture is not waited for.
const SETTLE_MS: u64 = 1000;

/// One thing that can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// What this device is called.
    DeviceName,
    /// Milliseconds of quiet before an edit is taken in.
    WatchQuietMs,
    /// Milliseconds before the first save after quiet is taken in.
    WatchFirstMs,
    /// Most milliseconds before an edit is taken in.
    WatchMaxMs,
    /// Milliseconds before a file that is no text counts as written.
    WatchSettleMs,
    /// Milliseconds between walks of the whole folder.
    WatchRescanMs,
    /// Milliseconds between walks where the folder cannot be watched.
    WatchFallbackMs,
    /// Most documents in memory.
    CacheDocuments,
    /// Most bytes of documents in memory.
    CacheBytes,
    /// What is spared when power is dear.
    PowerProfile,
    /// Most peers synced with at once.
    SyncPeers,
    /// Whether old files are sent at any time.
    SyncBackground,
    /// Milliseconds before an unreachable peer is tried again.
    SyncRetryMs,
    /// Fewest deletions at once that can trip the brake.
    BrakeFiles,
    /// Share of the vault that must be deleted at once to trip the brake.
    BrakePercent,
    /// Days for which removed files stay in the trash.
    TrashDays,
    /// Most bytes of the trash.
    TrashBytes,
    /// What takes part on this device; empty means everything.
    ScopeInclude,
    /// What does not take part on this device.
    ScopeExclude,
    /// Longest attachment that takes part on this device.
    ScopeMaxAttachmentBytes,
    /// Address to listen on.
    NetBind,
    /// Port to listen on.
    NetPort,
    /// Relay used where no direct path exists.
    NetRelay,
    /// How peers' addresses are found.
    NetDiscovery,
    /// Most milliseconds to wait for a connection.
    NetConnectTimeoutMs,
    /// Milliseconds between signs of life on an idle connection.
    NetKeepaliveMs,
    /// Shortest message that is compressed.
    NetPackFromBytes,
}

impl Key {
    /// Every key, in the order in which they are listed.
    pub const ALL: [Self; 27] = [
        Self::DeviceName,
        Self::WatchQuietMs,
        Self::WatchFirstMs,
        Self::WatchMaxMs,
        Self::WatchSettleMs,
        Self::WatchRescanMs,
        Self::WatchFallbackMs,
        Self::CacheDocuments,
        Self::CacheBytes,
        Self::PowerProfile,
        Self::SyncPeers,
        Self::SyncBackground,
        Self::SyncRetryMs,
        Self::BrakeFiles,
        Self::BrakePercent,
        Self::TrashDays,
        Self::TrashBytes,
        Self::ScopeInclude,
        Self::ScopeExclude,
        Self::ScopeMaxAttachmentBytes,
        Self::NetBind,
        Self::NetPort,
        Self::NetRelay,
        Self::NetDiscovery,
        Self::NetConnectTimeoutMs,
        Self::NetKeepaliveMs,
        Self::NetPackFromBytes,
    ];

    /// The name: table, dot, field.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DeviceName => "device.name",
            Self::WatchQuietMs => "watch.quiet_ms",
            Self::WatchFirstMs => "watch.first_ms",
            Self::WatchMaxMs => "watch.max_ms",
            Self::WatchSettleMs => "watch.settle_ms",
            Self::WatchRescanMs => "watch.rescan_ms",
            Self::WatchFallbackMs => "watch.fallback_ms",
            Self::CacheDocuments => "cache.documents",
            Self::CacheBytes => "cache.bytes",
            Self::PowerProfile => "power.profile",
            Self::SyncPeers => "sync.peers",
            Self::SyncBackground => "sync.background",
            Self::SyncRetryMs => "sync.retry_ms",
            Self::BrakeFiles => "brake.files",
            Self::BrakePercent => "brake.percent",
            Self::TrashDays => "trash.days",
            Self::TrashBytes => "trash.bytes",
            Self::ScopeInclude => "scope.include",
            Self::ScopeExclude => "scope.exclude",
            Self::ScopeMaxAttachmentBytes => "scope.max_attachment_bytes",
            Self::NetBind => "net.bind",
            Self::NetPort => "net.port",
            Self::NetRelay => "net.relay",
            Self::NetDiscovery => "net.discovery",
            Self::NetConnectTimeoutMs => "net.connect_timeout_ms",
            Self::NetKeepaliveMs => "net.keepalive_ms",
            Self::NetPackFromBytes => "net.pack_from_bytes",
        }
    }

    /// The name in two parts: table and field.
    pub fn parts(self) -> (&'static str, &'static str) {
        // Every name holds one dot, as a test checks.
        self.name().split_once('.').unwrap_or((self.name(), ""))
    }

    /// One sentence for people.
    pub const fn about(self) -> &'static str {
        match self {
            Self::DeviceName => {
                "What this device is called on the others; empty means the host's name."
            }
            Self::WatchQuietMs => "An edit is taken in once its file was left alone this long.",
            Self::WatchFirstMs => {
                "The first save after quiet is taken in this soon; at most watch.quiet_ms."
            }
            Self::WatchMaxMs => {
                "An edit is taken in at the latest this long after its first event."
            }
            Self::WatchSettleMs => {
                "A file that is no text is taken in once it was left alone this long."
            }
            Self::WatchRescanMs => "The whole folder is walked this often, as a safety net.",
            Self::WatchFallbackMs => {
                "The whole folder is walked this often where it cannot be watched."
            }
            Self::CacheDocuments => "Most documents kept in memory.",
            Self::CacheBytes => "Most memory for loaded documents, in bytes.",
            Self::PowerProfile => {
                "With low-power other keys have thrifty values where nothing else sets them."
            }
            Self::SyncPeers => "Most peers synced with at once; others wait their turn.",
            Self::SyncBackground => {
                "Files untouched for a day are sent always, while plugged, or when asked."
            }
            Self::SyncRetryMs => {
                "An unreachable peer is tried again after this long, then ever more rarely."
            }
            Self::BrakeFiles => "Fewer deletions than this at once never trip the brake.",
            Self::BrakePercent => {
                "More than this share of the vault deleted at once trips the brake."
            }
            Self::TrashDays => {
                "What peers delete or replace stays in the trash for so many days; 0: no trash."
            }
            Self::TrashBytes => "Most bytes of the trash; the oldest go first.",
            Self::ScopeInclude => {
                "Only this takes part on this device: a comma list as in .gitignore; empty means all."
            }
            Self::ScopeExclude => {
                "This takes no part on this device: a comma list as in .gitignore."
            }
            Self::ScopeMaxAttachmentBytes => {
                "Longer attachments take no part on this device; 0 means no limit."
            }
            Self::NetBind => "Address to listen on, with or without port; all means every one.",
            Self::NetPort => "Port to listen on; 0 means one that is chosen once for each vault.",
            Self::NetRelay => "Relay for peers without direct path: default, none, or a URL.",
            Self::NetDiscovery => {
                "How peers are found: default, none, or a comma list of mdns and dns."
            }
            Self::NetConnectTimeoutMs => "Most time to wait for a connection to a peer.",
            Self::NetKeepaliveMs => {
                "Pause between signs of life on an idle connection; after three it counts as dead."
            }
            Self::NetPackFromBytes => "Messages from this length on are compressed.",
        }
    }

    /// What its values look like.
    pub(super) const fn shape(self) -> Shape {
        /// One day, in milliseconds: a longer wait is as good as never.
        const DAY_MS: u64 = 86_400_000;
        match self {
            Self::DeviceName => Shape::Name,
            Self::WatchQuietMs => Shape::Number(1, 60_000),
            Self::WatchMaxMs => Shape::Number(1, 600_000),
            Self::WatchFirstMs | Self::WatchSettleMs => Shape::Number(0, 60_000),
            Self::WatchRescanMs => Shape::Number(1000, 7 * DAY_MS),
            Self::CacheDocuments => Shape::Number(1, 1_000_000),
            Self::CacheBytes => Shape::Number(1_000_000, 1 << 40),
            Self::SyncPeers => Shape::Number(1, 100),
            Self::WatchFallbackMs | Self::SyncRetryMs => Shape::Number(100, DAY_MS),
            Self::BrakeFiles => Shape::Number(1, 1_000_000_000),
            Self::BrakePercent => Shape::Number(0, 100),
            Self::TrashDays => Shape::Number(0, 36_500),
            Self::TrashBytes | Self::ScopeMaxAttachmentBytes => Shape::Number(0, 1 << 50),
            Self::ScopeInclude | Self::ScopeExclude => Shape::Patterns,
            Self::NetBind => Shape::Bind,
            Self::NetPort => Shape::Number(0, 65_535),
            Self::NetRelay => Shape::Relay,
            Self::NetDiscovery => Shape::Discovery,
            Self::NetConnectTimeoutMs => Shape::Number(100, 600_000),
            Self::NetKeepaliveMs => Shape::Number(1000, 600_000),
            Self::NetPackFromBytes => Shape::Number(0, 1 << 20),
            Self::PowerProfile => Shape::Word(&PROFILES),
            Self::SyncBackground => Shape::Word(&BACKGROUNDS),
        }
    }

    /// The value when nobody says anything.
    pub fn built_in(self) -> Value {
        let engine = Config::default();
        let text = |text: &str| Value::Text(text.to_owned());
        match self {
            Self::DeviceName | Self::ScopeInclude | Self::ScopeExclude => text(""),
            Self::WatchQuietMs => Value::Number(engine.quiet_ms),
            Self::WatchFirstMs => Value::Number(engine.first_ms),
            Self::WatchMaxMs => Value::Number(engine.max_ms),
            Self::WatchSettleMs => Value::Number(SETTLE_MS),
            Self::WatchRescanMs => Value::Number(engine.rescan_ms),
            Self::WatchFallbackMs => Value::Number(FALLBACK_MS),
            Self::CacheDocuments => Value::Number(engine.cache_documents as u64),
            Self::CacheBytes => Value::Number(engine.cache_bytes),
            Self::SyncPeers => Value::Number(engine.peers as u64),
            Self::SyncRetryMs => Value::Number(engine.retry_ms),
            Self::BrakeFiles => Value::Number(engine.brake_files),
            Self::BrakePercent => Value::Number(engine.brake_percent),
            Self::TrashDays => Value::Number(TRASH_DAYS),
            Self::TrashBytes => Value::Number(TRASH_BYTES),
            Self::NetBind => text("all"),
            Self::ScopeMaxAttachmentBytes | Self::NetPort => Value::Number(0),
            Self::NetRelay | Self::NetDiscovery => text("default"),
            Self::NetConnectTimeoutMs => Value::Number(CONNECT_TIMEOUT_MS),
            Self::NetKeepaliveMs => Value::Number(KEEPALIVE_MS),
            Self::NetPackFromBytes => Value::Number(PACK_FROM_BYTES as u64),
            Self::PowerProfile => text(NORMAL),
            Self::SyncBackground => text("always"),
        }
    }

    /// The value in the profile for weak machines and batteries, when nobody says anything else;
    /// `None` where that is the built-in one.
    pub fn low_power(self) -> Option<Value> {
        match self {
            Self::CacheDocuments => Some(Value::Number(50)),
            Self::CacheBytes => Some(Value::Number(25_000_000)),
            Self::WatchQuietMs | Self::WatchFirstMs => Some(Value::Number(2000)),
            Self::SyncPeers => Some(Value::Number(2)),
            Self::SyncBackground => Some(Value::Text("plugged".to_owned())),
            Self::NetKeepaliveMs => Some(Value::Number(60_000)),
            Self::NetPackFromBytes => Some(Value::Number(512)),
            Self::DeviceName
            | Self::WatchMaxMs
            | Self::WatchSettleMs
            | Self::WatchRescanMs
            | Self::WatchFallbackMs
            | Self::PowerProfile
            | Self::SyncRetryMs
            | Self::BrakeFiles
            | Self::BrakePercent
            | Self::TrashDays
            | Self::TrashBytes
            | Self::ScopeInclude
            | Self::ScopeExclude
            | Self::ScopeMaxAttachmentBytes
            | Self::NetBind
            | Self::NetPort
            | Self::NetRelay
            | Self::NetDiscovery
            | Self::NetConnectTimeoutMs => None,
        }
    }

    /// The names of the environment variables that set it, the preferred one first.
    pub fn env_names(self) -> Vec<String> {
        let plain = format!("{ENV_PREFIX}{}", self.name().replace('.', "_").to_ascii_uppercase());
        // These three have a short name in the contract.
        let short = match self {
            Self::NetBind | Self::NetRelay | Self::NetDiscovery => {
                Some(plain.replace("_NET_", "_"))
            }
            Self::DeviceName
            | Self::WatchQuietMs
            | Self::WatchFirstMs
            | Self::WatchMaxMs
            | Self::WatchRescanMs
            | Self::WatchFallbackMs
            | Self::CacheDocuments
            | Self::CacheBytes
            | Self::SyncPeers
            | Self::SyncRetryMs
            | Self::BrakeFiles
            | Self::BrakePercent
            | Self::WatchSettleMs
            | Self::TrashDays
            | Self::TrashBytes
            | Self::ScopeInclude
            | Self::ScopeExclude
            | Self::ScopeMaxAttachmentBytes
            | Self::NetPort
            | Self::PowerProfile
            | Self::SyncBackground
            | Self::NetKeepaliveMs
            | Self::NetPackFromBytes
            | Self::NetConnectTimeoutMs => None,
        };
        short.into_iter().chain([plain]).collect()
    }

    /// Finds a key by its name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }

    /// A sentence that names the keys closest to `name`, or says where all are listed.
    pub fn suggestion(name: &str) -> String {
        nearest(name, Self::ALL.into_iter().map(|key| key.name().to_owned()))
    }

    /// As [`Key::suggestion`], for the name of an environment variable.
    pub fn env_suggestion(name: &str) -> String {
        nearest(name, Self::ALL.into_iter().flat_map(Self::env_names))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Most single-letter slips between a wrong name and one that is still suggested, as a share of its
/// length: one in three. More would suggest names that look nothing like it.
const SLIPS_PER_LETTER: usize = 3;

fn nearest(name: &str, all: impl Iterator<Item = String>) -> String {
    let mut close: Vec<(usize, String)> = all
        .map(|known| (slips(name, &known), known))
        .filter(|(distance, known)| {
            *distance <= known.len() / SLIPS_PER_LETTER
                // A field without its table, or a table without its field.
                || known.split('.').any(|part| part == name)
        })
        .collect();
    close.sort();
    // What is as close as the closest, give or take one slip; a part that fits is as good.
    let best = close.first().map_or(0, |(distance, _)| *distance);
    close.retain(|(distance, known)| {
        *distance <= best + 1 || known.split('.').any(|part| part == name)
    });
    let names: Vec<String> = close.into_iter().map(|(_, known)| known).take(4).collect();
    if names.is_empty() {
        "`vault-sync config list` names every key.".to_owned()
    } else {
        format!("Did you mean {}?", names.join(", "))
    }
}

/// How many letters must be added, dropped or replaced to make `a` of `b`.
fn slips(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(left != *right);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_listed_once_and_its_built_in_value_is_valid() {
        for key in Key::ALL {
            assert_eq!(Key::by_name(key.name()), Some(key));
            let (table, field) = key.parts();
            assert!(!table.is_empty() && !field.is_empty() && !field.contains('.'));
            let text = key.built_in().to_string();
            assert_eq!(Value::parse(key, &text).unwrap(), key.built_in(), "{key}");
            assert!(key.about().ends_with('.'), "{key}");
        }
        let mut names: Vec<String> = Key::ALL.into_iter().flat_map(Key::env_names).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(RESERVED.iter().all(|name| !names.iter().any(|n| n == name)));
    }

    #[test]
    fn environment_names_follow_the_contract() {
        assert_eq!(Key::WatchQuietMs.env_names(), ["VAULT_SYNC_WATCH_QUIET_MS"]);
        assert_eq!(Key::NetBind.env_names(), ["VAULT_SYNC_BIND", "VAULT_SYNC_NET_BIND"]);
        assert_eq!(Key::NetRelay.env_names()[0], "VAULT_SYNC_RELAY");
        assert_eq!(Key::NetDiscovery.env_names()[0], "VAULT_SYNC_DISCOVERY");
    }

    #[test]
    fn slips_are_counted() {
        for (a, b, expected) in [
            ("", "", 0),
            ("a", "", 1),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("same", "same", 0),
        ] {
            assert_eq!(slips(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn wrong_names_get_close_ones() {
        assert_eq!(Key::suggestion("watch.quietms"), "Did you mean watch.quiet_ms?");
        assert_eq!(Key::suggestion("quiet_ms"), "Did you mean watch.quiet_ms?");
        assert_eq!(Key::suggestion("brake"), "Did you mean brake.files, brake.percent?");
        assert_eq!(Key::suggestion("zzz"), "`vault-sync config list` names every key.");
        assert_eq!(
            Key::env_suggestion("VAULT_SYNC_NET_BINDD"),
            "Did you mean VAULT_SYNC_NET_BIND?"
        );
    }
}
