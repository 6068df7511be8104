//! Whether two sides agree: where each is once nothing is on its way, and what either holds back.

use super::core::Engine;
use super::effect::LinkId;
use super::link::Link;
use super::report::Report;
use crate::model::Digest;
use crate::wire::{Lane, Message, Share};

/// Two sides that are both at rest with different digests compare again after this long, doubling
/// up to sixteen times that. Long enough for a message that crossed another.
const RECOMPARE_MS: u64 = 500;

/// Where one side is, once nothing is on its way from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) digest: Digest,
    pub(super) busy: bool,
    /// Files that it holds back until a person agrees.
    pub(super) held: u64,
}

/// Who was told of something that it may lack has so many doublings of that to ask for it.
const TOLD_DOUBLINGS: u32 = 2;

impl Link {
    /// The peer was told of something: a comparison before it could ask for it would find just that.
    pub(super) fn compare_later(&mut self) {
        self.recompare = None;
        self.recompares = self.recompares.max(TOLD_DOUBLINGS);
    }
}

impl Engine {
    /// Tells the peer where we are once nothing is on its way to it, and sees whether both agree.
    pub(super) fn settle_link(&mut self, link: LinkId) {
        let busy = self.working();
        let ours = self.index.digest();
        let held = self.held_back();
        let now = self.now;
        let Some(it) = self.links.get_mut(&link) else {
            return;
        };
        if !it.compared() || (it.giving() && !it.out.idle()) {
            return;
        }
        // While we work the digest is about to change, or the disk to follow: that comes first.
        let settled = Settled { digest: ours, busy, held };
        if !busy && it.settled_sent != Some(settled) {
            it.settled_sent = Some(settled);
            it.out.begin_with(Share::default());
            self.send(link, Lane::Control, Message::Settled { digest: ours, busy, held });
        }
        let Some(it) = self.links.get_mut(&link) else {
            return;
        };
        let peer = it.peer;
        let at_rest = !busy && it.settled_got.is_some_and(|it| !it.busy);
        let equal = it.settled_got.is_some_and(|it| it.digest == ours);
        if at_rest && equal {
            it.recompare = None;
            it.recompares = 0;
            // Whoever brought it there: it holds all that we do.
            it.theirs.clear();
            it.offers.clear();
            let there = it.settled_got.map_or(0, |it| it.held);
            if it.agreed_on != Some((ours, there, held)) {
                it.agreed_on = Some((ours, there, held));
                if there == 0 && held == 0 {
                    self.note_agreed(&peer);
                    self.report(Report::InSync(peer, ours));
                } else {
                    self.report(Report::HeldBack { peer, there, here: held });
                }
            }
        } else if at_rest
            && it.giving()
            && it.taking()
            && it.offers.is_empty()
            && it.recompare.is_none()
        {
            // Both at rest and different: compare anew, unless news is under way.
            it.recompare = Some(now.plus_ms(RECOMPARE_MS << it.recompares.min(4)));
            it.recompares += 1;
        } else if !at_rest {
            it.recompare = None;
        }
    }

    /// Whether the peer proved the same digest, with nothing under way on either side.
    pub(super) fn agrees(&self, link: &Link) -> bool {
        let digest = self.index.digest();
        link.compared()
            && link.out.idle()
            && !self.working()
            && link.settled_got.is_some_and(|it| it.digest == digest && !it.busy)
    }

    /// Whether both disks hold the same, too: neither side holds anything back.
    pub(super) fn in_sync(&self, link: &Link) -> bool {
        self.agrees(link) && link.held_there() == 0 && self.held_back() == 0
    }
}
