//! Three-way merges as pure functions of base, ours and theirs.
