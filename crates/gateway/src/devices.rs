//! The devices of the lanes: what they tell, and how they are told (`docs/DEVICES.md`).
//!
//! `controller` is the port behind which a driver stands for each device; `outfit` is what a lot is
//! equipped with. `generic`, `modbus`, `vz`, `hik`, `dahua`, `olm`, `spaces` are the families; what
//! speaks over MQTT shares the connection of `mqtt`, what calls the gateway comes in through `push`.
//! What is told comes in through `intake`, from outside or from a driver.

pub(crate) mod answer;
pub(crate) mod attached;
mod caller;
mod contact;
mod controller;
pub(crate) mod controllers;
pub(crate) mod dahua;
mod digest;
mod event;
pub(crate) mod flood;
pub mod fuzzed;
pub(crate) mod generic;
mod health;
pub(crate) mod hik;
pub(crate) mod intake;
mod linked;
mod listening;
mod mailbox;
pub(crate) mod modbus;
pub(crate) mod mqtt;
mod multipart;
pub(crate) mod olm;
mod order;
pub(crate) mod outfit;
mod parts;
pub(crate) mod polled;
pub mod probe;
pub(crate) mod push;
mod receipt;
mod relays;
pub(crate) mod remembered;
mod reply;
pub(crate) mod spaces;
mod stream;
pub(crate) mod teller;
mod trace;
mod trust;
mod unheld;
pub(crate) mod vz;

pub(crate) use self::controller::{Checked, CommandError, Controller, DeviceDriver, Message};
pub(crate) use self::event::contact;
pub(crate) use self::olm::Urgency;
