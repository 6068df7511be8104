//! How far a longer exchange is, for whoever waits at a terminal.

use super::core::Engine;
use super::link::Link;
use super::report::{Report, Work};

/// An exchange of fewer files than this is over before anybody would look.
const WORTH_FILES: u64 = 64;
/// Progress is told in at most about this many steps.
const STEPS: u64 = 200;

/// What was told of one link.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Most files that were to go over it at once.
    most: u64,
    done: u64,
    total: u64,
    what: Option<Work>,
}

impl Link {
    /// What goes over this link, how much of it is done, of how much. `held` files are here.
    fn exchange(&self, held: u64) -> (Work, u64, u64) {
        let open = self.theirs.len() as u64;
        let (ours, theirs) = (self.files_sent(), self.hello.as_ref().map_or(0, |it| it.files));
        match (ours, theirs) {
            (0, theirs) => (Work::Receiving, held.min(theirs), theirs),
            (ours, 0) => (Work::Sending, ours.saturating_sub(open), ours),
            _ if self.out.pending() > 0 => (Work::Sending, self.told.most - open, self.told.most),
            _ => (Work::Receiving, self.told.most - open, self.told.most),
        }
    }
}

impl Engine {
    /// Tells what moved since the last time.
    pub(super) fn turn_progress(&mut self) {
        let held = self.index.len() as u64;
        let mut news = Vec::new();
        for it in self.links.values_mut().filter(|it| it.compared()) {
            let open = it.theirs.len() as u64;
            it.told.most = if open == 0 { 0 } else { it.told.most.max(open) };
            let (what, done, total) = it.exchange(held);
            let told = &mut it.told;
            let step = (total / STEPS).max(1);
            let over = done >= total;
            let worth = if over { told.done < told.total } else { total >= WORTH_FILES };
            let moved = over || told.total != total || done >= told.done + step;
            if worth && moved {
                (told.done, told.total, told.what) = (done, total, Some(what));
                news.push(Report::Progress { done, total, what });
            }
        }
        for report in news {
            self.report(report);
        }
    }

    /// A link is gone, and with it what was on its way.
    pub(super) fn end_progress(&mut self, gone: &Link) {
        let total = gone.told.total;
        if let Some(what) = gone.told.what
            && gone.told.done < total
        {
            self.report(Report::Progress { done: total, total, what });
        }
    }
}
