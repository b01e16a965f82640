//! The property's side of the standard: decides who may pass and keeps the records of every lot.

pub mod decision;
pub mod desk;
pub mod server;
pub mod store;
