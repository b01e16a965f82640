//! The supplier's side: devices, lanes, journal, pushes and the eight endpoints.

pub mod config;
pub mod journal;
pub mod lot;
