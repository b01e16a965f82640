//! A list as a table (CSV): a heading, and a line an item.

use schemars::{JsonSchema, schema_for};
use serde::Serialize;
use serde_json::Value;

use crate::csv;
use crate::store::StoreError;

/// The first line, which says what is in each column, also where no line follows.
pub(crate) fn heading<T: JsonSchema>() -> String {
    let schema = schema_for!(T);
    let properties = schema.get("properties").and_then(Value::as_object);
    let names = properties
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str());
    format!("{}{}", csv::BYTE_ORDER_MARK, csv::write(names))
}

/// The line of an item.
///
/// # Errors
/// It is no row.
pub(crate) fn line<T: Serialize>(item: &T) -> Result<String, StoreError> {
    let Ok(Value::Object(row)) = serde_json::to_value(item) else {
        return Err(StoreError::Corrupt("row"));
    };
    let cells: Vec<String> = row.values().map(cell).collect();
    Ok(csv::write(cells.iter().map(String::as_str)))
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}
