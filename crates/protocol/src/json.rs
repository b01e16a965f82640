//! JSON that somebody sent, as it lies in what was received: texts are not copied unless they hold an
//! escape, and an object is a list, for the standard's have a dozen fields.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::refusal::Refusal;

/// Deepest nesting of JSON that is read: the standard itself needs three levels.
pub const MAX_JSON_DEPTH: usize = 16;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Json<'a>>),
    /// An object.
    Object(Object<'a>),
}

/// The fields of an object, in the order in which they came; of two with one name the last counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Json<'a> {
    /// Reads JSON that a stranger sent.
    ///
    /// # Errors
    /// When it is not UTF-8, not JSON or nested deeper than [`MAX_JSON_DEPTH`].
    pub fn read(body: &'a [u8]) -> Result<Json<'a>, Refusal> {
        let text = std::str::from_utf8(body)
            .map_err(|_| Refusal::new("BAD_JSON", "请求体不是 UTF-8 编码"))?;
        let mut json = serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}'));
        let read = Within(MAX_JSON_DEPTH).deserialize(&mut json);
        read.and_then(|value| json.end().map(|()| value))
            .map_err(|error| unreadable(text, &error))
    }
}

/// Why `text` could not be read. Its depth is looked at only now: most is flat.
fn unreadable(text: &str, error: &serde_json::Error) -> Refusal {
    let sentence = if deepest(text) > MAX_JSON_DEPTH {
        format!("JSON 嵌套超过 {MAX_JSON_DEPTH} 层")
    } else {
        format!("JSON 第 {} 行第 {} 列有误", error.line(), error.column())
    };
    Refusal::new("BAD_JSON", sentence)
}

fn deepest(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut quoted, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

impl<'a> Object<'a> {
    /// The value of the field called `name`.
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        let fields = self.0.iter().rev();
        let mut named = fields.filter(|(own, _)| own == name);
        named.next().map(|(_, value)| value)
    }

    /// Every field.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }
}

/// Reads a value that may hold so many levels more.
#[derive(Clone, Copy)]
struct Within(usize);

impl Within {
    fn below<E: Error>(self) -> Result<Within, E> {
        let levels = self.0.checked_sub(1);
        levels
            .map(Within)
            .ok_or_else(|| E::custom("nested too deep"))
    }
}

impl<'de> DeserializeSeed<'de> for Within {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Json<'de>, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Within {
    type Value = Json<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json<'de>, E> {
        Ok(Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Json<'de>, A::Error> {
        let below = self.below()?;
        let mut list = Vec::new();
        while let Some(value) = from.next_element_seed(below)? {
            list.push(value);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Json<'de>, A::Error> {
        /// Room for the fields of the longest request of the standard.
        const USUAL: usize = 16;
        let below = self.below()?;
        let mut fields = Vec::with_capacity(USUAL);
        while let Some(Name(name)) = from.next_key()? {
            fields.push((name, from.next_value_seed(below)?));
        }
        Ok(Json::Object(Object(fields)))
    }
}

struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Name<'de>, D::Error> {
        struct Naming;
        impl<'de> Visitor<'de> for Naming {
            type Value = Name<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a name")
            }

            fn visit_str<E>(self, text: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(text)))
            }
        }
        from.deserialize_str(Naming)
    }
}

impl<'a> From<&'a Value> for Json<'a> {
    fn from(value: &'a Value) -> Json<'a> {
        match value {
            Value::Null => Json::Null,
            Value::Bool(truth) => Json::Bool(*truth),
            Value::Number(number) => Json::Number(number.clone()),
            Value::String(text) => Json::Text(Cow::Borrowed(text)),
            Value::Array(list) => Json::List(list.iter().map(Json::from).collect()),
            Value::Object(object) => Json::Object(object.into()),
        }
    }
}

impl<'a> From<&'a Map<String, Value>> for Object<'a> {
    fn from(object: &'a Map<String, Value>) -> Object<'a> {
        let fields = object.iter();
        let fields = fields.map(|(name, value)| (Cow::Borrowed(name.as_str()), value.into()));
        Object(fields.collect())
    }
}

impl From<&Json<'_>> for Value {
    fn from(json: &Json<'_>) -> Value {
        match json {
            Json::Null => Value::Null,
            Json::Bool(truth) => Value::Bool(*truth),
            Json::Number(number) => Value::Number(number.clone()),
            Json::Text(text) => Value::String(text.clone().into_owned()),
            Json::List(list) => Value::Array(list.iter().map(Value::from).collect()),
            Json::Object(object) => Value::Object(object.into()),
        }
    }
}

impl From<&Object<'_>> for Map<String, Value> {
    fn from(object: &Object<'_>) -> Map<String, Value> {
        let fields = object.iter();
        let fields = fields.map(|(name, value)| (name.to_owned(), Value::from(value)));
        fields.collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Value, String> {
        let read = Json::read(text.as_bytes());
        read.map(|json| Value::from(&json))
            .map_err(|refusal| refusal.sentence().to_owned())
    }

    #[test]
    fn texts_are_not_copied_unless_they_hold_an_escape() {
        let Ok(Json::Object(object)) = Json::read(br#"{"a":"plain","b":"a\tb","a":"last"}"#) else {
            panic!("no object");
        };
        assert_eq!(object.get("a"), Some(&Json::Text("last".into())));
        let is_borrowed = |name| matches!(object.get(name), Some(Json::Text(Cow::Borrowed(_))));
        assert!(is_borrowed("a") && !is_borrowed("b"));
        assert_eq!(object.get("c"), None);
        assert_eq!(object.iter().count(), 3);
    }

    #[test]
    fn nesting_is_read_as_deep_as_it_may_be_and_no_deeper() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(read(&nested(MAX_JSON_DEPTH)).is_ok());
        let error = read(&nested(MAX_JSON_DEPTH + 1)).unwrap_err();
        assert_eq!(error, "JSON 嵌套超过 16 层");
        // Whatever is wrong besides.
        let unclosed = "[".repeat(10_000);
        assert_eq!(read(&unclosed).unwrap_err(), "JSON 嵌套超过 16 层");
        let brackets = format!("\"{}\"", nested(100));
        assert_eq!(read(&brackets), Ok(Value::String(nested(100))));
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        assert_eq!(read("{\"a\":\n x}").unwrap_err(), "JSON 第 2 行第 2 列有误");
        for text in ["", "{} {}", "1e999", "{\"a\":1,}"] {
            assert!(read(text).is_err(), "{text:?}");
        }
        assert!(read("\u{feff}{}").is_ok());
        assert!(Json::read(&[b'"', 0xff, b'"']).is_err());
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_serde_json_reads(value in any_value()) {
            let text = value.to_string();
            let expected: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(read(&text), Ok(expected));
            prop_assert_eq!(Value::from(&Json::from(&value)), value);
        }
    }
}
