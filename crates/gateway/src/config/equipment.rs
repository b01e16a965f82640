//! Equipment that the gateway's own drivers speak to.

use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::Position;
use boshi_service::config::value;
use serde::Deserialize;

use super::driven::Equipment;

/// A module of relays and contacts that speaks Modbus.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Modbus {
    /// What people call it.
    pub name: String,
    /// Where it is, `host:port`, or the serial port that it hangs on, `/dev/ttyS0`.
    pub address: String,
    /// Which module it is.
    pub module: ModbusModule,
    /// How its frames travel, if not as usual: `tcp` through the network, `rtu` on a serial port.
    pub framing: Option<Framing>,
    /// Bits a second of a serial port.
    #[serde(default = "baud")]
    pub baud: u32,
    /// The parity of a serial port.
    #[serde(default)]
    pub parity: Parity,
    /// The stop bits of a serial port.
    #[serde(default)]
    pub stop_bits: StopBits,
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

/// How frames travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    /// Modbus TCP.
    Tcp,
    /// Serial frames as they are: a serial port, a serial server, and some modules with a network
    /// port.
    Rtu,
}

/// How bytes travel on a serial port; there are always eight bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SerialLine {
    /// Bits a second.
    pub baud: u32,
    /// The parity.
    pub parity: Parity,
    /// The stop bits.
    pub stop_bits: StopBits,
}

/// The parity of a serial port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Parity {
    /// None.
    #[default]
    None,
    /// Even.
    Even,
    /// Odd.
    Odd,
}

/// The stop bits of a serial port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u8")]
pub enum StopBits {
    /// One.
    #[default]
    One,
    /// Two.
    Two,
}

impl TryFrom<u8> for StopBits {
    type Error = String;

    fn try_from(count: u8) -> Result<StopBits, String> {
        match count {
            1 => Ok(StopBits::One),
            2 => Ok(StopBits::Two),
            other => Err(format!("{other} stop bits: expected 1 or 2")),
        }
    }
}

/// Bits a second that serial ports and devices know.
pub const BAUDS: [u32; 9] = [
    1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400,
];

/// The number that any module of some makers answers to, perhaps with its own.
pub const ANYBODY: u8 = 254;

/// Whether an address names a host and a port.
pub fn is_host(address: &str) -> bool {
    address.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port != 0)
    })
}

/// Whether an address names a serial port of this machine.
pub fn is_serial(address: &str) -> bool {
    address.starts_with('/')
}

/// An address as it is compared: hosts have no case, and ports may have zeros in front.
pub(crate) fn line_of(address: &str) -> String {
    match address.rsplit_once(':') {
        Some((host, port)) if !is_serial(address) => {
            let host = host.trim_end_matches('.').to_ascii_lowercase();
            format!("{host}:{}", port.trim_start_matches('0'))
        }
        _ => address.to_owned(),
    }
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
    /// The relay that lowers its arm when a hold has ended, of a barrier that then stays up.
    pub close: Option<u16>,
    /// How long the relay is closed to open it, and to lower its arm.
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

impl Role {
    /// The end of the arm that a limit switch is at.
    pub fn end(self) -> Option<Position> {
        match self {
            Role::ArmUp => Some(Position::Up),
            Role::ArmDown => Some(Position::Down),
            Role::TriggerLoop | Role::SafetyLoop | Role::Fire => None,
        }
    }
}

impl Modbus {
    /// A module as its maker ships it, with nothing wired to it.
    pub(crate) fn of_module(
        address: &str,
        module: ModbusModule,
        framing: Framing,
        unit: Option<u8>,
        line: SerialLine,
    ) -> Modbus {
        Modbus {
            name: address.to_owned(),
            address: address.to_owned(),
            module,
            framing: Some(framing).filter(|_| !is_serial(address)),
            baud: line.baud,
            parity: line.parity,
            stop_bits: line.stop_bits,
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

    /// The number that it answers to.
    pub fn answers_to(&self) -> u8 {
        self.unit.unwrap_or(match self.module {
            ModbusModule::JyDam => ANYBODY,
            ModbusModule::Waveshare
            | ModbusModule::Adam6060
            | ModbusModule::Zlan6842
            | ModbusModule::Plain => 1,
        })
    }

    /// How its frames travel.
    pub fn frames(&self) -> Framing {
        let usual = match is_serial(&self.address) {
            true => Framing::Rtu,
            false => Framing::Tcp,
        };
        self.framing.unwrap_or(usual)
    }

    /// The serial line, should it hang on one.
    pub fn line(&self) -> SerialLine {
        SerialLine {
            baud: self.baud,
            parity: self.parity,
            stop_bits: self.stop_bits,
        }
    }
}

impl Equipment for Modbus {
    fn name(&self) -> &str {
        &self.name
    }

    fn drives(&self) -> Vec<&DeviceNo> {
        self.barriers.iter().map(|it| &it.device).collect()
    }

    fn inputs(&self) -> &[Input] {
        &self.inputs
    }
}

fn baud() -> u32 {
    9_600
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
