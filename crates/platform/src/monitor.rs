//! How the platform is, for machines that watch it: `/livez`, `/readyz` and `/metrics`.
//!
//! Plain HTTP without a key, so nothing here is secret and nothing tells of a single vehicle: no
//! plate, no recognition, no token. Lots are counted by state; only those that do not do well are
//! named, and of them the worst.

mod outward;
mod page;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use boshi_transport::accept::Load;
use boshi_transport::monitor::CONTENT_TYPE;
use boshi_transport::unknown::refuse_unknown;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use self::view::View;
use crate::config::Clock;
use crate::counts::Counts;
use crate::disk_watch::DiskState;
use crate::events::Places;
use crate::lots::Lots;
use crate::store::Store;
use crate::turnstile::Turnstile;

/// What the monitoring address works with.
pub(crate) struct Monitor {
    pub(crate) store: Store,
    pub(crate) lots: Arc<Lots>,
    pub(crate) counts: Counts,
    pub(crate) turnstile: Arc<Turnstile>,
    /// Who follows the log of events.
    pub(crate) places: Arc<Places>,
    pub(crate) disk: DiskState,
    /// Each by its name in the configuration.
    pub(crate) listeners: Vec<(&'static str, Arc<Load>)>,
    pub(crate) clock: Clock,
    /// The latest look: however many ask, the lots are looked at once a while.
    pub(crate) latest: Mutex<Option<Arc<View>>>,
}

impl Monitor {
    /// What is served on the monitoring address.
    pub(crate) fn routes(self) -> Router {
        let routes = Router::new()
            .route("/livez", get(async || "ok\n"))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics))
            .with_state(Arc::new(self));
        refuse_unknown(routes, unknown)
    }
}

fn unknown(error: String) -> axum::Json<Value> {
    axum::Json(json!({"error": error, "known": ["/livez", "/readyz", "/metrics"]}))
}

/// Ready is who takes what the suppliers tell, and writes it down.
async fn readyz(State(monitor): State<Arc<Monitor>>) -> Response {
    let reasons = monitor.look().await.reasons();
    let status = if reasons.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = json!({"ready": reasons.is_empty(), "reasons": reasons});
    (status, axum::Json(body)).into_response()
}

async fn metrics(State(monitor): State<Arc<Monitor>>) -> Response {
    let view = monitor.look().await;
    let headers = [(header::CONTENT_TYPE, CONTENT_TYPE)];
    (headers, page::page(&monitor, &view)).into_response()
}
