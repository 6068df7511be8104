//! What a running `watch` measures of itself.
//!
//! - Owns: how long an edit and a peer's change take at each [`Station`], what is counted, and the
//!   limits that the program promises to keep ([`budget`]), each with its state.
//! - Called by: the driver, with every input, every effect and every report; it is the one place that
//!   sees all of them, so nothing here is shared between threads and nothing is locked.
//! - Never: changes what happens. A sample that has no room is not taken; counters are exact.
//! - Costs: a handful of comparisons and one histogram cell for each input or effect; nothing is
//!   allocated once a link's queues have their size. 0.3 MB of memory.
//!
//! | Station | From | To |
//! |---|---|---|
//! | event | the watcher saw something | the engine knows |
//! | debounce | the engine knows | the file is looked at |
//! | read | the file is looked at | its content is there |
//! | change | content and document are there | the change is made, or the merge |
//! | store | a change is made | it is durable |
//! | send | a message is made | the transport took it |
//! | receive | a frame came in | the engine has it, decoded |
//! | write | a new content is known | it is in the folder, durably |
//! | walk | the whole folder is to be looked through | it was |
//! | taken-in | the watcher's first event, debounce included | the edit is durable |
//! | edit | the file is looked at, debounce over | the edit is durable |
//! | sent | the watcher's first event, debounce included | the change is on its way to a peer |
//! | written | a peer's change came in | it is in the folder, durably |

pub(crate) mod budget;
pub(crate) mod shape;
mod slots;
mod station;
mod tally;

pub(crate) use station::Station;
pub(crate) use tally::{Around, Beginning, Meter};
