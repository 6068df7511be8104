//! Peers that owe something and say nothing.
//!
//! - After [`SILENT_MS`] they no longer count among those that are served at once, nor do contents
//!   that are to come from them: others go on in their stead, and nothing is taken away.
//! - After [`OWED_MS`] a link over which nothing came is ended, and a content of which nothing came is
//!   asked for elsewhere. That is long, for one chunk may take minutes over a poor line.

use super::core::Engine;
use super::effect::LinkId;
use super::link::Link;
use crate::model::Tick;
use crate::wire::Bye;

/// Who said nothing for so long holds up nobody else.
pub(super) const SILENT_MS: u64 = 10_000;
/// So long a peer may owe an answer: a chunk of 256 KiB at 450 bytes a second.
const OWED_MS: u64 = 600_000;

impl Engine {
    /// Whether a peer was delivered something and said nothing since, for a while.
    pub(super) fn is_silent(&self, link: LinkId) -> bool {
        let since = self.links.get(&link).and_then(Link::owes_since);
        since.is_some_and(|since| since.plus_ms(SILENT_MS) <= self.now)
    }

    /// Ends what has stood still for too long; lets others have the turn of those that are silent.
    pub(super) fn turn_silence(&mut self) {
        let now = self.now;
        let late = |since: Tick| since.plus_ms(OWED_MS) <= now;
        let late: Vec<LinkId> = self
            .links
            .iter()
            .filter(|(link, it)| self.silent_for(**link, it).is_some_and(late))
            .map(|(link, _)| *link)
            .collect();
        for link in late {
            let minutes = OWED_MS / 60_000;
            let reason = format!("the peer owed an answer and said nothing for {minutes} minutes");
            self.close(link, Bye::Done, &reason);
        }
        if now >= Tick(OWED_MS) {
            self.give_up_sources(Tick(now.0 - OWED_MS));
        }
        if self.fetches_wait() {
            self.start_fetches();
        }
    }

    /// Since when a peer that owes us anything has said nothing.
    fn silent_for(&self, link: LinkId, it: &Link) -> Option<Tick> {
        let asked = self.sources().filter(|(source, _)| *source == link).map(|(_, moved)| moved);
        let owed = asked.min().map(|moved| moved.max(it.heard)).into_iter().chain(it.owes_since());
        owed.min().filter(|_| it.greeted())
    }

    /// When the next peer counts as silent, or as gone, if that makes a difference.
    pub(super) fn silence_deadline(&self) -> Option<Tick> {
        let crowded = self.links.values().any(|it| it.out.waits());
        let served = self.links.values().filter_map(Link::owes_since).filter(|_| crowded);
        let moving = self.sources().map(|(_, moved)| moved).filter(|_| self.fetches_wait());
        let soon = served.chain(moving).map(|since| since.plus_ms(SILENT_MS));
        let owing = self.links.iter().filter_map(|(link, it)| self.silent_for(*link, it));
        let lost = self.sources().map(|(_, moved)| moved);
        let late = owing.chain(lost).map(|since| since.plus_ms(OWED_MS));
        soon.filter(|due| *due > self.now).chain(late).min()
    }
}
