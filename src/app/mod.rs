//! The only place where the engine meets the world.
#![expect(
    clippy::disallowed_methods,
    reason = "this room reads the clocks and keeps files of its own"
)]

pub mod answer;
mod clock;
pub mod config;
mod driver;
mod error;
mod event;
mod fault;
mod figures;
mod hints;
mod identity;
mod memory;
mod places;
mod post;
mod request;
mod workers;

pub use error::{Error, Failure};
pub use request::{InitDone, Located, Mode, OnEvent, Reply, Request};
