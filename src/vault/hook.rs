//! Where tests step between two system calls.

use std::fmt;
use std::io;
use std::path::Path;

/// A moment inside a step; the path given along is the file that the moment is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Point {
    /// The temporary file has its name and no bytes.
    Made,
    /// The temporary file has its bytes.
    Written,
    /// The barrier is about to be passed.
    Barrier,
    /// The target was looked at and is as expected.
    Looked,
    /// The temporary file has the name under which the old bytes may lie.
    Armed,
    /// The old bytes are aside (and the new ones in place, where names can be swapped).
    Aside,
    /// What is aside was looked at.
    Judged,
    /// The new name is in place.
    Placed,
    /// The old bytes are dropped.
    Dropped,
    /// The folders are about to be made durable.
    Folders,
}

/// Called at every [`Point`]; an error takes the place of the system's answer.
pub(super) type Fault = dyn Fn(Point, &Path) -> io::Result<()> + Send + Sync;

/// None outside tests.
#[derive(Default)]
pub(super) struct Hook(pub(super) Option<Box<Fault>>);

impl Hook {
    /// Passes a point.
    pub(super) fn at(&self, point: Point, path: &Path) -> io::Result<()> {
        self.0.as_ref().map_or(Ok(()), |fault| fault(point, path))
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hook").field(&self.0.is_some()).finish()
    }
}
