//! A small platform: one lot, two plates, everything in memory.

mod calls;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};

use super::door::{Answer, Door, Refusal, declined};
use crate::book::Book;
use crate::clock::wire_time;
use crate::endpoint::{
    ABNORMAL, ABNORMAL_FIELDS, CROSSING, CROSSING_FIELDS, Field, RECOGNITION, RECOGNITION_FIELDS,
    fault,
};
use crate::http::{Request, Response};
use crate::net::{Address, Network};
use crate::peer::{Manners, Peer};

/// How old an event may be at a platform that refuses old ones.
const OLD: Duration = Duration::from_secs(3600);

/// The platform, shared by its tasks.
#[derive(Clone)]
pub(super) struct Platform(Arc<Shared>);

struct Shared {
    door: Door,
    network: Arc<dyn Network>,
    lot: Address,
    recognizer: String,
    display: String,
    records: Mutex<Records>,
}

#[derive(Default)]
struct Records {
    permitted: BTreeSet<String>,
    decided: BTreeMap<String, bool>,
    crossed: BTreeSet<String>,
    reported: BTreeSet<String>,
}

impl Platform {
    /// A platform that lets `allowed` pass.
    pub(super) fn new(
        door: Door,
        network: Arc<dyn Network>,
        lot: Address,
        allowed: &str,
        (recognizer, display): (&str, &str),
    ) -> Platform {
        let records = Records {
            permitted: [allowed.to_owned()].into(),
            ..Records::default()
        };
        Platform(Arc::new(Shared {
            door,
            network,
            lot,
            recognizer: recognizer.to_owned(),
            display: display.to_owned(),
            records: Mutex::new(records),
        }))
    }

    /// Serves until the peer that is returned is dropped.
    pub(super) async fn serve(&self) -> io::Result<Peer> {
        let platform = self.clone();
        let manners: Manners = Arc::new(move |request| platform.answer(request));
        let book = Arc::new(Book::new(self.0.door.clock));
        Peer::listen(Arc::clone(&self.0.network), book, manners).await
    }

    fn has(&self, fault: &str) -> bool {
        self.0.door.has(fault)
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.0
            .records
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: &Request) -> Response {
        let door = &self.0.door;
        let path = request.path.as_str();
        if ![RECOGNITION, CROSSING, ABNORMAL].contains(&path) {
            return door.no_such(404);
        }
        if request.method != "POST" && !(request.method == "GET" && door.has("serves GET")) {
            return door.no_such(405);
        }
        if let Some(response) = door.to_nothing(request) {
            return response;
        }
        let answer = door.admit(request).and_then(|fields| match path {
            RECOGNITION => self.recognition(&fields),
            CROSSING => self.crossing(&fields),
            _ => self.abnormality(&fields),
        });
        let choked = path == RECOGNITION
            && self.has("chokes on an empty plate")
            && String::from_utf8_lossy(&request.body).contains(r#""plateNumber":"""#);
        let mut response = door.response(answer);
        if choked {
            response.status = 502;
        }
        response
    }

    fn recognition(&self, fields: &Map<String, Value>) -> Answer {
        let mut tolerant = fields.clone();
        // A number may come as digits.
        let digits = fields.get("reliability").and_then(Value::as_str);
        if let Some(number) = digits.and_then(|digits| digits.parse::<u64>().ok()) {
            tolerant.insert("reliability".to_owned(), number.into());
        }
        if self.has("demands reliability") && !fields.contains_key("reliability") {
            return Err("缺少 reliability".into());
        }
        if self.has("takes any colour") && fields.get("color").is_some_and(Value::is_string) {
            tolerant.insert("color".to_owned(), "other".into());
        }
        let lenient = ("takes a recognition without uuid", "uuid");
        self.check(&tolerant, RECOGNITION_FIELDS, "recognitions", lenient)?;
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
        let (uuid, plate) = (text("uuid"), text("plateNumber"));
        let mut records = self.records();
        let before = records.decided.get(uuid).copied();
        if before.is_some() && self.has("refuses a recognition that it knows") {
            return Err(declined("重复的识别"));
        }
        let other_colour = text("color") != "blue" && self.has("knows no colour but blue");
        let permitted = records.permitted.contains(plate) || self.has("lets everybody pass");
        // Who has no plate at all is taken for a visitor where that is not looked at.
        let permitted = permitted || !fields.get("plateNumber").is_some_and(Value::is_string);
        let permitted = permitted && !self.has("lets nobody pass") && !other_colour;
        let from_memory = before.filter(|_| self.has("answers a known uuid from memory"));
        let may_pass = from_memory.unwrap_or(permitted);
        records.decided.insert(uuid.to_owned(), may_pass);
        if may_pass {
            Ok(Map::new())
        } else {
            Err(declined("车辆没有通行许可"))
        }
    }

    fn crossing(&self, fields: &Map<String, Value>) -> Answer {
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
        let mut tolerant = fields.clone();
        if self.has("takes any form of crossTime") && !text("crossTime").is_empty() {
            tolerant.insert("crossTime".to_owned(), self.0.door.now().into());
        }
        let lenient = ("takes a crossing without crossTime", "crossTime");
        self.check(&tolerant, CROSSING_FIELDS, "crossings", lenient)?;
        if self.has("refuses every crossing") {
            return Err(declined("不接受过闸信息"));
        }
        let oldest = wire_time(self.0.door.clock.now() - OLD);
        // Times of the wire sort as texts.
        if self.has("refuses events that are an hour old") && text("crossTime") < oldest.as_str() {
            return Err(declined("过闸时间过早"));
        }
        let mut records = self.records();
        let uuid = text("uuid");
        let unknown = !records.decided.contains_key(uuid);
        if unknown && self.has("refuses a crossing without its recognition") {
            return Err(declined("没有对应的识别"));
        }
        let is_new = records.crossed.insert(uuid.to_owned());
        if !is_new && self.has("refuses a crossing that it knows") {
            return Err(declined("重复的过闸"));
        }
        Ok(Map::new())
    }

    fn abnormality(&self, fields: &Map<String, Value>) -> Answer {
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
        let lenient = ("takes an abnormality without a message", "msg");
        self.check(fields, ABNORMAL_FIELDS, "abnormalities", lenient)?;
        if self.has("refuses every abnormality") {
            return Err(declined("不接受异常信息"));
        }
        if self.has("demands the device of an abnormality") && text("deviceNo").is_empty() {
            return Err("缺少 deviceNo".into());
        }
        let listed = ["1101", "1201", "1301", "1401"].contains(&text("abnormalCode"));
        if self.has("knows only the listed codes") && !listed {
            return Err("未知异常编号".into());
        }
        let one = format!(
            "{} {} {}",
            text("abnormalCode"),
            text("deviceNo"),
            text("msg")
        );
        let is_new = self.records().reported.insert(one);
        if !is_new && self.has("refuses an abnormality that it knows") {
            return Err(declined("重复的异常"));
        }
        Ok(Map::new())
    }

    /// Checks the fields of one of `these`, but for `name` where `lenient` is what is wrong.
    fn check(
        &self,
        fields: &Map<String, Value>,
        wanted: &[Field],
        these: &str,
        (lenient, name): (&str, &str),
    ) -> Result<(), Refusal> {
        let any_missing = self.has(&format!("takes {these} with fields missing"));
        let any_type = self.has(&format!("takes {these} of any type"));
        let is_checked = |field: &&Field| {
            let forgiven = any_missing || self.has(lenient) && field.name == name;
            match fields.contains_key(field.name) {
                true => !any_type,
                false => !forgiven,
            }
        };
        let wanted: Vec<Field> = wanted.iter().filter(is_checked).copied().collect();
        fault(fields, &wanted).map_or(Ok(()), |(why, _)| Err(Refusal::Bad(why)))
    }
}
