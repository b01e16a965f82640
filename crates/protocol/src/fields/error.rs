//! Why a field cannot be taken, in words that its sender can act on.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use crate::json::Json;
use crate::refusal::Refusal;

/// Characters of an offending value that are shown back to its sender.
const SHOWN_VALUE_CHARS: usize = 60;

/// A field that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    field: String,
    came: Option<String>,
    expected: Cow<'static, str>,
}

impl FieldError {
    /// The field at `field` is not there.
    pub(super) fn missing(field: String, expected: impl Into<Cow<'static, str>>) -> FieldError {
        FieldError {
            field,
            came: None,
            expected: expected.into(),
        }
    }

    /// The field at `field` has a value that cannot be taken.
    pub(super) fn bad(
        field: String,
        value: &Json<'_>,
        expected: impl Into<Cow<'static, str>>,
    ) -> FieldError {
        FieldError {
            field,
            came: Some(shown(value)),
            expected: expected.into(),
        }
    }

    /// The path of the field, as in `msg[2].text`.
    pub fn field(&self) -> &str {
        &self.field
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.came {
            None => write!(out, "缺少字段 {}，{}", self.field, self.expected),
            Some(came) => write!(out, "字段 {} 收到 {came}，{}", self.field, self.expected),
        }
    }
}

impl std::error::Error for FieldError {}

impl From<FieldError> for Refusal {
    fn from(error: FieldError) -> Refusal {
        let code = if error.came.is_none() {
            "MISSING_FIELD"
        } else {
            "BAD_FIELD"
        };
        Refusal::new(code, error.to_string())
    }
}

/// The value as its sender wrote it, cut to a bearable length.
fn shown(value: &Json<'_>) -> String {
    let text = Value::from(value).to_string();
    match text.char_indices().nth(SHOWN_VALUE_CHARS) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
