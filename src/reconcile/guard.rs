//! The brake: a mass deletion waits for a person.

/// Deletions held back, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brake {
    /// How many files would go.
    pub count: u64,
    /// For people.
    pub reason: String,
}

/// Decides whether `gone` of `files` files may be deleted at once.
///
/// - Units: files; `percent` of all files, `fewest` below which the brake never acts.
pub fn brake(gone: u64, files: u64, fewest: u64, percent: u64) -> Option<Brake> {
    let share = gone.saturating_mul(100) > files.saturating_mul(percent);
    (gone >= fewest.max(1) && share).then(|| Brake {
        count: gone,
        reason: format!("{gone} of {files} files are gone at once; nothing was deleted elsewhere"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_brake_needs_both_number_and_share() {
        assert_eq!(brake(19, 20, 20, 50), None, "one below the number");
        assert!(brake(20, 39, 20, 50).is_some(), "at the number, above the share");
        assert_eq!(brake(20, 40, 20, 50), None, "at the share");
        assert!(brake(21, 40, 20, 50).is_some());
        assert_eq!(brake(0, 0, 0, 50), None);
    }
}
