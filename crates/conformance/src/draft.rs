//! A request on its way to being wrong: complete and signed first, then spoiled in one place.

use serde_json::{Map, Value, json};

use crate::http::Request;

/// A request before it is written.
#[derive(Clone, Debug)]
pub struct Draft {
    /// HTTP method.
    pub method: String,
    /// The endpoint's path.
    pub path: String,
    /// `Content-Type`, if there is to be one.
    pub content_type: Option<String>,
    /// Whether the body goes in chunks.
    pub chunked: bool,
    /// The JSON object.
    pub fields: Map<String, Value>,
    /// The body's bytes, when they are to be something else than the object.
    pub body: Option<Vec<u8>>,
}

impl Draft {
    /// A `POST` of `fields` to `path`.
    pub fn new(path: &str, fields: Map<String, Value>) -> Draft {
        Draft {
            method: "POST".to_owned(),
            path: path.to_owned(),
            content_type: Some("application/json".to_owned()),
            chunked: false,
            fields,
            body: None,
        }
    }

    /// With a field of that value.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Draft {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// Without a field.
    #[must_use]
    pub fn without(mut self, name: &str) -> Draft {
        self.fields.shift_remove(name);
        self
    }

    /// With a body that is not its object.
    #[must_use]
    pub fn saying(mut self, body: impl Into<Vec<u8>>) -> Draft {
        self.body = Some(body.into());
        self
    }

    /// With another content type, or none.
    #[must_use]
    pub fn typed(mut self, content_type: Option<&str>) -> Draft {
        self.content_type = content_type.map(str::to_owned);
        self
    }

    /// The text of its object.
    pub fn text(&self) -> String {
        Value::Object(self.fields.clone()).to_string()
    }

    /// The text of its object, with everything outside ASCII escaped.
    pub fn escaped(&self) -> String {
        let mut escaped = String::new();
        for unit in self.text().encode_utf16() {
            match u8::try_from(unit) {
                Ok(byte) if byte.is_ascii() => escaped.push(char::from(byte)),
                _ => escaped.push_str(&format!("\\u{unit:04x}")),
            }
        }
        escaped
    }

    /// The request that is sent.
    pub fn written(&self) -> Request {
        let mut headers = Vec::new();
        if let Some(content_type) = &self.content_type {
            headers.push(("Content-Type".to_owned(), content_type.clone()));
        }
        if self.chunked {
            headers.push(("Transfer-Encoding".to_owned(), "chunked".to_owned()));
        }
        Request {
            method: self.method.clone(),
            path: self.path.clone(),
            headers,
            body: self
                .body
                .clone()
                .unwrap_or_else(|| self.text().into_bytes()),
        }
    }
}

/// A JSON object's fields.
///
/// # Panics
/// When `value` is none, which is a mistake of the kit's own.
pub fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        other => unreachable!("{other} is an object"),
    }
}

/// The lines of a display as they stand on the wire.
pub fn lines(lines: &[(&str, &str)]) -> Value {
    let line = |(text, alignment): &(&str, &str)| json!({"text": text, "alignment": alignment});
    lines.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T-1
    #[test]
    fn an_escaped_text_is_the_same_object_in_ascii() {
        let draft = Draft::new("/a", object(json!({"plateNumber": "粤B12345"})));
        assert!(draft.escaped().is_ascii());
        let read: Value = serde_json::from_str(&draft.escaped()).unwrap();
        assert_eq!(read, Value::Object(draft.fields));
    }
}
