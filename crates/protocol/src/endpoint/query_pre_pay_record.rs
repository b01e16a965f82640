//! `POST /queryPrePayRecord`: payments before driving to the exit (PAY-1).

use super::payments::{amount, pay_type};
use super::{Endpoint, Message, PaymentQuery, Payments, Side, plate_text};
use crate::code::{Money, PayType};
use crate::fields::{FieldError, Fields, Writer};
use crate::plate::Plate;
use crate::time::WireTime;

/// `POST /queryPrePayRecord`: payments before driving to the exit (PAY-1).
pub enum QueryPrePayRecord {}

impl Endpoint for QueryPrePayRecord {
    const PATH: &'static str = "/queryPrePayRecord";
    const SERVED_BY: Side = Side::Supplier;
    const CLAUSE: &'static str = "预缴费纪录查询（忽略）";
    type Request = PaymentQuery;
    type Response = Payments<Prepayment>;
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepayment {
    /// Identifies the payment.
    pub pay_id: String,
    /// For which vehicle.
    pub plate: Option<Plate>,
    /// Number of the order.
    pub order: String,
    /// Number of the merchant's order.
    pub merchant_order: String,
    /// When it was paid.
    pub paid_at: WireTime,
    /// How much.
    pub amount: Money,
    /// In which way.
    pub pay_type: PayType,
}

impl Message for Prepayment {
    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(Prepayment {
            pay_id: fields.text("payId")?.into_owned(),
            plate: fields.plate("plateNumber")?,
            order: fields.text("payOrderNo")?.into_owned(),
            merchant_order: fields.text("commercialOrderNo")?.into_owned(),
            paid_at: fields.time("payTime")?,
            amount: amount(fields)?,
            pay_type: pay_type(fields)?,
        })
    }

    fn write(&self, out: &mut Writer) {
        out.text("payId", &self.pay_id);
        out.text("plateNumber", plate_text(&self.plate));
        out.text("payOrderNo", &self.order);
        out.text("commercialOrderNo", &self.merchant_order);
        out.text("payTime", &self.paid_at.to_string());
        out.decimal("thisTimeAmount", self.amount);
        out.text("payType", self.pay_type.as_str());
    }
}
