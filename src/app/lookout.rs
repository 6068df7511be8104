//! Watching the folder, or where the system does not let us, looking through it now and then.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{broadcast, watch};

use super::driver::News;
use super::event::event;
use super::hints::Hints;
use super::workers::chain;
use crate::engine::Report;
use crate::model::{Problem, ProblemKind};
use crate::vault::{self, Event, Folder, Watcher};

/// It is tried to watch a folder again after 1, 2, 4, 8 … looks through it, at the latest after so
/// many: a system that lets nobody watch will rarely change its mind.
const MOST_LOOKS: u32 = 64;

/// Where the watcher's events go.
pub(crate) type Sink = Box<dyn Fn(Event) + Send>;

/// A watcher, which works as long as it is kept; `None` when there is none.
pub(crate) type Eyes = Arc<Mutex<Option<Watcher>>>;

/// Tries to watch a folder that could not be watched; whether it is, now. Blocks.
pub(crate) type Again = Arc<dyn Fn() -> bool + Send + Sync>;

/// Eyes on the folder.
pub(crate) struct Lookout {
    /// The watcher.
    pub(crate) watcher: Eyes,
    /// Why not every event is told, while that is so.
    pub(crate) blind: watch::Receiver<Option<Problem>>,
    /// How to begin anew.
    pub(crate) again: Again,
}

impl Lookout {
    /// Nobody looks.
    pub(crate) fn none() -> Self {
        Self { watcher: Eyes::default(), blind: watch::channel(None).1, again: Arc::new(|| false) }
    }

    /// Begins to watch `folder` with `start`, which is [`Watcher::start`]. A failure is no end: see
    /// [`look_through`].
    pub(crate) fn start(
        folder: &Folder,
        hints: &Arc<Hints>,
        pause: Duration,
        start: impl Fn(&Folder, Sink) -> Result<Watcher, vault::Error> + Send + Sync + 'static,
    ) -> Self {
        let (seen, blind) = watch::channel(None);
        let watcher = Eyes::default();
        let (eyes, folder, hints) = (Arc::clone(&watcher), folder.clone(), Arc::clone(hints));
        let again = move || {
            let mut eyes = eyes.lock().unwrap_or_else(PoisonError::into_inner);
            if eyes.is_some() {
                // It sees at least a part, and lets the system watch as much as it can.
                return false;
            }
            let (told, lost) = (Arc::clone(&hints), seen.clone());
            let sink = move |event| match event {
                Event::Path(path) => told.path(path),
                Event::Writing(path) => told.writing(path),
                Event::Whole(path) => told.whole(path),
                Event::Everything => told.everything(),
                Event::Blind(why) => {
                    told.everything();
                    lost.send_replace(Some(problem(&why, pause)));
                }
            };
            let started = start(&folder, Box::new(sink));
            seen.send_replace(started.as_ref().err().map(|error| problem(&chain(error), pause)));
            *eyes = started.ok();
            eyes.is_some()
        };
        again();
        Self { watcher, blind, again: Arc::new(again) }
    }
}

fn problem(why: &str, pause: Duration) -> Problem {
    let message =
        format!("{why}; the folder is looked through every {} s instead", pause.as_secs_f32());
    Problem { path: String::new(), kind: ProblemKind::Unreadable, message }
}

/// While `blind` says why, tells it, and has the folder looked through after every `pause`; ever more
/// rarely it is tried `again` to watch it.
pub(crate) async fn look_through(
    mut blind: watch::Receiver<Option<Problem>>,
    hints: Arc<Hints>,
    pause: Duration,
    again: Again,
    news: broadcast::Sender<Arc<News>>,
) {
    loop {
        let why = match blind.wait_for(Option::is_some).await {
            Ok(why) => why.clone(),
            // The watcher is gone, and this is about to be.
            Err(_) => return,
        };
        if let Some(found) = &why {
            tracing::warn!(why = found.message, "not every change is told");
            tell_problem(&news, found);
        }
        let mut looks: u32 = 0;
        while blind.borrow().is_some() {
            tokio::time::sleep(pause).await;
            looks = looks.saturating_add(1);
            if looks.is_power_of_two() || looks.is_multiple_of(MOST_LOOKS) {
                let again = Arc::clone(&again);
                // A panic in there is as good as a failure.
                tokio::task::spawn_blocking(move || again()).await.ok();
            }
            hints.everything();
        }
        if let Some(found) = why {
            tracing::info!("every change is told again");
            tell_problem(&news, &Problem { message: String::new(), ..found });
        }
    }
}

/// Tells a problem that the engine does not know of, or with an empty message that it is solved.
pub(crate) fn tell_problem(news: &broadcast::Sender<Arc<News>>, found: &Problem) {
    let report = Report::Problem(found.clone());
    let name = if found.message.is_empty() { "solved" } else { "problem" };
    let mut fields = serde_json::json!({ "path": found.path, "kind": found.kind.as_str() });
    if !found.message.is_empty() {
        fields["message"] = found.message.clone().into();
    }
    let event = Some(Arc::new(event(super::clock::wall(), name, fields)));
    // The first listener is the host itself.
    news.send(Arc::new(News { report: Some(report), event })).ok();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Hint;

    /// Longer than anything here takes.
    const PATIENCE: Duration = Duration::from_mins(1);

    fn folder() -> (tempfile::TempDir, Folder) {
        let home = tempfile::tempdir().unwrap();
        let (folder, _) = Folder::init(home.path()).unwrap();
        (home, folder)
    }

    /// Waits for the news of a problem and for two looks at everything.
    async fn is_looked_through(lookout: &Lookout, hints: Arc<Hints>) -> Problem {
        let (news, mut heard) = broadcast::channel(8);
        let pause = Duration::from_millis(1);
        let blind = lookout.blind.clone();
        let again = Arc::clone(&lookout.again);
        let looking = tokio::spawn(look_through(blind, Arc::clone(&hints), pause, again, news));
        let waiting = async {
            let told = heard.recv().await.unwrap();
            for _ in 0..2 {
                assert_eq!(hints.take().await, [Hint::Everything]);
            }
            told
        };
        let told = tokio::time::timeout(PATIENCE, waiting).await.unwrap();
        looking.abort();
        assert_eq!(told.event.as_ref().unwrap()["event"], "problem");
        let Some(Report::Problem(found)) = &told.report else { panic!("{told:?}") };
        found.clone()
    }

    #[tokio::test]
    async fn without_a_watcher_the_folder_is_looked_through() {
        let (_home, folder) = folder();
        let hints = Arc::new(Hints::default());
        let refuse = |folder: &Folder, _sink: Sink| -> Result<Watcher, vault::Error> {
            Err(vault::Error::WatchLimit { path: folder.root().to_owned() })
        };
        let lookout = Lookout::start(&folder, &hints, Duration::from_secs(10), refuse);
        assert!(lookout.watcher.lock().unwrap().is_none());
        let shown = lookout.blind.borrow().clone().unwrap();
        assert!(shown.message.contains("every 10 s"), "{shown:?}");
        assert_eq!(is_looked_through(&lookout, hints).await, shown);
    }

    #[tokio::test]
    async fn a_watcher_that_fails_later_is_helped_out() {
        let (_home, folder) = folder();
        let hints = Arc::new(Hints::default());
        let (given, kept) = std::sync::mpsc::channel();
        let lookout =
            Lookout::start(&folder, &hints, Duration::from_secs(10), move |folder, sink| {
                given.send(sink).unwrap();
                Watcher::start(folder, |_| {})
            });
        assert!(lookout.watcher.lock().unwrap().is_some() && lookout.blind.borrow().is_none());
        kept.recv().unwrap()(Event::Blind("no more folders".into()));
        let told = is_looked_through(&lookout, hints).await;
        assert!(told.message.starts_with("no more folders; "), "{told:?}");
    }

    #[tokio::test]
    async fn a_folder_that_can_be_watched_later_is_watched() {
        let (_home, folder) = folder();
        let hints = Arc::new(Hints::default());
        let tries = std::sync::atomic::AtomicU32::new(0);
        let start = move |folder: &Folder, sink: Sink| {
            if tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 2 {
                return Err(vault::Error::WatchLimit { path: folder.root().to_owned() });
            }
            Watcher::start(folder, sink)
        };
        let lookout = Lookout::start(&folder, &hints, Duration::from_millis(1), start);
        let (news, mut heard) = broadcast::channel(8);
        let (blind, again) = (lookout.blind.clone(), Arc::clone(&lookout.again));
        let pause = Duration::from_millis(1);
        let looking = tokio::spawn(look_through(blind, hints, pause, again, news));
        let mut told = async || {
            let told = heard.recv().await.unwrap();
            let Some(Report::Problem(found)) = &told.report else { panic!("{told:?}") };
            found.message.clone()
        };
        let told = tokio::time::timeout(PATIENCE, async { (told().await, told().await) });
        let (first, second) = told.await.unwrap();
        assert!(!first.is_empty() && second.is_empty(), "{first:?} {second:?}");
        assert!(lookout.watcher.lock().unwrap().is_some() && lookout.blind.borrow().is_none());
        looking.abort();
    }
}
