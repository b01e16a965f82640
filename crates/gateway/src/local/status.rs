//! `GET /local/v1/status`: every lot as it is now.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use boshi_protocol::delivery::Network;
use boshi_protocol::lane::{Board, Doing, Position, Side, SideBoard};
use boshi_protocol::plate::Plate;
use serde_json::{Value, json};

use super::answer::{Problem, unreadable};
use super::{Local, LocalLot};
use crate::driver::Snapshot;
use crate::journal::{DeviceChange, gate_word};
use crate::lot::{DeviceKind, DeviceState};

pub(super) async fn status(State(local): State<Arc<Local>>) -> Result<Json<Value>, Problem> {
    let mut lots = Vec::with_capacity(local.lots.len());
    for lot in &local.lots {
        lots.push(of_lot(&local, lot).await?);
    }
    let disk = local.disk.latest();
    Ok(Json(json!({
        "lots": lots,
        "disk": {
            "level": disk.level.as_str(),
            "percent": disk.usage.percent(),
            "used_bytes": disk.usage.used(),
            "total_bytes": disk.usage.total,
            "picture_bytes": disk.pictures,
        },
    })))
}

async fn of_lot(local: &Local, lot: &LocalLot) -> Result<Value, Problem> {
    let now = lot.driver.snapshot().await.map_err(|_| Problem::Busy)?;
    let id = &lot.configured.id;
    let counts = local.journal.summary(id).await.map_err(unreadable)?;
    let lanes: Vec<Value> = now.lanes.iter().map(of_lane).collect();
    let known = local.journal.device_states(id).await.map_err(unreadable)?;
    let devices: Vec<Value> = now
        .devices
        .iter()
        .map(|it| of_device(&now, lot, it, &known))
        .collect();
    let pushes = counts.pushes.iter();
    Ok(json!({
        "lot": id.as_str(),
        "name": lot.configured.name,
        "platform": match now.network {
            Network::Unknown => "unknown",
            Network::Up => "up",
            Network::Lost => "lost",
        },
        "skew_seconds": local.door.skew_seconds(id),
        "skewed": local.door.is_skewed(id),
        "unwritten": now.unwritten,
        "outbox": {
            "live": now.outbox.live,
            "backlog": now.outbox.backlog,
            "failed": now.outbox.failed,
        },
        "lanes": lanes,
        "devices": devices,
        "drivers": lot.drivers.iter().map(|it| it.shown()).collect::<Vec<_>>(),
        "records": pushes
            .map(|(kind, state, count)| json!({"kind": kind, "state": state, "count": count}))
            .collect::<Vec<_>>(),
        "outcomes": counts.outcomes.iter()
            .map(|(outcome, count)| json!({"outcome": outcome, "count": count}))
            .collect::<Vec<_>>(),
    }))
}

fn of_lane((name, gate, board): &(String, String, Board)) -> Value {
    let sides: Vec<Value> = board.sides.iter().map(of_side).collect();
    json!({
        "lane": name,
        "gate": gate,
        "state": gate_word(board.gate),
        "hold_confirmed": board.hold_confirmed,
        "arm": board.arm.map(|arm| match arm {
            Position::Up => "up",
            Position::Down => "down",
        }),
        "safety_loop": board.safety_pressed,
        "passing": board.passing.len(),
        "sides": sides,
    })
}

fn of_side(board: &SideBoard) -> Value {
    let present = board.present.as_ref();
    let plate = present.and_then(|present| present.plate.as_ref());
    json!({
        "side": match board.side {
            Side::Entry => "entry",
            Side::Exit => "exit",
        },
        "trigger_loop": board.trigger_pressed,
        "present": present.is_some(),
        "plate": plate.map(Plate::as_str),
        "doing": present.map(|present| doing(present.doing)),
    })
}

/// `known` is how each device has become what it is, as far as that is written.
fn of_device(now: &Snapshot, lot: &LocalLot, it: &DeviceState, known: &[DeviceChange]) -> Value {
    let heard = it.heard.map(|heard| now.now.tick.since(heard).as_secs());
    let mut known = known.iter();
    let since = known.find(|known| known.device == it.device && Some(known.online) == it.online);
    json!({
        "device": it.device.as_str(),
        "kind": match it.kind {
            DeviceKind::Display => "display",
            DeviceKind::Recognizer => "recognizer",
            DeviceKind::Barrier => "barrier",
        },
        "lane": lot.configured.lanes[it.lane.0].name,
        "online": it.online,
        "since": since.map(|known| known.at),
        "heard_seconds_ago": heard,
    })
}

const fn doing(doing: Doing) -> &'static str {
    match doing {
        Doing::Approaching => "approaching",
        Doing::Unread => "unread",
        Doing::Asked => "asked",
        Doing::Refused => "refused",
        Doing::Cleared => "cleared",
        Doing::Unasked => "unasked",
        Doing::LetThrough => "let_through",
        Doing::Through => "through",
        Doing::Yielding => "yielding",
    }
}
