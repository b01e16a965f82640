//! What the judged side answered, and what is expected of it.

use serde_json::{Map, Value};

use crate::case::{Checked, Stop};
use crate::http::Response;
use crate::http::client::Fault;

/// Most of a body, in characters, that a verdict repeats.
const SHOWN_CHARS: usize = 300;

/// A response, or why there is none.
#[derive(Clone, Debug)]
pub struct Reply(pub Result<Response, Fault>);

impl Reply {
    /// HTTP status; 0 without a response.
    pub fn status(&self) -> u16 {
        self.0.as_ref().map_or(0, |response| response.status)
    }

    /// The JSON object of a response with a 2xx status.
    ///
    /// # Errors
    /// When there is none.
    pub fn object(&self) -> Result<Map<String, Value>, Stop> {
        let response = self.0.as_ref().map_err(|_| self.unexpected())?;
        let object = serde_json::from_slice(&response.body).ok();
        object
            .filter(|_| (200..300).contains(&response.status))
            .ok_or_else(|| self.unexpected())
    }

    /// `respCode`, also as a number.
    pub fn code(&self) -> Option<String> {
        match self.object().ok()?.get("respCode")? {
            Value::String(code) => Some(code.clone()),
            Value::Number(code) => Some(code.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// `respDesc`, whatever the status; empty when there is none.
    pub fn reason(&self) -> String {
        let body = self.0.as_ref().map(|response| response.body.as_slice());
        let object: Option<Value> = serde_json::from_slice(body.unwrap_or_default()).ok();
        let reason = object.as_ref().and_then(|it| it.get("respDesc")?.as_str());
        reason.unwrap_or_default().to_owned()
    }

    /// Demands `respCode` `"0"`.
    ///
    /// # Errors
    /// What came instead.
    pub fn accepted(&self) -> Result<Map<String, Value>, Stop> {
        match self.code().as_deref() {
            Some("0") => self.object(),
            _ => Err(self.unexpected()),
        }
    }

    /// Demands that it is not taken: a refusal in whatever form, but an answer.
    ///
    /// # Errors
    /// What came instead.
    pub fn refused(&self) -> Checked {
        match (&self.0, self.code().as_deref()) {
            (Ok(_), Some("0")) | (Err(_), _) => Err(self.unexpected()),
            (Ok(_), _) => Ok(()),
        }
    }

    /// Demands `respCode` `"1"` in the standard's form.
    ///
    /// # Errors
    /// What came instead.
    pub fn declined(&self) -> Checked {
        match self.code().as_deref() {
            Some("1") => Ok(()),
            _ => Err(self.unexpected()),
        }
    }

    /// Demands a decision in the standard's form, whichever.
    ///
    /// # Errors
    /// What came instead.
    pub fn decided(&self) -> Checked {
        match self.code().as_deref() {
            Some("0" | "1") => Ok(()),
            _ => Err(self.unexpected()),
        }
    }

    /// What came, as a reason not to pass.
    pub fn unexpected(&self) -> Stop {
        match &self.0 {
            Ok(response) => {
                let body = String::from_utf8_lossy(&response.body);
                let body: String = body.chars().take(SHOWN_CHARS).collect();
                let status = response.status;
                Stop::unmet(
                    format!("收到 HTTP {status}，内容 {body}"),
                    format!("HTTP {status} with {body}"),
                )
            }
            Err(fault) => Stop::unmet(fault.to_string(), fault.to_string()),
        }
    }
}

/// The rows of a page.
///
/// # Errors
/// When `data` is no array of objects.
pub fn rows(page: &Map<String, Value>) -> Result<Vec<Map<String, Value>>, Stop> {
    let rows = page.get("data").and_then(Value::as_array);
    let rows = rows.and_then(|rows| rows.iter().map(|row| row.as_object().cloned()).collect());
    rows.ok_or_else(|| {
        let seen = page.get("data").unwrap_or(&Value::Null);
        Stop::unmet(
            format!("data 应为 JSON 数组，收到 {seen}"),
            format!("data is no array of objects but {seen}"),
        )
    })
}

/// A whole number of a page, as a number or as digits.
///
/// # Errors
/// When it is none.
pub fn number(page: &Map<String, Value>, name: &str) -> Result<u64, Stop> {
    let value = page.get(name).unwrap_or(&Value::Null);
    let digits = value.as_str().and_then(|text| text.parse().ok());
    value.as_u64().or(digits).ok_or_else(|| {
        Stop::unmet(
            format!("{name} 应为整数，收到 {value}"),
            format!("{name} is no whole number but {value}"),
        )
    })
}

/// A text field of a row; empty when there is none.
pub fn text<'a>(row: &'a Map<String, Value>, name: &str) -> &'a str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}
