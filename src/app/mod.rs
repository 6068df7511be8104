//! The only place where the engine meets the world.

pub mod answer;
pub mod config;
mod error;
mod request;

pub use config::Settings;
pub use error::{Error, Failure};
pub use request::{InitDone, Located, Mode, OnEvent, Reply, Request};
