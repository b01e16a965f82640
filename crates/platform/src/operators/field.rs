//! What an operator's request may hold: tables of fields, by which requests are read and from which
//! the document of the interface is made, so that the two say the same.

use serde_json::{Map, Value, json};

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
    /// Some text for people, of so many characters at most.
    Words(usize),
    /// A password: between so many characters.
    Password(usize, usize),
    /// One of these.
    OneOf(&'static [&'static str]),
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

    /// What may stand in it, for those who read the document.
    pub(super) fn example(&self) -> Value {
        self.kind.example(self.name)
    }
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

impl Kind {
    fn schema(self, is_required: bool) -> Value {
        let text = |more: Value| {
            let mut schema = Map::new();
            schema.insert("type".to_owned(), "string".into());
            schema.extend(more.as_object().cloned().unwrap_or_default());
            Value::Object(schema)
        };
        match self {
            Kind::Plate => {
                let least = usize::from(is_required);
                text(json!({"minLength": least, "pattern": format!("^{PRINTABLE}*$")}))
            }
            Kind::NoPlate => Kind::Plate.schema(false),
            Kind::Id => text(json!({
                "minLength": 1,
                "maxLength": boshi_protocol::id::MAX_ID_CHARS,
                "pattern": format!("^{PRINTABLE}+$"),
            })),
            Kind::Ids => text(json!({"pattern": format!("^{PRINTABLE}*$")})),
            Kind::Words(most) => text(json!({"minLength": 1, "maxLength": most})),
            Kind::Password(least, most) => {
                text(json!({"minLength": least, "maxLength": most, "format": "password"}))
            }
            Kind::OneOf(words) => json!({"type": "string", "enum": words}),
            Kind::Truth => json!({"type": "boolean"}),
            Kind::Integer(least, most) => {
                json!({"type": "integer", "minimum": least, "maximum": most})
            }
            Kind::Time => text(json!({"format": "date-time"})),
            Kind::Day => text(json!({"format": "date"})),
            Kind::Hours => text(json!({"minLength": 1})),
            Kind::Cursor => text(json!({"minLength": 1})),
            Kind::Lines(most) => json!({
                "type": "array", "minItems": 1, "maxItems": most,
                "items": {
                    "type": "object", "required": ["text"], "additionalProperties": false,
                    "properties": {
                        "text": {"type": "string"},
                        "alignment": {"type": "string", "enum": ["left", "center", "right"]},
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
            Kind::Words(_) => match name {
                "by" => "王工",
                "reason" => "访客",
                _ => "东区",
            }
            .into(),
            Kind::Password(_, _) => "correct horse".into(),
            Kind::OneOf(words) => words.first().copied().into(),
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
