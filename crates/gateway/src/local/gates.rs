//! What the booth commands: gates, and plates that were typed in.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use boshi_protocol::lane::{Order, Side};
use boshi_protocol::plate::Plate;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::Problem;
use super::audit::{Outcome, Person};
use super::read::Body;
use super::{Local, LocalLot};
use crate::driver::{Answered, Unanswered};
use crate::lot::LaneNo;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    mode: Mode,
    #[serde(default)]
    plate: String,
    by: String,
    reason: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    /// Only for the vehicle with the plate given.
    Normal,
    Forced,
    Hold,
    Restore,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    plate: String,
    #[serde(default)]
    side: Option<Coming>,
    by: String,
    reason: String,
}

/// The side from which the vehicle comes.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Coming {
    Entry,
    Exit,
}

pub(super) async fn open(
    State(local): State<Arc<Local>>,
    Path((lot, lane)): Path<(String, String)>,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let wanted: Open = body.read()?;
    let lot = local.lot(&lot)?;
    let number = lot.lane(&lane)?;
    let order = match wanted.mode {
        Mode::Normal => Order::Lift {
            plate: Some(typed(&wanted.plate)?),
        },
        Mode::Forced => Order::ForceLift,
        Mode::Hold => Order::HoldOpen,
        Mode::Restore => Order::Restore,
    };
    let what = match wanted.mode {
        Mode::Normal => "open_normal",
        Mode::Forced => "open_forced",
        Mode::Hold => "hold",
        Mode::Restore => "restore",
    };
    let person = Person::new(&wanted.by, &wanted.reason)?;
    let driver = lot.driver.clone();
    let work = async move { outcome(driver.command(number, order).await) };
    lot.act(person, what, lane, work).await
}

pub(super) async fn plate(
    State(local): State<Arc<Local>>,
    Path((lot, lane)): Path<(String, String)>,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let wanted: Typed = body.read()?;
    let lot = local.lot(&lot)?;
    let number = lot.lane(&lane)?;
    let plate = typed(&wanted.plate)?;
    let side = wanted.side.map(|coming| lot.side(number, coming));
    let side = side.transpose()?;
    let from = match side {
        None => "",
        Some(Side::Entry) => "入口侧 ",
        Some(Side::Exit) => "出口侧 ",
    };
    let subject = format!("{lane} {from}{plate}");
    let person = Person::new(&wanted.by, &wanted.reason)?;
    let driver = lot.driver.clone();
    let work = async move { outcome(driver.type_plate(number, side, plate).await) };
    lot.act(person, "plate_typed", subject, work).await
}

impl LocalLot {
    fn lane(&self, name: &str) -> Result<LaneNo, Problem> {
        let mut lanes = self.configured.lanes.iter();
        let place = lanes.position(|lane| lane.name == name);
        let place = place.ok_or_else(|| Problem::NotFound(format!("没有车道 {name}")))?;
        Ok(LaneNo(place))
    }

    /// The side of a lane from which a vehicle is said to come.
    fn side(&self, lane: LaneNo, coming: Coming) -> Result<Side, Problem> {
        let side = match coming {
            Coming::Entry => Side::Entry,
            Coming::Exit => Side::Exit,
        };
        let lane = &self.configured.lanes[lane.0];
        if lane.layout().sides().contains(&side) {
            return Ok(side);
        }
        let (came, expected) = match side {
            Side::Entry => ("entry", "exit"),
            Side::Exit => ("exit", "entry"),
        };
        let error = format!(
            "字段 side 收到 {came}，车道 {} 应为 {expected}，也可省略",
            lane.name
        );
        Err(Problem::Wrong(error))
    }
}

fn typed(text: &str) -> Result<Plate, Problem> {
    let plate =
        Plate::read(text).map_err(|error| Problem::Wrong(format!("字段 plate：{error}")))?;
    plate.ok_or_else(|| Problem::Wrong("字段 plate：应为车牌".to_owned()))
}

fn outcome(done: Result<Answered, Unanswered>) -> Outcome<Json<Value>> {
    let (word, answer) = match done {
        Ok(Ok(done)) => ("done", Ok(Json(json!({"ok": true, "note": done.note()})))),
        Ok(Err(refusal)) => (refusal.code(), Err(Problem::Refused(refusal.into()))),
        Err(Unanswered::Busy(_)) => ("BUSY", Err(Problem::Busy)),
        Err(Unanswered::Interrupted) => ("OUTCOME_UNKNOWN", Err(Problem::Interrupted)),
    };
    let word = word.to_owned();
    Outcome { word, answer }
}
