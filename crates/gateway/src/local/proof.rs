//! The proof of a day: pushed, failed and pending together are all there was.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use boshi_protocol::time::CHINA;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Local;
use super::answer::{Problem, unreadable};
use super::query::query;
use crate::journal::Account;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Day {
    /// A day in China; today when nothing is said.
    #[serde(default)]
    day: Option<Date>,
}

pub(super) async fn proof(
    State(local): State<Arc<Local>>,
    Path(lot): Path<String>,
    address: Uri,
) -> Result<Json<Value>, Problem> {
    let wanted: Day = query(&address)?;
    let lot = local.lot(&lot)?;
    let zone = TimeZone::fixed(CHINA);
    let day = wanted
        .day
        .unwrap_or_else(|| zone.to_datetime(Timestamp::now()).date());
    let begins = |day: Date| zone.to_timestamp(day.at(0, 0, 0, 0));
    let wrong = |_| Problem::Wrong(format!("字段 day：{day} 超出范围"));
    let next = day.checked_add(1.day()).map_err(wrong)?;
    let (begin, end) = (begins(day).map_err(wrong)?, begins(next).map_err(wrong)?);
    let proof = local.journal.proof(&lot.configured.id, begin, end).await;
    let proof = proof.map_err(unreadable)?;
    let counts = |counts: &[(String, u64)]| -> Map<String, Value> {
        let counts = counts.iter();
        counts
            .map(|(name, count)| (name.clone(), json!(count)))
            .collect()
    };
    Ok(Json(json!({
        "day": day.to_string(),
        "holds": proof.holds(),
        "recognitions": account(proof.recognitions),
        "crossings": account(proof.crossings),
        "outcomes": counts(&proof.outcomes),
        "lifts": counts(&proof.lifts),
        "crossings_without_recognition": proof.crossings_without_recognition,
        "crossings_unexplained": proof.crossings_unexplained,
    })))
}

fn account(account: Account) -> Value {
    json!({
        "total": account.total,
        "delivered": account.delivered,
        "failed": account.failed,
        "pending": account.pending,
    })
}
