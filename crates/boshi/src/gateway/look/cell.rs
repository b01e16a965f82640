//! What stands in a cell of a table.

use serde_json::Value;

use crate::account::{china_time, clock_time};

pub(in crate::gateway) fn standing(standing: &Value) -> String {
    let word = match standing.as_str() {
        Some("open") => "在场",
        Some("closed") => "已离场",
        Some("superseded") => "重复进场，已关闭",
        _ => "无进场记录",
    };
    word.to_owned()
}

pub(in crate::gateway) fn yuan(fen: &Value) -> String {
    let fen = fen.as_i64().unwrap_or_default();
    format!("{}.{:02}", fen / 100, fen % 100)
}

pub(in crate::gateway) fn online(online: &Value) -> &'static str {
    match online.as_bool() {
        Some(true) => "在线",
        Some(false) => "离线",
        None => "未知",
    }
}

pub(in crate::gateway) fn date_time(at: &Value) -> String {
    at.as_str().map_or_else(|| "-".to_owned(), china_time)
}

pub(in crate::gateway) fn push_state(row: &Value) -> String {
    let word = match row["state"].as_str() {
        Some("pending") => "待推送",
        Some("delivered") => "已送达",
        Some("failed") if row["resent"] == true => "推送失败，后已补发",
        _ => "推送失败",
    };
    word.to_owned()
}

pub(in crate::gateway) fn kind(kind: &Value) -> String {
    let word = match kind.as_str() {
        Some("recognition") => "识别",
        Some("crossing") => "过闸",
        _ => "异常",
    };
    word.to_owned()
}

/// The time of today, and with its date that of another day.
pub(in crate::gateway) fn time(at: &Value) -> String {
    let Some(at) = at.as_str() else {
        return "-".to_owned();
    };
    let (full, now) = (
        china_time(at),
        china_time(&jiff::Timestamp::now().to_string()),
    );
    let day = |time: &str| time.split_once(' ').map(|(day, _)| day.to_owned());
    if day(&full) == day(&now) {
        clock_time(at)
    } else {
        full
    }
}

pub(in crate::gateway) fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) if text.is_empty() => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
