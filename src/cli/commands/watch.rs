//! `watch`.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use crate::app::{self, Failure};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::events::{Lines, Listener};
use crate::cli::exit::Exit;

/// Keep a vault in sync until stopped
///
/// Makes the folder a vault when it is none yet. Edits made meanwhile, and those made while it was
/// stopped, are taken in and sent to every device that answers; theirs are written here. Only one
/// runs on each vault.
#[derive(Debug, Args)]
pub(in crate::cli) struct Watch {
    /// Folder; without it, the vault that contains the current directory
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    dir: Option<PathBuf>,
}

pub(in crate::cli) fn run(arguments: &Watch, context: &mut Context<'_>) -> Result<Exit, Error> {
    let named = context.folder(arguments.dir.as_deref())?;
    let start = named.as_ref().unwrap_or(&context.directory);
    let (dir, settings) = match (app::locate(start), &named) {
        (Ok(located), _) => {
            let settings = context.settings()?.with_vault(located.id)?;
            (located.path, settings)
        }
        // Only a folder that was named becomes a vault: nobody wants to share their home by being
        // in the wrong place.
        (Err(error), Some(dir)) if error.kind == Failure::NotAVault => {
            (dir.clone(), context.settings()?)
        }
        (Err(error), None) if error.kind == Failure::NotAVault => {
            let hint = "Name the folder: `vault-sync watch FOLDER` makes it a vault.";
            return Err(error.hint(hint).into());
        }
        (Err(error), _) => return Err(error.into()),
    };
    let mut listener = Listener::new(&mut context.output, Lines::All, context.time_zone);
    let result = beside(&mut listener, |tell| app::watch(&dir, &settings, tell));
    listener.finish(result)?;
    Ok(Exit::Done)
}

/// Most events that wait for somebody to read them (some tens of megabytes); later ones are counted
/// only, for the vault must not wait for its audience.
const WAITING_EVENTS: usize = 65_536;

/// Most events written in one piece when many wait: some ten kilobytes, which any pipe takes.
const TOGETHER: usize = 64;

/// How long the last events may take to be read once the work is over.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Does `work` while its events are shown beside it. Whoever stops reading them without closing the
/// stream stops neither the work nor its end.
fn beside(
    listener: &mut Listener<'_, '_>,
    work: impl FnOnce(app::OnEvent<'_>) -> Result<(), app::Error>,
) -> Result<(), app::Error> {
    // A bounded channel would keep room for all of them from the start.
    let (into, events) = mpsc::channel::<Arc<Value>>();
    let waiting = AtomicUsize::new(0);
    let (done, is_done) = mpsc::channel::<()>();
    let (deaf, missed) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let (deaf, missed, waiting) = (&deaf, &missed, &waiting);
        scope.spawn(move || {
            let mut together = Vec::new();
            while let Ok(event) = events.recv() {
                together.push(event);
                together.extend(events.try_iter().take(TOGETHER - 1));
                waiting.fetch_sub(together.len(), Ordering::Relaxed);
                let lost = missed.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    let gap = json!({ "v": 1, "event": "missed", "count": lost });
                    together.insert(0, Arc::new(gap));
                }
                if listener.take_all(&together).is_break() {
                    deaf.store(true, Ordering::Relaxed);
                }
                together.clear();
            }
            // Nobody may wait any more.
            done.send(()).ok();
        });
        let result = work(&mut |event| {
            // Only this thread makes it more.
            if waiting.load(Ordering::Relaxed) >= WAITING_EVENTS {
                missed.fetch_add(1, Ordering::Relaxed);
            } else {
                waiting.fetch_add(1, Ordering::Relaxed);
                into.send(Arc::clone(event)).ok();
            }
            if deaf.load(Ordering::Relaxed) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        drop(into);
        if is_done.recv_timeout(LAST_WORDS).is_err() {
            // The work is over and its locks are free; only words are left that nobody reads.
            let exit = result.map_or_else(|error| Exit::from(error.kind), |()| Exit::Done);
            std::process::exit(exit.code().into());
        }
        result
    })
}
