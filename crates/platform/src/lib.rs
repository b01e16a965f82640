//! The property's side of the standard: decides who may pass and keeps the records of every lot.
//!
//! What a supplier pushes goes through the door ([`server`]: whose lot, what clock) to the
//! [`desk`], which loads what is known, asks the pure [`decision`], stores both and answers after
//! the commit ([`store`]). Each of the [`lots`] has a heartbeat whose results the pure [`watch`]
//! turns into outages; when a lot is back, and every now and then, [`reconcile`] asks it for what
//! it could not push and merges that by `uuid`. Operators act through an interface of their own,
//! gates by [`commands`] that are written down before they are sent. [`fn@start`] joins all of it.

pub mod addresses;
mod announce;
pub mod archive;
pub mod china;
pub mod commands;
pub mod config;
mod counts;
pub mod csv;
pub mod decision;
pub mod desk;
mod disk_watch;
mod events;
pub mod external;
#[doc(hidden)]
pub mod fuzzed;
pub mod hours;
pub mod keep;
pub mod lots;
pub mod misread;
mod monitor;
mod operators;
mod password;
#[doc(hidden)]
pub mod played;
pub mod reconcile;
mod registrar;
pub mod registry;
mod retention;
pub mod role;
pub mod server;
mod signed;
mod start;
pub mod stay;
pub mod store;
mod table;
pub mod tally;
mod turnstile;
pub mod watch;
mod watcher;
mod webhooks;

pub use self::start::{Running, StartError, check, start, start_within};
