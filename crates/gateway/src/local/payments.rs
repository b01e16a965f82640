//! Payments, as toll software and pay stations tell them and ask for them again (PAY-1).

use std::fmt::Display;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use boshi_protocol::code::{Money, PayType};
use boshi_protocol::id::{LotId, RecordId};
use boshi_protocol::plate::Plate;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Local;
use super::answer::{Problem, unreadable};
use super::query::query;
use super::read::Body;
use super::stays::ByPlate;
use crate::journal::{Kept, PaidFor, Payment};

/// Largest amount in fen: a million yuan is no parking fee.
const MOST_FEN: i64 = 100_000_000;

/// Longest number of an order, in characters: twice the longest of the usual pay services.
const MOST_ORDER_CHARS: usize = 128;

/// How far in the future a payment may be: a clock that is further ahead is set wrongly.
const MOST_AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// No payment is older, in Unix seconds (the year 2000): the clock was never set.
const EARLIEST: i64 = 946_684_800;

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
    /// A recognition of the stay it is for; the latest of the plate when nothing is said.
    #[serde(default)]
    stay: Option<String>,
}

/// Before driving to the exit, or there.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Prepay,
    Exit,
}

/// PAY-1: a payment is kept once, whoever tells it how often.
pub(super) async fn pay(
    State(local): State<Arc<Local>>,
    Path(lot): Path<String>,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let told: Told = body.read()?;
    let lot = local.lot(&lot)?;
    let payment = told.into_payment(&lot.configured.id, Timestamp::now())?;
    let id = payment.id.clone();
    let kept = local.journal.keep_payment(payment).await;
    match kept.map_err(unreadable)? {
        Kept::New(stay) => {
            let stay = stay.as_ref().map(RecordId::as_str);
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

/// PAY-1: the latest first.
pub(super) async fn payments(
    State(local): State<Arc<Local>>,
    Path(lot): Path<String>,
    address: Uri,
) -> Result<Json<Value>, Problem> {
    let look: ByPlate = query(&address)?;
    let lot = &local.lot(&lot)?.configured.id;
    let limit = look.limit()?;
    let rows = local.journal.latest_payments(lot, look.plate(), limit);
    let rows = rows.await.map_err(unreadable)?;
    let rows: Vec<Value> = rows.iter().map(shown).collect();
    Ok(Json(json!({ "items": rows })))
}

impl Told {
    fn into_payment(self, lot: &LotId, now: Timestamp) -> Result<Payment, Problem> {
        let plate = Plate::read(&self.plate)
            .map_err(|error| Problem::Wrong(format!("字段 plate：{error}")))?;
        if !(0..=MOST_FEN).contains(&self.fen) {
            let expected = format!("0 到 {MOST_FEN} 的整数（分）");
            return Err(wrong("fen", self.fen, &expected));
        }
        let pay_type = PayType::parse(&self.pay_type.to_string())
            .ok_or_else(|| wrong("pay_type", self.pay_type, "1 到 5"))?;
        let stay = self.stay.as_deref().map(|stay| id("stay", stay));
        Ok(Payment {
            lot: lot.clone(),
            id: id("id", &self.id)?,
            paid_for: match self.kind {
                Kind::Prepay => PaidFor::Prepaid,
                Kind::Exit => PaidFor::Exit,
            },
            plate,
            order: order("order_no", self.order_no)?,
            merchant_order: order("commercial_order_no", self.commercial_order_no)?,
            at: paid_at(self.at, now)?,
            amount: Money::from_fen(self.fen),
            pay_type,
            stay: stay.transpose()?,
        })
    }
}

fn wrong(field: &str, came: impl Display, expected: &str) -> Problem {
    Problem::Wrong(format!("字段 {field} 收到 {came}，应为 {expected}"))
}

fn id(field: &str, text: &str) -> Result<RecordId, Problem> {
    let wrong = |error| Problem::Wrong(format!("字段 {field} 收到 {text:?}，{error}"));
    RecordId::new(text).map_err(wrong)
}

fn order(field: &str, number: String) -> Result<String, Problem> {
    let length = number.chars().count();
    if length > MOST_ORDER_CHARS {
        let expected = format!("最多 {MOST_ORDER_CHARS} 个字符");
        return Err(wrong(field, format_args!("{length} 个字符"), &expected));
    }
    Ok(number)
}

/// To the millisecond, as the journal keeps it: the same payment told twice is the same.
fn paid_at(at: Timestamp, now: Timestamp) -> Result<Timestamp, Problem> {
    if at.as_second() < EARLIEST || at.duration_since(now) > MOST_AHEAD {
        return Err(wrong("at", at, "2000 年以后、不晚于明天此时的时间"));
    }
    let whole = Timestamp::from_millisecond(at.as_millisecond());
    Ok(whole.expect("a millisecond of a timestamp is a timestamp"))
}

fn shown(it: &Payment) -> Value {
    json!({
        "id": it.id.as_str(),
        "kind": match it.paid_for {
            PaidFor::Prepaid => "prepay",
            PaidFor::Exit => "exit",
        },
        "plate": it.plate.as_ref().map(Plate::as_str),
        "order_no": it.order,
        "commercial_order_no": it.merchant_order,
        "at": it.at,
        "fen": it.amount.fen(),
        "pay_type": it.pay_type.as_str().parse::<u8>().ok(),
        "stay": it.stay.as_ref().map(RecordId::as_str),
    })
}
