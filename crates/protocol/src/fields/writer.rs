//! Writing a JSON object, each field in its documented type (D-3).

use serde_json::Value;

use crate::code::Money;

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
            json: String::from("{"),
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
        self.json.push_str(&number.to_string());
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
    json.push_str(&Value::from(text).to_string());
}
