//! `GET /events`: what happens, as it happens, as server-sent events that can be resumed.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use boshi_protocol::fields::{FieldError, Fields};
use boshi_protocol::id::LotId;
use futures_util::stream;

use super::api::{Api, get};
use super::caller::Caller;
use super::error::ApiError;
use super::field::{Field, Kind, field};
use super::permits::ids;
use super::read::Params;
use super::words::Tag;
use super::{Operators, Shared};
use crate::events::Filter;
use crate::events::follower::Follower;
use crate::events::kind::Kind as EventKind;
use crate::store::event::Place;

/// The header with which a browser says what it has.
const LAST_EVENT_ID: &str = "last-event-id";

const AFTER: Field = field("after", Kind::Event).says(
    "从此事件之后开始；0 为最早的事件，缺省为现在",
    "The event after which to begin; 0 for the oldest there is, from now on when not given",
);
const LOT: Field = field("lot", Kind::Ids).says("车场编号，以逗号分隔", "The lots, A,B");
const KIND: Field = field("kind", Kind::Kinds).says(
    "事件种类或种类的前一半，以逗号分隔；缺省为全部",
    "Kinds of events or their families, A,B; all when not given",
);
const PARAMETERS: &[Field] = &[AFTER, LOT, KIND];

pub(super) fn routes(api: Api) -> Api {
    let to_follow = get("/events")
        .is(
            "follow_events",
            Tag::Events,
            "事件流（SSE），可从 Last-Event-ID 继续；见 docs/EVENTS.zh-CN.md",
            "The stream of events (SSE), resumed by Last-Event-ID; see docs/EVENTS.md",
        )
        .query(PARAMETERS.iter().cloned())
        .text("text/event-stream")
        .errors([StatusCode::TOO_MANY_REQUESTS, StatusCode::NOT_FOUND]);
    api.on(to_follow, follow)
}

/// The events after `Last-Event-ID` or `after`, or from now on; of a `lot` and of `kind`, each one
/// or several as `A,B`.
async fn follow(
    State(operators): Shared,
    caller: Caller,
    headers: HeaderMap,
    parameters: Params,
) -> Result<Response, ApiError> {
    let (after, filter) = parameters.read(PARAMETERS, |fields| {
        let after = fields.optional_parsed("after", |text| text.parse().map_err(str::to_owned))?;
        Ok((after, chosen(fields)?))
    })?;
    caller.must_reach_each(&filter.lots)?;
    operators.must_know(&filter.lots)?;
    let after = had(&headers)?.or(after);
    let filter = Filter {
        bounds: caller.rights.bounds().map(<[LotId]>::to_vec),
        ..filter
    };
    let seat = operators.places.take(caller.name());
    let seat = seat.map_err(|full| ApiError::too_often(full.to_string()))?;
    let known = Arc::clone(&operators);
    let still_may = async move || caller.still_holds(&known).await;
    let stop = operators.stop.clone();
    let tail = Arc::clone(&operators.tail);
    let follower = Follower::begin(tail, after, filter, still_may, stop).await?;
    let pieces = stream::unfold((follower, seat), |(mut follower, seat)| async {
        let piece = follower.next().await?;
        Some((Ok::<_, std::convert::Infallible>(piece), (follower, seat)))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // Proxies that collect replies would hold events back.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// Which events are wanted.
pub(super) fn chosen(fields: &Fields<'_>) -> Result<Filter, FieldError> {
    Ok(Filter {
        kinds: kinds(fields, "kind")?,
        lots: ids(fields, "lot")?,
        bounds: None,
    })
}

/// Kinds or families of kinds, as `A,B`; none for all.
pub(super) fn kinds(fields: &Fields<'_>, name: &'static str) -> Result<Vec<EventKind>, FieldError> {
    let kinds = fields.optional_parsed(name, |text| {
        let mut kinds = Vec::new();
        for word in text.split(',') {
            let meant = EventKind::meant(word.trim());
            if meant.is_empty() {
                let known: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
                return Err(format!("{word:?} 不是事件种类，应为 {}", known.join("、")));
            }
            kinds.extend(meant);
        }
        Ok(kinds)
    })?;
    Ok(kinds.unwrap_or_default())
}

/// What a follower that connects again has, which counts for more than the address it began with.
fn had(headers: &HeaderMap) -> Result<Option<Place>, ApiError> {
    let Some(value) = headers.get(LAST_EVENT_ID) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text.is_empty() {
        return Ok(None);
    }
    let place = text.parse();
    place
        .map(Some)
        .map_err(|expected| ApiError::field("Last-Event-ID", format!("{text:?} {expected}")))
}

impl Operators {
    /// Whether `lots` are all known.
    pub(super) fn must_know(&self, lots: &[LotId]) -> Result<(), ApiError> {
        lots.iter()
            .try_for_each(|lot| self.lot(lot.as_str()).map(drop))
    }
}
