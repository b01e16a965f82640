//! How many vehicles are inside, counted anew by hand when it has drifted.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Local;
use super::answer::{Problem, unreadable};
use super::audit::{Outcome, Person};
use super::read::Body;
use crate::journal::{Entry, Journal, JournalError, Occupancy, OccupancyBase};

/// Most vehicles that a lot holds: more than any has spaces.
const MOST_INSIDE: u32 = 100_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Counted {
    inside: u32,
    by: String,
    reason: String,
}

pub(super) async fn occupancy(
    State(local): State<Arc<Local>>,
    Path(lot): Path<String>,
) -> Result<Json<Value>, Problem> {
    let lot = local.lot(&lot)?;
    let now = local.journal.occupancy(&lot.configured.id).await;
    Ok(Json(shown(&now.map_err(unreadable)?)))
}

pub(super) async fn count(
    State(local): State<Arc<Local>>,
    Path(lot): Path<String>,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let counted: Counted = body.read()?;
    let lot = local.lot(&lot)?;
    let id = &lot.configured.id;
    if counted.inside > MOST_INSIDE {
        let (came, most) = (counted.inside, MOST_INSIDE);
        let wrong = format!("字段 inside 收到 {came}，应为 0 到 {most}");
        return Err(Problem::Wrong(wrong));
    }
    let before = local.journal.occupancy(id).await.map_err(unreadable)?;
    let subject = format!("{} → {}", before.inside(), counted.inside);
    let base = OccupancyBase {
        lot: id.clone(),
        at: Timestamp::now(),
        inside: counted.inside,
    };
    let person = Person::new(&counted.by, &counted.reason)?;
    let journal = local.journal.clone();
    let work = async move {
        match set(&journal, base).await {
            Ok(now) => Outcome {
                word: "done".to_owned(),
                answer: Ok(Json(shown(&now))),
            },
            Err(error) => Outcome {
                word: "failed".to_owned(),
                answer: Err(unreadable(error)),
            },
        }
    };
    lot.act(person, "occupancy_counted", subject, work).await
}

async fn set(journal: &Journal, base: OccupancyBase) -> Result<Occupancy, JournalError> {
    let lot = base.lot.clone();
    journal.write(vec![Entry::Occupancy(base)]).await?;
    journal.occupancy(&lot).await
}

fn shown(now: &Occupancy) -> Value {
    json!({
        "inside": now.inside(),
        "counted": now.base.map(|(at, inside)| json!({"at": at, "inside": inside})),
        "entered_since": now.entered,
        "left_since": now.left,
    })
}
