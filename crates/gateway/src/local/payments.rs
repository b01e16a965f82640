//! Payments and stays: what toll software and pay stations tell, and what the booth looks up.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use boshi_protocol::code::{Money, PayType};
use boshi_protocol::id::{LotId, RecordId};
use boshi_protocol::plate::Plate;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Local;
use super::answer::{Problem, unreadable};
use super::query::query;
use super::read::read;
use crate::journal::{Kept, MAX_ROWS, PaidFor, Payment, StayRow, standing_word};

/// How many rows are given when nothing is said.
const USUAL_ROWS: u32 = 50;

/// Largest amount in fen: a million yuan is no parking fee.
const MOST_FEN: i64 = 100_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    id: String,
    #[serde(default)]
    plate: String,
    #[serde(default)]
    order_no: String,
    #[serde(default)]
    commercial_order_no: String,
    at: Timestamp,
    fen: i64,
    pay_type: u8,
    kind: Kind,
    /// The stay it is for; the latest of the plate when nothing is said.
    #[serde(default)]
    stay: Option<String>,
}

/// Before driving to the exit, or there.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Prepaid,
    Exit,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Look {
    #[serde(default)]
    plate: String,
    #[serde(default)]
    limit: Option<u32>,
}

/// PAY-1: a payment is kept once, whoever tells it how often.
pub(super) async fn pay(
    State(local): State<Arc<Local>>,
    Path(lot): Path<String>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let told: Told = read(&body)?;
    let lot = local.lot(&lot)?;
    let payment = told.into_payment(&lot.configured.id)?;
    let id = payment.id.clone();
    match local
        .journal
        .keep_payment(payment)
        .await
        .map_err(unreadable)?
    {
        Kept::New(stay) => {
            let kept = json!({"ok": true, "stay": stay});
            Ok((StatusCode::CREATED, Json(kept)))
        }
        Kept::Again => {
            let kept = json!({"ok": true, "repeated": true});
            Ok((StatusCode::OK, Json(kept)))
        }
        Kept::Contradicts => Err(Problem::Contradicts(format!(
            "字段 id：支付 {id} 已存在且内容不同"
        ))),
    }
}

pub(super) async fn stays(
    State(local): State<Arc<Local>>,
    Path(lot): Path<String>,
    address: Uri,
) -> Result<Json<Value>, Problem> {
    let look: Look = query(&address)?;
    let lot = local.lot(&lot)?;
    let limit = look.limit.unwrap_or(USUAL_ROWS);
    if !(1..=MAX_ROWS).contains(&limit) {
        let wrong = format!("字段 limit 收到 {limit}，应为 1 到 {MAX_ROWS}");
        return Err(Problem::Wrong(wrong));
    }
    let plate = look.plate.trim().to_uppercase();
    let rows = local.journal.latest_stays(&lot.configured.id, plate, limit);
    let rows = rows.await.map_err(unreadable)?;
    let rows: Vec<Value> = rows.into_iter().map(shown).collect();
    Ok(Json(json!({ "items": rows })))
}

impl Told {
    fn into_payment(self, lot: &LotId) -> Result<Payment, Problem> {
        let wrong = |field: &str, came: &dyn std::fmt::Display, expected: &str| {
            Problem::Wrong(format!("字段 {field} 收到 {came}，应为{expected}"))
        };
        let id = RecordId::new(&self.id)
            .map_err(|error| Problem::Wrong(format!("字段 id 收到 {:?}，{error}", self.id)))?;
        let plate = Plate::read(&self.plate)
            .map_err(|error| Problem::Wrong(format!("字段 plate：{error}")))?;
        if !(0..=MOST_FEN).contains(&self.fen) {
            let expected = " 0 到 100000000 的整数（分）";
            return Err(wrong("fen", &self.fen, expected));
        }
        let pay_type = PayType::parse(&self.pay_type.to_string())
            .ok_or_else(|| wrong("pay_type", &self.pay_type, " 1 到 5"))?;
        Ok(Payment {
            lot: lot.clone(),
            id: id.as_str().to_owned(),
            paid_for: match self.kind {
                Kind::Prepaid => PaidFor::Prepaid,
                Kind::Exit => PaidFor::Exit,
            },
            plate,
            order: self.order_no,
            merchant_order: self.commercial_order_no,
            // The journal keeps milliseconds; the same payment told twice is the same.
            at: Timestamp::from_millisecond(self.at.as_millisecond()).unwrap_or(self.at),
            amount: Money::from_fen(self.fen),
            pay_type,
            stay: self.stay,
        })
    }
}

fn shown(row: StayRow) -> Value {
    let StayRow {
        plate,
        stay,
        amount,
    } = row;
    json!({
        "record": stay.record().as_str(),
        "plate": plate.as_ref().map(Plate::as_str),
        "standing": standing_word(stay.standing),
        "entered_at": stay.entry.as_ref().map(|passage| passage.at),
        "entry": stay.entry.as_ref().map(|passage| passage.device.as_str()),
        "left_at": stay.exit.as_ref().map(|passage| passage.at),
        "exit": stay.exit.as_ref().map(|passage| passage.device.as_str()),
        "fen": amount.fen(),
    })
}
