//! Events of the watcher, collected until the driver has time for them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use crate::engine::Hint;
use crate::model::VaultPath;

/// Most paths kept apart; with more, the whole folder is looked through instead. A scan of 10,000
/// files costs 15 ms, as much as a few hundred single looks.
pub(crate) const PATHS_LIMIT: usize = 4096;

/// What may have changed since the driver last asked.
#[derive(Debug, Default)]
pub(crate) struct Hints {
    waiting: Mutex<Waiting>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    /// When the first of them came.
    since: Option<Instant>,
    everything: bool,
    paths: BTreeMap<VaultPath, Told>,
}

/// What was told of a path last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Something happened there.
    Path,
    /// Somebody writes there. It stays so, whatever else happens, until they are done.
    Writing,
    /// A file was written there to its end.
    Whole,
}

impl Hints {
    /// Notes one path; never blocks.
    pub(crate) fn path(&self, path: VaultPath) {
        self.note(path, Told::Path);
    }

    /// Notes a path at which somebody writes; never blocks.
    pub(crate) fn writing(&self, path: VaultPath) {
        self.note(path, Told::Writing);
    }

    /// Notes a path at which a file was written to its end; never blocks.
    pub(crate) fn whole(&self, path: VaultPath) {
        self.note(path, Told::Whole);
    }

    fn note(&self, path: VaultPath, told: Told) {
        {
            let mut waiting = self.lock();
            waiting.since.get_or_insert_with(Instant::now);
            if !waiting.everything {
                let last = waiting.paths.entry(path).or_insert(told);
                if (*last, told) != (Told::Writing, Told::Path) {
                    *last = told;
                }
                if waiting.paths.len() > PATHS_LIMIT {
                    waiting.paths.clear();
                    waiting.everything = true;
                }
            }
        }
        self.news.notify_one();
    }

    /// Notes that anything may have changed; never blocks.
    pub(crate) fn everything(&self) {
        {
            let mut waiting = self.lock();
            waiting.since.get_or_insert_with(Instant::now);
            waiting.paths.clear();
            waiting.everything = true;
        }
        self.news.notify_one();
    }

    /// Waits until there is something, and takes all of it, with when the first of it came.
    ///
    /// - Cancel safety: what was not returned is still there.
    pub(crate) async fn take_timed(&self) -> (Vec<Hint>, Option<Instant>) {
        loop {
            let taken = self.take_timed_now();
            if !taken.0.is_empty() {
                return taken;
            }
            self.news.notified().await;
        }
    }

    /// As [`Hints::take_timed`], without the time.
    #[cfg(test)]
    pub(crate) async fn take(&self) -> Vec<Hint> {
        self.take_timed().await.0
    }

    /// Takes what there is.
    pub(crate) fn take_now(&self) -> Vec<Hint> {
        self.take_timed_now().0
    }

    fn take_timed_now(&self) -> (Vec<Hint>, Option<Instant>) {
        let Waiting { since, everything, paths } = std::mem::take(&mut *self.lock());
        if everything {
            return (vec![Hint::Everything], since);
        }
        let hint = |(path, told)| match told {
            Told::Path => Hint::Path(path),
            Told::Writing => Hint::Writing(path),
            Told::Whole => Hint::Whole(path),
        };
        (paths.into_iter().map(hint).collect(), since)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing in here panics half way, so what is there is whole.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(number: usize) -> VaultPath {
        VaultPath::parse(&format!("{number}.md")).unwrap()
    }

    #[tokio::test]
    async fn hints_at_one_path_are_one() {
        let hints = Hints::default();
        hints.path(path(1));
        hints.path(path(1));
        hints.path(path(2));
        assert_eq!(hints.take().await, [Hint::Path(path(1)), Hint::Path(path(2))]);
    }

    #[tokio::test]
    async fn what_was_told_last_of_a_path_counts() {
        let hints = Hints::default();
        hints.path(path(1));
        hints.whole(path(1));
        hints.whole(path(2));
        hints.path(path(2));
        hints.whole(path(3));
        hints.writing(path(3));
        hints.path(path(3));
        let told = [Hint::Whole(path(1)), Hint::Path(path(2)), Hint::Writing(path(3))];
        assert_eq!(hints.take().await, told);
    }

    #[tokio::test]
    async fn the_time_is_that_of_the_first_hint_since_the_last_look() {
        let hints = Hints::default();
        assert_eq!(hints.take_timed_now(), (vec![], None));
        let before = Instant::now();
        hints.path(path(1));
        let between = Instant::now();
        hints.path(path(2));
        let (_, since) = hints.take_timed().await;
        assert!(since.is_some_and(|since| (before..=between).contains(&since)));
        hints.everything();
        let (_, since) = hints.take_timed().await;
        assert!(since.is_some_and(|since| since >= between));
    }

    #[tokio::test]
    async fn paths_up_to_the_limit_stay_apart() {
        for (count, collapses) in
            [(PATHS_LIMIT - 1, false), (PATHS_LIMIT, false), (PATHS_LIMIT + 1, true)]
        {
            let hints = Hints::default();
            for number in 0..count {
                hints.path(path(number));
            }
            let taken = hints.take().await;
            assert_eq!(taken == [Hint::Everything], collapses, "{count}");
            assert!(collapses || taken.len() == count);
        }
    }

    #[tokio::test]
    async fn a_waiting_driver_is_woken() {
        let hints = std::sync::Arc::new(Hints::default());
        let waiting = tokio::spawn({
            let hints = std::sync::Arc::clone(&hints);
            async move { hints.take().await }
        });
        tokio::task::yield_now().await;
        hints.everything();
        assert_eq!(waiting.await.unwrap(), [Hint::Everything]);
    }
}
