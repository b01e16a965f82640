//! The local interface: what the booth and this machine's own tools see and command.
//!
//! Plain HTTP and JSON on the loopback, with the key in `data/local.key`.

mod answer;
mod audit;
mod gates;
mod look;
mod occupancy;
mod payments;
mod proof;
mod query;
mod read;
mod resend;
mod show;
mod status;
mod stays;
mod watch;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use boshi_service::key::Key;
use boshi_transport::unknown::refuse_unknown;
use tokio_util::sync::CancellationToken;

use self::answer::Problem;
use self::read::MAX_BODY_BYTES;
use crate::config;
use crate::devices::DeviceDriver;
use crate::devices::intake::bearer;
use crate::disk_watch::DiskState;
use crate::display::Display;
use crate::driver::Handle;
use crate::journal::Journal;
use crate::serve::Door;

/// What the local interface works with.
pub(crate) struct Local {
    pub(crate) lots: Vec<LocalLot>,
    pub(crate) journal: Journal,
    pub(crate) door: Arc<Door>,
    pub(crate) disk: DiskState,
    pub(crate) key: Key,
    /// Ends the streams of those who watch.
    pub(crate) stop: CancellationToken,
}

/// A lot as the booth reaches it.
pub(crate) struct LocalLot {
    pub(crate) configured: config::Lot,
    pub(crate) driver: Handle,
    pub(crate) displays: Vec<Display>,
    pub(crate) drivers: Vec<Arc<dyn DeviceDriver>>,
}

/// The routes of the local interface.
pub(crate) fn router(local: Arc<Local>) -> Router {
    let routes = Router::new()
        .route("/local/v1/status", get(status::status))
        .route("/local/v1/happenings", get(watch::happenings))
        .route("/local/v1/lots/{lot}/lanes/{lane}/open", post(gates::open))
        .route(
            "/local/v1/lots/{lot}/lanes/{lane}/plate",
            post(gates::plate),
        )
        .route("/local/v1/lots/{lot}/show", post(show::show))
        .route("/local/v1/lots/{lot}/outbox", get(look::outbox))
        .route("/local/v1/lots/{lot}/attempts", get(look::attempts))
        .route("/local/v1/lots/{lot}/lifts", get(look::lifts))
        .route("/local/v1/lots/{lot}/acts", get(look::acts))
        .route(
            "/local/v1/lots/{lot}/device-changes",
            get(look::device_changes),
        )
        .route("/local/v1/lots/{lot}/frames", get(look::frames))
        .route("/local/v1/lots/{lot}/resend", post(resend::resend))
        .route("/local/v1/lots/{lot}/proof", get(proof::proof))
        .route("/local/v1/lots/{lot}/stays", get(stays::stays))
        .route(
            "/local/v1/lots/{lot}/payments",
            get(payments::payments).post(payments::pay),
        )
        .route(
            "/local/v1/lots/{lot}/occupancy",
            get(occupancy::occupancy).post(occupancy::count),
        );
    let routes = routes.layer(DefaultBodyLimit::max(MAX_BODY_BYTES));
    refuse_unknown(routes, answer::body)
        .layer(middleware::from_fn_with_state(Arc::clone(&local), with_key))
        .with_state(local)
}

async fn with_key(
    State(local): State<Arc<Local>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let shown = bearer(request.headers()).unwrap_or_default();
    if local.key.opens(shown) {
        Ok(next.run(request).await)
    } else {
        Err(Problem::Stranger)
    }
}

impl Local {
    fn lot(&self, id: &str) -> Result<&LocalLot, Problem> {
        let mut lots = self.lots.iter();
        lots.find(|lot| lot.configured.id.as_str() == id)
            .ok_or_else(|| Problem::NotFound(format!("没有车场 {id}")))
    }
}
