//! What devices send, read as it is read from the network: for `crates/fuzz` alone.

use axum::body::Bytes;

use super::event::Event;
use super::parts;

pub use super::dahua::fuzzed::dahua;
pub use super::hik::fuzzed::{hik_document, hik_head, hik_parts};
pub use super::modbus::fuzzed::modbus;
pub use super::mqtt::fuzzed::mqtt;
pub use super::olm::fuzzed::olm;
pub use super::spaces::fuzzed::spaces;
pub use super::vz::fuzzed::vz_http;
pub use super::vz::hx::fuzzed as hx;
pub use super::vz::mqtt::fuzzed::vz_mqtt;
pub use super::vz::tcp::fuzzed::vz_tcp;

/// The body of an event; whether it is one.
pub fn event(body: &[u8]) -> bool {
    Event::read(body).is_ok()
}

/// An event as a form with the boundary `X`; whether it is one.
pub async fn form(body: &[u8]) -> bool {
    let body = Bytes::copy_from_slice(body);
    parts::read("X".to_owned(), body).await.is_ok()
}
