//! `POST /receivePlateNumber`: a plate was recognized; the answer says whether it may pass (RECOG-1).

use super::{Endpoint, Message, Side, plate_text};
use crate::fields::{FieldError, Fields, Writer};
use crate::id::{DeviceNo, RecordId};
use crate::plate::{Plate, PlateColor};
use crate::time::WireTime;

/// `POST /receivePlateNumber`: a plate was recognized; the answer says whether it may pass (RECOG-1).
pub enum ReceivePlateNumber {}

impl Endpoint for ReceivePlateNumber {
    const PATH: &'static str = "/receivePlateNumber";
    const SERVED_BY: Side = Side::Platform;
    const CLAUSE: &'static str = "接收车牌识别信息";
    type Request = PlateNumber;
    type Response = ();
}

/// A recognition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlateNumber {
    /// The recognizer.
    pub device: DeviceNo,
    /// Identifies the recognition, however often it is sent (D-13).
    pub record: RecordId,
    /// When the plate was read, by the supplier's clock (CROSS-2).
    pub recognized_at: WireTime,
    /// URL of the picture, opening in a browser (RECOG-4); empty when there is none.
    pub image: String,
    /// The plate; none when unreadable.
    pub plate: Option<Plate>,
    /// Its colour.
    pub color: PlateColor,
    /// How sure the recognizer is, in percent.
    pub reliability: Option<u8>,
}

impl Message for PlateNumber {
    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let reliability = fields.optional_integer("reliability", 0..=100)?;
        Ok(PlateNumber {
            device: fields.id("deviceNo")?,
            record: fields.id("uuid")?,
            recognized_at: fields.time("recognitionTime")?,
            image: fields.text("image")?.into_owned(),
            plate: fields.plate("plateNumber")?,
            color: fields.color("color")?,
            reliability: reliability.and_then(|percent| u8::try_from(percent).ok()),
        })
    }

    fn write(&self, out: &mut Writer) {
        out.text("deviceNo", self.device.as_str());
        out.text("uuid", self.record.as_str());
        out.text("recognitionTime", &self.recognized_at.to_string());
        out.text("image", &self.image);
        out.text("plateNumber", plate_text(&self.plate));
        out.text("color", self.color.as_str());
        if let Some(percent) = self.reliability {
            out.integer("reliability", i64::from(percent));
        }
    }
}
