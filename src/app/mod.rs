//! The only place where the engine meets the world.
#![expect(
    clippy::disallowed_methods,
    reason = "this room reads the clocks and keeps files of its own"
)]

pub mod answer;
mod clock;
mod error;
mod event;
mod fault;
mod figures;
mod identity;
mod memory;
mod places;
mod request;

pub use error::{Error, Failure};
pub use request::{InitDone, Located, Mode, OnEvent, Reply, Request};
