//! `POST /receiveAbnormal`: something is wrong (ABN-1).

use super::{Endpoint, Message, Side};
use crate::code::AbnormalCode;
use crate::fields::{FieldError, Fields, Writer};
use crate::id::DeviceNo;

/// `POST /receiveAbnormal`: something is wrong (ABN-1).
pub enum ReceiveAbnormal {}

impl Endpoint for ReceiveAbnormal {
    const PATH: &'static str = "/receiveAbnormal";
    const SERVED_BY: Side = Side::Platform;
    const CLAUSE: &'static str = "接收异常信息";
    type Request = Abnormal;
    type Response = ();
}

/// An abnormality.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abnormal {
    /// What is wrong; an open list (D-15).
    pub code: AbnormalCode,
    /// The device concerned, if one is.
    pub device: Option<DeviceNo>,
    /// The message for people (ABN-2).
    pub msg: String,
}

impl Message for Abnormal {
    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let code = fields.optional_text("abnormalCode")?;
        Ok(Abnormal {
            code: code
                .map(|code| AbnormalCode::read(code.trim()))
                .ok_or_else(|| fields.refuse("abnormalCode", "应为异常编号"))?,
            device: fields.optional_id("deviceNo")?,
            msg: fields.text("msg")?.into_owned(),
        })
    }

    fn write(&self, out: &mut Writer) {
        out.text("abnormalCode", self.code.as_str());
        out.optional_text("deviceNo", self.device.as_ref().map(DeviceNo::as_str));
        out.text("msg", &self.msg);
    }
}
