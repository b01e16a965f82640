//! `GET /lots/{lot}/places`: the parking spaces, asked of the lot, all pages (PLACE-1, PAGE-1).

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use boshi_protocol::code::PlaceStatus;
use boshi_protocol::endpoint::{Place, PlaceQuery, QueryPlaceStatus};
use boshi_protocol::envelope::Answer;
use boshi_protocol::fields::{FieldError, Fields};
use boshi_protocol::page::{Page, PageRequest};
use boshi_protocol::plate::Plate;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::Shared;
use super::api::{Api, get};
use super::error::ApiError;
use super::field::{Field, Kind, field};
use super::read::Params;
use super::words::Tag;
use crate::lots::Lot;

/// Most pages of a hundred spaces: the largest car parks have some thousands.
const MAX_PAGES: u32 = 100;
/// Longest that a page may take: a hundred pictures over a slow line.
const PAGE_TIMEOUT: Duration = Duration::from_secs(30);

/// A parking space.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Place")]
pub(super) struct PlaceView {
    place: String,
    status: &'static str,
    plate: Option<String>,
    /// A JPEG in base64; only when one space was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
}

/// Spaces, and whether there are more than are listed.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Places")]
pub(super) struct Listing {
    total: u64,
    cut: bool,
    items: Vec<PlaceView>,
}

const PARAMETERS: &[Field] = &[
    field("status", Kind::OneOf(&["vacancy", "occupy", "unusual"])),
    field("place", Kind::Id).says("只查此车位，并附图片", "Only this space, with its picture"),
];

pub(super) fn routes(api: Api) -> Api {
    let to_list = get("/lots/{lot}/places")
        .is(
            "list_places",
            Tag::Lots,
            "车位状态（向车场查询）",
            "The parking spaces, asked of the lot",
        )
        .query(PARAMETERS.iter().copied())
        .json::<Listing>()
        .errors([StatusCode::CONFLICT]);
    api.on(to_list, list)
}

async fn list(
    State(operators): Shared,
    Path(lot): Path<String>,
    parameters: Params,
) -> Result<Json<Listing>, ApiError> {
    let lot = operators.lot(&lot)?;
    let mut query = parameters.read(PARAMETERS, read)?;
    let (mut items, mut total, mut cut) = (Vec::new(), 0, true);
    for page in 1..=MAX_PAGES {
        query.page = PageRequest::largest(page);
        let answered = ask(&lot, &query).await?;
        total = answered.total;
        let more = answered.has_more();
        let with_image = query.place.is_some();
        let places = answered.data.into_iter();
        items.extend(places.map(|place| view(place, with_image)));
        if !more {
            cut = false;
            break;
        }
    }
    Ok(Json(Listing { total, cut, items }))
}

fn read(fields: &Fields<'_>) -> Result<PlaceQuery, FieldError> {
    Ok(PlaceQuery {
        page: PageRequest::default(),
        status: fields.optional_parsed("status", |text| {
            let status = PlaceStatus::parse(text);
            status.ok_or_else(|| "应为 vacancy、occupy 或 unusual".to_owned())
        })?,
        place: fields.optional_id("place")?,
    })
}

async fn ask(lot: &Lot, query: &PlaceQuery) -> Result<Page<Place>, ApiError> {
    let asked = lot
        .peer
        .call::<QueryPlaceStatus>(query, Timestamp::now(), PAGE_TIMEOUT);
    match asked.await {
        Ok(Answer::Accepted { body, .. }) => Ok(body),
        Ok(Answer::Refused(refusal)) => Err(ApiError::refused(format!("车场拒绝：{refusal}"))),
        Err(fault) => Err(ApiError::unavailable(format!("车场没有应答：{fault}"))),
    }
}

fn view(place: Place, with_image: bool) -> PlaceView {
    PlaceView {
        place: place.place.to_string(),
        status: place.status.as_str(),
        plate: place.plate.as_ref().map(Plate::as_str).map(str::to_owned),
        image: Some(place.image).filter(|_| with_image),
    }
}
