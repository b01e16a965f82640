//! Virtual car parks: equipment that behaves like the real one, with real vehicles in front of it.
//!
//! - [`equipment`]: what happens physically in one lane, on virtual time;
//! - [`ledger`]: the account of what happened, kept by nobody but the simulator;
//! - [`lot`]: lanes played in real time, speaking `docs/DEVICES.md` over HTTP or as a camera does;
//! - [`board`]: display boards that speak theirs;
//! - [`camera`]: cameras that speak their makers' protocols;
//! - [`broker`]: a small MQTT broker, for lots that have none;
//! - [`module`]: modules of relays and contacts that speak Modbus;
//! - [`detectors`]: detectors over parking spaces, as their makers' systems report them;
//! - [`traffic`]: vehicles to drive through them, the same ones for the same seed;
//! - [`cable`]: a network cable that can be pulled;
//! - [`picture`]: what a recognizer would photograph.
//!
//! Nothing here knows the gateway or the platform: the ledger judges them. Nothing here keeps a
//! requirement of the standard either, so none is cited.

pub mod board;
pub mod broker;
pub mod cable;
pub mod camera;
pub mod detectors;
pub mod equipment;
pub mod ledger;
pub mod lot;
pub mod module;
pub mod picture;
pub mod traffic;
