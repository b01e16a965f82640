//! The devices of the lanes: what they tell, and how they are told (`docs/DEVICES.md`).
//!
//! `controller` is the port behind which a driver stands for each device; `generic`, `modbus`, `vz`,
//! `hik`, `dahua`, `olm` are the drivers; those that speak over MQTT share the connection of `mqtt`.
//! What is told comes in through `intake`, from outside or from a driver.

pub(crate) mod attached;
mod caller;
mod contact;
mod controller;
pub(crate) mod dahua;
mod digest;
mod event;
pub(crate) mod flood;
pub mod fuzzed;
mod generic;
mod health;
pub(crate) mod hik;
pub(crate) mod intake;
pub(crate) mod mailbox;
pub(crate) mod modbus;
pub(crate) mod mqtt;
pub(crate) mod olm;
mod order;
mod parts;
pub(crate) mod polled;
pub mod probe;
mod relays;
pub(crate) mod spaces;
mod stream;
pub(crate) mod teller;
mod trace;
pub(crate) mod vz;

pub(crate) use self::controller::{Checked, CommandError, Controller, DeviceDriver, Message};
pub(crate) use self::event::contact;
pub(crate) use self::generic::Generic;
pub(crate) use self::olm::Urgency;
