//! `POST /queryUnPushRecognitionInfo`: recognitions that could not be pushed (UNPUSH-1).

use super::{Endpoint, Message, Side, period, plate_text};
use crate::fields::{FieldError, Fields, Writer};
use crate::id::{DeviceNo, RecordId};
use crate::page::{Page, PageRequest};
use crate::plate::{Plate, PlateColor};
use crate::time::WireTime;

/// `POST /queryUnPushRecognitionInfo`: recognitions that could not be pushed (UNPUSH-1).
pub enum QueryUnPushRecognitionInfo {}

impl Endpoint for QueryUnPushRecognitionInfo {
    const PATH: &'static str = "/queryUnPushRecognitionInfo";
    const SERVED_BY: Side = Side::Supplier;
    const CLAUSE: &'static str = "查询推送失败的车辆识别信息";
    type Request = UnPushedQuery;
    type Response = Page<UnPushedRecognition>;
}

/// Which records that could not be pushed are asked for: by their own time, both bounds included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnPushedQuery {
    /// Which page (PAGE-1).
    pub page: PageRequest,
    /// From this second on.
    pub begin: WireTime,
    /// Up to this second; now when nothing is said.
    pub end: Option<WireTime>,
}

/// A recognition that could not be pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnPushedRecognition {
    /// Identifies it.
    pub record: RecordId,
    /// The recognizer.
    pub device: DeviceNo,
    /// The plate; none when unreadable.
    pub plate: Option<Plate>,
    /// Its colour.
    pub color: PlateColor,
    /// When it was read.
    pub recognized_at: WireTime,
    /// URL of the picture; empty when there is none.
    pub image: String,
}

impl Message for UnPushedQuery {
    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let page = PageRequest::read(fields)?;
        let (begin, end) = period::read(fields)?;
        Ok(UnPushedQuery { page, begin, end })
    }

    fn write(&self, out: &mut Writer) {
        self.page.write(out);
        period::write(out, self.begin, self.end);
    }
}

impl Message for UnPushedRecognition {
    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(UnPushedRecognition {
            record: fields.id("uuid")?,
            device: fields.id("deviceNo")?,
            plate: fields.plate("plateNumber")?,
            color: fields.color("color")?,
            recognized_at: fields.time("recognitionTime")?,
            image: fields
                .optional_text("image")?
                .unwrap_or_default()
                .into_owned(),
        })
    }

    fn write(&self, out: &mut Writer) {
        out.text("uuid", self.record.as_str());
        out.text("deviceNo", self.device.as_str());
        out.text("plateNumber", plate_text(&self.plate));
        out.text("color", self.color.as_str());
        out.text("recognitionTime", &self.recognized_at.to_string());
        out.text("image", &self.image);
    }
}
