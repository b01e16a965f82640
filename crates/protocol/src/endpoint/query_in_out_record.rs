//! `POST /queryInOutRecord`: stays, from entry to exit (STAY-1).

use super::{Endpoint, Message, Side, period};
use crate::code::{CrossStatus, Money, RecordType};
use crate::fields::{FieldError, Fields, Writer};
use crate::id::{DeviceNo, LotId, RecordId};
use crate::plate::Plate;
use crate::time::WireTime;

/// `POST /queryInOutRecord`: stays, from entry to exit (STAY-1).
pub enum QueryInOutRecord {}

impl Endpoint for QueryInOutRecord {
    const PATH: &'static str = "/queryInOutRecord";
    const SERVED_BY: Side = Side::Supplier;
    const CLAUSE: &'static str = "查询车牌进出场记录（忽略）";
    type Request = StayQuery;
    type Response = Stays;
}

/// Most stays in one reply: the standard does not page this query, so the period must be chosen.
pub(super) const MAX_STAYS: usize = 10_000;

/// Which stays are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StayQuery {
    /// From this second on.
    pub begin: WireTime,
    /// Up to this second; now when nothing is said.
    pub end: Option<WireTime>,
    /// A part of the plate.
    pub plate: String,
    /// Entered, left, either or both within the period (D-12).
    pub record_type: RecordType,
}

/// Every stay that matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stays {
    /// The stays.
    pub data: Vec<Stay>,
}

/// A stay, from entry to exit (STAY-1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stay {
    /// The recognition at the entry.
    pub record: RecordId,
    /// The plate.
    pub plate: Plate,
    /// When the vehicle entered, if that was seen.
    pub entered_at: Option<WireTime>,
    /// When it left, if it has.
    pub left_at: Option<WireTime>,
    /// How long it stood, in whole minutes.
    pub minutes: i64,
    /// What was paid for it.
    pub amount: Money,
    /// The car park.
    pub lot: LotId,
    /// The recognizer at the entry.
    pub entry: Option<DeviceNo>,
    /// The recognizer at the exit.
    pub exit: Option<DeviceNo>,
    /// How the last passage ended (D-12).
    pub status: CrossStatus,
}

impl Message for StayQuery {
    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let (begin, end) = period::read(fields)?;
        let record_type = fields.optional_parsed("recordType", |text| {
            RecordType::parse(text).ok_or_else(|| "应为 A、B、A|B 或 A&B".to_owned())
        })?;
        let plate = fields.text("plateNumber")?.trim().to_owned();
        Ok(StayQuery {
            begin,
            end,
            plate,
            record_type: record_type.unwrap_or_default(),
        })
    }

    fn write(&self, out: &mut Writer) {
        period::write(out, self.begin, self.end);
        out.text("plateNumber", &self.plate);
        out.text("recordType", self.record_type.as_str());
    }
}

impl Message for Stay {
    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let plate = fields.plate("plateNumber")?;
        let parked = fields.optional_parsed("parkingTime", minutes)?;
        let amount = fields.optional_parsed("amount", yuan)?;
        let status = fields.optional_parsed("crossStatus", |text| {
            CrossStatus::parse(text).ok_or_else(|| "应为 0、1 或 2".to_owned())
        })?;
        Ok(Stay {
            record: fields.id("uuid")?,
            plate: plate.ok_or_else(|| fields.refuse("plateNumber", "应为车牌"))?,
            entered_at: fields.optional_time("inTime")?,
            left_at: fields.optional_time("outTime")?,
            minutes: parked.unwrap_or_default(),
            amount: amount.unwrap_or_default(),
            lot: fields.id("parkingLotId")?,
            entry: fields.optional_id("inGateId")?,
            exit: fields.optional_id("outGateId")?,
            status: status.unwrap_or(CrossStatus::Crossed),
        })
    }

    fn write(&self, out: &mut Writer) {
        let time = |time: Option<WireTime>| time.map_or_else(String::new, |time| time.to_string());
        let gate = |gate: &Option<DeviceNo>| gate.as_ref().map_or("", DeviceNo::as_str).to_owned();
        out.text("uuid", self.record.as_str());
        out.text("plateNumber", self.plate.as_str());
        out.text("inTime", &time(self.entered_at));
        out.text("outTime", &time(self.left_at));
        out.text("parkingTime", &self.minutes.to_string());
        out.text("amount", &self.amount.to_string());
        out.text("parkingLotId", self.lot.as_str());
        out.text("inGateId", &gate(&self.entry));
        out.text("outGateId", &gate(&self.exit));
        out.text("crossStatus", self.status.as_str());
    }
}

impl Message for Stays {
    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        fields.optional_integer("total", 0..=i64::MAX)?;
        Ok(Stays {
            data: fields.list("data", MAX_STAYS, Stay::read)?,
        })
    }

    fn write(&self, out: &mut Writer) {
        out.integer("total", i64::try_from(self.data.len()).unwrap_or(i64::MAX));
        out.list("data", &self.data, Stay::write);
    }
}

pub(super) fn minutes(text: &str) -> Result<i64, String> {
    let minutes = text.trim().parse().ok().filter(|minutes| *minutes >= 0);
    minutes.ok_or_else(|| "应为整分钟数".to_owned())
}

fn yuan(text: &str) -> Result<Money, String> {
    Money::parse_yuan(text).ok_or_else(|| "应为金额（元，两位小数）".to_owned())
}
