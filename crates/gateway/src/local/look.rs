//! What the engineer on the phone looks up: outbox, attempts, lifts, acts of people.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use boshi_protocol::id::LotId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Local;
use super::answer::{Problem, unreadable};
use super::query::query;
use crate::journal::{JournalError, MAX_ROWS, Part, kind_word};

/// How many rows are given when nothing is said.
const USUAL_ROWS: u32 = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Look {
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

/// Who asks for a part of a list, and for which.
pub(super) struct Looking {
    local: Arc<Local>,
    lot: LotId,
    look: Look,
    part: Part,
}

impl FromRequestParts<Arc<Local>> for Looking {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, local: &Arc<Local>) -> Result<Looking, Problem> {
        let look: Look = query(&parts.uri)?;
        let lot = Path::<String>::from_request_parts(parts, local).await;
        let lot = lot.map_err(|error| Problem::NotFound(error.body_text()))?;
        let limit = look.limit.unwrap_or(USUAL_ROWS);
        if !(1..=MAX_ROWS).contains(&limit) {
            let wrong = format!("字段 limit 收到 {limit}，应为 1 到 {MAX_ROWS}");
            return Err(Problem::Wrong(wrong));
        }
        Ok(Looking {
            lot: local.lot(&lot)?.configured.id.clone(),
            local: Arc::clone(local),
            part: Part {
                before: look.before,
                limit,
            },
            look,
        })
    }
}

/// The rows that were found, and from where to go on.
type Found = Result<Json<Value>, Problem>;

pub(super) async fn outbox(it: Looking) -> Found {
    let state = it.look.state.map(|state| match state {
        PushState::Pending => "pending",
        PushState::Delivered => "delivered",
        PushState::Failed => "failed",
    });
    let rows = it.local.journal.outbox(&it.lot, state, it.part).await;
    items(rows, |row| {
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
    })
}

pub(super) async fn attempts(it: Looking) -> Found {
    let Looking { local, look, .. } = it;
    let rows = local.journal.attempts(&it.lot, look.record, it.part).await;
    items(rows, |row| {
        json!({
            "number": row.number,
            "kind": kind_word(row.key.kind),
            "record": row.key.id.as_str(),
            "attempt": row.attempt,
            "at": row.at,
            "outcome": row.outcome,
            "millis": row.millis,
        })
    })
}

pub(super) async fn lifts(it: Looking) -> Found {
    let Looking { local, look, .. } = it;
    let rows = local.journal.lifts(&it.lot, look.lane, it.part).await;
    items(rows, |row| {
        json!({
            "number": row.number,
            "lane": row.lane,
            "cause": row.cause,
            "record": row.record,
            "at": row.at,
            "result": row.result,
        })
    })
}

pub(super) async fn acts(it: Looking) -> Found {
    let rows = it.local.journal.acts(&it.lot, it.part).await;
    items(rows, |(number, act)| {
        json!({
            "number": number,
            "at": act.at,
            "by": act.by,
            "what": act.what,
            "subject": act.subject,
            "reason": act.reason,
            "outcome": act.outcome,
        })
    })
}

pub(super) async fn device_changes(it: Looking) -> Found {
    let Looking { local, look, .. } = it;
    let rows = local.journal.device_changes(&it.lot, look.device, it.part);
    items(rows.await, |(number, change)| {
        json!({
            "number": number,
            "lane": change.lane,
            "device": change.device.as_str(),
            "online": change.online,
            "at": change.at,
        })
    })
}

/// The last frames between the gateway and one of the devices that it speaks to itself.
pub(super) async fn frames(it: Looking) -> Found {
    let Looking {
        local,
        lot,
        look,
        part,
    } = it;
    let drivers = &local.lot(lot.as_str())?.drivers;
    let names: Vec<&str> = drivers.iter().map(|it| it.equipment().name()).collect();
    let expected = || format!("应为设备连接的名称：{}", names.join("、"));
    let Some(device) = look.device else {
        return Err(Problem::Wrong(format!("缺少参数 device，{}", expected())));
    };
    let limit = usize::try_from(part.limit).unwrap_or(usize::MAX);
    let mut found = drivers.iter();
    let found = found.find(|it| it.equipment().name() == device);
    let found =
        found.ok_or_else(|| Problem::NotFound(format!("没有设备连接 {device}，{}", expected())))?;
    items(Ok(found.health().frames(part.before, limit)), |frame| frame)
}

fn items<R>(rows: Result<Vec<R>, JournalError>, shown: impl Fn(R) -> Value) -> Found {
    let rows: Vec<Value> = rows.map_err(unreadable)?.into_iter().map(shown).collect();
    let next = rows.last().map(|row| row["number"].clone());
    Ok(Json(json!({ "items": rows, "next": next })))
}
