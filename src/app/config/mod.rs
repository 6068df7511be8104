//! Settings: typed keys with built-in values, from five layers.
//!
//! - Owns: the list of keys ([`Key`]), their values ([`Value`]), where this installation keeps its
//!   things ([`Home`]), reading and writing of configuration files, and which layer wins
//!   ([`Settings`]).
//! - Called by: `app` when it starts anything, `cli` for `config`.
//! - Never: reads the environment itself (it is an argument), guesses at a wrong key or value.
//! - Order, the later wins: built-in, config file, the vault's config file, environment, flag.
//! - Format: TOML; the key `watch.quiet_ms` is `quiet_ms` in the table `[watch]`. Files are edited in
//!   place, comments and order kept, and replaced as a whole: a stop in between leaves the old one.

mod file;
mod home;
mod key;
mod settings;
mod value;

pub use file::{Written, write_key};
pub use home::{ENV_HOME, Home};
pub use key::{ENV_PREFIX, Key, RESERVED};
pub use settings::{Origin, Settings};
pub use value::{Bind, Discovery, Relay, Value, WhenBackground};
