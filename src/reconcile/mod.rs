//! Decisions about files: what the disk and the vault's state say, and what follows.
//!
//! - Owns: the next step for one file ([`next_step`]), which vanished file a new one is
//!   ([`pair_moves`]), which files changed places ([`trades`]), and the brakes on mass deletions and emptyings
//!   ([`brake`], [`brake_hollowed`], [`brake_losses`]).
//! - Called by: `engine`.
//! - Never: sees bytes or clocks, performs or retries anything. Every function here is pure.
//! - Invariants: a step is only proposed from facts that were observed; at most one for each file;
//!   nothing is ever proposed for a path that could not be looked at.

mod file;
mod guard;
#[cfg(test)]
mod table;
mod trade;
mod tree;

pub use file::{Change, Lies, Next, Wanted, disk_change, next_step};
pub use guard::{
    Brake, Loss, Losses, brake, brake_hollowed, brake_losses, hollowed, loss, say_losses,
    still_gone,
};
pub use trade::{Left, TELLING_BYTES, trades};
pub use tree::{Appeared, Vanished, pair_moves};
