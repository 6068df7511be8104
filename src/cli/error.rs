//! Why a command ended early.

use std::io;

use crate::app;

/// Why a command ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The work itself failed.
    #[error(transparent)]
    App(#[from] app::Error),
    /// Nobody reads stdout any more; no failure.
    #[error("nobody reads the output any more")]
    Gone,
    /// Stdout takes nothing, for example because its disk is full.
    #[error("cannot write the output")]
    Output(#[source] io::Error),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::Gone } else { Self::Output(error) }
    }
}
