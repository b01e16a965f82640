//! How the gateway is, for machines that watch it: `/livez`, `/readyz` and `/metrics`.
//!
//! Plain HTTP without a key, so nothing here is secret and nothing tells of a single vehicle: no
//! plate, no recognition, no token. Labels are what is configured, or words of a fixed set.

mod count;
mod metrics;
mod ready;
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

pub(crate) use self::count::Counts;

use self::view::View;
use crate::config;
use crate::disk_watch::DiskState;
use crate::driver::Handle;
use crate::journal::Journal;
use crate::serve::Door;

/// What the monitoring address works with.
pub(crate) struct Monitor {
    lots: Vec<MonitoredLot>,
    journal: Journal,
    door: Arc<Door>,
    listeners: Vec<(&'static str, Arc<Load>)>,
    disk: DiskState,
    /// The latest look: however many ask, the lots are asked once a while.
    latest: Mutex<Option<Arc<View>>>,
}

/// A lot that is watched.
pub(crate) struct MonitoredLot {
    pub(crate) configured: config::Lot,
    pub(crate) driver: Handle,
}

impl Monitor {
    /// `listeners`: each by its name in the configuration.
    pub(crate) fn new(
        lots: Vec<MonitoredLot>,
        journal: Journal,
        door: Arc<Door>,
        listeners: Vec<(&'static str, Arc<Load>)>,
        disk: DiskState,
    ) -> Monitor {
        Monitor {
            lots,
            journal,
            door,
            listeners,
            disk,
            latest: Mutex::default(),
        }
    }

    /// What is served on the monitoring address.
    pub(crate) fn routes(self) -> Router {
        let routes = Router::new()
            .route("/livez", get(async || "ok\n"))
            .route("/readyz", get(readyz))
            .route("/metrics", get(page))
            .with_state(Arc::new(self));
        refuse_unknown(routes, unknown)
    }
}

fn unknown(error: String) -> axum::Json<Value> {
    axum::Json(json!({"error": error, "known": ["/livez", "/readyz", "/metrics"]}))
}

/// Ready is who takes what the devices tell, and writes it down.
async fn readyz(State(monitor): State<Arc<Monitor>>) -> Response {
    let reasons = ready::reasons(&monitor.look().await.health());
    let status = if reasons.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = json!({"ready": reasons.is_empty(), "reasons": reasons});
    (status, axum::Json(body)).into_response()
}

async fn page(State(monitor): State<Arc<Monitor>>) -> Response {
    let view = monitor.look().await;
    let headers = [(header::CONTENT_TYPE, CONTENT_TYPE)];
    (
        headers,
        metrics::page(&view, &monitor.listeners, monitor.disk.latest()),
    )
        .into_response()
}
