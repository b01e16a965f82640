//! Endpoints over real sockets: raw bytes in, raw bytes out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod client;
mod crowd;
mod server;
mod smuggling;
mod support;
