//! What the gateway and the platform are as programs on a machine, whatever they do: a commented
//! configuration, a folder that only one process uses, a key of their own, addresses, a certificate,
//! and when the calendar may say what is too old.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test that fails here should")
)]

pub mod config;
mod error;
mod folder;
pub mod key;
mod listen;
mod tls;
pub mod trust;

pub use self::error::ServiceError;
pub use self::folder::Folder;
pub use self::listen::{Address, take};
pub use self::tls::Tls;
