//! The twelve endpoints, one declaration a file.

mod check_connect;
mod payments;
mod period;
mod query_in_out_pay_record;
mod query_in_out_record;
mod query_place_status;
mod query_pre_pay_record;
mod query_unpush_cross_info;
mod query_unpush_recognition_info;
mod receive_abnormal;
mod receive_cross_gate;
mod receive_open_gate;
mod receive_plate_number;
mod receive_show_msg;
#[cfg(test)]
mod tests;

pub use self::check_connect::CheckConnect;
pub use self::payments::{PaymentQuery, Payments};
pub use self::query_in_out_pay_record::{PaidStay, QueryInOutPayRecord};
pub use self::query_in_out_record::{QueryInOutRecord, Stay, StayQuery, Stays};
pub use self::query_place_status::{Place, PlaceQuery, QueryPlaceStatus};
pub use self::query_pre_pay_record::{Prepayment, QueryPrePayRecord};
pub use self::query_unpush_cross_info::{QueryUnPushCrossInfo, UnPushedCrossing};
pub use self::query_unpush_recognition_info::{
    QueryUnPushRecognitionInfo, UnPushedQuery, UnPushedRecognition,
};
pub use self::receive_abnormal::{Abnormal, ReceiveAbnormal};
pub use self::receive_cross_gate::{CrossGate, ReceiveCrossGate};
pub use self::receive_open_gate::{OpenGate, ReceiveOpenGate};
pub use self::receive_plate_number::{PlateNumber, ReceivePlateNumber};
pub use self::receive_show_msg::{Line, ReceiveShowMsg, ShowMsg};

use crate::fields::{FieldError, Fields, Writer};
use crate::plate::Plate;

/// Which party serves an endpoint; the other calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// 供应商: runs the lot's equipment.
    Supplier,
    /// 平台: decides and keeps the records.
    Platform,
}

/// An endpoint of the standard, a `POST` of JSON (T-1): route, client and documents derive from
/// this.
pub trait Endpoint: 'static {
    /// Path below the base URL, with its leading slash.
    const PATH: &'static str;
    /// Who serves it.
    const SERVED_BY: Side;
    /// Its heading in the standard.
    const CLAUSE: &'static str;
    /// What it is asked, without the envelope.
    type Request: Message + Send + 'static;
    /// What it answers, without `respCode` and `respDesc`.
    type Response: Message + Send + 'static;
}

/// Fields that stand together in a JSON object.
pub trait Message: Sized {
    /// Reads them.
    ///
    /// # Errors
    /// The first field that is missing or malformed.
    fn read(fields: &Fields<'_>) -> Result<Self, FieldError>;

    /// Writes them, each in its documented type (D-3).
    fn write(&self, out: &mut Writer);
}

impl Message for () {
    fn read(_: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(())
    }

    fn write(&self, _: &mut Writer) {}
}

/// A plate on the wire: empty when there is none.
fn plate_text(plate: &Option<Plate>) -> &str {
    plate.as_ref().map_or("", Plate::as_str)
}
