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
/// - Units: files; `percent` of all files, `fewest` below which the brake never acts. `files` are those
///   that stood before: what came in the same breath does not make the share smaller.
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

/// A text shorter than this may be a stub left in place of what was there; longer ones are edits.
const STUB_LIMIT_BYTES: u64 = 256;
/// A stub is at least so many times shorter than what was there.
const STUB_FACTOR: u64 = 8;

/// What a peer's new version of a file leaves of what lies here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// Nothing: it was deleted.
    Deleted,
    /// Nothing: it was emptied, or zeroed.
    Hollowed,
    /// Next to nothing: a stub.
    Cut,
}

/// What is left of a file that held `before` and is to hold `now`; `None` when that is an edit like
/// any other.
pub fn loss(before: Content, now: Content) -> Option<Loss> {
    let cut = now.size < STUB_LIMIT_BYTES && now.size.saturating_mul(STUB_FACTOR) <= before.size;
    if hollowed(before, now) {
        Some(Loss::Hollowed)
    } else {
        (cut && !is_zeros(before)).then_some(Loss::Cut)
    }
}

/// What peers took away of the files that lie here, at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Losses {
    /// Files deleted.
    pub deleted: u64,
    /// Files emptied.
    pub hollowed: u64,
    /// Files cut to a stub.
    pub cut: u64,
}

impl Losses {
    /// One more.
    pub fn count(&mut self, loss: Loss) {
        match loss {
            Loss::Deleted => self.deleted += 1,
            Loss::Hollowed => self.hollowed += 1,
            Loss::Cut => self.cut += 1,
        }
    }

    /// All of them.
    pub fn all(&self) -> u64 {
        self.deleted + self.hollowed + self.cut
    }
}

/// Decides whether peers may take away so much of the `files` files that lay here before.
///
/// - Units: as in [`brake`]. All losses together are judged by number and share; emptied files by
///   their number alone, as on the disk where that happens ([`brake_hollowed`]).
pub fn brake_losses(losses: Losses, files: u64, fewest: u64, percent: u64) -> Option<Brake> {
    let all = losses.all();
    brake(all, files, fewest, percent)
        .or_else(|| brake_hollowed(losses.hollowed, fewest))
        .map(|_| Brake { count: all, reason: say_losses(losses, files) })
}

/// What is held back of what peers took away, for people.
pub fn say_losses(losses: Losses, files: u64) -> String {
    let emptied = losses.hollowed + losses.cut;
    let count = losses.all();
    match (losses.deleted, emptied) {
        (_, 0) => format!("{count} of {files} files were deleted on other devices; they stay here"),
        (0, _) => format!(
            "{count} of {files} files were emptied on other devices; they stay here as they were"
        ),
        (deleted, emptied) => format!(
            "of {files} files {deleted} were deleted and {emptied} emptied on other devices; they \
             stay here as they were"
        ),
    }
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
        let deleted = |deleted| Losses { deleted, ..Losses::default() };
        assert_eq!(brake_losses(deleted(20), 40, 20, 50), None);
        let held = brake_losses(deleted(21), 40, 20, 50).unwrap();
        assert!(held.reason.contains("21 of 40"), "{}", held.reason);
    }

    #[test]
    fn what_peers_empty_needs_no_share_and_stubs_do() {
        let some = |deleted, hollowed, cut| Losses { deleted, hollowed, cut };
        assert_eq!(brake_losses(some(0, 19, 0), 1000, 20, 50), None, "one below");
        assert_eq!(brake_losses(some(0, 20, 0), 1000, 20, 50).unwrap().count, 20);
        assert_eq!(brake_losses(some(0, 19, 400), 1000, 20, 50), None, "not more than half");
        assert_eq!(brake_losses(some(0, 0, 501), 1000, 20, 50).unwrap().count, 501);
        let held = brake_losses(some(15, 10, 10), 60, 20, 50).unwrap();
        assert!(held.reason.contains("15 were deleted and 20 emptied"), "{}", held.reason);
    }

    #[test]
    fn what_is_left_of_a_file_tells_a_loss_from_an_edit() {
        let of = |size: u64| Content { hash: Content::of(b"other").hash, size };
        assert_eq!(loss(of(800), Content::of(b"")), Some(Loss::Hollowed));
        assert_eq!(loss(of(800), of(100)), Some(Loss::Cut));
        assert_eq!(loss(of(799), of(100)), None, "an edit");
        assert_eq!(loss(of(100_000), of(STUB_LIMIT_BYTES)), None, "too long for a stub");
        assert_eq!(loss(of(100_000), of(STUB_LIMIT_BYTES - 1)), Some(Loss::Cut));
        assert_eq!(loss(Content::of(b""), of(9)), None);
        assert_eq!(loss(Content::of_zeros(900), of(9)), None, "there were only zeros");
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
