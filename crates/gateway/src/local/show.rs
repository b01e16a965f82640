//! A text that the booth wants shown.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use boshi_protocol::code::Alignment;
use boshi_protocol::endpoint::Line;
use boshi_protocol::refusal::Refusal;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::Problem;
use super::read::read;
use super::{Local, audit};
use crate::journal::Act;

/// Most lines of a text: no display at a lane shows more.
const MAX_LINES: usize = 32;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Show {
    /// The number of the display.
    display: String,
    lines: Vec<String>,
    by: String,
    #[serde(default)]
    reason: String,
}

pub(super) async fn show(
    State(local): State<Arc<Local>>,
    Path(lot): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let wanted: Show = read(&body)?;
    let lot = local.lot(&lot)?;
    let count = wanted.lines.len();
    if !(1..=MAX_LINES).contains(&count) {
        let wrong = format!("字段 lines 收到 {count} 行，应为 1 到 {MAX_LINES} 行");
        return Err(Problem::Wrong(wrong));
    }
    let mut displays = lot.displays.iter();
    let display = displays.find(|display| display.device().as_str() == wanted.display);
    let display =
        display.ok_or_else(|| Problem::NotFound(format!("没有显示屏 {}", wanted.display)))?;
    let lines = wanted.lines.into_iter().map(|text| Line {
        text,
        alignment: Alignment::Center,
    });
    let shown = display.text(lines.collect()).await;
    let outcome = match &shown {
        Ok(()) => "done".to_owned(),
        Err(error) => error.to_string(),
    };
    let act = Act {
        lot: lot.configured.id.clone(),
        at: Timestamp::now(),
        by: wanted.by,
        what: "show".to_owned(),
        subject: wanted.display,
        reason: wanted.reason,
        outcome: outcome.clone(),
    };
    audit::write(&local.journal, act).await;
    match shown {
        Ok(()) => Ok(Json(json!({"ok": true}))),
        Err(_) => Err(Problem::Refused(Refusal::new("DISPLAY_FAILED", outcome))),
    }
}
