//! Watching the folder, or where the system does not let us, looking through it now and then.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, watch};

use super::driver::News;
use super::event::event;
use super::hints::Hints;
use super::workers::chain;
use crate::engine::Report;
use crate::model::{Problem, ProblemKind};
use crate::vault::{self, Event, Folder, Watcher};

/// Where the watcher's events go.
pub(crate) type Sink = Box<dyn Fn(Event) + Send>;

/// Eyes on the folder.
#[derive(Debug)]
pub(crate) struct Lookout {
    /// Works as long as it is kept; `None` when there is none.
    pub(crate) watcher: Option<Watcher>,
    /// Why not every event is told, once that is so.
    pub(crate) blind: watch::Receiver<Option<Problem>>,
}

impl Lookout {
    /// Nobody looks.
    pub(crate) fn none() -> Self {
        Self { watcher: None, blind: watch::channel(None).1 }
    }

    /// Begins to watch `folder` with `start`, which is [`Watcher::start`]. A failure is no end: see
    /// [`look_through`].
    pub(crate) fn start(
        folder: &Folder,
        hints: &Arc<Hints>,
        pause: Duration,
        start: impl FnOnce(&Folder, Sink) -> Result<Watcher, vault::Error>,
    ) -> Self {
        let (seen, blind) = watch::channel(None);
        let (told, lost) = (Arc::clone(hints), seen.clone());
        let sink = move |event| match event {
            Event::Path(path) => told.path(path),
            Event::Everything => told.everything(),
            Event::Blind(why) => {
                told.everything();
                lost.send_replace(Some(problem(&why, pause)));
            }
        };
        let watcher = start(folder, Box::new(sink)).inspect_err(|error| {
            seen.send_replace(Some(problem(&chain(error), pause)));
        });
        Self { watcher: watcher.ok(), blind }
    }
}

fn problem(why: &str, pause: Duration) -> Problem {
    let message =
        format!("{why}; the folder is looked through every {} s instead", pause.as_secs_f32());
    Problem { path: String::new(), kind: ProblemKind::Unreadable, message }
}

/// Once `blind` says why, tells it, and has the folder looked through after every `pause`.
pub(crate) async fn look_through(
    mut blind: watch::Receiver<Option<Problem>>,
    hints: Arc<Hints>,
    pause: Duration,
    news: broadcast::Sender<Arc<News>>,
) {
    let why = match blind.wait_for(Option::is_some).await {
        Ok(why) => why.clone(),
        // The watcher is gone, and this is about to be.
        Err(_) => return,
    };
    if let Some(found) = &why {
        tracing::warn!(why = found.message, "not every change is told");
        tell_problem(&news, found);
    }
    loop {
        tokio::time::sleep(pause).await;
        hints.everything();
    }
}

/// Tells a problem that the engine does not know of.
pub(crate) fn tell_problem(news: &broadcast::Sender<Arc<News>>, found: &Problem) {
    let report = Report::Problem(found.clone());
    let fields = serde_json::json!({
        "path": found.path,
        "kind": found.kind.as_str(),
        "message": found.message,
    });
    let event = Some(event(super::clock::wall(), "problem", fields));
    // The first listener is the host itself.
    news.send(Arc::new(News { report, event })).ok();
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
        let looking = tokio::spawn(look_through(blind, Arc::clone(&hints), pause, news));
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
        let Report::Problem(found) = &told.report else { panic!("{told:?}") };
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
        assert!(lookout.watcher.is_none());
        let shown = lookout.blind.borrow().clone().unwrap();
        assert!(shown.message.contains("every 10 s"), "{shown:?}");
        assert_eq!(is_looked_through(&lookout, hints).await, shown);
    }

    #[tokio::test]
    async fn a_watcher_that_fails_later_is_helped_out() {
        let (_home, folder) = folder();
        let hints = Arc::new(Hints::default());
        let (given, kept) = std::sync::mpsc::channel();
        let lookout = Lookout::start(&folder, &hints, Duration::from_secs(10), |folder, sink| {
            given.send(sink).unwrap();
            Watcher::start(folder, |_| {})
        });
        assert!(lookout.watcher.is_some() && lookout.blind.borrow().is_none());
        kept.recv().unwrap()(Event::Blind("no more folders".into()));
        let told = is_looked_through(&lookout, hints).await;
        assert!(told.message.starts_with("no more folders; "), "{told:?}");
    }
}
