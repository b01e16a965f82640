//! The binary as people use it: real processes over real sockets.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod command_line;
mod conform;
mod crowd;
mod demo;
#[cfg(unix)]
mod devices;
#[cfg(target_os = "linux")]
mod failing;
#[cfg(unix)]
mod followed;
#[cfg(unix)]
mod killed;
#[cfg(unix)]
mod line;
#[cfg(unix)]
mod probe;
#[cfg(unix)]
mod process;
mod profiles;
#[cfg(unix)]
mod reload;
mod torture;
