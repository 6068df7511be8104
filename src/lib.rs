#![doc = include_str!("../README.md")]

pub mod app;
pub mod cli;
pub mod docs;
pub mod engine;
pub mod merge;
pub mod model;
pub mod net;
pub mod reconcile;
#[cfg(test)]
mod sim;
pub mod store;
pub mod vault;
pub mod wire;

#[cfg(test)]
mod arch;
