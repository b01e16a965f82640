//! `POST /lots/{lot}/open` and `/show`: commands to the devices of a lot. The reply says how the
//! command ended; that a lot refuses it is an end, not an error.

use axum::Json;
use axum::extract::{Path, State};
use boshi_protocol::code::OpenMode;
use boshi_protocol::endpoint::{Line, Message as _, OpenGate, ShowMsg};
use boshi_protocol::fields::{FieldError, Fields};
use schemars::JsonSchema;
use serde::Serialize;

use super::Shared;
use super::api::{Api, post};
use super::caller::Caller;
use super::error::ApiError;
use super::field::{BY, Field, Kind, REASON, field, required};
use super::read::{Body, by, words};
use super::words::Tag;
use crate::commands::{Act, Order, State as Ended, mode_word};

/// Most lines of a text: no display at a lane shows more.
const MAX_LINES: usize = 32;

/// Longest line of a text in characters: no display at a lane shows as many.
pub(super) const MAX_LINE_CHARS: usize = 200;

/// How a command ended.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CommandEnd")]
pub(super) struct EndView {
    id: String,
    state: Ended,
    /// What the lot said, or why nobody knows.
    said: String,
}

const DEVICE: Field = required("device", Kind::Id);

/// A command to a gate.
const OPEN: &[Field] = &[
    DEVICE,
    required("mode", Kind::OneOf(&["normal", "forced", "hold", "restore"])).says(
        "normal：核对车牌后开闸；forced：不核对，直接开闸；hold：常开；restore：恢复一车一杆",
        "normal: if the vehicle there has the plate; forced: in any case; hold: stay open; restore: one lift a vehicle again",
    ),
    field("plate", Kind::Plate).says("normal 模式必填", "Required in normal mode"),
    REASON,
    BY,
];

/// A text for a display.
const SHOW: &[Field] = &[DEVICE, required("lines", Kind::Lines(MAX_LINES)), BY];

pub(super) fn routes(api: Api) -> Api {
    let to_open = post("/lots/{lot}/open")
        .is(
            "open_gate",
            Tag::Gates,
            "开闸、常开或恢复",
            "Open a gate, hold it open or restore it",
        )
        .body(OPEN)
        .json::<EndView>();
    let to_show = post("/lots/{lot}/show")
        .is(
            "show_text",
            Tag::Gates,
            "在显示屏上显示文字",
            "Show a text on a display",
        )
        .body(SHOW)
        .json::<EndView>();
    api.on(to_open, open).on(to_show, show)
}

async fn open(
    operators: Shared,
    lot: Path<String>,
    caller: Caller,
    body: Body,
) -> Result<Json<EndView>, ApiError> {
    let order = body.read(OPEN, |fields| read_open(fields, &caller))?;
    give(operators, lot, order).await
}

async fn show(
    operators: Shared,
    lot: Path<String>,
    caller: Caller,
    body: Body,
) -> Result<Json<EndView>, ApiError> {
    let order = body.read(SHOW, |fields| read_show(fields, &caller))?;
    give(operators, lot, order).await
}

async fn give(
    State(operators): Shared,
    Path(lot): Path<String>,
    order: Order,
) -> Result<Json<EndView>, ApiError> {
    let lot = operators.lot(&lot)?;
    let end = operators.commands.give(&lot, order).await;
    let end = end.map_err(|not_sent| ApiError::unavailable(not_sent.to_string()))?;
    Ok(Json(EndView {
        id: end.id.to_string(),
        state: end.state,
        said: end.said,
    }))
}

fn read_open(fields: &Fields<'_>, caller: &Caller) -> Result<Order, FieldError> {
    const EXPECTED: &str = "应为 normal、forced、hold 或 restore";
    let mode = fields.optional_parsed("mode", |text| {
        let mut modes = OpenMode::ALL.into_iter();
        let found = modes.find(|mode| mode_word(*mode) == text);
        found.ok_or_else(|| EXPECTED.to_owned())
    })?;
    let mode = mode.ok_or_else(|| fields.refuse("mode", EXPECTED))?;
    let plate = fields.optional_plate("plate")?;
    if mode == OpenMode::Normal && plate.is_none() {
        // It would count as forced (OPEN-5): whoever wants that shall say so.
        let expected = "normal 模式应给出车牌；不核对车牌请用 forced";
        return Err(fields.refuse("plate", expected));
    }
    Ok(Order {
        act: Act::Open(OpenGate {
            device: fields.id("device")?,
            plate,
            mode,
        }),
        by: by(fields, caller)?,
        reason: words(fields, "reason")?,
    })
}

/// A line as a display takes it: to many a controller a control character is a command.
fn read_line(fields: &Fields<'_>) -> Result<Line, FieldError> {
    let line = Line::read(fields)?;
    if line.text.chars().any(char::is_control) {
        return Err(fields.refuse(
            "text",
            "不能含换行、制表等控制字符，每行应为 lines 中的一项",
        ));
    }
    if line.text.chars().count() > MAX_LINE_CHARS {
        return Err(fields.refuse("text", format!("应不超过 {MAX_LINE_CHARS} 个字符")));
    }
    Ok(line)
}

fn read_show(fields: &Fields<'_>, caller: &Caller) -> Result<Order, FieldError> {
    let lines = fields.list("lines", MAX_LINES, read_line)?;
    if lines.is_empty() {
        return Err(fields.refuse("lines", format!("应为 1 到 {MAX_LINES} 行")));
    }
    Ok(Order {
        act: Act::Show(ShowMsg {
            device: fields.id("device")?,
            lines,
        }),
        by: by(fields, caller)?,
        reason: String::new(),
    })
}
