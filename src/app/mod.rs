//! The only place where the engine meets the world.

pub mod answer;
mod error;
mod request;

pub use error::{Error, Failure};
pub use request::{InitDone, Located, Mode, OnEvent, Reply, Request};
