//! One automerge document for each edited file; the only room that names `automerge`.
