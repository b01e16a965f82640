//! `GET /{list}/export`: a list as a table (CSV), newest first, streamed page by page, so that years
//! of records take no more memory than one page.

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde::Serialize;
use serde_json::Value;

use super::Shared;
use super::caller::Caller;
use super::error::ApiError;
use super::field::Field;
use super::lists::{self, searched};
use super::read::Params;
use crate::csv;
use crate::store::newest::{Listed, MAX_LIMIT, Search, newest};
use crate::store::{Store, StoreError};

/// The parameters of a table: those of the list, but for what says which page.
pub(super) fn known<T: Listed>() -> Vec<Field> {
    let mut fields = lists::known::<T>();
    fields.retain(|field| !matches!(field.name, "limit" | "before"));
    fields
}

/// Where a stream goes on.
struct Rest {
    store: Store,
    search: Search,
    is_first: bool,
}

/// The table of the rows that the parameters of the list choose.
pub(super) async fn export<T: Listed + Serialize + Send + 'static>(
    State(operators): Shared,
    caller: Caller,
    parameters: Params,
) -> Result<Response, ApiError> {
    let mut search = searched::<T>(&caller, &parameters, &known::<T>())?;
    search.limit = MAX_LIMIT;
    let rest = Rest {
        store: operators.store.clone(),
        search,
        is_first: true,
    };
    let pages = stream::try_unfold(Some(rest), |rest| async {
        match rest {
            Some(rest) => rest.page::<T>().await.map(Some),
            None => Ok::<_, StoreError>(None),
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"export.csv\"",
        ),
    ];
    Ok((headers, Body::from_stream(pages)).into_response())
}

impl Rest {
    async fn page<T: Listed + Serialize + Send + 'static>(
        mut self,
    ) -> Result<(String, Option<Rest>), StoreError> {
        let search = self.search.clone();
        let found = self.store.read(move |db| newest::<T>(db, &search)).await?;
        let mut text = String::new();
        for item in found.items {
            let Ok(Value::Object(row)) = serde_json::to_value(item) else {
                return Err(StoreError::Corrupt("row"));
            };
            if std::mem::take(&mut self.is_first) {
                text.push_str(csv::BYTE_ORDER_MARK);
                text.push_str(&csv::write(row.keys().map(String::as_str)));
            }
            let cells: Vec<String> = row.values().map(cell).collect();
            text.push_str(&csv::write(cells.iter().map(String::as_str)));
        }
        let rest = found.next.map(|next| {
            self.search.before = Some(next);
            self
        });
        Ok((text, rest))
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}
