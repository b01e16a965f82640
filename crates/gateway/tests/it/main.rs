//! The running gateway between a scripted platform and a scripted controller, both in raw JSON
//! typed from the standard and from `docs/DEVICES.md`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod attaching;
mod clocks;
mod commands;
mod controller;
mod crowd;
mod dead_platform;
mod displays;
mod envelope;
mod events;
mod experimental;
mod faulty;
mod fire;
mod hik;
mod hik_gate;
mod hik_stream;
mod hostile;
mod independent;
mod keeping;
mod killed;
mod large;
mod local;
mod looking;
mod modbus;
mod modbus_line;
mod monitoring;
mod mosquitto;
mod olm;
mod olm_camera;
mod pictures;
mod places;
mod platform;
mod pressed;
mod probing;
mod probing_broker;
mod relay_module;
mod reload;
mod restart;
mod serial;
mod site;
mod slow;
mod spaces;
mod stays;
mod stopping;
mod supervision;
mod unheld;
mod unknown;
mod unpushed;
mod vehicle;
mod vz;
mod vz_hold;
mod vz_mqtt;
mod vz_tcp;
mod wire;
