//! The operators' interface: JSON under `/api/v1`, opened by the key in `data/operator.key`, an
//! administrator's, or by the key of a user, who has a role.
//! One file a resource; handlers read, ask, and answer.

mod abnormalities;
mod blocks;
mod caller;
mod check;
mod decide;
mod devices;
mod error;
mod evacuation;
mod export;
mod health;
mod import;
mod lists;
mod login;
mod lots;
mod occupancy;
mod permits;
mod places;
mod proof;
mod read;
mod reconcile;
mod registry;
mod stays;
mod summary;
mod users;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post, put};
use boshi_protocol::id::LotId;
use boshi_service::key::Key;
use serde::Serialize;

use self::caller::authorize;
use self::error::ApiError;
use self::export::export;
use self::lists::list;
use crate::commands::Commands;
use crate::desk::Desk;
use crate::lots::{Lot, Lots};
use crate::password::Passwords;
use crate::reconcile::Reconciler;
use crate::registrar::Registrar;
use crate::store::Store;
use crate::store::newest::Listed;
use crate::store::row::{
    AbnormalityRow, AuditRow, BlockRow, CommandRow, CorrectionRow, CrossingRow, DecisionRow,
    OutageRow, PermitRow, RecognitionRow, StayRow,
};

/// Largest body of a request in bytes: a screenful of text for a display needs two kilobytes.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// What all paths begin with that need a key.
const PREFIX: &str = "/api/v1";

/// What the handlers work with.
pub(crate) struct Operators {
    pub(crate) store: Store,
    pub(crate) desk: Arc<Desk>,
    pub(crate) lots: Arc<Lots>,
    pub(crate) commands: Commands,
    pub(crate) reconciler: Reconciler,
    pub(crate) registrar: Registrar,
    pub(crate) passwords: Passwords,
    /// How far clocks may be off; zero when it does not matter (D-4).
    pub(crate) window: Duration,
}

type Shared = State<Arc<Operators>>;

/// The routes; all but `/livez` and `/readyz` need `key` or a user's.
pub(crate) fn router(operators: Arc<Operators>, key: Key) -> Router {
    let api = of_a_lot()
        .merge(lists())
        .merge(administration())
        .route("/decide", post(decide::foresee))
        .route("/summary", get(summary::show))
        .fallback(async |request: Request| unknown(PREFIX, &request))
        .method_not_allowed_fallback(async |request: Request| unknown(PREFIX, &request))
        .layer(from_fn_with_state((Arc::clone(&operators), key), authorize));
    Router::new()
        .nest(PREFIX, api)
        .route("/api/v1/login", post(login::login))
        .route("/api/v1/password", post(login::change))
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .fallback(async |request: Request| unknown("", &request))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(operators)
}

/// What is done with one lot.
fn of_a_lot() -> Router<Arc<Operators>> {
    let lot = Router::new()
        .route("/check", post(check::check))
        .route("/open", post(devices::open))
        .route("/show", post(devices::show))
        .route("/hold", post(evacuation::hold))
        .route("/restore", post(evacuation::restore))
        .route("/proof", get(proof::of_day))
        .route("/reconcile", post(reconcile::now))
        .route("/places", get(places::list))
        .route("/occupancy", get(occupancy::show).post(occupancy::counted))
        .route("/stays/{uuid}/candidates", get(stays::candidates))
        .route("/crossings/{uuid}/correct", post(stays::correct))
        .route(
            "/abnormalities/{id}/acknowledge",
            post(abnormalities::acknowledge),
        )
        .route("/abnormalities/{id}/clear", post(abnormalities::clear));
    Router::new().nest("/lots/{lot}", lot)
}

/// What there is, and the lists of plates.
fn lists() -> Router<Arc<Operators>> {
    Router::new()
        .route("/lots", get(lots::list))
        .merge(listed::<RecognitionRow>("/recognitions"))
        .merge(listed::<CrossingRow>("/crossings"))
        .merge(listed::<StayRow>("/stays"))
        .merge(listed::<CorrectionRow>("/corrections"))
        .merge(listed::<AbnormalityRow>("/abnormalities"))
        .merge(listed::<DecisionRow>("/decisions"))
        .merge(listed::<CommandRow>("/commands"))
        .merge(listed::<OutageRow>("/outages"))
        .merge(listed::<AuditRow>("/audit"))
        .merge(listed::<PermitRow>("/permits"))
        .merge(listed::<BlockRow>("/blocks"))
        .route("/permits", post(permits::add).delete(permits::remove))
        .route("/blocks", post(blocks::add).delete(blocks::remove))
        .merge(
            Router::new()
                .route("/permits/import", post(import::permits))
                .route("/blocks/import", post(import::blocks))
                .layer(DefaultBodyLimit::max(import::MAX_TABLE_BYTES)),
        )
}

/// A list, and the same as a table.
fn listed<T: Listed + Serialize + Send + 'static>(path: &str) -> Router<Arc<Operators>> {
    Router::new()
        .route(path, get(list::<T>))
        .route(&format!("{path}/export"), get(export::<T>))
}

/// Who takes part.
fn administration() -> Router<Arc<Operators>> {
    Router::new()
        .route("/users", get(users::list))
        .route("/users/{name}", put(users::put).delete(users::remove))
        .route("/users/{name}/keys", get(users::keys).post(users::give_key))
        .route("/users/{name}/keys/{id}", delete(users::revoke_key))
        .route("/suppliers", get(registry::suppliers))
        .route(
            "/suppliers/{app_id}",
            put(registry::put_supplier).delete(registry::retire_supplier),
        )
        .route(
            "/lots/{lot}",
            get(registry::show_lot)
                .put(registry::put_lot)
                .delete(registry::retire_lot),
        )
}

impl Operators {
    fn lot(&self, id: &str) -> Result<Arc<Lot>, ApiError> {
        let found = LotId::new(id).ok().and_then(|id| self.lots.get(&id));
        found.ok_or_else(|| ApiError::not_found("lot", format!("没有车场 {id:?}")))
    }
}

fn unknown(prefix: &str, request: &Request) -> ApiError {
    let (method, path) = (request.method(), request.uri().path());
    ApiError::not_found("path", format!("没有此接口：{method} {prefix}{path}"))
}
