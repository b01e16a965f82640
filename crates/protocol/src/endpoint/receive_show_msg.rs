//! `POST /receiveShowMsg`: a text for a display (SHOW-1).

use super::{Endpoint, Message, Side};
use crate::code::Alignment;
use crate::fields::{FieldError, Fields, Writer};
use crate::id::DeviceNo;

/// `POST /receiveShowMsg`: a text for a display (SHOW-1).
pub enum ReceiveShowMsg {}

impl Endpoint for ReceiveShowMsg {
    const PATH: &'static str = "/receiveShowMsg";
    const SERVED_BY: Side = Side::Supplier;
    const CLAUSE: &'static str = "接收显示屏展示信息";
    type Request = ShowMsg;
    type Response = ();
}

/// Most lines that one message may have: no display at a lane shows more.
pub(super) const MAX_LINES: usize = 32;

/// A text for a display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShowMsg {
    /// The display, or the recognizer of its lane.
    pub device: DeviceNo,
    /// One entry a line, from the top (SHOW-1).
    pub lines: Vec<Line>,
}

/// A line on a display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its text, spaces kept.
    pub text: String,
    /// Where it stands; left when nothing is said (D-9).
    pub alignment: Alignment,
}

impl Message for Line {
    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let alignment = fields.optional_parsed("alignment", |text| {
            Alignment::parse(text).ok_or_else(|| "应为 left、center 或 right".to_owned())
        })?;
        let text = fields.text("text")?.into_owned();
        Ok(Line {
            text,
            alignment: alignment.unwrap_or_default(),
        })
    }

    fn write(&self, out: &mut Writer) {
        out.text("text", &self.text);
        out.text("alignment", self.alignment.as_str());
    }
}

impl Message for ShowMsg {
    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(ShowMsg {
            device: fields.id("deviceNo")?,
            lines: fields.list_or_text("msg", MAX_LINES, Line::read)?,
        })
    }

    fn write(&self, out: &mut Writer) {
        out.text("deviceNo", self.device.as_str());
        out.list("msg", &self.lines, Line::write);
    }
}
