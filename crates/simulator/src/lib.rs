//! Virtual car parks that speak the devices' protocols.
