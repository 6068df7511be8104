//! Messages between devices: their shapes, bytes, limits and versions.
//!
//! - Owns: [`Message`], its encoding ([`encode`]) and its decoding within limits ([`decode`]).
//! - Called by: `engine` for the shapes, `app` for the bytes.
//! - Never: opens a socket, knows a connection, decides what to say.
//! - Invariants: no bytes make it panic; nothing is decoded above its limit; what is decoded is
//!   whole, with nothing after it; a path in a message is a parsed
//!   [`VaultPath`](crate::model::VaultPath).
//!
//! # Goals
//!
//! - Two devices that hold the same vault find that out in one round trip and a few hundred bytes.
//! - A line typed in a long note costs its change and little more, not the note.
//! - An edit made just now never waits behind anything queued.
//! - An acknowledgement means that the peer's store holds it.
//! - A device that nobody paired learns nothing, not even the vault's name.
//!
//! # Non-goals
//!
//! - Secrecy and proof of identity: the transport gives both.
//! - Order across lanes: what depends on order travels on one lane, or names what it builds on.
//! - Talking to other programs: both ends are this program.
//!
//! # Message flow
//!
//! *Pairing.* The new device says [`Message::Pair`] with the secret of its ticket. The member
//! answers [`Message::Paired`] with everyone who belongs to the vault, or [`Message::Bye`]. Then
//! both go on as paired devices.
//!
//! *Hello.* Both sides say [`Message::Hello`] at once, without waiting. Different versions or
//! vaults, or an unknown device: [`Message::Bye`] with the reason. Different member lists: both
//! send [`Message::Members`]. Equal digests: both say [`Message::Settled`], and that was all.
//!
//! *Comparison.* With unequal digests the device with the smaller id sends [`Message::Sums`], one
//! for each node of the first level. The other answers with [`Message::Leaves`] below each node
//! that differs, the first with [`Message::Items`] of each leaf that differs, the other with
//! [`Message::States`] of the files that differ, asking for the same. [`Message::Compared`] says
//! that every file that differs has been named.
//!
//! *Delivery.* From the peer's state each side knows what the peer lacks, and sends it with
//! [`Message::Deliver`]: a file as it was born, a whole document, or changes. Texts as they were born
//! that lie together in a pack of its store it sends with [`Message::Packed`], as they lie: they are
//! packed once, when the first of all devices takes them in, and never again. Edits made meanwhile
//! go the same way on the lane for live edits, without any comparison. What builds on changes that
//! are missing is answered by [`Message::Need`]. What is durable is answered by [`Message::Ack`].
//! A side with nothing on its way says [`Message::Settled`] with its digest; equal digests of two
//! sides that are not busy are the proof that the vaults agree. A side whose disk does not follow its
//! vault, because too much would go at once, says of how many files that is so: then nobody is told
//! that both are in sync.
//!
//! *Many devices.* A live edit names whom its sender serves with it, too; these, and everybody whatever
//! came in bulk, are not sent it by the receiver but told with [`Message::Holds`] that it is there, if
//! no digest proved first that they hold it. A device to which several give at once tells each in
//! the hello, and again with [`Message::Share`] when there are more of them or fewer, where to begin, so
//! that each brings a part; what one brought the others hear of with [`Message::Holds`], and drop it.
//!
//! *Large contents* are delivered without bytes. Who lacks them asks with
//! [`Message::OutlineWant`], checks the answer [`Message::Outline`] against the content's hash,
//! asks for the chunks it lacks with [`Message::ChunkWant`], and checks each [`Message::Chunk`]
//! against the outline, so nothing is taken on trust and a transfer goes on wherever it was cut.
//! The outline lists the BLAKE3 chaining values of the content's aligned subtrees of one chunk
//! each; merged as BLAKE3 merges them, they give the content's hash. [`Message::ContentGone`]
//! means: ask somebody else.
//!
//! *End.* [`Message::Bye`] says why, then the connection is closed.
//!
//! # Costs
//!
//! Nothing changed: two hellos (about 60 bytes each) and two of [`Message::Settled`] (20 bytes),
//! one round trip. Comparison: √(n/16) sums of 16 bytes, and as many again for each node that
//! differs, 24 bytes for each item of a leaf that differs; three half trips. A small edit: about
//! 60 bytes and the path around its changes. Packing starts at [`PACK_FROM_BYTES`].
//!
//! # Bytes
//!
//! One message is one frame. The transport carries the frame's length (`u32`, big endian).
//!
//! | frame | bytes |
//! |---|---|
//! | flag | one byte: 0 plain, 1 zlib |
//! | body | plain: the message. zlib: an RFC 1950 stream of the message, with nothing after it |
//!
//! A message is written as [postcard](https://postcard.jamesmunns.com/wire-format) has it. In the
//! table: *n* an unsigned number in groups of seven bits, least first; *z* a signed number, zigzag,
//! then as *n*; *b* a byte 0 or 1; *s* and *y* a text (UTF-8) and bytes: length as *n*, then the
//! bytes; *\[x\]* a list: count as *n*, then each; *?x* 0, or 1 and then x; a number in front of a
//! bracket: so many raw bytes. `content` is 32\[hash\] *n* size; `kind` is 0 text, 1 blob,
//! 2 folder; `heads` is *\[32\]*, read in any order and kept sorted; `member` is 32\[id\] *s* name,
//! *n* name version, *\[s\]* addresses, *n* epoch, *b* removed.
//!
//! | tag | message | fields |
//! |---|---|---|
//! | 0 | `Pair` | *n* version, 32\[secret\], *s* name, *\[s\]* addresses |
//! | 1 | `Paired` | *\[member\]* |
//! | 2 | `Hello` | *n* version, 16\[vault\], 16\[digest\], *n* files, *b* gives, *b* takes, 16\[members\], 1\[part\], 1\[of\] |
//! | 3 | `Members` | *\[member\]* |
//! | 4 | `Sums` | *\[16\]* |
//! | 5 | `Leaves` | *\[node\]*: *n* node, *\[16\]* |
//! | 6 | `Items` | *\[leaf\]*: *n* node, *n* leaf, *\[item\]*: 16\[file\], 8\[digest\] |
//! | 7 | `States` | *b* reply, *\[16\[file\] state\]*: 0 absent; 1 plain: kind, content; 2 document: heads, *\[32\]* recent |
//! | 8 | `Compared` | |
//! | 9 | `Deliver` | *\[delivery\]*: 16\[file\], *s* birth path, *n* generation, *z* mtime, *\[4\]* others, body: 0 plain: kind, content, *?y*; 1 document: *y*; 2 changes: heads, *?*(kind, content), *\[y\]* |
//! | 10 | `Ack` | *\[*16\[file\], 16\[digest\]*\]* |
//! | 11 | `Need` | *\[*16\[file\], state*\]* |
//! | 12 | `Settled` | 16\[digest\], *b* busy, *n* held |
//! | 13 | `OutlineWant` | content |
//! | 14 | `Outline` | 32\[hash\], *\[32\]* |
//! | 15 | `ChunkWant` | content, *n* index |
//! | 16 | `Chunk` | 32\[hash\], *n* index, *y* |
//! | 17 | `ContentGone` | 32\[hash\] |
//! | 18 | `Bye` | 0 done, 1 refused, 2 ticket, 3 version (*n*), 4 other vault, 5 protocol, 6 full |
//! | 19 | `Holds` | *\[*16\[file\], 8\[digest\]*\]* |
//! | 20 | `Share` | 1\[part\], 1\[of\] |
//! | 21 | `Packed` | *n* raw length, *y* zlib of so many bytes; *\[entry\]*: *n* offset, delivery |
//!
//! `fixtures/wire/v1.json` holds each as hex.
//!
//! # Limits
//!
//! | lane | most bytes of a frame, as it travels and unpacked |
//! |---|---|
//! | control | [`CONTROL_LIMIT_BYTES`] |
//! | live | [`LIVE_LIMIT_BYTES`] |
//! | bulk | [`BULK_LIMIT_BYTES`]; batches are made far smaller |
//! | blob | [`BLOB_LIMIT_BYTES`] |
//!
//! Who is not known yet is held to less with [`decode_within`] and [`STRANGER_LIMIT_BYTES`].
//! Unpacking stops at the limit. A list's length is believed only as far as there are bytes:
//! memory is taken in steps of at most 1 MiB, and a list whose items are missing fails at the first.
//!
//! # Versions
//!
//! Each protocol version has a name of its own in the transport's handshake and stands in the hello
//! ([`PROTOCOL_VERSION`]). Within a version, variants may be added at the end of an enumeration, if
//! they are only sent to peers known to understand them; fields are never added, moved or removed. A
//! reader that meets an unknown flag, tag or variant gets [`Error::Flag`] or [`Error::Message`], says
//! [`Bye::Protocol`] and ends the connection: it must not guess what it was to acknowledge.

mod bytes;
mod error;
mod frame;
mod message;
mod packed;
#[cfg(test)]
mod tests;

pub use error::Error;
pub use frame::{
    BLOB_LIMIT_BYTES, BULK_LIMIT_BYTES, CONTROL_LIMIT_BYTES, LIVE_LIMIT_BYTES, PACK_FROM_BYTES,
    Packer, STRANGER_LIMIT_BYTES, decode, decode_within, encode,
};
pub use message::{
    Body, Bye, Delivery, Hello, Lane, Leaf, Message, Node, PROTOCOL_VERSION, Pair, Share, State,
};
pub use packed::Packed;
#[cfg(test)]
pub(crate) use packed::pack_of;
