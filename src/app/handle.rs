//! The way to a running driver: commands, one-shots, figures, news.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::answer::{Metrics, Route, Trash};
use super::clock::Clock;
use super::driver::{Ask, News};
use super::figures::Surroundings;
use super::ground::Ground;
use super::workers::with_store;
use super::{Error, Failure, fault};
use crate::engine::{Command, ShotId, ShotResult, Status};
use crate::model::{PeerId, Problem, VaultId};
use crate::net::Net;
use crate::store::Store;

/// How long a one-shot that was ended may take to say so.
const END_LIMIT: Duration = Duration::from_secs(5);

/// Cheap to clone; all clones reach the same driver.
#[derive(Debug, Clone)]
pub(crate) struct Handle {
    /// Requests to the loop.
    pub(crate) asks: mpsc::Sender<Ask>,
    /// What the engine reports.
    pub(crate) news: broadcast::Sender<Arc<News>>,
    /// The network; `None` when nobody is to be met.
    pub(crate) net: Option<Arc<Net>>,
    /// What does not change.
    pub(crate) facts: Arc<Facts>,
}

/// What does not change while a vault is open.
#[derive(Debug)]
pub(crate) struct Facts {
    /// The vault.
    pub(crate) vault: VaultId,
    /// Where it lies, absolute.
    pub(crate) root: PathBuf,
    /// This device.
    pub(crate) me: PeerId,
    /// Its name if the vault knows none.
    pub(crate) name: String,
    /// Whether this process is a `watch`.
    pub(crate) running: bool,
    /// Damaged rows met at the start.
    pub(crate) damaged: Vec<Problem>,
    /// Why not every change in the folder is told, once that is so.
    pub(crate) blind: watch::Receiver<Option<Problem>>,
    /// The folder.
    pub(crate) ground: Ground,
    /// Since the start.
    pub(crate) clock: Clock,
    /// The last one-shot.
    pub(crate) shots: AtomicU64,
}

impl Handle {
    async fn tell(&self, ask: Ask) -> Result<(), Error> {
        self.asks.send(ask).await.ok().ok_or_else(stopped)
    }

    /// Hands a command to the engine.
    ///
    /// # Errors
    ///
    /// [`Failure::Busy`] when it has stopped.
    pub(crate) async fn command(&self, command: Command) -> Result<(), Error> {
        self.tell(Ask::Command(command)).await
    }

    /// The engine's figures, with what else is wrong.
    pub(crate) async fn status(&self) -> Result<Status, Error> {
        let (reply, answer) = oneshot::channel();
        self.tell(Ask::Status(reply)).await?;
        let mut status = answer.await.ok().ok_or_else(stopped)?;
        status.problems.extend(self.facts.damaged.iter().cloned());
        status.problems.extend(self.facts.blind.borrow().clone());
        Ok(status)
    }

    /// What is measured; `None` when nothing is.
    ///
    /// # Errors
    ///
    /// [`Failure::Busy`] when the loop has stopped.
    pub(crate) async fn metrics(&self) -> Result<Option<Metrics>, Error> {
        let (reply, answer) = oneshot::channel();
        self.tell(Ask::Metrics(reply)).await?;
        answer.await.ok().ok_or_else(stopped)
    }

    /// Runs something with the store.
    pub(crate) async fn store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (job, result) = with_store(work);
        self.tell(Ask::Store(job)).await?;
        result.await.ok().ok_or_else(stopped)
    }

    /// A number for a new one-shot.
    pub(crate) fn next_shot(&self) -> ShotId {
        ShotId(self.facts.shots.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Starts a one-shot that ends early when the result is dropped.
    pub(crate) async fn shoot(&self, shot: ShotId, command: Command) -> Result<Shooting, Error> {
        let (done, result) = oneshot::channel();
        self.tell(Ask::Shot { shot, command, done }).await?;
        Ok(Shooting {
            shot,
            asks: self.asks.clone(),
            result,
            damaged: self.facts.damaged.clone(),
            over: false,
        })
    }

    /// What lies in the folder's trash.
    pub(crate) async fn trash(&self) -> Trash {
        let ground = self.facts.ground.clone();
        let counted = tokio::task::spawn_blocking(move || ground.trash()).await;
        counted.unwrap_or_default()
    }

    /// What answers show beside the engine's figures.
    pub(crate) fn around(&self, status: &Status) -> Surroundings {
        let me = self.facts.me;
        let known = status.members.iter().find(|member| member.id == me);
        let links = self.net.as_ref().map(|net| net.figures());
        let route = |relayed| if relayed { Route::Relay } else { Route::Direct };
        Surroundings {
            vault: self.facts.vault,
            path: self.facts.root.display().to_string(),
            me,
            name: known.map_or_else(|| self.facts.name.clone(), |member| member.name.clone()),
            running: self.facts.running,
            memory_bytes: super::memory::resident_bytes(),
            trash: Trash::default(),
            routes: links
                .into_iter()
                .flatten()
                .map(|link| (link.peer, link.relayed.map(route), link.rtt_ms))
                .collect(),
        }
    }
}

/// The engine has stopped, or is about to.
pub(crate) fn stopped() -> Error {
    Error::new(Failure::Busy, "the vault is being closed").hint("Try again.")
}

/// A one-shot under way.
#[derive(Debug)]
pub(crate) struct Shooting {
    shot: ShotId,
    asks: mpsc::Sender<Ask>,
    result: oneshot::Receiver<(ShotResult, Vec<Problem>)>,
    damaged: Vec<Problem>,
    over: bool,
}

impl Shooting {
    /// Waits for its end. Cancel safe.
    pub(crate) async fn end(&mut self) -> Result<(ShotResult, Vec<Problem>), Error> {
        let result = (&mut self.result).await;
        self.over = true;
        let (result, mut problems) = result.ok().ok_or_else(stopped)?;
        problems.append(&mut self.damaged);
        Ok((result, problems))
    }

    /// Ends it with what there is.
    pub(crate) async fn cut(&mut self) -> Result<(ShotResult, Vec<Problem>), Error> {
        let cut = Ask::Command(Command::ShotTimeout(self.shot));
        self.asks.send(cut).await.ok().ok_or_else(stopped)?;
        tokio::time::timeout(END_LIMIT, self.end())
            .await
            .unwrap_or_else(|_late| Err(fault::bug("a one-shot did not end when it was told to")))
    }
}

impl Drop for Shooting {
    fn drop(&mut self) {
        if !self.over {
            // With a full queue it ends by itself, later.
            self.asks.try_send(Ask::Command(Command::ShotTimeout(self.shot))).ok();
        }
    }
}
