//! The running platform: its three endpoints, its operators' interface, its lots.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod addresses;
mod archive;
mod commands;
mod decisions;
mod document;
mod events;
mod follow;
mod hostile;
mod keeping;
mod kinds;
mod monitoring;
mod operators;
mod outage;
mod overload;
mod presence;
mod proof;
mod receiver;
mod records;
mod registry;
mod site;
mod slow;
mod standard;
mod start;
mod supplier;
mod tables;
mod users;
mod webhooks;
