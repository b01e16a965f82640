//! Judges anybody's implementation of the 泊时易 car-park integration standard, of either side.
//!
//! The kit plays one side against the other: it asks, rightly and wrongly ([`draft`]), and is
//! asked ([`peer`]), answering as a [`case`] wants it to. Everything exchanged is in the [`book`].
//! It stands on text typed from the standard and shares nothing with this project's own two sides,
//! so that no misreading of theirs is shared by their judge. It is judged itself by implementations
//! that are wrong in one place each ([`broken`]).

pub mod bench;
pub mod book;
pub mod broken;
pub mod case;
pub mod cases;
pub mod clock;
pub mod config;
pub mod draft;
pub mod endpoint;
pub mod hands;
pub mod http;
pub mod manners;
pub mod net;
pub mod peer;
pub mod reply;
pub mod report;
pub mod requirement;
pub mod run;
pub mod set_up;
pub mod text;
pub mod token;
