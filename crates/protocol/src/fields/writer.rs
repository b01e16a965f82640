//! Writing a JSON object, each field in its documented type (D-3).

use std::fmt::Write as _;

use crate::code::Money;

/// Room for what is usually written, in bytes.
const USUAL_BYTES: usize = 128;

/// A JSON object that is being written, field by field.
pub struct Writer {
    json: String,
}

impl Default for Writer {
    fn default() -> Self {
        Writer::new()
    }
}

impl Writer {
    /// An empty object.
    pub fn new() -> Writer {
        Writer {
            json: String::with_capacity(USUAL_BYTES) + "{",
        }
    }

    /// Writes a text.
    pub fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        push_quoted(&mut self.json, text);
    }

    /// Writes a text, or nothing.
    pub fn optional_text(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// Writes a whole number.
    pub fn integer(&mut self, name: &str, number: i64) {
        self.name(name);
        // A `String` takes everything.
        let _ = write!(self.json, "{number}");
    }

    /// Writes a number whose digits are given, as in `12.50`.
    pub fn decimal(&mut self, name: &str, yuan: Money) {
        self.name(name);
        self.json.push_str(&yuan.to_string());
    }

    /// Writes a list of objects.
    pub fn list<T>(&mut self, name: &str, entries: &[T], write: impl Fn(&T, &mut Writer)) {
        self.name(name);
        self.json.push('[');
        for (place, entry) in entries.iter().enumerate() {
            if place > 0 {
                self.json.push(',');
            }
            let mut object = Writer::new();
            write(entry, &mut object);
            self.json.push_str(&object.finish());
        }
        self.json.push(']');
    }

    /// The object as JSON text.
    pub fn finish(mut self) -> String {
        self.json.push('}');
        self.json
    }

    fn name(&mut self, name: &str) {
        if self.json.len() > 1 {
            self.json.push(',');
        }
        push_quoted(&mut self.json, name);
        self.json.push(':');
    }
}

fn push_quoted(json: &mut String, text: &str) {
    /// What stands for each byte that may not stand for itself (RFC 8259).
    fn escaped(byte: u8) -> Option<&'static str> {
        Some(match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            0..0x20 => "",
            _ => return None,
        })
    }
    json.push('"');
    let mut from = 0;
    for (place, byte) in text.bytes().enumerate() {
        let Some(escape) = escaped(byte) else {
            continue;
        };
        json.push_str(&text[from..place]);
        if escape.is_empty() {
            // A `String` takes everything.
            let _ = write!(json, "\\u{byte:04x}");
        } else {
            json.push_str(escape);
        }
        from = place + 1;
    }
    json.push_str(&text[from..]);
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_text_is_quoted_as_serde_json_quotes_it(text: String) {
            let mut quoted = String::new();
            push_quoted(&mut quoted, &text);
            proptest::prop_assert_eq!(quoted, serde_json::Value::from(text).to_string());
        }
    }

    #[test]
    fn every_control_character_is_escaped() {
        for byte in 0..=0x7f_u8 {
            let text = char::from(byte).to_string();
            let mut quoted = String::new();
            push_quoted(&mut quoted, &text);
            assert_eq!(quoted, serde_json::Value::from(text).to_string(), "{byte}");
        }
    }
}
