//! Several that give at once: each begins with its own share.
//!
//! - Who takes from several peers tells each which part of how many it is, until that peer has nothing
//!   more on its way. A file's identity says whose part it is in.
//! - Who gives sends what lies in its own part first, within each class the newest first. The others'
//!   it sends only in small steps that grow while nobody else comes forward: the taker tells what it
//!   was brought ([`Message::Holds`]), and that is dropped.
//! - A peer that ends, or from which nothing came for [`QUIET_MS`], has no part any more: the others
//!   send everything, the newest first.

use super::core::Engine;
use super::effect::LinkId;
use super::link::{Link, Phase};
use crate::model::Tick;
use crate::wire::{Lane, Message, Share};

/// A peer that has not given all yet and from which nothing came for so long is not counted on.
const QUIET_MS: u64 = 2000;

impl Link {
    /// Whether the peer may have more to give than it has said so far.
    fn may_give(&self) -> bool {
        let greeting = self.phase == Phase::Greeting && self.takes;
        let gives = self.greeted() && self.taking() && self.settled_got.is_none();
        greeting || gives && self.differed()
    }

    fn quiet_at(&self) -> Tick {
        self.heard.plus_ms(QUIET_MS)
    }
}

impl Engine {
    /// Those that give, each with its part.
    pub(super) fn shares(&self) -> Vec<(LinkId, Share)> {
        let giving = self.links.iter().filter(|(_, it)| it.may_give());
        let mut giving: Vec<LinkId> = giving.map(|(link, _)| *link).collect();
        if giving.len() > 1 {
            giving.retain(|link| self.counts_on(*link));
        }
        let of = u8::try_from(giving.len()).unwrap_or(u8::MAX);
        (0..of).zip(giving).map(|(part, link)| (link, Share { part, of })).collect()
    }

    /// Where a peer that is being greeted is to begin.
    pub(super) fn first_share(&mut self, link: LinkId) -> Share {
        let share = self.shares().into_iter().find(|(it, _)| *it == link);
        let share = share.map(|(_, share)| share).unwrap_or_default();
        if let Some(it) = self.links.get_mut(&link) {
            it.share = share;
        }
        share
    }

    /// Tells those that give where to begin, where that is news.
    pub(super) fn turn_shares(&mut self) {
        for (link, share) in self.shares() {
            let Some(it) = self.links.get_mut(&link) else { continue };
            // The hello of one that is being greeted may be on its way yet; who agrees need not know.
            if it.share != share && it.greeted() {
                it.share = share;
                self.send(link, Lane::Control, Message::Share(share));
            }
        }
    }

    /// Whether a peer gave something just now, or waits for us to take in what it gave.
    fn counts_on(&self, link: LinkId) -> bool {
        self.links.get(&link).is_some_and(|it| it.quiet_at() > self.now)
            || self.tasks.values().any(|task| task.incoming.iter().any(|it| it.link == link))
    }

    /// Whether another peer than this one may be about to give.
    pub(super) fn another_gives(&self, link: LinkId) -> bool {
        let gives = |(other, it): (&LinkId, &Link)| {
            *other != link && it.greeted() && it.may_give() && self.counts_on(*other)
        };
        self.links.iter().any(gives)
    }

    /// When the next of several that give is not counted on any more.
    pub(super) fn shares_deadline(&self) -> Option<Tick> {
        let shared = self.links.values().filter(|it| it.may_give() && it.share.is_one_of_many());
        shared.map(Link::quiet_at).filter(|due| *due > self.now).min()
    }

    pub(super) fn on_share(&mut self, link: LinkId, share: Share) {
        if let Some(it) = self.links.get_mut(&link) {
            if let Some(hello) = &mut it.early_hello {
                hello.share = share;
            }
            it.out.begin_with(share);
        }
    }
}
