//! A model of how a record gets from a gateway to a platform, small enough that every state of it can be
//! looked at: push, failure record, reconciliation, merge by `uuid`.
//!
//! What the real machines do in many lines, and over networks and disks, is here a handful of rules
//! ([`rules`]) on a small state ([`world`]). The search ([`search`]) takes every step that is possible, in
//! every order: messages that come late, twice, never, in another order; either side killed at any point;
//! time passing. What must hold in every state, and what must come about from every state once nothing
//! goes wrong any more, is [`promise`]. A [`defect::Defect`] breaks one rule: the model is good for
//! something since it finds each.
//!
//! It shares no code with either side, and is no substitute for their tests: it shows that the *rules*
//! give exactly one record, whoever keeps them.

pub mod defect;
pub mod promise;
pub mod rules;
pub mod search;
pub mod world;
