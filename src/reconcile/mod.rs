//! Decisions: base, disk and document give at most one step for each file.
