//! Reading what operators send, with the standard's own reader of fields, so that errors name the
//! field, what came and what was expected.

use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use boshi_protocol::envelope::parse_json;
use boshi_protocol::fields::{FieldError, Fields, Tolerance};
use boshi_protocol::json::Object;
use boshi_transport::accept::is_late;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::MAX_BODY_BYTES;
use super::caller::Caller;
use super::error::ApiError;
use super::field::Field;
use crate::china::ChinaTime;

/// Longest name or reason in characters: what fits a line of a list.
pub(super) const MAX_WORDS_CHARS: usize = 200;

/// What was sent, whole and in time.
pub(super) struct Whole(pub(super) Bytes);

/// A JSON object that was sent.
pub(super) struct Body(Map<String, Value>);

/// What stands after the `?` of an address.
pub(super) struct Params(Map<String, Value>);

impl Body {
    /// Reads the fields; one that is not among `known` is an error, and so is one that `read` does
    /// not ask for.
    pub(super) fn read<T>(
        &self,
        known: &[Field],
        read: impl FnOnce(&Fields<'_>) -> Result<T, FieldError>,
    ) -> Result<T, ApiError> {
        refuse_strangers(&self.0, known)?;
        let object = Object::from(&self.0);
        let fields = Fields::new(&object, Tolerance::Strict);
        let value = read(&fields)?;
        let finished = fields.finish();
        finished.map_err(|stranger| unknown(stranger.field()))?;
        Ok(value)
    }
}

impl Body {
    /// Reads the whole as an entry of the registry; an error names the field.
    pub(super) fn entry<T: DeserializeOwned>(self) -> Result<T, ApiError> {
        let object = Value::Object(self.0);
        serde_path_to_error::deserialize(object).map_err(|error| {
            let field = error.path().to_string();
            ApiError::field(field, format!("无法读取：{}", error.inner()))
        })
    }
}

impl Params {
    /// These names and values.
    pub(super) fn of(pairs: impl Iterator<Item = (String, String)>) -> Params {
        Params(pairs.map(|(name, value)| (name, value.into())).collect())
    }

    /// Reads the parameters; one that is not among `known` is an error.
    pub(super) fn read<T>(
        &self,
        known: &[Field],
        read: impl FnOnce(&Fields<'_>) -> Result<T, FieldError>,
    ) -> Result<T, ApiError> {
        refuse_strangers(&self.0, known)?;
        let is_empty = |field: &&Field| self.0.get(field.name).is_some_and(|value| value == "");
        if let Some(field) = known
            .iter()
            .filter(is_empty)
            .find(|field| !field.kind.is_text())
        {
            let expected = format!("{} 的值是空的", field.name);
            return Err(ApiError::field(field.name, expected));
        }
        let object = Object::from(&self.0);
        Ok(read(&Fields::new(&object, Tolerance::Tolerant))?)
    }
}

fn refuse_strangers(object: &Map<String, Value>, known: &[Field]) -> Result<(), ApiError> {
    let is_known = |name: &&String| known.iter().any(|field| field.name == name.as_str());
    match object.keys().find(|name| !is_known(name)) {
        None => Ok(()),
        Some(stranger) => Err(unknown(stranger)),
    }
}

/// A name or a reason: some text of bounded length.
pub(super) fn words(fields: &Fields<'_>, name: &'static str) -> Result<String, FieldError> {
    let text = fields.optional_text(name)?.unwrap_or_default();
    let text = text.trim();
    let is_short = text.chars().count() <= MAX_WORDS_CHARS;
    if text.is_empty() || !is_short || text.chars().any(char::is_control) {
        let expected = format!("应为 1 到 {MAX_WORDS_CHARS} 个字符，一行");
        return Err(fields.refuse(name, expected));
    }
    Ok(text.to_owned())
}

/// A time, if given.
pub(super) fn time(
    fields: &Fields<'_>,
    name: &'static str,
) -> Result<Option<ChinaTime>, FieldError> {
    fields.optional_parsed(name, |text| ChinaTime::parse(text).map_err(str::to_owned))
}

/// Who is said to act: the field `by`, or who calls.
pub(super) fn by(fields: &Fields<'_>, caller: &Caller) -> Result<String, FieldError> {
    let said = fields.optional_text("by")?;
    let said = said.map(|_| words(fields, "by")).transpose()?;
    Ok(caller.acting(said))
}

impl<S: Send + Sync> FromRequest<S> for Whole {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Whole, ApiError> {
        let bytes = Bytes::from_request(request, state).await;
        bytes.map(Whole).map_err(unread)
    }
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Body, ApiError> {
        let Whole(bytes) = Whole::from_request(request, state).await?;
        match parse_json(&bytes) {
            Ok(Value::Object(mut object)) => {
                object.values_mut().for_each(without_empty_fraction);
                Ok(Body(object))
            }
            Ok(_) => Err(ApiError::unreadable("请求体应为 JSON 对象")),
            Err(refusal) => Err(ApiError::unreadable(refusal.sentence())),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Params, ApiError> {
        let query = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let Query(pairs) = query.map_err(|_| ApiError::unreadable("地址中的参数无法读取"))?;
        Ok(Params::of(pairs.into_iter()))
    }
}

/// `36.0` is the whole number 36, as JSON Schema has it.
fn without_empty_fraction(value: &mut Value) {
    /// Up to here every whole number has a double of its own: nothing is lost.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) if !number.is_i64() && !number.is_u64() => {
            let whole = number
                .as_f64()
                .filter(|it| it.fract() == 0.0 && it.abs() <= EXACT);
            let whole = whole.and_then(|it| format!("{it:.0}").parse::<i64>().ok());
            if let Some(whole) = whole {
                *value = whole.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_empty_fraction),
        Value::Object(fields) => fields.values_mut().for_each(without_empty_fraction),
        Value::Number(_) | Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn unread(rejection: BytesRejection) -> ApiError {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return ApiError::too_large(format!("请求体超过 {MAX_BODY_BYTES} 字节"));
    }
    ApiError::unreadable(match is_late(&rejection) {
        true => "请求体未在规定时间内收完",
        false => "请求体未收完",
    })
}

fn unknown(name: &str) -> ApiError {
    ApiError::field(name.to_owned(), format!("不认识字段 {name}"))
}
