//! Requests to a running `watch`, as JSON lines over a Unix socket.
//!
//! - Shape: the asker sends one [`Request`] line; the answer is [`Reply`] lines, the last of which is
//!   `done` or `failed`. When the asker hangs up, what it asked for ends early.
//! - Safety: the socket lies in a folder of this user alone, has mode 0600, and both ends check that
//!   the other belongs to the same user.
//! - Stale sockets: whoever holds the vault's lock may remove one, for its maker is gone.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use super::handle::Handle;
use super::perform::perform;
use super::{Error, Failure, Reply, Request, fault, places};

/// Longest request line in bytes; requests hold a few names.
const REQUEST_LIMIT: u64 = 64 * 1024;
/// Most askers at once; more wait to be taken.
const ASKERS_LIMIT: usize = 32;
/// How long an asker may take to say what it wants.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// Events on their way to one asker; when it reads no faster, the driver's news wait, and in the end
/// it misses some.
pub(crate) const EVENTS_LIMIT: usize = 256;
/// How long askers may take to read the end of their answers when the `watch` stops.
const FAREWELL_TIMEOUT: Duration = Duration::from_secs(1);

/// The listening side; ends when dropped.
#[derive(Debug)]
pub(crate) struct Control {
    socket: PathBuf,
    task: JoinHandle<()>,
    farewell: Arc<Semaphore>,
}

/// Starts to listen at `socket`. Only for the holder of the vault.
///
/// # Errors
///
/// [`Failure::Io`] when the socket cannot be made.
pub(crate) fn serve(socket: &Path, handle: &Handle) -> Result<Control, Error> {
    let folder = socket.parent().unwrap_or_else(|| Path::new("/"));
    places::private_folder(folder)?;
    places::only_ours(folder)?;
    match fs::remove_file(socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(fault::io("remove the stale socket", socket, error));
        }
        Ok(()) | Err(_) => {}
    }
    let listener =
        UnixListener::bind(socket).map_err(|error| fault::io("listen at", socket, error))?;
    fs::set_permissions(socket, fs::Permissions::from_mode(0o600))
        .map_err(|error| fault::io("protect", socket, error))?;
    let farewell = Arc::new(Semaphore::new(ASKERS_LIMIT));
    let task = tokio::spawn(accept(listener, handle.clone(), Arc::clone(&farewell)));
    Ok(Control { socket: socket.to_owned(), task, farewell })
}

impl Control {
    /// Waits a moment until every asker has the end of its answer.
    pub(crate) async fn farewell(&self) {
        let all = u32::try_from(ASKERS_LIMIT).unwrap_or(u32::MAX);
        timeout(FAREWELL_TIMEOUT, self.farewell.acquire_many(all)).await.ok();
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.task.abort();
        // Whoever comes next removes what cannot be removed now.
        fs::remove_file(&self.socket).ok();
    }
}

async fn accept(listener: UnixListener, handle: Handle, askers: Arc<Semaphore>) {
    let mut tasks = JoinSet::new();
    loop {
        while tasks.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                // Those beyond the limit wait here, and in the socket's own queue.
                let Ok(permit) = Arc::clone(&askers).acquire_owned().await else {
                    return;
                };
                let handle = handle.clone();
                tasks.spawn(async move {
                    if let Err(error) = answer(stream, &handle).await {
                        tracing::debug!(%error, "a request ended early");
                    }
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the control socket");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn answer(stream: UnixStream, handle: &Handle) -> io::Result<()> {
    same_user(&stream)?;
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader.take(REQUEST_LIMIT));
    let mut line = String::new();
    let read = timeout(REQUEST_TIMEOUT, reader.read_line(&mut line)).await;
    read.unwrap_or_else(|_late| Err(io::ErrorKind::TimedOut.into()))?;
    let request: Request = match serde_json::from_str(&line) {
        Ok(request) => request,
        Err(error) => {
            let failure = Error::new(Failure::Usage, "the running watch does not know the request")
                .hint("It may be of another version: stop it and start it again.")
                .caused_by(error);
            return write(&mut writer, &Reply::end(Err(failure))).await;
        }
    };
    let (events, mut told) = mpsc::channel(EVENTS_LIMIT);
    let mut rest = [0; 1];
    let performing = perform(handle, request, handle.news.subscribe(), events);
    tokio::pin!(performing);
    let result = loop {
        tokio::select! {
            Some(event) = told.recv() => write(&mut writer, &Reply::Event(Arc::unwrap_or_clone(event))).await?,
            result = &mut performing => break result,
            // An asker says nothing more; the end of the stream means that it went away.
            read = reader.read(&mut rest) => {
                if read? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        }
    };
    while let Ok(event) = told.try_recv() {
        write(&mut writer, &Reply::Event(Arc::unwrap_or_clone(event))).await?;
    }
    write(&mut writer, &Reply::end(result)).await
}

async fn write(to: &mut tokio::net::unix::OwnedWriteHalf, reply: &Reply) -> io::Result<()> {
    let mut line = serde_json::to_vec(reply).map_err(io::Error::other)?;
    line.push(b'\n');
    to.write_all(&line).await
}

fn same_user(stream: &UnixStream) -> io::Result<()> {
    if stream.peer_cred()?.uid() == rustix::process::getuid().as_raw() {
        Ok(())
    } else {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

/// The asking side.
#[derive(Debug)]
pub(crate) struct Client {
    stream: UnixStream,
    socket: PathBuf,
}

/// Connects to whoever listens at `socket`; `None` when nobody does.
///
/// # Errors
///
/// [`Failure::Io`] when the socket cannot be used, or is somebody else's.
pub(crate) async fn connect(socket: &Path) -> Result<Option<Client>, Error> {
    match UnixStream::connect(socket).await {
        Ok(stream) => {
            same_user(&stream).map_err(|error| fault::io("trust", socket, error))?;
            Ok(Some(Client { stream, socket: socket.to_owned() }))
        }
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(fault::io("connect to", socket, error)),
    }
}

impl Client {
    /// Sends one request and hands its events on, until its end.
    ///
    /// # Errors
    ///
    /// What the other side says, or [`Failure::Busy`] when it went away before the end.
    pub(crate) async fn ask(
        self,
        request: &Request,
        events: mpsc::Sender<Arc<Value>>,
    ) -> Result<Value, Error> {
        let gone = |error: Option<io::Error>| {
            let failure = Error::new(
                Failure::Busy,
                format!(
                    "the running watch at {} went away before it answered",
                    self.socket.display()
                ),
            )
            .hint("Try again.");
            match error {
                Some(error) => failure.caused_by(error),
                None => failure,
            }
        };
        let (reader, mut writer) = self.stream.into_split();
        let mut line = serde_json::to_vec(request)
            .map_err(|error| fault::bug("a request has a JSON form").caused_by(error))?;
        line.push(b'\n');
        writer.write_all(&line).await.map_err(|error| gone(Some(error)))?;
        let mut lines = BufReader::new(reader).lines();
        loop {
            let line = lines
                .next_line()
                .await
                .map_err(|error| gone(Some(error)))?
                .ok_or_else(|| gone(None))?;
            let reply = serde_json::from_str(&line).map_err(|error| {
                fault::bug("the running watch answered nonsense").caused_by(error)
            })?;
            match reply {
                // Without receiver nobody prints them, and the end still counts.
                Reply::Event(event) => {
                    events.send(Arc::new(event)).await.ok();
                }
                Reply::Done(value) => return Ok(value),
                Reply::Failed { kind, message, hints, causes } => {
                    return Err(Error::relayed(kind, message, hints, causes));
                }
            }
        }
    }
}
