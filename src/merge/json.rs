//! x
use super::choice::Merged;
pub(super) fn merge(base: Option<&str>, ours: &str, theirs: &str) -> Merged {
    Merged::choose(base.unwrap_or(""), ours, theirs)
}
