//! Limits and times of the engine, all with a built-in value.

/// What becomes of files that nobody touched for a day and that a peer lacks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Background {
    /// They are sent, after everything newer.
    #[default]
    Flows,
    /// They wait, but for a peer's first sync and for one-shots: those somebody asked for. Edits made
    /// meanwhile are sent at once all the same. Until they were sent, the peer is not in sync.
    Rests,
}

/// What can be set. Every field is one configuration key (named in its doc).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `watch.quiet_ms`: an edit is taken in once its file was left alone this long.
    pub quiet_ms: u64,
    /// `watch.first_ms`: but a known file that was left alone before, and that its writer closed, is
    /// looked at after this long already. Never longer than `quiet_ms`.
    pub first_ms: u64,
    /// `watch.max_ms`: an edit is taken in at the latest this long after its first event.
    pub max_ms: u64,
    /// `watch.rescan_ms`: the whole folder is walked this often, as a safety net.
    pub rescan_ms: u64,
    /// `cache.documents`: most documents kept loaded.
    pub cache_documents: usize,
    /// `cache.bytes`: most memory for loaded documents, by measured weight.
    pub cache_bytes: u64,
    /// `sync.peers`: most peers synced with at once; others wait their turn.
    pub peers: usize,
    /// `sync.retry_ms`: a peer that was not reached is tried again after this long, doubling up to
    /// sixteen times that.
    pub retry_ms: u64,
    /// `brake.files`: fewer deletions than this at once never trip the brake.
    pub brake_files: u64,
    /// `brake.percent`: more than this share of the vault deleted at once trips the brake.
    pub brake_percent: u64,
    /// `trash.days`: texts of deleted files that only the store holds are kept this long.
    pub text_days: u64,
    /// Texts that nobody needs are looked for this often, in milliseconds; no key. Rarely, for it
    /// reads where each text lies.
    pub text_round_ms: u64,
    /// From so many texts on that one peer lacks, packs of the store are looked for; no key.
    pub packs_from: usize,
    /// `scope.max_attachment_bytes`: attachments longer than this take no part on this device; their
    /// records do.
    pub max_attachment_bytes: u64,
    /// `sync.background`, and whether the device is plugged in; see [`super::Command::Background`].
    pub background: Background,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            quiet_ms: 100,
            first_ms: 5,
            max_ms: 1000,
            rescan_ms: 3_600_000,
            cache_documents: 100,
            cache_bytes: 50_000_000,
            peers: 3,
            retry_ms: 2000,
            brake_files: 20,
            brake_percent: 50,
            text_days: 30,
            text_round_ms: 21_600_000,
            packs_from: 16,
            max_attachment_bytes: u64::MAX,
            background: Background::Flows,
        }
    }
}
