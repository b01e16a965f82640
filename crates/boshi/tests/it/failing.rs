//! Disks and descriptors that fail under either side while it runs: what it acknowledges, what it says,
//! and how it goes on.

mod both;
mod controller;
mod descriptors;
mod fault;
mod gateway;
mod platform;
mod sides;
mod supplier;
