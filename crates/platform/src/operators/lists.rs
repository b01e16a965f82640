//! `GET /recognitions`, `/crossings`, `/abnormalities`, `/decisions`, `/commands`, `/outages`,
//! `/permits`, `/blocks`: newest first, page by page.

use axum::Json;
use axum::extract::State;
use boshi_protocol::fields::{FieldError, Fields};
use serde::Serialize;

use super::Shared;
use super::error::ApiError;
use super::read::Params;
use crate::store::newest::{Cursor, DEFAULT_LIMIT, Listed, MAX_LIMIT, Search, newest};

/// A page of a list.
#[derive(Serialize)]
pub(super) struct Listing<T> {
    items: Vec<T>,
    /// To be given as `before` for the next page; null at the end.
    next: Option<String>,
}

/// Answers with the rows that the parameters `lot`, `plate` (a part of it), `limit` and `before`
/// choose.
pub(super) async fn list<T: Listed + Serialize + Send + 'static>(
    State(operators): Shared,
    parameters: Params,
) -> Result<Json<Listing<T>>, ApiError> {
    let search = parameters.read(T::FILTERS, search)?;
    let found = operators.store.read(move |db| newest::<T>(db, &search));
    let found = found.await?;
    Ok(Json(Listing {
        items: found.items,
        next: found.next.map(|cursor| cursor.to_string()),
    }))
}

fn search(fields: &Fields<'_>) -> Result<Search, FieldError> {
    let limit = fields.optional_integer("limit", 1..=i64::from(MAX_LIMIT))?;
    Ok(Search {
        lot: fields.optional_id("lot")?,
        plate: fields
            .optional_plate("plate")?
            .map(|part| part.as_str().to_owned()),
        limit: limit.map_or(DEFAULT_LIMIT, |limit| {
            u32::try_from(limit).unwrap_or(MAX_LIMIT)
        }),
        before: fields.optional_parsed("before", |text| {
            text.parse::<Cursor>()
                .map_err(|_| "应为上一页的 next".to_owned())
        })?,
    })
}
