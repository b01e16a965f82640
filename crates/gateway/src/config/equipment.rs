//! Equipment that the gateway's own drivers speak to.

use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use boshi_service::config::value;
use serde::Deserialize;

/// A module of relays and contacts that speaks Modbus.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Modbus {
    /// What people call it.
    pub name: String,
    /// Where it is, `host:port`.
    pub address: String,
    /// Which module it is.
    pub module: ModbusModule,
    /// How its frames travel.
    #[serde(default)]
    pub framing: Framing,
    /// The number that it answers to; the module's own when it is left out.
    pub unit: Option<u8>,
    /// The address of its first relay, if it is not the module's usual one.
    pub relays_at: Option<u16>,
    /// The address of its first input, if it is not the module's usual one.
    pub inputs_at: Option<u16>,
    /// As what its inputs are read, if it is not the module's usual way.
    pub inputs_by: Option<InputsBy>,
    /// Who times a pulse, if it is not the module's usual way.
    pub pulse_by: Option<PulseBy>,
    /// How often its inputs are looked at.
    #[serde(default = "poll", deserialize_with = "value::span")]
    pub poll: Duration,
    /// How long it may take to answer.
    #[serde(default = "answer", deserialize_with = "value::span")]
    pub answer: Duration,
    /// How many looks in a row must show a new state before it counts.
    #[serde(default = "looks")]
    pub looks: u8,
    /// The barriers that its relays open.
    #[serde(default, rename = "barrier")]
    pub barriers: Vec<RelayBarrier>,
    /// The contacts on its inputs.
    #[serde(default, rename = "input")]
    pub inputs: Vec<Input>,
}

/// Modules that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModbusModule {
    /// Waveshare Modbus POE ETH Relay, RTU Relay.
    Waveshare,
    /// 聚英 JY-DAM.
    JyDam,
    /// Advantech ADAM-6060.
    #[serde(rename = "adam-6060")]
    Adam6060,
    /// ZLAN6842.
    #[serde(rename = "zlan-6842")]
    Zlan6842,
    /// Any other: relays and inputs from address 0, pulses timed by the gateway.
    Plain,
}

/// How frames travel through a TCP connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    /// Modbus TCP.
    #[default]
    Tcp,
    /// Serial frames as they are: a serial server, and some modules with a network port.
    Rtu,
}

/// As what inputs are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputsBy {
    /// Function 02.
    Inputs,
    /// Function 01.
    Coils,
}

/// Who times a pulse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PulseBy {
    /// The module: it lets go of the relay whatever happens to the gateway.
    Module,
    /// The gateway: on, and off after a while.
    Gateway,
}

/// A barrier that relays open.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelayBarrier {
    /// The barrier.
    #[serde(deserialize_with = "value::id")]
    pub device: DeviceNo,
    /// The relay that opens it, from 1.
    pub open: u16,
    /// The relay that keeps it open; that which opens it, when it is left out.
    pub hold: Option<u16>,
    /// How long the relay is closed to open it.
    #[serde(default = "pulse", deserialize_with = "value::span")]
    pub pulse: Duration,
}

/// A contact on an input.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The input, from 1.
    pub number: u16,
    /// What is wired to it.
    #[serde(rename = "is")]
    pub role: Role,
    /// Whose it is: the recognizer of a trigger loop, the barrier of the others. The fire alarm is
    /// nobody's: it is of the whole lot.
    #[serde(default, deserialize_with = "value::optional_id")]
    pub device: Option<DeviceNo>,
    /// Whether the contact is closed while nothing is there.
    #[serde(default)]
    pub invert: bool,
}

/// What a contact tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The loop before the barrier.
    TriggerLoop,
    /// The anti-smash loop.
    SafetyLoop,
    /// The limit switch at the top.
    ArmUp,
    /// The limit switch at the bottom.
    ArmDown,
    /// The fire alarm.
    Fire,
}

impl Modbus {
    /// A module as its maker ships it, with nothing wired to it.
    pub(crate) fn of_module(
        address: &str,
        module: ModbusModule,
        framing: Framing,
        unit: Option<u8>,
    ) -> Modbus {
        Modbus {
            name: address.to_owned(),
            address: address.to_owned(),
            module,
            framing,
            unit,
            relays_at: None,
            inputs_at: None,
            inputs_by: None,
            pulse_by: None,
            poll: poll(),
            answer: answer(),
            looks: looks(),
            barriers: Vec::new(),
            inputs: Vec::new(),
        }
    }

    /// Every device that it has something of.
    pub fn touches(&self) -> impl Iterator<Item = &DeviceNo> {
        let inputs = self.inputs.iter().filter_map(|it| it.device.as_ref());
        self.barriers.iter().map(|it| &it.device).chain(inputs)
    }

    /// Whether the fire alarm is wired to it.
    pub fn has_fire(&self) -> bool {
        self.inputs.iter().any(|it| it.role == Role::Fire)
    }
}

fn poll() -> Duration {
    Duration::from_millis(100)
}

fn answer() -> Duration {
    Duration::from_millis(500)
}

fn pulse() -> Duration {
    Duration::from_millis(500)
}

fn looks() -> u8 {
    2
}
