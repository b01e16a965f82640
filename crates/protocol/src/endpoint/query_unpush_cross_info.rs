//! `POST /queryUnPushCrossInfo`: crossings that could not be pushed (UNPUSH-1).

use super::{Endpoint, Message, Side, UnPushedQuery, plate_text};
use crate::fields::{FieldError, Fields, Writer};
use crate::id::{DeviceNo, RecordId};
use crate::page::Page;
use crate::plate::{Plate, PlateColor};
use crate::time::WireTime;

/// `POST /queryUnPushCrossInfo`: crossings that could not be pushed (UNPUSH-1).
pub enum QueryUnPushCrossInfo {}

impl Endpoint for QueryUnPushCrossInfo {
    const PATH: &'static str = "/queryUnPushCrossInfo";
    const SERVED_BY: Side = Side::Supplier;
    const CLAUSE: &'static str = "查询推送失败的车辆过闸信息";
    type Request = UnPushedQuery;
    type Response = Page<UnPushedCrossing>;
}

/// A crossing that could not be pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnPushedCrossing {
    /// The recognition of the vehicle.
    pub record: RecordId,
    /// The recognizer of the gate.
    pub device: DeviceNo,
    /// The plate; none when unreadable.
    pub plate: Option<Plate>,
    /// Its colour.
    pub color: PlateColor,
    /// When the vehicle crossed.
    pub crossed_at: WireTime,
}

impl Message for UnPushedCrossing {
    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(UnPushedCrossing {
            record: fields.id("uuid")?,
            device: fields.id("deviceNo")?,
            plate: fields.plate("plateNumber")?,
            color: fields.color("color")?,
            crossed_at: fields.time("crossTime")?,
        })
    }

    fn write(&self, out: &mut Writer) {
        out.text("uuid", self.record.as_str());
        out.text("deviceNo", self.device.as_str());
        out.text("plateNumber", plate_text(&self.plate));
        out.text("color", self.color.as_str());
        out.text("crossTime", &self.crossed_at.to_string());
    }
}
