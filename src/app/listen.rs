//! A command's frame: its runtime, its signals, and events on their way to whoever listens.

use std::future::Future;
use std::ops::ControlFlow;
use std::sync::Arc;

use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use super::{Error, Failure, OnEvent};

/// The exit code of a process that a person stopped twice.
const STOPPED_AT_ONCE: i32 = 130;

/// Runs `work` on a runtime of its own. One worker is enough, for what takes long has its own threads;
/// of two, each packet and each timer would wake both, one to do the work and one to wait in its place.
pub(crate) fn run<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime: Runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Error::new(Failure::Io, "cannot start the runtime").caused_by(error))?;
    let result = runtime.block_on(work);
    // Jobs that still run are of nobody's interest.
    runtime.shutdown_background();
    result
}

/// What came of listening to a piece of work.
pub(crate) enum Heard<T> {
    /// It ended.
    Done(T),
    /// Nobody wants its events.
    Deaf,
    /// A signal came first.
    Stopped,
}

/// Hands events on while `work` goes on. When it does not end by itself it is dropped.
pub(crate) async fn listen<T>(
    work: impl Future<Output = T>,
    told: &mut mpsc::Receiver<Arc<Value>>,
    on_event: OnEvent<'_>,
    signals: &mut Signals,
) -> Heard<T> {
    tokio::pin!(work);
    let mut open = true;
    loop {
        tokio::select! {
            event = told.recv(), if open => match event {
                Some(event) => {
                    if on_event(&event).is_break() {
                        return Heard::Deaf;
                    }
                }
                None => open = false,
            },
            result = &mut work => {
                let mut rest = ControlFlow::Continue(());
                while rest.is_continue() && let Ok(event) = told.try_recv() {
                    rest = on_event(&event);
                }
                return Heard::Done(result);
            }
            _ = signals.next() => return Heard::Stopped,
        }
    }
}

/// Which signal came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Ctrl-C.
    Interrupt,
    /// From the system or a service manager.
    Terminate,
}

/// The signals that end a command cleanly.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Takes them from the system's default, which would end the process.
    ///
    /// # Errors
    ///
    /// [`Failure::Io`] when the system refuses.
    pub(crate) fn new() -> Result<Self, Error> {
        let listen = |kind| {
            signal(kind).map_err(|error| {
                Error::new(Failure::Io, "cannot listen for signals").caused_by(error)
            })
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one. Cancel safe.
    pub(crate) async fn next(&mut self) -> Stop {
        tokio::select! {
            _ = self.interrupt.recv() => Stop::Interrupt,
            _ = self.terminate.recv() => Stop::Terminate,
        }
    }
}

/// A person ended it.
pub(crate) fn by_person() -> Error {
    Error::new(Failure::Stopped, "stopped")
}

/// Ends the process now: a person asked twice.
pub(crate) fn at_once() -> ! {
    std::process::exit(STOPPED_AT_ONCE)
}
