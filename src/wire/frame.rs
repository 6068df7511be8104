//! One message as the bytes of one frame, and back.

use std::io::Read;

use flate2::bufread::ZlibDecoder;
use flate2::{Compress, Compression, FlushCompress, Status};

use super::{Error, Lane, Message};

/// Largest frame of [`Lane::Control`] in bytes: the items of 100,000 files that all differ.
pub const CONTROL_LIMIT_BYTES: usize = 4 * 1024 * 1024;
/// Largest frame of [`Lane::Live`] in bytes: the text limit, its history, and room.
pub const LIVE_LIMIT_BYTES: usize = 8 * 1024 * 1024;
/// Largest frame of [`Lane::Bulk`] in bytes: one document with a long history. Batches are made
/// much smaller, so that a live edit does not wait for the peer to take one in.
pub const BULK_LIMIT_BYTES: usize = 16 * 1024 * 1024;
/// Largest frame of [`Lane::Blob`] in bytes: one chunk, and room.
pub const BLOB_LIMIT_BYTES: usize = 1024 * 1024;

/// Largest frame of a peer that is not known yet, in bytes, also unpacked: a hello, or a first word
/// with a name and some addresses. Lists of empty texts take 24 times their size in memory.
pub const STRANGER_LIMIT_BYTES: usize = 4 * 1024;

/// Shorter bodies are not packed unless somebody asks for it: they fit one packet anyway.
pub const PACK_FROM_BYTES: usize = 1024;

/// A packed body must be below this share of the plain one, in percent, or the reader's work is not
/// worth it.
const PACKED_BELOW_PERCENT: usize = 90;

/// How much of a chunk is looked at before all of it is packed; most attachments are packed already.
const SAMPLE_BYTES: usize = 4 * 1024;

/// Larger buffers are not kept for the next frame.
const KEPT_BYTES: usize = 1024 * 1024;

/// zlib's effort. The lowest that builds its own code tables; one less packs notes a quarter worse,
/// more costs more time than it saves on any link faster than a telephone's.
const LEVEL: u32 = 2;

/// First byte of a frame whose body is as postcard made it.
const PLAIN: u8 = 0;
/// First byte of a frame whose body is a zlib stream.
const ZLIB: u8 = 1;

impl Lane {
    /// Largest frame of this lane in bytes, as it travels and as it is unpacked.
    pub const fn limit_bytes(self) -> usize {
        match self {
            Self::Control => CONTROL_LIMIT_BYTES,
            Self::Live => LIVE_LIMIT_BYTES,
            Self::Bulk => BULK_LIMIT_BYTES,
            Self::Blob => BLOB_LIMIT_BYTES,
        }
    }
}

/// Encodes one message.
///
/// - Shape: one flag byte, then the body; see the room's byte table.
/// - Errors: none. Whether the frame fits its lane is for the caller to see: compare its length with
///   [`Lane::limit_bytes`].
///
/// # Panics
///
/// Never: a message is plain data, and the buffer grows as needed.
pub fn encode(message: &Message) -> Vec<u8> {
    Packer::new(PACK_FROM_BYTES).encode(message)
}

/// Encodes many messages, one after the other, in buffers that are used again: each frame is then the
/// only memory that it takes.
#[derive(Debug)]
pub struct Packer {
    pack_from_bytes: usize,
    plain: Vec<u8>,
    packed: Vec<u8>,
    /// Made for the first body that is packed.
    stream: Option<Compress>,
}

impl Packer {
    /// Packs bodies from `pack_from_bytes` on.
    pub fn new(pack_from_bytes: usize) -> Self {
        Self { pack_from_bytes, plain: Vec::new(), packed: Vec::new(), stream: None }
    }

    /// As [`encode`].
    ///
    /// # Panics
    ///
    /// Never, as [`encode`].
    pub fn encode(&mut self, message: &Message) -> Vec<u8> {
        let mut plain = std::mem::take(&mut self.plain);
        plain.clear();
        plain.push(PLAIN);
        let plain = postcard::to_extend(message, plain)
            .expect("a message is plain data, and the buffer grows as needed");
        let frame = if self.packs(message, &plain[1..]) { &self.packed } else { &plain };
        let frame = frame.clone();
        self.plain = plain;
        for buffer in [&mut self.plain, &mut self.packed] {
            buffer.clear();
            buffer.shrink_to(KEPT_BYTES);
        }
        frame
    }

    /// Whether `packed` now holds a frame that is worth its reader's work. What travels in a pack of
    /// its own is left as it is.
    fn packs(&mut self, message: &Message, body: &[u8]) -> bool {
        if matches!(message, Message::Packed(_)) {
            return false;
        }
        let sample = chunk_of(message).map(|bytes| &bytes[..bytes.len().min(SAMPLE_BYTES)]);
        body.len() >= self.pack_from_bytes
            && sample.is_none_or(|sample| self.pack(sample))
            && self.pack(body)
    }

    /// Packs `body`, the flag before it; false, at the latest, when it comes out too large.
    fn pack(&mut self, body: &[u8]) -> bool {
        let stream =
            self.stream.get_or_insert_with(|| Compress::new(Compression::new(LEVEL), true));
        stream.reset();
        self.packed.clear();
        self.packed.push(ZLIB);
        let limit = body.len() * PACKED_BELOW_PERCENT / 100;
        self.packed.reserve(body.len() / 2);
        loop {
            let taken = usize::try_from(stream.total_in()).unwrap_or(usize::MAX);
            let rest = body.get(taken..).unwrap_or_default();
            match stream.compress_vec(rest, &mut self.packed, FlushCompress::Finish) {
                Ok(Status::StreamEnd) => return self.packed.len() < limit,
                Ok(Status::Ok | Status::BufError) if self.packed.len() < limit => {
                    self.packed.reserve(body.len() / 4 + SAMPLE_BYTES);
                }
                Ok(Status::Ok | Status::BufError) | Err(_) => return false,
            }
        }
    }
}

fn chunk_of(message: &Message) -> Option<&[u8]> {
    if let Message::Chunk { bytes, .. } = message { Some(bytes) } else { None }
}

/// Decodes one frame that came on `lane`.
///
/// - Units: neither the frame nor what it unpacks to may exceed [`Lane::limit_bytes`].
///
/// # Errors
///
/// [`Error`] names what is wrong; the frame is then to be dropped with its connection, for nothing
/// after it can be trusted to make sense.
pub fn decode(lane: Lane, frame: &[u8]) -> Result<Message, Error> {
    decode_within(lane.limit_bytes(), frame)
}

/// As [`decode`], under another limit; for peers that are not known yet.
///
/// # Errors
///
/// As [`decode`].
pub fn decode_within(limit_bytes: usize, frame: &[u8]) -> Result<Message, Error> {
    if frame.len() > limit_bytes {
        return Err(Error::TooLarge { limit_bytes });
    }
    match frame.split_first() {
        None => Err(Error::Empty),
        Some((&PLAIN, body)) => parse(limit_bytes, body),
        Some((&ZLIB, body)) => parse(limit_bytes, &unpack(limit_bytes, body)?),
        Some((&flag, _)) => Err(Error::Flag(flag)),
    }
}

fn unpack(limit_bytes: usize, packed: &[u8]) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    let mut decoder = ZlibDecoder::new(packed).take(limit_bytes as u64 + 1);
    decoder.read_to_end(&mut body).map_err(Error::Zlib)?;
    if body.len() > limit_bytes {
        return Err(Error::TooLarge { limit_bytes });
    }
    match decoder.into_inner().into_inner() {
        [] => Ok(body),
        rest => Err(Error::Trailing { bytes: rest.len() }),
    }
}

fn parse(limit_bytes: usize, body: &[u8]) -> Result<Message, Error> {
    match postcard::take_from_bytes(body) {
        Ok((Message::Packed(packed), [])) => packed.unpack(limit_bytes),
        Ok((message, [])) => Ok(message),
        Ok((_, rest)) => Err(Error::Trailing { bytes: rest.len() }),
        Err(cause) => Err(Error::Message { tag: body.first().copied(), cause }),
    }
}
