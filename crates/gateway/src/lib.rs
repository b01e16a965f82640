//! The supplier's side of the standard: devices, lanes, journal, pushes and the eight endpoints.
//!
//! - [`config`]: what is configured; [`start`] makes a running gateway of it;
//! - [`lot`]: one car park as a state machine, without I/O;
//! - `driver`: the task that owns a lot, and what it does for it;
//! - [`journal`]: everything that happened, and the one outbox;
//! - [`keep`]: backup, restore, check of the journal, and a bundle for support;
//! - [`probe`]: tries a device that is not part of a lot yet;
//! - `devices`, `display`, [`pictures`]: the equipment;
//! - `serve`: what the platform calls; `push`: how it is called;
//! - `local`: what the booth and this machine's tools see; `monitor`: what machines that watch see.

mod clock;
pub mod config;
mod devices;
mod disk_watch;
mod display;
mod driver;
#[doc(hidden)]
pub use devices::fuzzed;
pub use devices::probe;
pub mod journal;
pub mod keep;
mod local;
pub mod lot;
mod monitor;
pub mod pictures;
pub mod plate_part;
#[doc(hidden)]
pub mod played;
mod push;
pub mod reload;
mod replay;
mod retention;
mod serve;
pub mod start;
pub mod stays;
pub mod tally;
