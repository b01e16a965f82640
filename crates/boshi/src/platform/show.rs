//! How values of the operators' interface are printed.

use serde_json::Value;

use crate::terminal::{say, table};

/// A column: its heading, and what stands in it for a row.
pub(super) type Column = (&'static str, fn(&Value) -> String);

/// Prints the items of a list as a table, and how to see the next page.
pub(super) fn print(listing: &Value, columns: &[Column]) {
    let items = listing["items"].as_array().map_or(&[][..], Vec::as_slice);
    if items.is_empty() {
        say("（无）");
        return;
    }
    let head: Vec<&str> = columns.iter().map(|column| column.0).collect();
    let cells = |item: &Value| columns.iter().map(|column| (column.1)(item)).collect();
    say(&table(&head, items.iter().map(cells).collect()));
    if let Some(next) = listing["next"].as_str() {
        say(&format!("还有更早的：--before '{next}'"));
    }
}

/// A value as a person reads it: `-` when there is none.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "是".to_owned(),
        Value::Bool(false) => "否".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.is_empty() => "-".to_owned(),
        // A table's row is a line.
        Value::String(text) => text.replace('\n', " ⏎ "),
        Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// `2026-01-15T08:00:00+08:00` as `2026-01-15 08:00:00`: every time here is Beijing's.
pub(super) fn time(value: &Value) -> String {
    text(value).replacen('T', " ", 1).replace("+08:00", "")
}

/// How a record came here.
pub(super) fn origin(record: &Value) -> String {
    let word = match (record["pushed"] == true, record["fetched"] == true) {
        (true, false) => "推送",
        (false, true) => "补取",
        (true, true) => "推送+补取",
        (false, false) => "-",
    };
    word.to_owned()
}

/// How far a command has come.
pub(super) fn state(word: &Value) -> String {
    let said = match word.as_str() {
        Some("asked") => "执行中",
        Some("executed") => "已执行",
        Some("refused") => "被拒绝",
        Some("unknown") => "结果未知",
        _ => return text(word),
    };
    said.to_owned()
}
