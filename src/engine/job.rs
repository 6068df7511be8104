//! Long work on documents, pure, run off the loop.

/// Work.
#[derive(Debug)]
pub struct Job;

/// What came of it.
#[derive(Debug)]
pub struct Outcome;

impl Job {
    /// Does the work; no I/O, may take long.
    pub fn run(self) -> Outcome {
        Outcome
    }
}
