//! What every request and every reply has around its own fields (T-3, T-4).

use jiff::Timestamp;
use serde_json::Value;

use crate::endpoint::{Endpoint, Message as _, Side};
use crate::fields::{Fields, Tolerance, Writer};
use crate::id::{AppId, LotId};
use crate::json::{Json, Object};
use crate::refusal::Refusal;
use crate::time::WireTime;
use crate::token::{Credentials, MAX_TOKEN_CHARS};

/// The version that is written, and meant when none is given (T-3).
pub const VERSION: &str = "1.0";

/// The fields of the envelope, which no endpoint's own fields are called like; `appId` only where
/// it belongs to it.
const ENVELOPE: [&str; 5] = ["version", "token", "parkingLotId", "time", "appId"];

/// What comes before an endpoint's own fields (T-3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Version of the interface.
    pub version: String,
    /// Signature of `time` (T-6).
    pub token: String,
    /// The car park that the request is about.
    pub lot: LotId,
    /// When the request was made.
    pub time: WireTime,
    /// The supplier; only in requests to the platform.
    pub app_id: Option<AppId>,
}

/// A request that has arrived and is JSON, but not more than that yet.
pub struct Incoming<'a> {
    object: Object<'a>,
    tolerance: Tolerance,
}

impl<'a> Incoming<'a> {
    /// Reads a body as a JSON object.
    ///
    /// # Errors
    /// When it is not UTF-8, not JSON, nested deeper than [`MAX_JSON_DEPTH`](crate::json::MAX_JSON_DEPTH) or no object.
    pub fn parse(body: &'a [u8], tolerance: Tolerance) -> Result<Incoming<'a>, Refusal> {
        match Json::read(body)? {
            Json::Object(object) => Ok(Incoming { object, tolerance }),
            _ => Err(Refusal::new("BAD_JSON", "请求体应为 JSON 对象")),
        }
    }

    /// The envelope of a request to the side that serves the endpoint (T-3).
    ///
    /// # Errors
    /// The first field that is missing or malformed.
    pub fn envelope(&self, served_by: Side) -> Result<Envelope, Refusal> {
        let fields = Fields::new(&self.object, self.tolerance);
        let version = fields.optional_text("version")?;
        let token = fields.text("token")?;
        if token.chars().count() > MAX_TOKEN_CHARS {
            return Err(Refusal::new("BAD_FIELD", "字段 token 超过 500 个字符"));
        }
        let app_id = match served_by {
            Side::Platform => Some(fields.id("appId")?),
            Side::Supplier => fields.optional_id("appId")?,
        };
        Ok(Envelope {
            version: version.map_or_else(|| VERSION.to_owned(), |version| version.into_owned()),
            token: token.into_owned(),
            lot: fields.id("parkingLotId")?,
            time: fields.time("time")?,
            app_id,
        })
    }

    /// The endpoint's own fields.
    ///
    /// # Errors
    /// The first field that is missing or malformed; when strict also one that nobody knows (D-3).
    pub fn request<E: Endpoint>(&self) -> Result<E::Request, Refusal> {
        let [common @ .., _] = &ENVELOPE;
        let foreign: &[&str] = match E::SERVED_BY {
            Side::Platform => &ENVELOPE,
            Side::Supplier => common,
        };
        let fields = Fields::without(foreign, &self.object, self.tolerance);
        let request = E::Request::read(&fields)?;
        fields.finish()?;
        Ok(request)
    }
}

/// A request, signed at `now` (T-3, T-6): each attempt is written afresh (D-17).
pub fn request_text<E: Endpoint>(
    request: &E::Request,
    lot: &LotId,
    credentials: &Credentials,
    now: Timestamp,
) -> String {
    let time = WireTime::from_timestamp(now).to_string();
    let mut out = Writer::new();
    out.text("version", VERSION);
    out.text("token", &credentials.sign(&time));
    match E::SERVED_BY {
        Side::Platform => out.text("appId", credentials.app_id().as_str()),
        Side::Supplier => {}
    }
    out.text("parkingLotId", lot.as_str());
    out.text("time", &time);
    request.write(&mut out);
    out.finish()
}

/// What the other side answered (T-4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<R> {
    /// `respCode` `"0"`.
    Accepted {
        /// What `respDesc` says beside it; usually nothing.
        note: String,
        /// The reply's own fields.
        body: R,
    },
    /// `respCode` `"1"`.
    Refused(Refusal),
}

impl<R> Answer<R> {
    /// Accepted, with nothing more to say.
    pub fn done(body: R) -> Answer<R> {
        Answer::Accepted {
            note: String::new(),
            body,
        }
    }
}

/// The JSON text of an answer (T-4).
pub fn reply_text<E: Endpoint>(answer: &Answer<E::Response>) -> String {
    match answer {
        Answer::Accepted { note, body } => {
            let mut out = Writer::new();
            out.text("respCode", "0");
            out.text("respDesc", note);
            body.write(&mut out);
            out.finish()
        }
        Answer::Refused(refusal) => refusal_text(refusal),
    }
}

/// The JSON text of a refusal, whatever the endpoint (T-4, D-1).
pub fn refusal_text(refusal: &Refusal) -> String {
    let mut out = Writer::new();
    out.text("respCode", "1");
    out.text("respDesc", &refusal.to_string());
    out.finish()
}

/// Reads the reply of an endpoint.
///
/// # Errors
/// When it is no reply of the standard: no JSON object, no `respCode`, or a success without the
/// fields that belong to it. That is a failed attempt (D-2).
pub fn read_reply<E: Endpoint>(
    body: &[u8],
    tolerance: Tolerance,
) -> Result<Answer<E::Response>, Refusal> {
    let object = match Json::read(body)? {
        Json::Object(object) => object,
        _ => return Err(Refusal::new("BAD_JSON", "应答应为 JSON 对象")),
    };
    let fields = Fields::new(&object, tolerance);
    let code = fields.text("respCode")?.trim().to_owned();
    let desc = fields
        .optional_text("respDesc")?
        .unwrap_or_default()
        .into_owned();
    match code.as_str() {
        "0" => {
            let fields = Fields::without(&["respCode", "respDesc"], &object, tolerance);
            let body = E::Response::read(&fields)?;
            fields.finish()?;
            Ok(Answer::Accepted { note: desc, body })
        }
        "" => Err(fields.refuse("respCode", "应为 0 或 1").into()),
        _ => Ok(Answer::Refused(Refusal::from_desc(&desc))),
    }
}

/// Reads JSON that a stranger sent, as a value of its own.
///
/// # Errors
/// As [`Json::read`].
pub fn parse_json(body: &[u8]) -> Result<Value, Refusal> {
    Json::read(body).map(|json| Value::from(&json))
}
