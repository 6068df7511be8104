//! How long a peer may take next to nothing of what waits for it, or send next to nothing of a frame
//! that it began.

use std::time::Duration;

use tokio::time::Instant;

/// Fewest bytes, over all lanes of a link, that must move within one `stall_timeout` while a frame is
/// under way. Less would keep links that are of no use to anybody; more would end those over which a
/// note still gets through.
pub(super) const LEAST_BYTES: u64 = 4096;

/// Watches over one frame.
///
/// - Invariant: as long as it is judged at least once within each window, a frame ends or moves at
///   [`LEAST_BYTES`] a window, or its link ends.
#[derive(Debug)]
pub(super) struct Pace {
    window: Duration,
    until: Instant,
    before: u64,
}

impl Pace {
    /// Begins a window; `moved` counts the bytes of the whole link so far.
    pub(super) fn new(window: Duration, moved: u64) -> Self {
        Self { window, until: Instant::now() + window, before: moved }
    }

    /// Waits for the end of the window.
    pub(super) async fn over(&self) {
        tokio::time::sleep_until(self.until).await;
    }

    /// How few bytes moved, if the window is over and they were too few; else another may begin.
    pub(super) fn too_slow(&mut self, moved: u64) -> Option<u64> {
        if Instant::now() < self.until {
            return None;
        }
        let bytes = moved.saturating_sub(self.before);
        if bytes < LEAST_BYTES {
            return Some(bytes);
        }
        *self = Self::new(self.window, moved);
        None
    }
}
