//! Arguments, output, progress and exit codes.
