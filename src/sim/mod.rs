//! A deterministic world of peers: engines over a simulated folder, store and network, one seed.
//!
//! - Owns: the stand-ins ([`disk`], [`store`], [`net`]), the world that pairs them with engines and
//!   decides who is late, lost or stopped ([`world`]), the people who type ([`users`]), and the
//!   judges ([`oracles`]). [`invent`] and its neighbours make merges of two people's edits, [`measure`] judges them.
//!   [`contract`] runs one table against the stand-ins and the adapters.
//! - Called by: tests only; it is never shipped.
//! - Never: reads a clock, the system's randomness, a real file (except in [`contract`] and `growth`) or a socket.
//! - Invariants: the same seed gives the same trace, byte for byte; every oracle has a test with a
//!   planted fault showing that it fires; a failure prints its seed and the command that repeats it.
//!
//! Environment: `VAULT_SYNC_SIM_SEEDS=1000` runs that many seeds of each world,
//! `VAULT_SYNC_SIM_SEED=17` only that one, `VAULT_SYNC_SIM_TRACE=1` prints every step of a failure.

mod careless;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod crowd;
mod disk;
#[expect(dead_code, unreachable_pub, reason = "shared with benches, which use all of it")]
mod generate;
#[cfg(test)]
mod growth;
#[expect(unreachable_pub, reason = "shared with a bench that sees it as its own")]
mod invent;
#[cfg(test)]
mod invent_json;
#[cfg(test)]
mod invent_json_doc;
#[cfg(test)]
mod invent_json_judge;
#[cfg(test)]
mod invent_json_tests;
#[cfg(test)]
mod invent_yaml;
#[cfg(test)]
mod invent_yaml_tests;
#[expect(unreachable_pub, reason = "shared with a bench that sees it as its own")]
mod measure;
#[cfg(test)]
mod merges;
mod net;
mod oracles;
mod rng;
mod store;
#[cfg(test)]
mod sweep;
#[cfg(test)]
mod tests;
mod users;
mod world;
