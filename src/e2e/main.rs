//! Real processes of the built binary, on loopback, each device with a home of its own.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests that start programs, write vaults and say what they skip"
)]

mod away;
mod bad_input;
mod blind;
mod blind_saves;
mod brake;
mod brakes_peer;
mod brakes_stubs;
mod device;
mod ending;
mod folding;
mod full_disk;
mod kill;
mod kinds;
mod ledger;
mod live;
mod mesh;
mod metrics;
mod names;
mod names_hold;
mod oneshot;
mod past;
mod permissions;
mod power;
mod raw;
mod real;
mod scope;
mod service;
mod stopped;
mod storms;
mod strangers;
mod styles;
mod three;
mod trash;
mod trash_far;
mod trees;
mod two_devices;
mod versions;

#[expect(unreachable_pub, reason = "shared with tests and benches that see it as a room")]
#[path = "../sim/generate.rs"]
mod generate;
