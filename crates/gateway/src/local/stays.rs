//! Stays, as the booth looks them up.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use boshi_protocol::plate::Plate;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Local;
use super::answer::{Problem, unreadable};
use super::query::query;
use crate::journal::{MAX_ROWS, StayRow, standing_word};
use crate::plate_part::PlatePart;

/// How many rows are given when nothing is said.
const USUAL_ROWS: u32 = 50;

/// Which rows of a vehicle are looked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ByPlate {
    #[serde(default)]
    plate: String,
    #[serde(default)]
    limit: Option<u32>,
}

impl ByPlate {
    /// A part of the plate.
    pub(super) fn plate(&self) -> PlatePart {
        PlatePart::read(&self.plate)
    }

    /// How many rows at most.
    pub(super) fn limit(&self) -> Result<u32, Problem> {
        let limit = self.limit.unwrap_or(USUAL_ROWS);
        if (1..=MAX_ROWS).contains(&limit) {
            return Ok(limit);
        }
        let wrong = format!("字段 limit 收到 {limit}，应为 1 到 {MAX_ROWS}");
        Err(Problem::Wrong(wrong))
    }
}

/// STAY-1: the latest first.
pub(super) async fn stays(
    State(local): State<Arc<Local>>,
    Path(lot): Path<String>,
    address: Uri,
) -> Result<Json<Value>, Problem> {
    let look: ByPlate = query(&address)?;
    let lot = &local.lot(&lot)?.configured.id;
    let rows = local.journal.latest_stays(lot, look.plate(), look.limit()?);
    let rows = rows.await.map_err(unreadable)?;
    let rows: Vec<Value> = rows.iter().map(shown).collect();
    Ok(Json(json!({ "items": rows })))
}

fn shown(row: &StayRow) -> Value {
    let (entry, exit) = (row.stay.entry.as_ref(), row.stay.exit.as_ref());
    json!({
        "record": row.stay.record().as_str(),
        "plate": row.plate.as_ref().map(Plate::as_str),
        "standing": standing_word(row.stay.standing),
        "entered_at": entry.map(|passage| passage.at),
        "entry": entry.map(|passage| passage.device.as_str()),
        "left_at": exit.map(|passage| passage.at),
        "exit": exit.map(|passage| passage.device.as_str()),
        "fen": row.amount.fen(),
    })
}
