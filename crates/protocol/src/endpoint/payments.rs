//! What the two queries for payments share.

use super::{Message, period};
use crate::code::{Money, PayType};
use crate::fields::{FieldError, Fields, Writer};
use crate::time::WireTime;

/// Most payments in one reply: the standard does not page these queries.
pub(super) const MAX_PAYMENTS: usize = 10_000;

/// Which payments are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentQuery {
    /// Paid from this second on.
    pub begin: WireTime,
    /// Up to this second; now when nothing is said.
    pub end: Option<WireTime>,
    /// A part of the plate; all when nothing is said.
    pub plate: Option<String>,
}

/// Every payment that matches, with their sum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payments<T> {
    /// The sum of all.
    pub total_amount: Money,
    /// The payments.
    pub data: Vec<T>,
}

impl Message for PaymentQuery {
    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let (begin, end) = period::read(fields)?;
        let plate = fields
            .optional_text("plateNumber")?
            .map(|text| text.trim().to_owned());
        Ok(PaymentQuery { begin, end, plate })
    }

    fn write(&self, out: &mut Writer) {
        period::write(out, self.begin, self.end);
        out.optional_text("plateNumber", self.plate.as_deref());
    }
}

impl<T: Message> Message for Payments<T> {
    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        fields.optional_integer("total", 0..=i64::MAX)?;
        let total_amount = fields.optional_money("totalAmount")?.unwrap_or_default();
        Ok(Payments {
            total_amount,
            data: fields.list("data", MAX_PAYMENTS, T::read)?,
        })
    }

    fn write(&self, out: &mut Writer) {
        out.integer("total", i64::try_from(self.data.len()).unwrap_or(i64::MAX));
        out.decimal("totalAmount", self.total_amount);
        out.list("data", &self.data, T::write);
    }
}

pub(super) fn amount(fields: &Fields<'_>) -> Result<Money, FieldError> {
    let amount = fields.optional_money("thisTimeAmount")?;
    amount.ok_or_else(|| fields.refuse("thisTimeAmount", "应为金额（元，两位小数）"))
}

pub(super) fn pay_type(fields: &Fields<'_>) -> Result<PayType, FieldError> {
    let way = fields.optional_parsed("payType", |text| {
        PayType::parse(text).ok_or_else(|| "应为 1 到 5".to_owned())
    })?;
    way.ok_or_else(|| fields.refuse("payType", "应为 1 到 5"))
}
