//! Lists of whatever is kept, newest first, page by page.

use axum::Json;
use axum::extract::State;
use boshi_protocol::fields::{FieldError, Fields};
use boshi_protocol::id::kind;
use rusqlite::types::Value;
use serde::Serialize;

use super::Shared;
use super::caller::Caller;
use super::error::ApiError;
use super::read::{Params, time};
use crate::decision::listed;
use crate::store::newest::{
    Cursor, DEFAULT_LIMIT, Filter, FilterKind, Listed, MAX_LIMIT, Search, newest,
};

/// A page of a list.
#[derive(Serialize)]
pub(super) struct Listing<T> {
    items: Vec<T>,
    /// To be given as `before` for the next page; null at the end.
    next: Option<String>,
}

/// Answers with the rows that the parameters choose: those of the list, `from` and `to` (times),
/// `limit` and `before`.
pub(super) async fn list<T: Listed + Serialize + Send + 'static>(
    State(operators): Shared,
    caller: Caller,
    parameters: Params,
) -> Result<Json<Listing<T>>, ApiError> {
    let search = searched::<T>(&caller, &parameters)?;
    let found = operators.store.read(move |db| newest::<T>(db, &search));
    let found = found.await?;
    Ok(Json(Listing {
        items: found.items,
        next: found.next.map(|cursor| cursor.to_string()),
    }))
}

/// What the parameters ask for, of the lots that the caller may see.
pub(super) fn searched<T: Listed>(
    caller: &Caller,
    parameters: &Params,
) -> Result<Search, ApiError> {
    let own = T::FILTERS.iter().map(|filter| filter.name);
    let known: Vec<_> = own.chain(["from", "to", "limit", "before"]).collect();
    let mut search = parameters.read(&known, |fields| search(fields, T::FILTERS))?;
    if let Some(lots) = caller.rights.bounds() {
        let lots = listed(lots).unwrap_or_default();
        let bound = Value::Text(format!(",{lots},"));
        search.narrowed.push((T::BOUND, bound));
    }
    Ok(search)
}

fn search(fields: &Fields<'_>, filters: &[Filter]) -> Result<Search, FieldError> {
    let mut narrowed = Vec::new();
    for filter in filters {
        let value = value(fields, filter)?;
        narrowed.extend(value.map(|value| (filter.sql, value)));
    }
    let limit = fields.optional_integer("limit", 1..=i64::from(MAX_LIMIT))?;
    let second = |name| Ok(time(fields, name)?.map(|time| time.timestamp().as_second()));
    Ok(Search {
        narrowed,
        from: second("from")?,
        to: second("to")?,
        limit: limit.map_or(DEFAULT_LIMIT, |limit| {
            u32::try_from(limit).unwrap_or(MAX_LIMIT)
        }),
        before: fields.optional_parsed("before", |text| {
            text.parse::<Cursor>()
                .map_err(|_| "应为上一页的 next".to_owned())
        })?,
    })
}

fn value(fields: &Fields<'_>, filter: &Filter) -> Result<Option<Value>, FieldError> {
    let name = filter.name;
    Ok(match filter.kind {
        FilterKind::Plate => {
            let part = fields.optional_plate(name)?;
            part.map(|part| Value::Text(part.as_str().to_owned()))
        }
        FilterKind::Id => {
            let id = fields.optional_id::<kind::Record>(name)?;
            id.map(|id| Value::Text(id.as_str().to_owned()))
        }
        FilterKind::Truth => fields.optional_parsed(name, |text| match text {
            "true" => Ok(Value::Integer(1)),
            "false" => Ok(Value::Integer(0)),
            _ => Err("应为 true 或 false".to_owned()),
        })?,
    })
}
