//! The 泊时易 car-park integration standard: wire types and the state machines it prescribes.
//!
//! A car park's equipment belongs to a **supplier**; whether a vehicle may pass is decided by a
//! **platform**. The standard lets the two talk in twelve `POST`s: three that the supplier calls
//! (a plate was recognized, a vehicle crossed, something is wrong) and nine that the platform
//! calls (open a gate, show a text, look up what could not be pushed, ...).
//!
//! This crate holds all of that which needs neither a socket nor a clock:
//!
//! - [`endpoint`]: the twelve endpoints, one declaration a file, from which routes, clients and
//!   documents derive;
//! - [`envelope`], [`token`], [`time`], [`id`], [`plate`], [`code`], [`page`]: what every message
//!   is made of, read by [`fields`], which forgives what suppliers get wrong and names what it
//!   cannot forgive;
//! - [`abnormal_text`]: the messages of abnormalities;
//! - [`lane`]: what happens in front of one barrier;
//! - [`delivery`]: what happens to a record until the other side has it.
//!
//! Times and randomness are arguments everywhere. Nothing here may depend on an async runtime.

pub mod abnormal_text;
pub mod code;
pub mod delivery;
pub mod endpoint;
pub mod envelope;
pub mod fields;
pub mod freshness;
pub mod id;
pub mod json;
pub mod lane;
pub mod moment;
pub mod page;
pub mod plate;
pub mod refusal;
pub mod time;
pub mod token;
