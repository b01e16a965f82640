//! Reading amounts.

use std::borrow::Cow;

use super::{FieldError, Fields, Tolerance};
use crate::code::Money;
use crate::json::Json;

impl Fields<'_> {
    /// An amount in yuan, if given: a number, or unless strict a text (PAY-1).
    ///
    /// # Errors
    /// When it is no amount to the fen.
    pub fn optional_money(&self, name: &'static str) -> Result<Option<Money>, FieldError> {
        let Some(value) = self.present(name) else {
            return Ok(None);
        };
        let text = match value {
            Json::Number(number) => Cow::Owned(number.to_string()),
            Json::Text(_) | Json::Bool(_) | Json::Null => self.as_text(name, value)?,
            Json::List(_) | Json::Object(_) => self.as_text(name, value)?,
        };
        let is_exact = self.tolerance == Tolerance::Tolerant || matches!(value, Json::Number(_));
        let money = Money::parse_yuan(&text).filter(|_| is_exact);
        money
            .map(Some)
            .ok_or_else(|| self.bad(name, value, "应为金额（元，至多两位小数）"))
    }
}
