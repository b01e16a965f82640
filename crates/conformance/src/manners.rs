//! What the side that the kit plays answers of itself.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value, json};

use crate::case::Side;
use crate::endpoint::{
    EXIT_PAYMENTS, FAILED_CROSSINGS, FAILED_RECOGNITIONS, PLACES, PREPAYMENTS, STAYS,
};
use crate::http::{Request, Response};
use crate::peer::Manners;

/// Rows on a page when nothing is said, and the most there are.
const PAGE: (u64, u64) = (10, 100);

/// What the supplier that the kit plays could not push.
#[derive(Clone, Default)]
pub struct Missed(Arc<Mutex<[Vec<Value>; 2]>>);

impl Missed {
    /// From now on these recognitions and crossings could not be pushed.
    pub fn are(&self, recognitions: Vec<Value>, crossings: Vec<Value>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = [recognitions, crossings];
    }

    fn rows(&self, kind: usize) -> Vec<Value> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)[kind].clone()
    }
}

/// The manners of the side against which `judged` is judged.
pub fn manners(judged: Side, missed: Missed) -> Manners {
    match judged {
        Side::Supplier => Arc::new(|_| done()),
        Side::Platform => Arc::new(move |request| supplier(request, &missed)),
    }
}

fn done() -> Response {
    Response::json(r#"{"respCode":"0","respDesc":""}"#)
}

fn supplier(request: &Request, missed: &Missed) -> Response {
    let query: Map<String, Value> = serde_json::from_slice(&request.body).unwrap_or_default();
    let rows = match request.path.rsplit_once('/').map_or("", |(_, name)| name) {
        name if FAILED_RECOGNITIONS.ends_with(name) => {
            within(missed.rows(0), &query, "recognitionTime")
        }
        name if FAILED_CROSSINGS.ends_with(name) => within(missed.rows(1), &query, "crossTime"),
        name if [PLACES, STAYS, EXIT_PAYMENTS, PREPAYMENTS]
            .iter()
            .any(|path| path.ends_with(name)) =>
        {
            Vec::new()
        }
        _ => return done(),
    };
    Response::json(page(&rows, &query).to_string())
}

/// Times of the wire sort as texts.
fn within(rows: Vec<Value>, query: &Map<String, Value>, time: &str) -> Vec<Value> {
    let bound = |name: &str| query.get(name).and_then(Value::as_str).unwrap_or_default();
    let (begin, end) = (bound("beginTime"), bound("endTime"));
    let lies_within = |row: &Value| {
        let at = row[time].as_str().unwrap_or_default();
        at >= begin && (end.is_empty() || at <= end)
    };
    rows.into_iter().filter(lies_within).collect()
}

fn page(rows: &[Value], query: &Map<String, Value>) -> Value {
    let asked = |name: &str, default: u64| {
        let value = query.get(name).unwrap_or(&Value::Null);
        let digits = value.as_str().and_then(|text| text.parse().ok());
        value.as_u64().or(digits).unwrap_or(default).max(1)
    };
    let (size, current) = (
        asked("pageSize", PAGE.0).min(PAGE.1),
        asked("currentPage", 1),
    );
    let before = usize::try_from(size.saturating_mul(current - 1)).unwrap_or(usize::MAX);
    let most = usize::try_from(size).unwrap_or(usize::MAX);
    let data: Vec<&Value> = rows.iter().skip(before).take(most).collect();
    json!({
        "respCode": "0", "respDesc": "", "total": rows.len(),
        "pageSize": size, "currentPage": current, "data": data,
    })
}
