//! The binary as people use it: real processes over real sockets.

mod command_line;
mod demo;
