//! The kit is judged itself, and so are its reports.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod certificates;
mod matrix;
mod report;
