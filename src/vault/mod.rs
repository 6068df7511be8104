//! The user's folder: walk, watch, read, replace atomically.
