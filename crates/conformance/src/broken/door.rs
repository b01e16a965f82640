//! The envelope as both small implementations check it, and as they write it.

use serde_json::{Map, Value, json};

use super::Fault;
use crate::bench::OtherLot;
use crate::case::Side;
use crate::clock::{Clock, read_wire_time, wire_time};
use crate::endpoint::{HEARTBEAT, OPEN_GATE, RECOGNITION};
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
        self.names_and_types(&fields)?;
        if self.has("does without the time") && !fields.contains_key("time") {
            return Ok(fields);
        }
        let time = text("time");
        let dashed = self.has("takes times with dashes");
        let plain = if dashed {
            time.replace('-', "")
        } else {
            time.to_owned()
        };
        let lax = self
            .has("takes times of any form")
            .then(|| self.clock.now());
        let at = read_wire_time(&plain).or(lax);
        let at = at.ok_or("time 应为 yyyyMMdd HH:mm:ss")?;
        self.lot(&fields)?;
        if !self.lets_in(request, &fields) {
            return Err("令牌不符".into());
        }
        let window = if self.has("allows a minute") {
            60
        } else {
            WINDOW_SECONDS
        };
        let off = (at.as_second() - self.clock.now().as_second()).abs();
        if off > window && !self.has("takes requests of any age") {
            return Err(format!("时钟相差 {off} 秒，允许 {window} 秒").into());
        }
        Ok(fields)
    }

    fn names_and_types(&self, fields: &Map<String, Value>) -> Result<(), Refusal> {
        let unknown = fields.keys().find(|name| !KNOWN.contains(&name.as_str()));
        if let Some(name) = unknown.filter(|_| self.has("refuses unknown fields")) {
            return Err(format!("未知字段 {name}").into());
        }
        let numbers = ["reliability", "pageSize", "currentPage"];
        let other = fields.iter().find(|(name, value)| {
            let is_number = numbers.contains(&name.as_str());
            is_number && value.is_string() || *name == "version" && !value.is_string()
        });
        match other.filter(|_| self.has("is strict about types")) {
            Some((name, value)) => Err(format!("{name} 收到 {value}").into()),
            None => Ok(()),
        }
    }

    fn content_type(&self, request: &Request) -> Result<(), Refusal> {
        let content_type = request.header("content-type").unwrap_or_default();
        if self.has("refuses a charset parameter") && content_type.contains(';') {
            return Err(format!("Content-Type 收到 {content_type}").into());
        }
        if self.has("refuses chunked requests") && request.header("transfer-encoding").is_some() {
            return Err("缺少 Content-Length".into());
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
            Ok(Value::Array(mut list)) if self.has("takes a list of requests") => {
                match list.pop() {
                    Some(Value::Object(fields)) => Ok(fields),
                    Some(_) | None => Err("应为 JSON 对象".into()),
                }
            }
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
        if self.side == Side::Platform && app.is_none() && !self.has("does without appId") {
            return Err("缺少 appId".into());
        }
        let is_known = |app: &str| app == self.signer.app_id || app == self.other.signer.app_id;
        if app.is_some_and(|app| !is_known(app)) && !self.has("takes unknown appIds") {
            return Err("未知 appId".into());
        }
        match lot {
            Some(lot) if lot == self.lot => {}
            Some(_) if self.has("takes anybody's lot") => {}
            None if self.has("does without the lot's id") => {}
            Some(lot) => return Err(format!("未知停车场 {lot}").into()),
            None => return Err("缺少 parkingLotId".into()),
        }
        let anybody =
            self.has("takes any supplier's credentials") || self.has("takes unknown appIds");
        if app.is_some_and(|app| app != self.signer.app_id) && !anybody {
            return Err("停车场不属于该 appId".into());
        }
        Ok(())
    }

    /// Whether the token is right, or as wrong as this one takes it.
    fn lets_in(&self, request: &Request, fields: &Map<String, Value>) -> bool {
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
        let (time, token) = (text("time"), text("token"));
        let wanted = self.signer.token(time);
        let of_anybody = || {
            let signer = Signer {
                app_id: text("appId").to_owned(),
                ..self.signer.clone()
            };
            signer.token(time) == token
        };
        let is_checked = [RECOGNITION, HEARTBEAT, OPEN_GATE].contains(&request.path.as_str());
        let stale = || {
            let before = self.clock.now() - std::time::Duration::from_secs(60);
            (0..60).any(|second| {
                let then = before + std::time::Duration::from_secs(second);
                self.signer.token(&wire_time(then)) == token
            })
        };
        token == wanted
            || self.has("does without a token") && !fields.contains_key("token")
            || self.has("takes an empty token") && fields.get("token") == Some(&"".into())
            || self.has("compares the first 32 characters") && token.starts_with(&wanted)
            || self.has("checks tokens at one endpoint") && !is_checked
            || self.has("takes any supplier's credentials")
                && token == self.other.signer.token(time)
            || self.has("takes unknown appIds") && of_anybody()
            || self.has("checks no token") && !token.is_empty() && token.len() <= 500
            || self.has("takes tokens in upper case") && token.eq_ignore_ascii_case(&wanted)
            || self.has("takes the token of another time") && stale()
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
            let version = if self.has("says version 2.0") {
                "2.0"
            } else {
                "1.0"
            };
            fields.insert("version".to_owned(), version.into());
        }
        fields.insert("token".to_owned(), token.into());
        if self.side == Side::Supplier {
            fields.insert("appId".to_owned(), self.signer.app_id.clone().into());
        }
        let lot = if self.has("sends another lot's id") {
            &self.other.lot
        } else {
            &self.lot
        };
        fields.insert("parkingLotId".to_owned(), lot.clone().into());
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
        let method = if self.has("sends with PUT") {
            "PUT"
        } else {
            "POST"
        };
        Request {
            method: method.to_owned(),
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
        if self.has("refusals are respCode 2") && is_refusal {
            object.insert("respCode".to_owned(), "2".into());
        }
        if self.has("no respDesc") {
            object.shift_remove("respDesc");
        }
        if self.has("refuses without saying why") && is_refusal {
            object.insert("respDesc".to_owned(), "".into());
        }
        let mut response = Response::json(Value::Object(object).to_string());
        if self.has("refuses in plain words") && is_refusal {
            response.body = "refused".into();
        }
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
        if self.has("unknown paths get a page") {
            response.body = "<html></html>".into();
        }
        response
    }

    /// The answer to a request without a body, if this one has any but a refusal.
    pub(super) fn to_nothing(&self, request: &Request) -> Option<Response> {
        let wanted = request.body.is_empty() && self.has("answers 0 to an empty body");
        wanted.then(|| self.response(Ok(Map::new())))
    }
}
