//! x
use super::choice::Merged;
pub(super) fn merge(base: Option<&str>, ours: &str, theirs: &str) -> Merged {
    match base {
        Some(b) => super::text::merge(b, ours, theirs),
        None => super::union::merge(ours, theirs),
    }
}
