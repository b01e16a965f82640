//! Broken implementations.
