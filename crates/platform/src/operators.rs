//! The operators' interface: JSON under `/api/v1`, opened by the key in `data/operator.key`.
//! One file a resource; handlers read, ask, and answer.

mod abnormalities;
mod blocks;
mod caller;
mod check;
mod decide;
mod devices;
mod error;
mod health;
mod lists;
mod lots;
mod occupancy;
mod permits;
mod places;
mod read;
mod reconcile;
mod registry;
mod stays;
mod summary;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post, put};
use boshi_protocol::id::LotId;

use self::caller::Caller;
use self::error::ApiError;
use self::lists::list;
use crate::commands::Commands;
use crate::desk::Desk;
use crate::key::Key;
use crate::lots::{Lot, Lots};
use crate::reconcile::Reconciler;
use crate::registrar::Registrar;
use crate::store::Store;
use crate::store::row::{
    AbnormalityRow, AuditRow, BlockRow, CommandRow, CorrectionRow, CrossingRow, DecisionRow,
    OutageRow, PermitRow, RecognitionRow, StayRow,
};

/// Largest body of a request in bytes: a screenful of text for a display needs two kilobytes.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// What the handlers work with.
pub(crate) struct Operators {
    pub(crate) store: Store,
    pub(crate) desk: Arc<Desk>,
    pub(crate) lots: Arc<Lots>,
    pub(crate) commands: Commands,
    pub(crate) reconciler: Reconciler,
    pub(crate) registrar: Registrar,
    /// How far clocks may be off; zero when it does not matter (D-4).
    pub(crate) window: Duration,
}

type Shared = State<Arc<Operators>>;

/// The routes; all but `/livez` and `/readyz` need `key`.
pub(crate) fn router(operators: Arc<Operators>, key: Key) -> Router {
    let api = Router::new()
        .route("/lots", get(lots::list))
        .route(
            "/lots/{lot}",
            get(registry::show_lot)
                .put(registry::put_lot)
                .delete(registry::retire_lot),
        )
        .route("/lots/{lot}/check", post(check::check))
        .route("/suppliers", get(registry::suppliers))
        .route(
            "/suppliers/{app_id}",
            put(registry::put_supplier).delete(registry::retire_supplier),
        )
        .route("/lots/{lot}/open", post(devices::open))
        .route("/lots/{lot}/show", post(devices::show))
        .route("/lots/{lot}/reconcile", post(reconcile::now))
        .route("/lots/{lot}/places", get(places::list))
        .route(
            "/lots/{lot}/occupancy",
            get(occupancy::show).post(occupancy::counted),
        )
        .route(
            "/lots/{lot}/stays/{uuid}/candidates",
            get(stays::candidates),
        )
        .route("/lots/{lot}/crossings/{uuid}/correct", post(stays::correct))
        .route(
            "/lots/{lot}/abnormalities/{id}/acknowledge",
            post(abnormalities::acknowledge),
        )
        .route(
            "/lots/{lot}/abnormalities/{id}/clear",
            post(abnormalities::clear),
        )
        .route("/stays", get(list::<StayRow>))
        .route("/corrections", get(list::<CorrectionRow>))
        .route("/audit", get(list::<AuditRow>))
        .route(
            "/permits",
            get(list::<PermitRow>)
                .post(permits::add)
                .delete(permits::remove),
        )
        .route(
            "/blocks",
            get(list::<BlockRow>)
                .post(blocks::add)
                .delete(blocks::remove),
        )
        .route("/recognitions", get(list::<RecognitionRow>))
        .route("/crossings", get(list::<CrossingRow>))
        .route("/abnormalities", get(list::<AbnormalityRow>))
        .route("/decisions", get(list::<DecisionRow>))
        .route("/commands", get(list::<CommandRow>))
        .route("/outages", get(list::<OutageRow>))
        .route("/decide", post(decide::foresee))
        .route("/summary", get(summary::show))
        .fallback(async |request: Request| unknown("/api/v1", &request))
        .method_not_allowed_fallback(async |request: Request| unknown("/api/v1", &request))
        .layer(from_fn_with_state(key, authorize));
    Router::new()
        .nest("/api/v1", api)
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .fallback(async |request: Request| unknown("", &request))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(operators)
}

impl Operators {
    fn lot(&self, id: &str) -> Result<Arc<Lot>, ApiError> {
        let found = LotId::new(id).ok().and_then(|id| self.lots.get(&id));
        found.ok_or_else(|| ApiError::not_found("lot", format!("没有车场 {id:?}")))
    }
}

async fn authorize(
    State(key): State<Key>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let shown = request.headers().get(header::AUTHORIZATION);
    let shown = shown.and_then(|value| value.to_str().ok());
    match shown.and_then(|value| value.strip_prefix("Bearer ")) {
        Some(shown) if key.opens(shown.trim()) => {
            request.extensions_mut().insert(Caller::key_holder());
            Ok(next.run(request).await)
        }
        Some(_) => Err(ApiError::unauthorized(
            "密钥不符，应为 data/operator.key 中的密钥",
        )),
        None => Err(ApiError::unauthorized(
            "缺少密钥，应为 Authorization: Bearer 加 data/operator.key 中的密钥",
        )),
    }
}

fn unknown(prefix: &str, request: &Request) -> ApiError {
    let (method, path) = (request.method(), request.uri().path());
    ApiError::not_found("path", format!("没有此接口：{method} {prefix}{path}"))
}
