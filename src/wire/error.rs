//! Why bytes are not a message.

use std::io;

/// What is wrong with a frame.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no flag byte.
    #[error("an empty frame")]
    Empty,
    /// The flag byte is of a later version, or wrong.
    #[error("a frame with the unknown flag {0}")]
    Flag(u8),
    /// The frame, or what it unpacks to, exceeds the limit.
    #[error("a frame above the limit of {limit_bytes} bytes")]
    TooLarge {
        /// The limit.
        limit_bytes: usize,
    },
    /// The zlib stream is damaged or cut.
    #[error("a frame whose packed bytes are damaged")]
    Zlib(#[source] io::Error),
    /// The body is no message that this build knows.
    #[error("a message that this build does not understand (tag {tag:?})")]
    Message {
        /// Its first byte, if there is one.
        tag: Option<u8>,
        /// What the decoder stumbled over.
        #[source]
        cause: postcard::Error,
    },
    /// A pack of texts does not hold what the message says; the text says how.
    #[error("a pack of texts with {0}")]
    Pack(&'static str),
    /// There are bytes after the end.
    #[error("a frame with {bytes} bytes after its end")]
    Trailing {
        /// How many.
        bytes: usize,
    },
}
