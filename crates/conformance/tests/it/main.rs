//! The kit is judged itself, and so are its reports.

mod matrix;
mod report;
