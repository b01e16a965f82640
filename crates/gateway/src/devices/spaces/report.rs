//! What a guidance system reports: bytes in, the states of spaces out. No I/O; nothing here stalls or
//! panics, whatever comes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use boshi_protocol::code::PlaceStatus;
use boshi_protocol::id::PlaceNo;
use boshi_protocol::plate::Plate;
use serde_json::Value;

use crate::config::{SpaceFields, Spaces, SpacesDialect};

/// Most spaces in one report: a large lot, whole.
const MOST_SPACES: usize = 20_000;

/// How much of what came an error repeats, in characters.
const SHOWN: usize = 40;

/// One space, as it was reported.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Report {
    pub(super) place: PlaceNo,
    pub(super) status: PlaceStatus,
    pub(super) plate: Option<Plate>,
    pub(super) image: Option<Vec<u8>>,
}

/// Why a report, or one space of it, cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ReportError {
    #[error("应为 JSON：{0}")]
    NoJson(String),
    #[error("字段 {field} 收到 {got}，应为 {expected}")]
    Field {
        field: String,
        got: String,
        expected: String,
    },
    #[error("一次最多 {MOST_SPACES} 个车位，收到 {0}")]
    TooMany(usize),
}

/// A message of a system: what was reported, each space by itself. None at all when it reports nothing
/// of spaces, as signs of life do.
pub(super) type Read = Result<Vec<Result<Report, ReportError>>, ReportError>;

/// Reads a report. The space in its topic counts when it names none itself; `picture` came beside it.
pub(super) fn read(
    config: &Spaces,
    body: &[u8],
    in_topic: Option<&str>,
    picture: Option<&[u8]>,
) -> Read {
    let text = super::super::vz::text(body);
    let text = text.trim_start_matches('\u{feff}');
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    let reader = Reader {
        config,
        in_topic,
        picture,
    };
    match (serde_json::from_str(text), config.speaks) {
        (Ok(value), SpacesDialect::Json) => reader.json(&value),
        // A sensor may say nothing but a word, where its topic tells which it is.
        (Err(_), SpacesDialect::Json) if in_topic.is_some() && !text.starts_with(['{', '[']) => {
            Ok(vec![reader.bare(text)])
        }
        (Ok(value), SpacesDialect::Dahua) => reader.dahua(&value),
        (Ok(value), SpacesDialect::Hikvision) => reader.hikvision(&value),
        (Err(error), _) => Err(ReportError::NoJson(error.to_string())),
    }
}

struct Reader<'a> {
    config: &'a Spaces,
    in_topic: Option<&'a str>,
    picture: Option<&'a [u8]>,
}

impl Reader<'_> {
    fn json(&self, value: &Value) -> Read {
        let fields = &self.config.fields;
        let list = match &fields.list {
            None if value.is_array() => value,
            None => return Ok(vec![self.one(fields, value)]),
            Some(list) => {
                found(value, list).ok_or_else(|| wrong(list, &Value::Null, "车位的列表"))?
            }
        };
        let field = fields.list.as_deref().unwrap_or("(全部)");
        let list = list.as_array();
        let list = list.ok_or_else(|| wrong(field, value, "车位的列表"))?;
        if list.len() > MOST_SPACES {
            return Err(ReportError::TooMany(list.len()));
        }
        Ok(list.iter().map(|space| self.one(fields, space)).collect())
    }

    fn one(&self, fields: &SpaceFields, space: &Value) -> Result<Report, ReportError> {
        if let Some(place) = self.in_topic
            && !space.is_object()
        {
            let word = word(space).unwrap_or_default();
            return self.report("(全部)", place, &word, None, None);
        }
        let own = found(space, &fields.place);
        let place = own.and_then(word).or(self.in_topic.map(str::to_owned));
        let absent = own.unwrap_or(&Value::Null);
        let place = place.ok_or_else(|| wrong(&fields.place, absent, "车位号"))?;
        let status = found(space, &fields.status).unwrap_or(&Value::Null);
        let told = word(status);
        let told = told.ok_or_else(|| wrong(&fields.status, status, "车位状态"))?;
        let plate = found(space, &fields.plate).and_then(word);
        let image = found(space, &fields.image).and_then(Value::as_str);
        self.report(&fields.status, &place, &told, plate.as_deref(), image)
    }

    fn bare(&self, text: &str) -> Result<Report, ReportError> {
        self.report(
            "(全部)",
            self.in_topic.unwrap_or_default(),
            text,
            None,
            None,
        )
    }

    fn dahua(&self, value: &Value) -> Read {
        let picture = &value["Picture"];
        let Some(info) = picture.get("ParkingInfo") else {
            return Ok(Vec::new());
        };
        let (place, status) = (&info["ParkingStallsNo"], &info["ParkingStatus"]);
        let stall = word(place).ok_or_else(|| wrong("ParkingStallsNo", place, "车位号"))?;
        let told = word(status).ok_or_else(|| wrong("ParkingStatus", status, "数字"))?;
        let plate = &picture["Plate"];
        let is_there = plate["IsExist"].as_bool() != Some(false);
        let plate = word(&plate["PlateNumber"]).filter(|_| is_there);
        let image = picture["NormalPic"]["Content"].as_str();
        let report = self.report("ParkingStatus", &stall, &told, plate.as_deref(), image);
        Ok(vec![report])
    }

    fn hikvision(&self, value: &Value) -> Read {
        if value["eventType"] != "PackingSpaceRecognition" {
            return Ok(Vec::new());
        }
        let mut reports = Vec::new();
        for event in array(&value["PackingSpaceRecognition"]) {
            let picture = &event["PicResources"];
            let inline = picture["resourcesContentType"] == "base64";
            let image = picture["resourcesContent"].as_str().filter(|_| inline);
            for region in array(&event["RegionInfo"]) {
                for space in array(&region["PackingSpace"]) {
                    reports.push(self.hikvision_space(space, image));
                    if reports.len() > MOST_SPACES {
                        return Err(ReportError::TooMany(reports.len()));
                    }
                }
            }
        }
        Ok(reports)
    }

    fn hikvision_space(&self, space: &Value, image: Option<&str>) -> Result<Report, ReportError> {
        // The misspelling is the maker's.
        let number = &space["absoulteParkingNum"];
        let own = word(number).or_else(|| word(&space["virtualParkingNum"]));
        let own = own.ok_or_else(|| wrong("absoulteParkingNum", number, "车位号"))?;
        let parked = &space["isParked"];
        let told = word(parked).ok_or_else(|| wrong("isParked", parked, "yes 或 no"))?;
        self.report("isParked", &own, &told, None, image)
    }

    fn report(
        &self,
        field: &str,
        place: &str,
        told: &str,
        plate: Option<&str>,
        image: Option<&str>,
    ) -> Result<Report, ReportError> {
        let status = self.config.status_of(told);
        let expected = self.config.known_words();
        let status = status.ok_or_else(|| wrong(field, &Value::from(told), &expected))?;
        let number = match self.config.numbers.get(place) {
            Some(number) => number.clone(),
            None => PlaceNo::new(place)
                .map_err(|error| wrong("车位号", &Value::from(place), &error.to_string()))?,
        };
        // What cannot be read of a plate or a picture must not cost the state.
        let plate = plate.and_then(|it| Plate::read(it).ok().flatten());
        let inline = image.filter(|it| !it.is_empty());
        let inline = inline.and_then(|it| STANDARD.decode(it.trim()).ok());
        Ok(Report {
            place: number,
            status,
            plate,
            image: inline.or_else(|| self.picture.map(<[u8]>::to_vec)),
        })
    }
}

/// A field by its name, or by a JSON pointer.
fn found<'a>(value: &'a Value, field: &str) -> Option<&'a Value> {
    if field.starts_with('/') {
        value.pointer(field)
    } else {
        value.get(field)
    }
}

/// A text, or a number or a truth as it is written; none when there is nothing in it.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => {
            let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
            (!text.is_empty()).then(|| text.to_owned())
        }
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is) => Some(is.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn wrong(field: &str, got: &Value, expected: &str) -> ReportError {
    let got: String = got.to_string().chars().take(SHOWN).collect();
    ReportError::Field {
        field: field.to_owned(),
        got,
        expected: expected.to_owned(),
    }
}

#[cfg(test)]
mod tests;
