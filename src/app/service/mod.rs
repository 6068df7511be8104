//! How a `watch` is started with the session: a systemd user unit, a launchd agent, or a line for cron.
//!
//! - Owns: the texts of the three, the place of the two that are files, and the rule that a file of
//!   somebody else is never replaced unseen.
//! - Called by: `cli` for `service`.
//! - Never: starts a program. What has to be told to systemd or launchd is said, not done.
//! - Format: the first comment of a file says who wrote it and holds a checksum of all that follows, so
//!   that a file that was edited is told from one that was not ([`State`]).
//! - A stop in between: a new file appears whole, under a name that nobody had; an own one is replaced
//!   by a rename. What may stay is a file `.NAME.….tmp`, which neither systemd nor launchd reads.

mod cron;
mod file;
mod job;
mod launchd;
mod systemd;

pub use file::{Overwrite, State, install, state, uninstall};
pub use job::{Folders, Job, Kind, Unit, unit};
