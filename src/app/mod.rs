//! The only place where the engine meets the world.
#![expect(
    clippy::disallowed_methods,
    reason = "this room reads the clocks and keeps files of its own"
)]

pub mod answer;
mod clock;
pub mod config;
mod contradictions;
mod control;
mod desk;
mod driver;
mod error;
mod event;
mod fault;
mod figures;
mod front;
mod ground;
mod handle;
mod hints;
mod host;
mod identity;
mod join;
mod listen;
mod lookout;
mod memory;
mod meter;
mod past;
mod perform;
mod places;
mod post;
mod power;
mod priority;
mod put_back;
mod request;
pub mod service;
mod verify;
mod workers;

pub use crate::engine::Verdict;
pub use error::{Error, Failure};
pub use front::{ask, init, locate, watch};
pub use join::join;
pub use past::bytes_of;
pub use request::{InitDone, Located, Mode, OnEvent, Reply, Request};

/// The target of the spans that make a chart of one run: what each thread does, and for how long.
/// They cost a comparison each where nobody draws it.
pub const CHART: &str = "chart";

#[cfg(test)]
mod tests;
