//! Virtual car parks that speak the devices' protocols.

pub mod picture;
