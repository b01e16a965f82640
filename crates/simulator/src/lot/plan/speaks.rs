//! What the devices of a lane speak, and what its barrier and loops hang on.

use serde::Deserialize;

/// What the devices of a lane speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaks {
    /// `docs/DEVICES.md`.
    #[default]
    Generic,
    /// 臻识 over HTTP: the loops on inputs 1 and 2, the arm's ends on 3 (up) and 4 (down), the
    /// barrier on output 1.
    Vz,
    /// 芊熠, wired alike.
    Qy,
    /// 臻识 over TCP: the gateway connects to `camera_listen`. The trigger loop is on input 1, the
    /// anti-smash loop on 2, the barrier on output 1; there is no input for the arm.
    #[serde(rename = "vz-tcp")]
    VzTcp,
    /// 海康: the gateway calls `camera_listen` as user `gateway`, with the lane's key as password,
    /// and is pushed to at `/hik/KEY`. The trigger loop is on input 1, the anti-smash loop on 2; the
    /// camera drives the barrier and knows where its arm is.
    Hik,
    /// The same, but readings are told in the alert stream alone.
    #[serde(rename = "hik-stream")]
    HikStream,
    /// 臻识 over MQTT, wired as over HTTP: the camera and the gateway are clients of the plan's broker.
    /// Its serial number is that of the recognizer.
    #[serde(rename = "vz-mqtt")]
    VzMqtt,
    /// 大华: the gateway calls `camera_listen` as user `gateway`, with the lane's key as password, and
    /// is pushed to at `/dahua/KEY`. Its serial number is that of the recognizer. The camera lifts the
    /// barrier; it has nothing for loops, which hang on a module.
    Dahua,
    /// The same, but it pushes to nobody: readings are told in its stream of events.
    #[serde(rename = "dahua-stream")]
    DahuaStream,
}

/// What the display of a lane speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DisplaySpeaks {
    /// `docs/DEVICES.md`.
    #[default]
    Generic,
    /// The OLM / 金颉 protocol, with address 0 behind a serial server at `board_listen`.
    Olm,
    /// The same, behind the RS485 of the lane's camera.
    #[serde(rename = "olm-camera")]
    OlmCamera,
}

/// What the barrier, the loops and the limit switches of a lane hang on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wiring {
    /// The lane's camera or controller.
    #[default]
    Camera,
    /// A module of relays and contacts at `module_listen` that speaks Modbus: relay 1 lifts, and holds
    /// when it stays closed; relay 2 holds. The trigger loop is on input 1, the anti-smash loop on 2, the
    /// arm's ends on 3 (up) and 4 (down); 5 is the fire alarm, closed while nothing burns.
    Module,
}
