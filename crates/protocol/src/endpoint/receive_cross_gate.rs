//! `POST /receiveCrossGate`: a vehicle crossed (CROSS-1).

use super::{Endpoint, Message, Side, plate_text};
use crate::fields::{FieldError, Fields, Writer};
use crate::id::{DeviceNo, RecordId};
use crate::plate::{Plate, PlateColor};
use crate::time::WireTime;

/// `POST /receiveCrossGate`: a vehicle crossed (CROSS-1).
pub enum ReceiveCrossGate {}

impl Endpoint for ReceiveCrossGate {
    const PATH: &'static str = "/receiveCrossGate";
    const SERVED_BY: Side = Side::Platform;
    const CLAUSE: &'static str = "接收车辆过闸信息";
    type Request = CrossGate;
    type Response = ();
}

/// A crossing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrossGate {
    /// The recognizer of the gate.
    pub device: DeviceNo,
    /// The recognition of the vehicle.
    pub record: RecordId,
    /// The plate; none when unreadable.
    pub plate: Option<Plate>,
    /// Its colour.
    pub color: PlateColor,
    /// When the vehicle pressed the anti-smash loop, by the supplier's clock (CROSS-2).
    pub crossed_at: WireTime,
}

impl Message for CrossGate {
    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(CrossGate {
            device: fields.id("deviceNo")?,
            record: fields.id("uuid")?,
            plate: fields.plate("plateNumber")?,
            color: fields.color("color")?,
            crossed_at: fields.time("crossTime")?,
        })
    }

    fn write(&self, out: &mut Writer) {
        out.text("deviceNo", self.device.as_str());
        out.text("uuid", self.record.as_str());
        out.text("plateNumber", plate_text(&self.plate));
        out.text("color", self.color.as_str());
        out.text("crossTime", &self.crossed_at.to_string());
    }
}
