//! `POST /queryInOutPayRecord`: payments with the stays they were for (PAY-1).

use super::query_in_out_record::minutes;
use super::{Endpoint, Message, PaymentQuery, Payments, Prepayment, Side};
use crate::fields::{FieldError, Fields, Writer};
use crate::id::{DeviceNo, LotId, RecordId};
use crate::time::WireTime;

/// `POST /queryInOutPayRecord`: payments with the stays they were for (PAY-1).
pub enum QueryInOutPayRecord {}

impl Endpoint for QueryInOutPayRecord {
    const PATH: &'static str = "/queryInOutPayRecord";
    const SERVED_BY: Side = Side::Supplier;
    const CLAUSE: &'static str = "出场缴费纪录查询（忽略）";
    type Request = PaymentQuery;
    type Response = Payments<PaidStay>;
}

/// A payment and the stay it was for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidStay {
    /// The payment.
    pub payment: Prepayment,
    /// The recognition at the exit.
    pub record: RecordId,
    /// When the vehicle entered, if that was seen.
    pub entered_at: Option<WireTime>,
    /// When it left, if it has.
    pub left_at: Option<WireTime>,
    /// How long it stood, in whole minutes.
    pub minutes: i64,
    /// The car park.
    pub lot: LotId,
    /// The recognizer at the entry.
    pub entry: Option<DeviceNo>,
    /// The recognizer at the exit.
    pub exit: Option<DeviceNo>,
}

impl Message for PaidStay {
    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let parked = fields.optional_parsed("parkingTime", minutes)?;
        Ok(PaidStay {
            payment: Prepayment::read(fields)?,
            record: fields.id("uuid")?,
            entered_at: fields.optional_time("inTime")?,
            left_at: fields.optional_time("outTime")?,
            minutes: parked.unwrap_or_default(),
            lot: fields.id("parkingLotId")?,
            entry: fields.optional_id("inGateId")?,
            exit: fields.optional_id("outGateId")?,
        })
    }

    fn write(&self, out: &mut Writer) {
        let time = |time: Option<WireTime>| time.map_or_else(String::new, |time| time.to_string());
        self.payment.write(out);
        out.text("uuid", self.record.as_str());
        out.text("inTime", &time(self.entered_at));
        out.text("outTime", &time(self.left_at));
        out.text("parkingTime", &self.minutes.to_string());
        out.text("parkingLotId", self.lot.as_str());
        out.text("inGateId", self.entry.as_ref().map_or("", DeviceNo::as_str));
        out.text("outGateId", self.exit.as_ref().map_or("", DeviceNo::as_str));
    }
}
