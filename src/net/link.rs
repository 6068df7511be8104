//! One link's life, from the moment both sides agreed on it until its last event.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use iroh::endpoint::{Connection, ConnectionError, RecvStream, SendStream, VarInt};
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::lane::{self, Broken};
use super::table::{Life, Shared};
use super::{
    CLOSE_TIMEOUT, Event, Figures, LANES, LinkNo, QUEUED_LIMIT_BYTES, TRUSTED_WINDOW_BYTES,
};
use crate::model::PeerId;

/// First byte of the stream on which the two ends talk about the link itself.
pub(super) const OWN_STREAM: u8 = 0xff;
/// "My lanes end here"; the next byte is the set of lanes that were used.
const GOODBYE: u8 = 2;
/// "All that you sent before your goodbye is handed over."
const RECEIVED: u8 = 3;

/// Why a connection is closed, as the other side reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Code {
    /// All is said.
    Done = 0,
    /// Another connection between the same two was kept.
    Duplicate = 1,
    /// A rule of this layer was broken.
    Protocol = 2,
    /// No word came, or no trust, in time.
    Stranger = 3,
    /// A newer connection took the place.
    Replaced = 4,
    /// A frame was announced that is above the limit.
    TooLarge = 5,
    /// The peer took, or sent, next to nothing for too long, or too much waits for it.
    Stalled = 6,
}

impl Code {
    const ALL: [Self; 7] = [
        Self::Done,
        Self::Duplicate,
        Self::Protocol,
        Self::Stranger,
        Self::Replaced,
        Self::TooLarge,
        Self::Stalled,
    ];
}

/// Closes `connection` with a code and its meaning.
pub(super) fn close(connection: &Connection, code: Code, why: &str) {
    connection.close(VarInt::from_u32(code as u32), why.as_bytes());
}

/// With which code the other side closed `connection`, if it did.
pub(super) fn code_of(connection: &Connection) -> Option<Code> {
    match connection.close_reason() {
        Some(ConnectionError::ApplicationClosed(close)) => {
            Code::ALL.into_iter().find(|code| VarInt::from_u32(*code as u32) == close.error_code)
        }
        Some(_) | None => None,
    }
}

/// What the tasks of a link tell the one that watches over it.
#[derive(Debug)]
pub(super) enum Signal {
    /// The owner wants it closed, after what is queued.
    Close,
    /// A newer connection takes its place.
    Replaced,
    /// The peer broke a rule.
    Broken(Code, String),
    /// A frame came.
    Proven,
    /// The peer's stream of this lane ended, and all its frames are handed over.
    LaneEnded(u8),
    /// The peer will send no more on any lane; it used these.
    Goodbye(u8),
    /// The peer handed over all that was sent.
    Received,
}

/// One connection that was kept.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) no: LinkNo,
    pub(super) peer: PeerId,
    pub(super) dialled: bool,
    pub(super) connection: Connection,
    /// Known once the peer's own stream was read.
    pub(super) life: watch::Sender<Option<Life>>,
    queues: Mutex<Option<[mpsc::UnboundedSender<Vec<u8>>; LANES]>>,
    signals: mpsc::UnboundedSender<Signal>,
    trusted: watch::Sender<bool>,
    /// Held while the peer is a stranger.
    stranger: Mutex<Option<OwnedSemaphorePermit>>,
    /// Held as long as the connection.
    _counted: Option<OwnedSemaphorePermit>,
    opened: AtomicU8,
    ending: AtomicBool,
    /// Bytes of frames that wait to be sent.
    queued_bytes: AtomicU64,
    /// Bytes that QUIC took of frames, and bytes of frames that came.
    taken_bytes: AtomicU64,
    came_bytes: AtomicU64,
}

/// The receiving ends of a link that was just made.
#[derive(Debug)]
pub(super) struct Ends {
    queues: [mpsc::UnboundedReceiver<Vec<u8>>; LANES],
    signals: mpsc::UnboundedReceiver<Signal>,
}

fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Link {
    pub(super) fn new(
        no: LinkNo,
        peer: PeerId,
        dialled: bool,
        connection: Connection,
        stranger: Option<OwnedSemaphorePermit>,
        counted: Option<OwnedSemaphorePermit>,
    ) -> (Arc<Self>, Ends) {
        let channels: [_; LANES] = std::array::from_fn(|_| mpsc::unbounded_channel());
        let senders = std::array::from_fn(|lane| channels[lane].0.clone());
        let (signals, signalled) = mpsc::unbounded_channel();
        let link = Self {
            no,
            peer,
            dialled,
            connection,
            life: watch::Sender::new(None),
            queues: Mutex::new(Some(senders)),
            signals,
            trusted: watch::Sender::new(false),
            stranger: Mutex::new(stranger),
            _counted: counted,
            opened: AtomicU8::new(0),
            ending: AtomicBool::new(false),
            queued_bytes: AtomicU64::new(0),
            taken_bytes: AtomicU64::new(0),
            came_bytes: AtomicU64::new(0),
        };
        let ends = Ends { queues: channels.map(|(_, queue)| queue), signals: signalled };
        (Arc::new(link), ends)
    }

    /// Queues one frame; false when the link is ending.
    pub(super) fn queue(&self, lane: usize, frame: Vec<u8>) -> bool {
        let bytes = frame.len() as u64;
        let waiting = self.queued_bytes.fetch_add(bytes, Ordering::AcqRel) + bytes;
        if waiting > QUEUED_LIMIT_BYTES {
            let why = format!("the peer asked for {waiting} bytes that it does not read");
            self.signal(Signal::Broken(Code::Stalled, why));
            return false;
        }
        match (&*unpoisoned(&self.queues), lane < LANES) {
            (Some(queues), true) => queues[lane].send(frame).is_ok(),
            (Some(_) | None, _) => false,
        }
    }

    /// A frame of so many bytes was sent.
    pub(super) fn has_left(&self, bytes: u64) {
        self.queued_bytes.fetch_sub(bytes, Ordering::AcqRel);
    }

    /// QUIC took so many bytes more.
    pub(super) fn took(&self, bytes: u64) {
        self.taken_bytes.fetch_add(bytes, Ordering::AcqRel);
    }

    pub(super) fn taken(&self) -> u64 {
        self.taken_bytes.load(Ordering::Acquire)
    }

    /// So many bytes more came.
    pub(super) fn has_come(&self, bytes: u64) {
        self.came_bytes.fetch_add(bytes, Ordering::AcqRel);
    }

    pub(super) fn came(&self) -> u64 {
        self.came_bytes.load(Ordering::Acquire)
    }

    pub(super) fn signal(&self, signal: Signal) {
        if matches!(signal, Signal::Close | Signal::Replaced) {
            self.ending.store(true, Ordering::Release);
        }
        // The receiver is only gone when the link is.
        drop(self.signals.send(signal));
    }

    /// Whether its down is on its way.
    pub(super) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }

    pub(super) fn note_opened(&self, lane: u8) {
        self.opened.fetch_or(1 << lane, Ordering::AcqRel);
    }

    /// Lifts the limits that strangers have.
    pub(super) fn trust(&self) {
        if !self.trusted.send_replace(true) {
            self.connection.set_receive_window(VarInt::from_u32(TRUSTED_WINDOW_BYTES));
        }
        drop(unpoisoned(&self.stranger).take());
    }

    /// How it is doing.
    pub(super) fn figures(&self) -> Figures {
        let stats = self.connection.stats();
        let paths = self.connection.paths();
        let chosen = paths.iter().find(iroh::endpoint::Path::is_selected);
        Figures {
            link: self.no,
            peer: self.peer,
            relayed: chosen.as_ref().map(iroh::endpoint::Path::is_relay),
            rtt_ms: chosen.map(|path| u64::try_from(path.rtt().as_millis()).unwrap_or(u64::MAX)),
            sent_bytes: stats.udp_tx.bytes,
            received_bytes: stats.udp_rx.bytes,
        }
    }

    /// Waits to be trusted.
    pub(super) async fn until_trusted(&self, limit: Duration) -> Result<(), Broken> {
        let mut trusted = self.trusted.subscribe();
        tokio::select! {
            biased;
            trust = tokio::time::timeout(limit, trusted.wait_for(|trusted| *trusted)) => match trust {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(_)) => Err(Broken::Connection),
                Err(_) => Err(Broken::Rule(
                    Code::Stranger,
                    "a stranger sent more than a stranger may".to_owned(),
                )),
            },
            _ = self.connection.closed() => Err(Broken::Connection),
        }
    }
}

/// Carries one link from its up to its down. `own_in` is the peer's own stream, when it was read
/// already.
pub(super) async fn run(
    shared: Arc<Shared>,
    link: Arc<Link>,
    ends: Ends,
    own_out: SendStream,
    own_in: Option<RecvStream>,
) {
    shared.tell(Event::Up { link: link.no, peer: link.peer, dialled: link.dialled }).await;
    let mut writers = JoinSet::new();
    for (lane, queue) in (0_u8..).zip(ends.queues) {
        writers.spawn(lane::write(Arc::clone(&shared), Arc::clone(&link), lane, queue));
    }
    let reading = shared.runtime.spawn(receive(Arc::clone(&shared), Arc::clone(&link), own_in));

    let unproven = (!link.dialled).then(|| Instant::now() + shared.stranger_timeout);
    let mut watch = Watch {
        link: Arc::clone(&link),
        own_out,
        signals: ends.signals,
        writers,
        unproven,
        linger: None,
        ours: Ours::Open,
        theirs: Theirs::Open,
        ended: 0,
    };
    let reason = watch.until_over().await;

    link.ending.store(true, Ordering::Release);
    drop(unpoisoned(&link.queues).take());
    // The connection is closed, so both end by themselves; frames read whole are still handed over.
    while watch.writers.join_next().await.is_some() {}
    drop(reading.await);
    shared.tell(Event::Down { link: link.no, reason }).await;
    {
        let mut table = shared.table();
        table.links.remove(&link.no);
        table.note_ended(link.peer, link.no, *link.life.borrow());
        if table.of_peer.get(&link.peer).is_some_and(|kept| kept.no == link.no) {
            table.of_peer.remove(&link.peer);
        }
    }
    drop(unpoisoned(&link.stranger).take());
    shared.has_moved();
}

/// Accepts the peer's streams and reads them all, until each has ended or the connection is gone.
async fn receive(shared: Arc<Shared>, link: Arc<Link>, own_in: Option<RecvStream>) {
    let mut readers = JoinSet::new();
    if let Err(Broken::Rule(code, why)) = accept_all(&shared, &link, own_in, &mut readers).await {
        link.signal(Signal::Broken(code, why));
    }
    while readers.join_next().await.is_some() {}
}

async fn accept_all(
    shared: &Arc<Shared>,
    link: &Arc<Link>,
    own_in: Option<RecvStream>,
    readers: &mut JoinSet<()>,
) -> Result<(), Broken> {
    let own_in = if let Some(stream) = own_in {
        stream
    } else {
        let mut stream = accept_one(link).await?;
        let life = read_preface(&mut stream).await?;
        link.life.send_replace(Some(life));
        stream
    };
    readers.spawn(listen(Arc::clone(link), own_in));
    let mut seen = 0_u8;
    loop {
        let mut stream = accept_one(link).await?;
        let mut lane = [0; 1];
        stream.read_exact(&mut lane).await?;
        let [lane] = lane;
        if usize::from(lane) >= LANES || seen & (1 << lane) != 0 {
            return Err(Broken::rule(format!("the peer opened lane {lane} wrongly")));
        }
        seen |= 1 << lane;
        readers.spawn(lane::read(Arc::clone(shared), Arc::clone(link), lane, stream));
    }
}

async fn accept_one(link: &Link) -> Result<RecvStream, Broken> {
    let accepted = link.connection.accept_uni().await;
    // Why the connection ended is told by whoever watches it.
    accepted.ok().ok_or(Broken::Connection)
}

/// Reads the first bytes of the peer's own stream.
pub(super) async fn read_preface(stream: &mut RecvStream) -> Result<Life, Broken> {
    let mut first = [0; 1];
    stream.read_exact(&mut first).await?;
    if first != [OWN_STREAM] {
        return Err(Broken::rule("the first stream is not the link's own"));
    }
    let mut life = Life::default();
    stream.read_exact(&mut life).await?;
    Ok(life)
}

/// Opens this side's own stream and writes its first bytes.
pub(super) async fn open_own(connection: &Connection, life: Life) -> Option<SendStream> {
    let mut stream = connection.open_uni().await.ok()?;
    let _ = stream.set_priority(lane::priority(0) + 1);
    let mut preface = vec![OWN_STREAM];
    preface.extend(life);
    stream.write_all(&preface).await.ok()?;
    Some(stream)
}

/// Hears what the peer says about the link itself.
async fn listen(link: Arc<Link>, mut stream: RecvStream) {
    let heard: Result<(), Broken> = async {
        loop {
            let mut word = [0; 1];
            stream.read_exact(&mut word).await?;
            match word {
                [GOODBYE] => {
                    let mut lanes = [0; 1];
                    stream.read_exact(&mut lanes).await?;
                    link.signal(Signal::Goodbye(lanes[0]));
                }
                [RECEIVED] => link.signal(Signal::Received),
                [other] => return Err(Broken::rule(format!("unknown word {other} on the link"))),
            }
        }
    }
    .await;
    if let Err(Broken::Rule(code, why)) = heard {
        link.signal(Signal::Broken(code, why));
    }
}

/// Watches over one link.
#[derive(Debug)]
struct Watch {
    link: Arc<Link>,
    own_out: SendStream,
    signals: mpsc::UnboundedReceiver<Signal>,
    writers: JoinSet<()>,
    /// Until when the peer must have sent a frame.
    unproven: Option<Instant>,
    /// Until when an agreed end may take.
    linger: Option<Instant>,
    ours: Ours,
    theirs: Theirs,
    /// The set of the peer's lanes that ended.
    ended: u8,
}

/// How far this side's end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ours {
    /// Frames may be sent.
    Open,
    /// What is queued goes out.
    Closing,
    /// Goodbye is said.
    Said,
    /// The peer has everything.
    Received,
}

/// How far the peer's end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Theirs {
    /// Frames may come.
    Open,
    /// It said goodbye after using this set of lanes.
    Said(u8),
    /// It was told that everything was handed over.
    Received,
}

impl Watch {
    /// Works until the connection is closed, by whichever side; says why, for people.
    async fn until_over(&mut self) -> String {
        loop {
            let deadline = self.linger.or(self.unproven);
            tokio::select! {
                biased;
                Some(signal) = self.signals.recv() => {
                    if let Some(reason) = self.take(signal) {
                        return reason;
                    }
                }
                error = self.link.connection.closed() => return describe(&error),
                Some(_) = self.writers.join_next(), if self.ours == Ours::Closing => {}
                () = until(deadline) => {
                    let (code, why) = if self.linger.is_some() {
                        (Code::Done, "closed, the peer did not confirm in time")
                    } else {
                        (Code::Stranger, "the peer said nothing in time")
                    };
                    return self.end(code, why);
                }
            }
            if let Some(reason) = self.advance().await {
                return reason;
            }
        }
    }

    /// Takes in one signal; a reason when the link is over.
    fn take(&mut self, signal: Signal) -> Option<String> {
        match signal {
            Signal::Close => self.begin_to_close(),
            Signal::Replaced => {
                return Some(self.end(Code::Replaced, "replaced by a newer connection"));
            }
            Signal::Broken(code, why) => return Some(self.end(code, &why)),
            Signal::Proven => self.unproven = None,
            Signal::LaneEnded(lane) => self.ended |= 1 << lane,
            Signal::Goodbye(lanes) => {
                self.theirs = Theirs::Said(lanes);
                self.link.ending.store(true, Ordering::Release);
                self.begin_to_close();
            }
            Signal::Received if self.ours == Ours::Said => self.ours = Ours::Received,
            Signal::Received => {
                let why = "the peer confirmed what was not said";
                return Some(self.end(Code::Protocol, why));
            }
        }
        None
    }

    /// Takes no more frames to send; those queued still go out.
    fn begin_to_close(&mut self) {
        if self.ours == Ours::Open {
            self.ours = Ours::Closing;
        }
        self.linger.get_or_insert(Instant::now() + CLOSE_TIMEOUT);
        drop(unpoisoned(&self.link.queues).take());
    }

    /// Says to the peer what is due.
    async fn advance(&mut self) -> Option<String> {
        if self.ours == Ours::Closing && self.writers.is_empty() {
            self.ours = Ours::Said;
            let lanes = self.link.opened.load(Ordering::Acquire);
            self.say(&[GOODBYE, lanes]).await;
        }
        if let Theirs::Said(lanes) = self.theirs
            && self.ended & lanes == lanes
        {
            self.theirs = Theirs::Received;
            self.say(&[RECEIVED]).await;
        }
        (self.ours == Ours::Received && self.theirs == Theirs::Received)
            .then(|| self.end(Code::Done, "closed"))
    }

    /// A failure means that the connection is closed, which is noticed next; a peer that lets not
    /// even these few bytes through is not waited for longer than for the end itself.
    async fn say(&mut self, words: &[u8]) {
        drop(tokio::time::timeout(CLOSE_TIMEOUT, self.own_out.write_all(words)).await);
    }

    fn end(&self, code: Code, why: &str) -> String {
        close(&self.link.connection, code, why);
        why.to_owned()
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// A connection's end, for people.
pub(super) fn describe(error: &ConnectionError) -> String {
    match error {
        ConnectionError::ApplicationClosed(close)
            if close.error_code == VarInt::from_u32(Code::Done as u32) =>
        {
            "the peer closed the connection".to_owned()
        }
        ConnectionError::ApplicationClosed(close) => {
            format!("the peer ended the connection: {close}")
        }
        ConnectionError::TimedOut => "the peer fell silent".to_owned(),
        ConnectionError::LocallyClosed => "closed".to_owned(),
        ConnectionError::VersionMismatch
        | ConnectionError::TransportError(_)
        | ConnectionError::ConnectionClosed(_)
        | ConnectionError::Reset
        | ConnectionError::CidsExhausted => format!("the connection broke: {error}"),
    }
}
