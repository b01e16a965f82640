//! `GET /summary`: how much there is, of all lots or of one.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::Shared;
use super::caller::Caller;
use super::error::ApiError;
use super::read::Params;
use crate::store::summary::{Summary, summary};
use crate::watch::Standing;

/// How much there is.
#[derive(Serialize)]
pub(super) struct SummaryView {
    lots: usize,
    lots_online: usize,
    #[serde(flatten)]
    records: Summary,
}

pub(super) async fn show(
    State(operators): Shared,
    caller: Caller,
    parameters: Params,
) -> Result<Json<SummaryView>, ApiError> {
    let lot = parameters.read(&["lot"], |fields| {
        fields.optional_id::<boshi_protocol::id::kind::Lot>("lot")
    })?;
    caller.must_reach(lot.as_slice())?;
    if let Some(lot) = &lot {
        operators.lot(lot.as_str())?;
    }
    let wanted = operators.lots.all().into_iter();
    let wanted = wanted.filter(|known| lot.as_ref().is_none_or(|lot| *lot == known.id));
    let (mut lots, mut lots_online) = (0, 0);
    for known in wanted {
        lots += 1;
        lots_online += match known.presence().watch.standing() {
            Standing::Up | Standing::Suspected { .. } => 1,
            Standing::Unheard { .. } | Standing::Outage { .. } => 0,
        };
    }
    let records = operators.store.read(move |db| summary(db, lot.as_ref()));
    Ok(Json(SummaryView {
        lots,
        lots_online,
        records: records.await?,
    }))
}
