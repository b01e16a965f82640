//! The envelope as both small implementations check it, and as they write it.

use serde_json::{Map, Value, json};

use super::Fault;
use crate::bench::OtherLot;
use crate::case::Side;
use crate::clock::{Clock, read_wire_time, wire_time};
use crate::http::{Request, Response};
use crate::token::Signer;

/// How far a clock may be off, in seconds.
const WINDOW_SECONDS: i64 = 300;

/// Every field that a request of the standard may have.
const KNOWN: &[&str] = &[
    "version",
    "token",
    "appId",
    "parkingLotId",
    "time",
    "deviceNo",
    "uuid",
    "recognitionTime",
    "image",
    "plateNumber",
    "color",
    "reliability",
    "crossTime",
    "abnormalCode",
    "msg",
    "openMode",
    "pageSize",
    "currentPage",
    "placeStatus",
    "placeNo",
    "beginTime",
    "endTime",
    "recordType",
];

/// What both sides know of each other, and what is wrong with this one.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) side: Side,
    pub(super) lot: String,
    pub(super) signer: Signer,
    pub(super) other: OtherLot,
    pub(super) clock: Clock,
    pub(super) fault: Option<Fault>,
}

/// Why a request is refused.
pub(super) enum Refusal {
    /// It is not as the standard says.
    Bad(String),
    /// It is, and the answer is no.
    Declined(String),
}

impl From<String> for Refusal {
    fn from(why: String) -> Refusal {
        Refusal::Bad(why)
    }
}

impl From<&str> for Refusal {
    fn from(why: &str) -> Refusal {
        Refusal::Bad(why.to_owned())
    }
}

/// The answer is no.
pub(super) fn declined(why: &str) -> Refusal {
    Refusal::Declined(why.to_owned())
}

/// What is answered beside `respCode` and `respDesc`.
pub(super) type Answer = Result<Map<String, Value>, Refusal>;

impl Door {
    /// Whether that is what is wrong.
    pub(super) fn has(&self, fault: &str) -> bool {
        self.fault.is_some_and(|it| it.name == fault)
    }

    pub(super) fn now(&self) -> String {
        wire_time(self.clock.now())
    }

    /// The object of a request that is let in.
    pub(super) fn admit(&self, request: &Request) -> Result<Map<String, Value>, Refusal> {
        if request.method != "POST" && !self.has("serves GET") {
            return Err("只接受 POST".into());
        }
        self.content_type(request)?;
        let fields = self.object(&request.body)?;
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
        let unknown = fields.keys().find(|name| !KNOWN.contains(&name.as_str()));
        if let Some(name) = unknown.filter(|_| self.has("refuses unknown fields")) {
            return Err(format!("未知字段 {name}").into());
        }
        let time = text("time");
        let dashed = self.has("takes times with dashes");
        let plain = if dashed {
            time.replace('-', "")
        } else {
            time.to_owned()
        };
        let at = read_wire_time(&plain).ok_or("time 应为 yyyyMMdd HH:mm:ss")?;
        self.lot(&fields)?;
        self.token(time, text("token"))?;
        let off = (at.as_second() - self.clock.now().as_second()).abs();
        if off > WINDOW_SECONDS && !self.has("takes requests of any age") {
            return Err(format!("时钟相差 {off} 秒，允许 {WINDOW_SECONDS} 秒").into());
        }
        Ok(fields)
    }

    fn content_type(&self, request: &Request) -> Result<(), Refusal> {
        let content_type = request.header("content-type").unwrap_or_default();
        if self.has("refuses a charset parameter") && content_type.contains(';') {
            return Err(format!("Content-Type 收到 {content_type}").into());
        }
        let media = content_type.split(';').next().unwrap_or_default().trim();
        if media.eq_ignore_ascii_case("application/json") || self.has("takes any content type") {
            return Ok(());
        }
        Err(format!("Content-Type 收到 {content_type}").into())
    }

    fn object(&self, body: &[u8]) -> Result<Map<String, Value>, Refusal> {
        let text = if self.has("takes GBK") {
            String::from_utf8_lossy(body).into_owned()
        } else {
            String::from_utf8(body.to_vec()).map_err(|_| "不是 UTF-8")?
        };
        if self.has("refuses escaped characters") && text.contains("\\u") {
            return Err("JSON 有误".into());
        }
        match serde_json::from_str(&text) {
            Ok(Value::Object(fields)) => Ok(fields),
            Err(_) if self.has("takes broken JSON") => {
                let mended = serde_json::from_str(&format!("{text}}}"));
                mended.map_err(|_| "应为 JSON 对象".into())
            }
            Ok(_) | Err(_) => Err("应为 JSON 对象".into()),
        }
    }

    fn lot(&self, fields: &Map<String, Value>) -> Result<(), Refusal> {
        let lot = fields.get("parkingLotId").and_then(Value::as_str);
        let app = fields.get("appId").and_then(Value::as_str);
        if self.side == Side::Platform && app.is_none() {
            return Err("缺少 appId".into());
        }
        if app.is_some_and(|app| app != self.signer.app_id && app != self.other.signer.app_id) {
            return Err("未知 appId".into());
        }
        match lot {
            Some(lot) if lot == self.lot => {}
            Some(_) if self.has("takes anybody's lot") => {}
            None if self.has("does without the lot's id") => {}
            Some(lot) => return Err(format!("未知停车场 {lot}").into()),
            None => return Err("缺少 parkingLotId".into()),
        }
        if app.is_some_and(|app| app != self.signer.app_id) {
            return Err("停车场不属于该 appId".into());
        }
        Ok(())
    }

    fn token(&self, time: &str, token: &str) -> Result<(), Refusal> {
        let wanted = self.signer.token(time);
        let stale = || {
            let before = self.clock.now() - std::time::Duration::from_secs(60);
            (0..60).any(|second| {
                let then = before + std::time::Duration::from_secs(second);
                self.signer.token(&wire_time(then)) == token
            })
        };
        let is_right = token == wanted
            || self.has("checks no token") && !token.is_empty() && token.len() <= 500
            || self.has("takes tokens in upper case") && token.eq_ignore_ascii_case(&wanted)
            || self.has("takes the token of another time") && stale();
        if is_right {
            Ok(())
        } else {
            Err("令牌不符".into())
        }
    }

    /// A request's object, signed now.
    pub(super) fn envelope(&self, own: Map<String, Value>) -> Map<String, Value> {
        let mut fields = Map::new();
        let mut now = self.clock.now();
        if self.has("sends times of Greenwich") {
            now -= std::time::Duration::from_secs(8 * 3600);
        }
        let mut told = wire_time(now);
        if self.has("sends times with dashes") {
            told = format!(
                "{}-{}-{}{}",
                &told[..4],
                &told[4..6],
                &told[6..8],
                &told[8..]
            );
        }
        let mut token = self.signer.token(&told);
        if self.has("sends tokens in upper case") {
            token = token.to_uppercase();
        }
        if !self.has("sends no version") {
            fields.insert("version".to_owned(), "1.0".into());
        }
        fields.insert("token".to_owned(), token.into());
        if self.side == Side::Supplier {
            fields.insert("appId".to_owned(), self.signer.app_id.clone().into());
        }
        fields.insert("parkingLotId".to_owned(), self.lot.clone().into());
        fields.insert("time".to_owned(), told.into());
        fields.extend(own);
        fields
    }

    /// A request that is sent.
    pub(super) fn written(&self, path: &str, fields: &Map<String, Value>) -> Request {
        let content_type = if self.has("sends as text/plain") {
            "text/plain"
        } else {
            "application/json"
        };
        Request {
            method: "POST".to_owned(),
            path: path.to_owned(),
            headers: vec![("Content-Type".to_owned(), content_type.to_owned())],
            body: Value::Object(fields.clone()).to_string().into_bytes(),
        }
    }

    /// The response for what was answered.
    pub(super) fn response(&self, answer: Answer) -> Response {
        let is_refusal = answer.is_err();
        let is_bad = matches!(answer, Err(Refusal::Bad(_)));
        let (code, why, more) = match answer {
            Ok(more) => ("0", String::new(), more),
            Err(Refusal::Bad(why) | Refusal::Declined(why)) => ("1", why, Map::new()),
        };
        let mut object = Map::new();
        object.insert("respCode".to_owned(), code.into());
        object.insert("respDesc".to_owned(), why.into());
        object.extend(more);
        if self.has("respCode as a number") {
            object.insert("respCode".to_owned(), json!(u8::from(is_refusal)));
        }
        if self.has("no respDesc") {
            object.shift_remove("respDesc");
        }
        if self.has("refuses without saying why") && is_refusal {
            object.insert("respDesc".to_owned(), "".into());
        }
        let mut response = Response::json(Value::Object(object).to_string());
        if self.has("replies as text/html") {
            response.headers[0].1 = "text/html".to_owned();
        }
        if self.has("answers 500 to bad input") && is_bad {
            response.status = 500;
        }
        response
    }

    /// The response to an unknown path or method.
    pub(super) fn no_such(&self, status: u16) -> Response {
        let mut response = self.response(Err(declined("没有此接口")));
        response.status = status;
        response
    }
}
