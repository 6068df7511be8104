//! The brake: a mass deletion waits for a person, and so does a mass emptying.

use crate::model::Content;

/// Files longer than this are not asked whether they hold nothing but zero bytes; hashing that many
/// takes some milliseconds.
const ZEROS_LIMIT_BYTES: u64 = 16 * 1024 * 1024;

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

/// Holds back what was held back before and is still gone.
///
/// - Units: files.
pub fn still_gone(gone: u64) -> Brake {
    Brake { count: gone, reason: format!("{gone} files are gone; nothing was deleted elsewhere") }
}

/// Whether a file that held `before` was hollowed out: nothing, or nothing but zero bytes, is left.
///
/// Cloud services leave such stubs in place of files they took off the disk, and so do interrupted
/// copies; a person empties a note now and then, but not many at once.
pub fn hollowed(before: Content, now: Content) -> bool {
    let filled = before.size > 0 && now != before;
    let zeros = || now.size <= ZEROS_LIMIT_BYTES && now == Content::of_zeros(now.size);
    filled && (now.size == 0 || (!is_zeros(before) && zeros()))
}

fn is_zeros(content: Content) -> bool {
    content.size <= ZEROS_LIMIT_BYTES && content == Content::of_zeros(content.size)
}

/// Decides whether `count` files may be hollowed out at once.
///
/// - Units: files; `fewest` below which the brake never acts. No share: nobody empties that many.
pub fn brake_hollowed(count: u64, fewest: u64) -> Option<Brake> {
    (count >= fewest.max(1)).then(|| Brake {
        count,
        reason: format!(
            "{count} files were emptied at once, as if a cloud service had taken them off this \
             disk; nothing was changed elsewhere"
        ),
    })
}

/// Decides whether a peer may delete `gone` of the `files` files that lie here.
///
/// - Units: as in [`brake`].
pub fn brake_removals(gone: u64, files: u64, fewest: u64, percent: u64) -> Option<Brake> {
    brake(gone, files, fewest, percent).map(|brake| Brake {
        reason: format!("{gone} of {files} files were deleted on other devices; they stay here"),
        ..brake
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stubs_are_told_from_edits() {
        let text = Content::of(b"text");
        let zeros = Content::of(&[0; 4]);
        assert!(hollowed(text, Content::of(b"")));
        assert!(hollowed(text, zeros));
        assert!(!hollowed(text, Content::of(b"t")));
        assert!(!hollowed(Content::of(b""), zeros), "there was nothing");
        assert!(!hollowed(zeros, Content::of(&[0; 9])), "there were only zeros");
        assert!(!hollowed(text, text));
    }

    #[test]
    fn one_emptied_note_passes_and_many_do_not() {
        assert_eq!(brake_hollowed(19, 20), None);
        assert_eq!(brake_hollowed(20, 20).unwrap().count, 20);
        assert_eq!(brake_hollowed(0, 0), None);
    }

    #[test]
    fn what_peers_delete_is_judged_alike() {
        assert_eq!(brake_removals(20, 40, 20, 50), None);
        let held = brake_removals(21, 40, 20, 50).unwrap();
        assert!(held.reason.contains("21 of 40"), "{}", held.reason);
    }

    #[test]
    fn the_brake_needs_both_number_and_share() {
        assert_eq!(brake(19, 20, 20, 50), None, "one below the number");
        assert!(brake(20, 39, 20, 50).is_some(), "at the number, above the share");
        assert_eq!(brake(20, 40, 20, 50), None, "at the share");
        assert!(brake(21, 40, 20, 50).is_some());
        assert_eq!(brake(0, 0, 0, 50), None);
    }
}
