//! Lists of whatever is kept, newest first, page by page.

use axum::Json;
use axum::extract::State;
use boshi_protocol::fields::{FieldError, Fields};
use boshi_protocol::id::kind;
use rusqlite::types::Value;
use schemars::JsonSchema;
use serde::Serialize;

use super::Shared;
use super::caller::Caller;
use super::error::ApiError;
use super::field::{Field, Kind, field};
use super::read::{Params, time};
use crate::decision::listed;
use crate::store::newest::{
    Cursor, DEFAULT_LIMIT, Filter, FilterKind, Found, Listed, MAX_LIMIT, Search, newest,
};

/// A page of a list.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "{T}Page")]
pub(super) struct Listing<T> {
    items: Vec<T>,
    /// To be given as `before` for the next page; null at the end.
    next: Option<String>,
}

impl<T> From<Found<T>> for Listing<T> {
    fn from(found: Found<T>) -> Listing<T> {
        Listing {
            items: found.items,
            next: found.next.map(|cursor| cursor.to_string()),
        }
    }
}

/// What every list may be narrowed by.
const OF_EVERY_LIST: [Field; 4] = [
    field("from", Kind::Time).says("不早于此时间", "Not before this time"),
    field("to", Kind::Time).says("早于此时间", "Before this time"),
    field("limit", Kind::Integer(1, MAX_LIMIT as i64)),
    field("before", Kind::Cursor),
];

/// Answers with the rows that the parameters choose: those of the list, `from` and `to` (times),
/// `limit` and `before`.
pub(super) async fn list<T: Listed + Serialize + Send + 'static>(
    State(operators): Shared,
    caller: Caller,
    parameters: Params,
) -> Result<Json<Listing<T>>, ApiError> {
    let search = searched::<T>(&caller, &parameters, &known::<T>())?;
    let found = operators.store.read(move |db| newest::<T>(db, &search));
    Ok(Json(found.await?.into()))
}

/// The parameters of a list.
pub(super) fn known<T: Listed>() -> Vec<Field> {
    let own = T::FILTERS.iter().map(Field::from);
    own.chain(OF_EVERY_LIST).collect()
}

/// What the parameters ask for, of the lots that the caller may see.
pub(super) fn searched<T: Listed>(
    caller: &Caller,
    parameters: &Params,
    known: &[Field],
) -> Result<Search, ApiError> {
    let mut search = parameters.read(known, |fields| search(fields, T::FILTERS))?;
    if let Some(lots) = caller.rights.bounds() {
        let lots = listed(lots).unwrap_or_default();
        let bound = Value::Text(format!(",{lots},"));
        search.narrowed.push((T::BOUND, bound));
    }
    Ok(search)
}

/// What these names and values ask for, of whom everything is open to.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn asked_for<T: Listed>(
    asked: impl Iterator<Item = (String, String)>,
) -> Result<Search, String> {
    let parameters = Params::of(asked);
    let search = parameters.read(&known::<T>(), |fields| search(fields, T::FILTERS));
    search.map_err(ApiError::into_text)
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
        FilterKind::OneOf(words) => fields.optional_parsed(name, |text| {
            let found = words.iter().find(|word| **word == text);
            found
                .map(|word| Value::Text((*word).to_owned()))
                .ok_or_else(|| format!("应为 {}", words.join("、")))
        })?,
        FilterKind::Truth => fields
            .optional_truth(name)?
            .map(|truth| Value::Integer(truth.into())),
    })
}
