//! The devices of the lanes: what they tell, and how they are told (`docs/DEVICES.md`).

pub(crate) mod attached;
mod controller;
mod event;
pub(crate) mod flood;
pub(crate) mod intake;
pub(crate) mod mailbox;
mod parts;
pub(crate) mod polled;

pub(crate) use self::controller::{Checked, CommandError, Controller};
pub(crate) use self::event::contact;
