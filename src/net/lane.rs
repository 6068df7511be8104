//! One lane in one direction: frames out of a queue into a stream, and out of a stream into events.

use std::sync::Arc;

use iroh::endpoint::{ReadError, ReadExactError, RecvStream, SendStream, VarInt, WriteError};
use tokio::sync::mpsc;

use super::link::{Code, Link, Signal};
use super::pace::Pace;
use super::table::Shared;
use super::{Event, FRAME_HEADER_BYTES, LANES, STRANGER_FRAME_BYTES};

/// First buffer of a frame that is being read. A peer that announces much and sends little costs
/// no more than this and what it sent.
const FIRST_BUFFER_BYTES: usize = 64 * 1024;

/// Why reading a lane ended before the stream did.
#[derive(Debug)]
pub(super) enum Broken {
    /// The connection is gone; whoever watches it knows why.
    Connection,
    /// The peer broke a rule.
    Rule(Code, String),
}

impl Broken {
    pub(super) fn rule(why: impl Into<String>) -> Self {
        Self::Rule(Code::Protocol, why.into())
    }

    fn stalled(why: String) -> Self {
        Self::Rule(Code::Stalled, why)
    }
}

impl From<WriteError> for Broken {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Stopped(_) => Self::rule("the peer stopped reading"),
            WriteError::ConnectionLost(_)
            | WriteError::ClosedStream
            | WriteError::ZeroRttRejected => Self::Connection,
        }
    }
}

impl From<ReadError> for Broken {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Reset(_) => Self::rule("the peer cut a stream"),
            ReadError::ConnectionLost(_) | ReadError::ClosedStream | ReadError::ZeroRttRejected => {
                Self::Connection
            }
        }
    }
}

impl From<ReadExactError> for Broken {
    fn from(error: ReadExactError) -> Self {
        match error {
            ReadExactError::FinishedEarly(_) => Self::rule("a stream ended inside a frame"),
            ReadExactError::ReadError(error) => error.into(),
        }
    }
}

/// Streams are served in this order, the link's own words first, then lanes in ascending order.
pub(super) fn priority(lane: usize) -> i32 {
    i32::try_from(LANES.saturating_sub(lane)).unwrap_or(0)
}

/// Writes the frames of one lane until its queue is closed and empty, then finishes the stream.
pub(super) async fn write(
    shared: Arc<Shared>,
    link: Arc<Link>,
    lane: u8,
    mut queue: mpsc::UnboundedReceiver<Vec<u8>>,
) {
    let mut stream = None;
    while let Some(frame) = queue.recv().await {
        let bytes = frame.len() as u64;
        let wire_bytes = bytes + FRAME_HEADER_BYTES as u64;
        if let Err(broken) = write_frame(&shared, &link, lane, &mut stream, frame).await {
            if let Broken::Rule(code, why) = broken {
                link.signal(Signal::Broken(code, why));
            }
            return;
        }
        link.has_left(bytes);
        shared.tell(Event::Sent { link: link.no, lane, wire_bytes }).await;
    }
    if let Some(mut stream) = stream {
        // Only fails for a stream that is finished already, and none here is.
        let _ = stream.finish();
    }
}

async fn write_frame(
    shared: &Shared,
    link: &Link,
    lane: u8,
    stream: &mut Option<SendStream>,
    frame: Vec<u8>,
) -> Result<(), Broken> {
    let mut header = Vec::with_capacity(1 + FRAME_HEADER_BYTES);
    let stream = if let Some(stream) = stream {
        stream
    } else {
        let opening = tokio::time::timeout(shared.stall_timeout, link.connection.open_uni());
        let opened = match opening.await {
            Ok(opened) => opened.map_err(|_| Broken::Connection)?,
            Err(_) => return Err(Broken::stalled("the peer lets no stream be opened".to_owned())),
        };
        let _ = opened.set_priority(priority(usize::from(lane)));
        header.push(lane);
        link.note_opened(lane);
        stream.insert(opened)
    };
    // The sender checked the length against the lane's limit, which is a u32.
    let length = u32::try_from(frame.len()).unwrap_or(u32::MAX);
    header.extend(length.to_be_bytes());
    let mut chunks = [header.into(), frame.into()];
    let mut rest = &mut chunks[..];
    let mut pace = Pace::new(shared.stall_timeout, link.taken());
    while !rest.is_empty() {
        tokio::select! {
            biased;
            written = stream.write_many_chunks(&mut rest) => link.took(written? as u64),
            () = pace.over() => {}
        }
        if let Some(bytes) = pace.too_slow(link.taken()) {
            let seconds = shared.stall_timeout.as_secs();
            return Err(Broken::stalled(format!(
                "the peer stopped reading: it took {bytes} bytes in {seconds} seconds"
            )));
        }
    }
    Ok(())
}

/// Reads the frames of one lane until its stream ends; says so to the link.
pub(super) async fn read(shared: Arc<Shared>, link: Arc<Link>, lane: u8, mut stream: RecvStream) {
    match read_frames(&shared, &link, lane, &mut stream).await {
        Ok(()) => link.signal(Signal::LaneEnded(lane)),
        Err(Broken::Connection) => {}
        Err(Broken::Rule(code, why)) => {
            let _ = stream.stop(VarInt::from_u32(code as u32));
            link.signal(Signal::Broken(code, why));
        }
    }
}

async fn read_frames(
    shared: &Shared,
    link: &Link,
    lane: u8,
    stream: &mut RecvStream,
) -> Result<(), Broken> {
    let limit = shared.frame_limit_bytes[usize::from(lane)];
    if lane != 0 {
        link.until_trusted(shared.stranger_timeout).await?;
    }
    while let Some(length) = read_length(stream).await? {
        if length > limit {
            return Err(Broken::Rule(
                Code::TooLarge,
                format!("the peer announced a frame of {length} bytes, the limit is {limit}"),
            ));
        }
        if length > STRANGER_FRAME_BYTES {
            link.until_trusted(shared.stranger_timeout).await?;
        }
        let bytes = read_body(shared, link, stream, length as usize).await?;
        link.signal(Signal::Proven);
        shared.tell(Event::Frame { link: link.no, lane, bytes }).await;
    }
    Ok(())
}

/// The length of the next frame; `None` when the stream ended between two frames.
async fn read_length(stream: &mut RecvStream) -> Result<Option<u32>, Broken> {
    let mut length = [0; FRAME_HEADER_BYTES];
    match stream.read_exact(&mut length).await {
        Ok(()) => Ok(Some(u32::from_be_bytes(length))),
        Err(ReadExactError::FinishedEarly(0)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn read_body(
    shared: &Shared,
    link: &Link,
    stream: &mut RecvStream,
    length: usize,
) -> Result<Vec<u8>, Broken> {
    let mut bytes = Vec::with_capacity(length.min(FIRST_BUFFER_BYTES));
    let mut pace = Pace::new(shared.stall_timeout, link.came());
    while bytes.len() < length {
        let read = tokio::select! {
            biased;
            read = stream.read_chunk(length - bytes.len()) => Some(read?),
            () = pace.over() => None,
        };
        match read {
            Some(Some(chunk)) => {
                link.has_come(chunk.len() as u64);
                if bytes.capacity() - bytes.len() < chunk.len() {
                    let room = (bytes.capacity() * 2).clamp(bytes.len() + chunk.len(), length);
                    bytes.reserve_exact(room - bytes.len());
                }
                bytes.extend_from_slice(&chunk);
            }
            Some(None) => return Err(Broken::rule("a stream ended inside a frame")),
            None => {}
        }
        if let Some(few) = pace.too_slow(link.came()).filter(|_| bytes.len() < length) {
            let seconds = shared.stall_timeout.as_secs();
            return Err(Broken::stalled(format!(
                "the peer announced a frame of {length} bytes and sent {few} in {seconds} seconds"
            )));
        }
    }
    Ok(bytes)
}
