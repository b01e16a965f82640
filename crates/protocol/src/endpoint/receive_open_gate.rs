//! `POST /receiveOpenGate`: a gate command (OPEN-1 to OPEN-7).

use super::{Endpoint, Message, Side};
use crate::code::OpenMode;
use crate::fields::{FieldError, Fields, Writer};
use crate::id::DeviceNo;
use crate::plate::Plate;

/// `POST /receiveOpenGate`: a gate command (OPEN-1 to OPEN-7).
pub enum ReceiveOpenGate {}

impl Endpoint for ReceiveOpenGate {
    const PATH: &'static str = "/receiveOpenGate";
    const SERVED_BY: Side = Side::Supplier;
    const CLAUSE: &'static str = "闸口管理";
    type Request = OpenGate;
    type Response = ();
}

/// A gate command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenGate {
    /// The recognizer at the gate.
    pub device: DeviceNo,
    /// The vehicle that is meant; none makes the normal mode a forced one (OPEN-5).
    pub plate: Option<Plate>,
    /// How to open; normal when nothing is said (D-8).
    pub mode: OpenMode,
}

impl Message for OpenGate {
    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let mode = fields.optional_parsed("openMode", |text| {
            OpenMode::parse(text).ok_or_else(|| "应为 0、1、2 或 3".to_owned())
        })?;
        let mode = mode.unwrap_or(OpenMode::Normal);
        let plate = fields.optional_plate("plateNumber")?;
        let named = fields.optional_text("plateNumber")?;
        if mode == OpenMode::Normal && plate.is_none() && named.is_some_and(|text| !is_blank(&text))
        {
            return Err(fields.refuse("plateNumber", "应为车牌，或留空"));
        }
        Ok(OpenGate {
            device: fields.id("deviceNo")?,
            plate,
            mode,
        })
    }

    fn write(&self, out: &mut Writer) {
        out.text("deviceNo", self.device.as_str());
        out.optional_text("plateNumber", self.plate.as_ref().map(Plate::as_str));
        out.text("openMode", self.mode.as_str());
    }
}

/// OPEN-5: only an empty plate makes the normal mode a forced one. A word that stands for "no
/// plate" (`无牌车`) names no vehicle, and must not open for whoever is there.
fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}
