//! `GET /summary`: how much there is, of all lots or of one.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use super::Shared;
use super::api::{Api, get};
use super::caller::Caller;
use super::error::ApiError;
use super::field::{Field, Kind, field};
use super::read::Params;
use super::words::Tag;
use crate::store::summary::{Summary, summary};
use crate::watch::Standing;

/// How much there is.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Totals")]
pub(super) struct SummaryView {
    lots: usize,
    lots_online: usize,
    #[serde(flatten)]
    records: Summary,
}

const PARAMETERS: &[Field] = &[field("lot", Kind::Id)];

pub(super) fn routes(api: Api) -> Api {
    let to_show = get("/summary")
        .is(
            "show_summary",
            Tag::Records,
            "汇总计数",
            "How much there is",
        )
        .query(PARAMETERS.iter().copied())
        .json::<SummaryView>()
        .errors([StatusCode::NOT_FOUND]);
    api.on(to_show, show)
}

async fn show(
    State(operators): Shared,
    caller: Caller,
    parameters: Params,
) -> Result<Json<SummaryView>, ApiError> {
    let lot = parameters.read(PARAMETERS, |fields| {
        fields.optional_id::<boshi_protocol::id::kind::Lot>("lot")
    })?;
    let of = match lot {
        Some(lot) => {
            operators.lot(lot.as_str())?;
            caller.must_reach(std::slice::from_ref(&lot))?;
            Some(vec![lot])
        }
        None => caller.rights.bounds().map(<[_]>::to_vec),
    };
    let wanted = operators.lots.all().into_iter();
    let wanted = wanted.filter(|known| of.as_ref().is_none_or(|of| of.contains(&known.id)));
    let (mut lots, mut lots_online) = (0, 0);
    for known in wanted {
        lots += 1;
        lots_online += match known.presence().watch.standing() {
            Standing::Up | Standing::Suspected { .. } => 1,
            Standing::Unheard { .. } | Standing::Outage { .. } => 0,
        };
    }
    let records = operators.store.read(move |db| summary(db, of.as_deref()));
    Ok(Json(SummaryView {
        lots,
        lots_online,
        records: records.await?,
    }))
}
