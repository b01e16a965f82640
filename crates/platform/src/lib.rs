//! The property's side of the standard: decides who may pass and keeps the records of every lot.

pub mod china;
pub mod commands;
pub mod config;
pub mod decision;
pub mod desk;
mod key;
pub mod lots;
mod operators;
pub mod reconcile;
pub mod server;
mod start;
pub mod store;
pub mod tally;
pub mod watch;
mod watcher;

pub use self::start::{Running, StartError, check, start};
