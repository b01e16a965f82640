//! What the engineer on the phone looks up: outbox, attempts, lifts, acts of people.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Local;
use super::answer::{Problem, unreadable};
use super::query::query;
use crate::journal::{MAX_ROWS, Part, kind_word};

/// How many rows are given when nothing is said.
const USUAL_ROWS: u32 = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Look {
    #[serde(default)]
    before: Option<i64>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    state: Option<PushState>,
    #[serde(default)]
    record: Option<String>,
    #[serde(default)]
    lane: Option<String>,
    #[serde(default)]
    device: Option<String>,
}

/// How far a push is.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PushState {
    Pending,
    Delivered,
    Failed,
}

impl Look {
    fn part(&self) -> Result<Part, Problem> {
        let limit = self.limit.unwrap_or(USUAL_ROWS);
        if !(1..=MAX_ROWS).contains(&limit) {
            let wrong = format!("字段 limit 收到 {limit}，应为 1 到 {MAX_ROWS}");
            return Err(Problem::Wrong(wrong));
        }
        Ok(Part {
            before: self.before,
            limit,
        })
    }
}

pub(super) async fn outbox(
    State(local): State<Arc<Local>>,
    Path(lot): Path<String>,
    address: Uri,
) -> Result<Json<Value>, Problem> {
    let look: Look = query(&address)?;
    let lot = local.lot(&lot)?;
    let state = look.state.map(|state| match state {
        PushState::Pending => "pending",
        PushState::Delivered => "delivered",
        PushState::Failed => "failed",
    });
    let rows = local
        .journal
        .outbox(&lot.configured.id, state, look.part()?);
    let rows = rows.await.map_err(unreadable)?;
    let rows = rows.into_iter().map(|row| {
        json!({
            "number": row.number,
            "kind": kind_word(row.key.kind),
            "record": row.key.id.as_str(),
            "state": row.state,
            "reason": row.reason,
            "attempts": row.attempts,
            "at": row.at,
            "settled_at": row.settled_at,
            "resent": row.resent,
        })
    });
    Ok(items(rows))
}

pub(super) async fn attempts(
    State(local): State<Arc<Local>>,
    Path(lot): Path<String>,
    address: Uri,
) -> Result<Json<Value>, Problem> {
    let look: Look = query(&address)?;
    let lot = local.lot(&lot)?;
    let part = look.part()?;
    let rows = local
        .journal
        .attempts(&lot.configured.id, look.record, part);
    let rows = rows.await.map_err(unreadable)?;
    let rows = rows.into_iter().map(|row| {
        json!({
            "number": row.number,
            "kind": kind_word(row.key.kind),
            "record": row.key.id.as_str(),
            "attempt": row.attempt,
            "at": row.at,
            "outcome": row.outcome,
            "millis": row.millis,
        })
    });
    Ok(items(rows))
}

pub(super) async fn lifts(
    State(local): State<Arc<Local>>,
    Path(lot): Path<String>,
    address: Uri,
) -> Result<Json<Value>, Problem> {
    let look: Look = query(&address)?;
    let lot = local.lot(&lot)?;
    let part = look.part()?;
    let rows = local.journal.lifts(&lot.configured.id, look.lane, part);
    let rows = rows.await.map_err(unreadable)?;
    let rows = rows.into_iter().map(|row| {
        json!({
            "number": row.number,
            "lane": row.lane,
            "cause": row.cause,
            "record": row.record,
            "at": row.at,
            "result": row.result,
        })
    });
    Ok(items(rows))
}

pub(super) async fn acts(
    State(local): State<Arc<Local>>,
    Path(lot): Path<String>,
    address: Uri,
) -> Result<Json<Value>, Problem> {
    let look: Look = query(&address)?;
    let lot = local.lot(&lot)?;
    let rows = local.journal.acts(&lot.configured.id, look.part()?);
    let rows = rows.await.map_err(unreadable)?;
    let rows = rows.into_iter().map(|(number, act)| {
        json!({
            "number": number,
            "at": act.at,
            "by": act.by,
            "what": act.what,
            "subject": act.subject,
            "reason": act.reason,
            "outcome": act.outcome,
        })
    });
    Ok(items(rows))
}

pub(super) async fn device_changes(
    State(local): State<Arc<Local>>,
    Path(lot): Path<String>,
    address: Uri,
) -> Result<Json<Value>, Problem> {
    let look: Look = query(&address)?;
    let lot = local.lot(&lot)?;
    let part = look.part()?;
    let rows = local
        .journal
        .device_changes(&lot.configured.id, look.device, part);
    let rows = rows.await.map_err(unreadable)?;
    let rows = rows.into_iter().map(|(number, change)| {
        json!({
            "number": number,
            "lane": change.lane,
            "device": change.device.as_str(),
            "online": change.online,
            "at": change.at,
        })
    });
    Ok(items(rows))
}

/// The rows, and from where to go on.
fn items(rows: impl Iterator<Item = Value>) -> Json<Value> {
    let rows: Vec<Value> = rows.collect();
    let next = rows.last().map(|row| row["number"].clone());
    Json(json!({ "items": rows, "next": next }))
}
