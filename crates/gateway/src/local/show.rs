//! A text that the booth wants shown.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use boshi_protocol::code::Alignment;
use boshi_protocol::endpoint::Line;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Local;
use super::answer::Problem;
use super::audit::{Outcome, Person};
use super::read::Body;
use crate::display::not_shown;

/// Most lines of a text: no display at a lane shows more.
const MAX_LINES: usize = 32;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Show {
    /// The number of the display.
    display: String,
    lines: Vec<String>,
    by: String,
    reason: String,
}

pub(super) async fn show(
    State(local): State<Arc<Local>>,
    Path(lot): Path<String>,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let wanted: Show = body.read()?;
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
    let (display, lines) = (display.clone(), lines.collect());
    let person = Person::new(&wanted.by, &wanted.reason)?;
    let work = async move {
        match display.text(lines).await {
            Ok(()) => Outcome {
                word: "done".to_owned(),
                answer: Ok(Json(json!({"ok": true}))),
            },
            Err(error) => Outcome {
                word: error.to_string(),
                answer: Err(Problem::Refused(not_shown(error))),
            },
        }
    };
    lot.act(person, "show", wanted.display, work).await
}
