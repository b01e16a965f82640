//! Sending failed records again, because somebody wants it.
//!
//! PUSH-3, PUSH-4: nothing does that by itself. The record stays a failed push, to be fetched
//! (UNPUSH-2), whatever comes of it: the platform keeps it once however often it comes.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use boshi_protocol::delivery::Key;
use boshi_protocol::id::{LotId, RecordId};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Local;
use super::answer::{Problem, unreadable};
use super::audit::{Outcome, Person};
use super::read::Body;
use crate::lot::Input;

/// Most records that are sent again at once; the rest with another request.
const MOST: u32 = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resend {
    /// One record: its recognition and its crossing, as far as they failed.
    #[serde(default)]
    record: Option<String>,
    #[serde(default)]
    from: Option<Timestamp>,
    #[serde(default)]
    to: Option<Timestamp>,
    by: String,
    reason: String,
}

pub(super) async fn resend(
    State(local): State<Arc<Local>>,
    Path(lot): Path<String>,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let wanted: Resend = body.read()?;
    let lot = local.lot(&lot)?;
    let id = &lot.configured.id;
    let from = wanted.from.unwrap_or(Timestamp::MIN);
    let to = wanted.to.unwrap_or_else(Timestamp::now);
    if wanted.record.is_none() && wanted.from.is_none() {
        let wrong = "字段 record 或 from：应给出记录号，或起始时间";
        return Err(Problem::Wrong(wrong.to_owned()));
    }
    let keys = match &wanted.record {
        Some(record) => local.failed_of(id, record).await?,
        None => {
            let failed = local.journal.failed_between(id, from, to, MOST).await;
            failed.map_err(unreadable)?
        }
    };
    let count = keys.len();
    let subject = wanted.record.unwrap_or_else(|| format!("{from} … {to}"));
    let person = Person::new(&wanted.by, &wanted.reason)?;
    let driver = lot.driver.clone();
    let work = async move {
        let told = driver.tell(Input::Resend(keys)).await;
        Outcome {
            word: told.map_or("BUSY".to_owned(), |()| format!("{count} 条")),
            answer: told.map_err(|_| Problem::Busy),
        }
    };
    lot.act(person, "resend", subject, work).await?;
    let more = count as u64 >= u64::from(MOST);
    Ok(Json(json!({"ok": true, "count": count, "more": more})))
}

impl Local {
    /// The recognition and the crossing of a record, as far as their pushes failed.
    async fn failed_of(&self, lot: &LotId, record: &str) -> Result<Vec<Key>, Problem> {
        let wrong = |error| Problem::Wrong(format!("字段 record：{error}"));
        let record = RecordId::new(record).map_err(wrong)?;
        let states = self.journal.states_of(lot, &record).await;
        let failed = states.map_err(unreadable)?.into_iter();
        let failed = failed.filter(|(_, failed)| *failed);
        let keys: Vec<Key> = failed.map(|(key, _)| key).collect();
        if keys.is_empty() {
            let error = format!("没有推送失败的记录 {record}");
            return Err(Problem::NotFound(error));
        }
        Ok(keys)
    }
}
