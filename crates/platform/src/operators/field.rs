//! What an operator's request may hold: tables of fields, by which requests are read and from which
//! the document of the interface is made, so that the two say the same.

use serde_json::{Value, json};

use super::devices::MAX_LINE_CHARS;
use super::read::MAX_WORDS_CHARS;
use super::words::{self, Text};
use crate::store::newest::{Filter, FilterKind};

/// A field of a body, a parameter of an address or a column of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) is_required: bool,
    /// What it is for, where the name's own words do not say it.
    said: Option<Text>,
}

/// What stands in a field.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A plate, normalised as plates are; also a part of one in a search.
    Plate,
    /// A plate, or nothing for a vehicle without one.
    NoPlate,
    /// The id of a thing: printable, of bounded length.
    Id,
    /// Several ids, `A,B`.
    Ids,
    /// Addresses and prefixes, `A,B`, or `any`.
    Addresses,
    /// Some text for people, of so many characters at most.
    Words(usize),
    /// A password: between so many characters.
    Password(usize, usize),
    /// One of these.
    OneOf(&'static [&'static str]),
    /// Some text of so many characters at most, of several lines if need be.
    Text(usize),
    /// An address, of so many characters at most.
    Url(usize),
    /// Kinds of events or their families, `A,B`.
    Kinds,
    /// The id of an event.
    Event,
    /// `true` or `false`.
    Truth,
    /// A whole number between these.
    Integer(i64, i64),
    /// A time, in China Standard Time unless it says otherwise.
    Time,
    /// A day.
    Day,
    /// When within a week something holds.
    Hours,
    /// The `next` of the page before.
    Cursor,
    /// The lines of a text for a display, so many at most.
    Lines(usize),
}

/// Why somebody acts.
pub(super) const REASON: Field = required("reason", Kind::Words(MAX_WORDS_CHARS));
/// Who acts, when a tool acts for somebody.
pub(super) const BY: Field = field("by", Kind::Words(MAX_WORDS_CHARS));

/// A field that may be left out.
pub(super) const fn field(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        is_required: false,
        said: None,
    }
}

/// A field that has to be there.
pub(super) const fn required(name: &'static str, kind: Kind) -> Field {
    Field {
        is_required: true,
        ..field(name, kind)
    }
}

impl Field {
    /// What it is for, in Chinese and in English.
    pub(super) const fn says(self, zh: &'static str, en: &'static str) -> Field {
        Field {
            said: Some(Text { zh, en }),
            ..self
        }
    }

    /// What it is for.
    pub(super) fn text(&self) -> Text {
        self.said.unwrap_or_else(|| words::of(self.name))
    }

    /// Its JSON Schema, without what it is for.
    pub(super) fn schema(&self) -> Value {
        self.kind.schema(self.is_required)
    }

    /// The same in an object, where what may be left out may also be null.
    pub(super) fn property(&self) -> Value {
        let mut schema = self.schema();
        if !self.is_required {
            schema["type"] = json!([schema["type"], "null"]);
            if let Some(Value::Array(words)) = schema.get_mut("enum") {
                words.push(Value::Null);
            }
        }
        schema
    }

    /// What may stand in it, for those who read the document.
    pub(super) fn example(&self) -> Value {
        self.kind.example(self.name)
    }
}

fn with_most(mut schema: Value, most: usize) -> Value {
    schema["maxLength"] = most.into();
    schema
}

impl From<&Filter> for Field {
    fn from(filter: &Filter) -> Field {
        let kind = match filter.kind {
            FilterKind::Plate => Kind::Plate,
            FilterKind::Id => Kind::Id,
            FilterKind::OneOf(words) => Kind::OneOf(words),
            FilterKind::Truth => Kind::Truth,
        };
        field(filter.name, kind)
    }
}

/// Something that is no control character.
const PRINTABLE: &str = "[^\\u0000-\\u001f\\u007f-\\u009f]";
/// A time as it may be written; which days there are is beyond a pattern.
const TIME: &str = "[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?";
const DAY: &str = "[0-9]{4}-[0-9]{2}-[0-9]{2}";

impl Kind {
    /// Whether it is written as a text, which may be empty where it may be left out.
    pub(super) fn is_text(self) -> bool {
        !matches!(self, Kind::Truth | Kind::Integer(_, _) | Kind::Lines(_))
    }

    /// The schema; what may be left out may also be empty.
    fn schema(self, is_required: bool) -> Value {
        let least = u8::from(is_required);
        let or_empty = |pattern: &str| match is_required {
            true => format!("^{pattern}$"),
            false => format!("^({pattern})?$"),
        };
        let printable =
            || json!({"type": "string", "minLength": least, "pattern": format!("^{PRINTABLE}*$")});
        match self {
            Kind::Plate | Kind::Ids => printable(),
            Kind::Addresses => {
                json!({"type": "string", "pattern": or_empty("[0-9a-fA-F.:/, ]+|any")})
            }
            Kind::NoPlate => Kind::Plate.schema(false),
            Kind::Id => with_most(printable(), boshi_protocol::id::MAX_ID_CHARS),
            Kind::Words(most) => with_most(printable(), most),
            Kind::Password(least, most) => json!({
                "type": "string", "minLength": least, "maxLength": most, "format": "password",
            }),
            Kind::OneOf(words) if is_required => json!({"type": "string", "enum": words}),
            Kind::OneOf(words) => {
                let words: Vec<&str> = words.iter().copied().chain([""]).collect();
                json!({"type": "string", "enum": words})
            }
            Kind::Text(most) => json!({"type": "string", "minLength": least, "maxLength": most}),
            Kind::Url(most) => with_most(printable(), most),
            Kind::Kinds => json!({"type": "string", "pattern": or_empty("[a-z.,]+")}),
            Kind::Event => {
                json!({"type": "string", "pattern": or_empty("[0-9]{1,18}(-[0-9]{1,18})?")})
            }
            Kind::Truth => json!({"type": "boolean"}),
            Kind::Integer(least, most) => {
                json!({"type": "integer", "minimum": least, "maximum": most})
            }
            Kind::Time => json!({"type": "string", "pattern": or_empty(TIME)}),
            Kind::Day => json!({"type": "string", "pattern": or_empty(DAY)}),
            Kind::Hours | Kind::Cursor => json!({"type": "string"}),
            Kind::Lines(most) => json!({
                "type": "array", "minItems": 1, "maxItems": most,
                "items": {
                    "type": "object", "required": ["text"], "additionalProperties": false,
                    "properties": {
                        "text": {
                            "type": "string", "maxLength": MAX_LINE_CHARS,
                            "pattern": format!("^{PRINTABLE}*$"),
                        },
                        "alignment": {
                            "type": ["string", "null"],
                            "enum": ["left", "center", "right", "", null],
                        },
                    },
                },
            }),
        }
    }

    fn example(self, name: &str) -> Value {
        match self {
            Kind::Plate | Kind::NoPlate => "粤B12345".into(),
            Kind::Id => match name {
                "lot" => "L1",
                "device" => "CAM-01",
                "by" => "王工",
                _ => "1",
            }
            .into(),
            Kind::Ids => match name {
                "lanes" => "CAM-01",
                _ => "L1",
            }
            .into(),
            Kind::Addresses => "203.0.113.7,2001:db8::/32".into(),
            Kind::Words(_) => match name {
                "by" => "王工",
                "reason" => "访客",
                _ => "东区",
            }
            .into(),
            Kind::Password(_, _) => "correct horse".into(),
            Kind::OneOf(words) => words.first().copied().into(),
            Kind::Text(_) => "-----BEGIN CERTIFICATE-----\n…".into(),
            Kind::Url(_) => "http://127.0.0.1:9000/events".into(),
            Kind::Kinds => "crossing,stay.closed".into(),
            Kind::Event => "1-1768435200".into(),
            Kind::Truth => true.into(),
            Kind::Integer(least, _) => least.into(),
            Kind::Time => match name {
                "to" => "2099-01-01T00:00:00+08:00",
                _ => "2026-01-15T08:00:00+08:00",
            }
            .into(),
            Kind::Day => "2026-01-15".into(),
            Kind::Hours => "1-5 08:00-18:00".into(),
            Kind::Cursor => "[1768435200,\"L1\",\"u1\"]".into(),
            Kind::Lines(_) => json!([{"text": "欢迎光临", "alignment": "center"}]),
        }
    }
}
