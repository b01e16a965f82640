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
        Ok(OpenGate {
            device: fields.id("deviceNo")?,
            plate: fields.optional_plate("plateNumber")?,
            mode: mode.unwrap_or(OpenMode::Normal),
        })
    }

    fn write(&self, out: &mut Writer) {
        out.text("deviceNo", self.device.as_str());
        out.optional_text("plateNumber", self.plate.as_ref().map(Plate::as_str));
        out.text("openMode", self.mode.as_str());
    }
}
