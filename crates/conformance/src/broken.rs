//! The kit is judged itself: a small supplier and a small platform that do everything right, but
//! for one [`Fault`] each. [`matrix`] runs the kit against all of them, and says which
//! requirements it found broken.

mod crowd;
mod door;
mod fault;
mod matrix;
mod platform;
mod supplier;

pub use self::fault::{FAULTS, Fault};
pub use self::matrix::{Line, judged, judged_on, matrix};
