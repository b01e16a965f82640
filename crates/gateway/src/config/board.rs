//! Display boards that the gateway's own driver speaks to.

use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use boshi_service::config::value;
use serde::Deserialize;

use super::driven::Equipment;
use super::equipment::{Parity, SerialLine, StopBits};

/// An LED and voice board of the OLM / 金颉 protocol.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Olm {
    /// What people call it.
    pub name: String,
    /// The display that it is.
    #[serde(deserialize_with = "value::id")]
    pub display: DeviceNo,
    /// Where it is: a serial server `host:port`, or a serial port `/dev/ttyS0`.
    pub address: Option<String>,
    /// Or the camera on whose RS485 it hangs, by its name.
    pub camera: Option<String>,
    /// Which RS485 of the camera, from 1.
    #[serde(default = "first")]
    pub port: u8,
    /// Bits a second of a serial port.
    #[serde(default = "baud")]
    pub baud: u32,
    /// The parity of a serial port.
    #[serde(default)]
    pub parity: Parity,
    /// The stop bits of a serial port.
    #[serde(default)]
    pub stop_bits: StopBits,
    /// The address that it answers to.
    #[serde(default)]
    pub unit: u8,
    /// How wide it is: so many letters, half as many Chinese characters.
    #[serde(default = "columns")]
    pub columns: u8,
    /// How many lines it has.
    #[serde(default = "rows")]
    pub rows: u8,
    /// The colour of each line; the last one is that of all further lines.
    #[serde(default = "colors")]
    pub colors: Vec<Color>,
    /// The number of its font.
    #[serde(default = "font")]
    pub font: u8,
    /// The command that shows several lines.
    #[serde(default)]
    pub multiline: Multiline,
    /// Whether it speaks what it tells a vehicle.
    #[serde(default)]
    pub voice: bool,
    /// How many spaces there are, when it shows how many are left.
    pub spaces: Option<u32>,
    /// Whether it answers; what a board does not answer is unknown. Through a camera over TCP, or
    /// one of HX, nothing comes back; over MQTT it does where this is true.
    pub expect_ack: Option<bool>,
    /// What it is greeted with.
    #[serde(default = "password")]
    pub password: String,
    /// How long it may take to answer.
    #[serde(default = "answer", deserialize_with = "value::span")]
    pub answer: Duration,
}

/// A colour of letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Color {
    /// 红.
    Red,
    /// 绿.
    Green,
    /// 黄.
    Yellow,
    /// 蓝.
    Blue,
    /// 紫.
    Purple,
    /// 青.
    Cyan,
    /// 白.
    White,
}

/// Which command shows several lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Multiline {
    /// Of the protocol since 2.0.
    #[default]
    #[serde(rename = "6F")]
    New,
    /// Of older boards.
    #[serde(rename = "6E")]
    Old,
}

impl Olm {
    /// A board as its maker ships it.
    pub(crate) fn of_board(address: &str, line: SerialLine, unit: u8) -> Olm {
        Olm {
            name: address.to_owned(),
            display: DeviceNo::new("probed").expect("it is a number of a device"),
            address: Some(address.to_owned()),
            camera: None,
            port: first(),
            baud: line.baud,
            parity: line.parity,
            stop_bits: line.stop_bits,
            unit,
            columns: columns(),
            rows: rows(),
            colors: colors(),
            font: font(),
            multiline: Multiline::New,
            voice: false,
            spaces: None,
            expect_ack: None,
            password: password(),
            answer: answer(),
        }
    }

    /// The serial line, should it hang on one of this machine.
    pub fn line(&self) -> SerialLine {
        SerialLine {
            baud: self.baud,
            parity: self.parity,
            stop_bits: self.stop_bits,
        }
    }
}

impl Equipment for Olm {
    fn name(&self) -> &str {
        &self.name
    }

    fn drives(&self) -> Vec<&DeviceNo> {
        vec![&self.display]
    }
}

fn first() -> u8 {
    1
}

fn baud() -> u32 {
    9_600
}

fn columns() -> u8 {
    8
}

fn rows() -> u8 {
    2
}

fn colors() -> Vec<Color> {
    vec![Color::Red]
}

fn font() -> u8 {
    3
}

/// That of the maker's manual.
fn password() -> String {
    "159753".to_owned()
}

fn answer() -> Duration {
    Duration::from_millis(500)
}
