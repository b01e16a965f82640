//! What schemas say of their properties.

use serde_json::Value;

use super::{Lang, Text, fields, of};

/// Says of each property in `schemas` what it is for.
pub(in crate::operators) fn put_into(schemas: &mut Value, lang: Lang) {
    let Value::Object(object) = schemas else {
        return;
    };
    for (name, schema) in object.iter_mut() {
        put_into_one(schema, name, lang);
    }
}

/// A type's own words, or the name's.
fn of_property(owner: &str, name: &str) -> Text {
    let own = fields().find(|(known, _)| {
        let known = known.split_once('.');
        known == Some((owner, name))
    });
    own.map_or_else(|| of(name), |(_, text)| text)
}

/// Says of each property of a type what it is for.
pub(in crate::operators) fn put_into_one(schema: &mut Value, owner: &str, lang: Lang) {
    match schema {
        Value::Object(object) => {
            if lang == Lang::Zh && object.get("description").is_some_and(Value::is_string) {
                // What the code says of itself is English.
                object.remove("description");
            }
            for (name, value) in object.iter_mut() {
                match (name.as_str(), value) {
                    ("properties", Value::Object(properties)) => {
                        for (name, property) in properties {
                            put_into_one(property, owner, lang);
                            say(property, of_property(owner, name).of(lang));
                        }
                    }
                    (_, value) => put_into_one(value, owner, lang),
                }
            }
        }
        Value::Array(values) => {
            for value in values {
                put_into_one(value, owner, lang);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Says it unless the code has said something more exact.
fn say(property: &mut Value, text: &'static str) {
    if text.is_empty() {
        return;
    }
    if property == &Value::Bool(true) {
        *property = serde_json::json!({});
    }
    if let Value::Object(property) = property {
        property.entry("description").or_insert_with(|| text.into());
    }
}

/// Calls `found` with each property in `value`, told as `Type.name` where the type is known.
#[cfg(test)]
pub(in crate::operators) fn each_property(value: &Value, found: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                if let ("properties", Value::Object(properties)) = (name.as_str(), value) {
                    for (name, property) in properties {
                        found(name, property);
                    }
                }
                each_property(value, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| each_property(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
