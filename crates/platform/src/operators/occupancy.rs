//! `GET /lots/{lot}/occupancy`, and `POST` when somebody has counted.

use axum::Json;
use axum::extract::{Path, State};
use boshi_protocol::fields::{FieldError, Fields};
use jiff::Timestamp;

use super::Shared;
use super::api::{Api, get, post};
use super::caller::Caller;
use super::error::ApiError;
use super::field::{BY, Field, Kind, REASON, required};
use super::read::{Body, by, words};
use super::words::Tag;
use crate::store::audit::Act;
use crate::store::occupancy::{Occupancy, occupancy, rebase};

/// Most vehicles that a lot may be said to hold: more than any has spaces.
const MOST_VEHICLES: i64 = 100_000;

/// Somebody's count.
const FIELDS: &[Field] = &[
    required("vehicles", Kind::Integer(0, MOST_VEHICLES)),
    REASON,
    BY,
];

pub(super) fn routes(api: Api) -> Api {
    let to_show = get("/lots/{lot}/occupancy")
        .is(
            "show_occupancy",
            Tag::Stays,
            "场内车辆数",
            "How many vehicles are in a lot",
        )
        .json::<Occupancy>();
    let to_count = post("/lots/{lot}/occupancy")
        .is(
            "rebase_occupancy",
            Tag::Stays,
            "按人工清点校正场内车辆数",
            "Set the number of vehicles to what somebody counted",
        )
        .body(FIELDS)
        .json::<Occupancy>();
    api.on(to_show, show).on(to_count, counted)
}

async fn show(
    State(operators): Shared,
    Path(lot): Path<String>,
) -> Result<Json<Occupancy>, ApiError> {
    let id = operators.lot(&lot)?.id.clone();
    let found = operators.store.read(move |db| occupancy(db, &id));
    Ok(Json(found.await?))
}

async fn counted(
    State(operators): Shared,
    Path(lot): Path<String>,
    caller: Caller,
    body: Body,
) -> Result<Json<Occupancy>, ApiError> {
    let id = operators.lot(&lot)?.id.clone();
    let (vehicles, by, reason) = body.read(FIELDS, |fields| {
        Ok((
            vehicles(fields)?,
            by(fields, &caller)?,
            words(fields, "reason")?,
        ))
    })?;
    let now = Timestamp::now();
    let done = operators.store.write(move |db| {
        let act = Act {
            by: &by,
            what: "occupancy.rebase",
            target: &vehicles.to_string(),
            reason: &reason,
        };
        rebase(db, &id, vehicles, &act, now)?;
        occupancy(db, &id)
    });
    Ok(Json(done.await?))
}

fn vehicles(fields: &Fields<'_>) -> Result<u32, FieldError> {
    let vehicles = fields.optional_integer("vehicles", 0..=MOST_VEHICLES)?;
    let vehicles = vehicles.and_then(|vehicles| u32::try_from(vehicles).ok());
    vehicles.ok_or_else(|| fields.refuse("vehicles", "应为场内车辆数"))
}
