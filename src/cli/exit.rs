//! Exit codes.

use std::process::ExitCode;

use crate::app::Failure;

/// How a command ended, for whoever started it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exit {
    /// Done; everything in scope agrees.
    Done,
    /// Failed, and the user can act on the message.
    Failed,
    /// Bad arguments.
    Usage,
    /// Done, but some files were left aside; they are listed.
    LeftAside,
    /// No peer reached, or not in time; what was taken in is safe.
    NoPeer,
    /// The brake: nothing was changed.
    Brake,
    /// Another instance holds this vault and could not carry out the command.
    Busy,
    /// A bug, or a damaged store.
    Bug,
    /// Stopped by the user, cleanly.
    Stopped,
}

impl Exit {
    /// The number of the contract.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::LeftAside => 3,
            Self::NoPeer => 4,
            Self::Brake => 5,
            Self::Busy => 6,
            Self::Bug => 70,
            Self::Stopped => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl From<Failure> for Exit {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotAVault
            | Failure::NoSuchFolder
            | Failure::NoSuchVersion
            | Failure::NotAFolder
            | Failure::Unreadable
            | Failure::OtherVault
            | Failure::UnknownPeer
            | Failure::Refused
            | Failure::Version
            | Failure::Ticket
            | Failure::Config
            | Failure::PortInUse
            | Failure::Io => Self::Failed,
            Failure::Usage => Self::Usage,
            Failure::LeftAside => Self::LeftAside,
            Failure::NoPeer => Self::NoPeer,
            Failure::Brake => Self::Brake,
            Failure::Busy => Self::Busy,
            Failure::Damaged | Failure::Bug => Self::Bug,
            Failure::Stopped => Self::Stopped,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_the_code_of_the_contract() {
        for (failure, code) in [
            (Failure::NotAVault, 1),
            (Failure::NoSuchFolder, 1),
            (Failure::NoSuchVersion, 1),
            (Failure::NotAFolder, 1),
            (Failure::Unreadable, 1),
            (Failure::OtherVault, 1),
            (Failure::UnknownPeer, 1),
            (Failure::Refused, 1),
            (Failure::Version, 1),
            (Failure::Ticket, 1),
            (Failure::Config, 1),
            (Failure::PortInUse, 1),
            (Failure::Io, 1),
            (Failure::Usage, 2),
            (Failure::LeftAside, 3),
            (Failure::NoPeer, 4),
            (Failure::Brake, 5),
            (Failure::Busy, 6),
            (Failure::Damaged, 70),
            (Failure::Bug, 70),
            (Failure::Stopped, 130),
        ] {
            assert_eq!(Exit::from(failure).code(), code, "{failure:?}");
        }
        assert_eq!(Exit::Done.code(), 0);
    }
}
