//! Setting a run up.
