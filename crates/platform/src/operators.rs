//! The operators' interface: JSON under `/api/v1`, opened by the key in `data/operator.key`, an
//! administrator's, or by the key of a user, who has a role.
//! One file a resource; handlers read, ask, and answer.

mod abnormalities;
mod api;
mod blocks;
mod caller;
mod check;
mod decide;
mod devices;
mod error;
mod evacuation;
mod events;
mod export;
mod field;
mod health;
mod import;
mod lists;
mod login;
mod lots;
mod occupancy;
mod openapi;
mod permits;
mod places;
mod proof;
mod read;
mod reconcile;
mod reference;
mod registry;
mod stays;
mod summary;
mod users;
mod webhooks;
mod words;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::{Extension, Router};
use boshi_protocol::id::LotId;
use boshi_service::key::Key;
use schemars::JsonSchema;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use self::api::{Api, Described};
use self::caller::{Gate, authorize};
use self::error::ApiError;
use self::export::export;
pub(crate) use self::lists::asked_for;
use self::lists::{Listing, list};
use self::openapi::Document;
use self::words::Tag;
use crate::commands::Commands;
use crate::counts::Counts;
use crate::desk::Desk;
use crate::events::{Places, Tail};
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
use crate::webhooks::Webhooks;

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
    pub(crate) counts: Counts,
    /// How far clocks may be off; zero when it does not matter (D-4).
    pub(crate) window: Duration,
    /// Whole months whose records are here, beside the present one; older ones are in the archive.
    pub(crate) months: u8,
    pub(crate) tail: Arc<Tail>,
    pub(crate) webhooks: Webhooks,
    pub(crate) places: Arc<Places>,
    /// The platform is to stop: streams end.
    pub(crate) stop: CancellationToken,
}

type Shared = State<Arc<Operators>>;

/// The routes; all but those that say otherwise need `key` or a user's.
pub(crate) fn router(operators: Arc<Operators>, key: Key) -> Router {
    let (routes, operations) = api().finish();
    let described = Arc::new(Described::of(&operations));
    let gate = Gate {
        operators: Arc::clone(&operators),
        key,
        described: Arc::clone(&described),
    };
    let not_allowed = async move |request: Request| described.not_allowed(&request);
    routes
        .fallback(async |request: Request| unknown(&request))
        .method_not_allowed_fallback(not_allowed)
        .layer(from_fn_with_state(gate, authorize))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(Extension(Arc::new(Document::of(&operations))))
        .layer(from_fn_with_state(Arc::clone(&operators), counted))
        .with_state(operators)
}

/// Every route, in the order of the document.
fn api() -> Api {
    Api::default()
        .with(lots::routes)
        .with(check::routes)
        .with(places::routes)
        .with(devices::routes)
        .with(evacuation::routes)
        .with(records)
        .with(proof::routes)
        .with(reconcile::routes)
        .with(summary::routes)
        .with(stays::routes)
        .with(occupancy::routes)
        .with(abnormalities::routes)
        .with(plates)
        .with(decide::routes)
        .with(registry::routes)
        .with(users::routes)
        .with(login::routes)
        .with(events::routes)
        .with(webhooks::routes)
        .with(health::routes)
        .with(openapi::routes)
        .with(reference::routes)
}

/// What there is of each lot, newest first.
fn records(api: Api) -> Api {
    let api = listed::<RecognitionRow>(
        api,
        "recognitions",
        Tag::Records,
        "识别记录",
        "Recognitions",
    );
    let api = listed::<CrossingRow>(api, "crossings", Tag::Records, "过闸记录", "Crossings");
    let api = listed::<StayRow>(api, "stays", Tag::Stays, "停车记录", "Stays");
    let api = listed::<CorrectionRow>(api, "corrections", Tag::Stays, "车牌更正", "Corrections");
    let api = listed::<AbnormalityRow>(
        api,
        "abnormalities",
        Tag::Abnormalities,
        "异常",
        "Abnormalities",
    );
    let api = listed::<DecisionRow>(api, "decisions", Tag::Decisions, "放行判断", "Decisions");
    let api = listed::<CommandRow>(
        api,
        "commands",
        Tag::Gates,
        "命令及结果",
        "Commands, and how they ended",
    );
    let api = listed::<OutageRow>(api, "outages", Tag::Records, "断线", "Outages");
    listed::<AuditRow>(api, "audit", Tag::Records, "操作审计", "Who did what")
}

/// Which plates may pass, and which may not.
fn plates(api: Api) -> Api {
    let api = listed::<PermitRow>(api, "permits", Tag::Plates, "许可", "Permits");
    let api = listed::<BlockRow>(api, "blocks", Tag::Plates, "黑名单", "The block list");
    api.with(permits::routes)
        .with(blocks::routes)
        .with(import::routes)
}

/// A list, and the same as a table.
fn listed<T: Listed + Serialize + JsonSchema + Send + 'static>(
    api: Api,
    name: &str,
    tag: Tag,
    zh: &'static str,
    en: &'static str,
) -> Api {
    let to_list = api::get(format!("/{name}"))
        .is(format!("list_{name}"), tag, zh, en)
        .query(lists::known::<T>())
        .json::<Listing<T>>();
    let to_export = api::get(format!("/{name}/export"))
        .is(format!("export_{name}"), tag, zh, en)
        .query(export::known::<T>())
        .text("text/csv");
    api.on(to_list, list::<T>).on(to_export, export::<T>)
}

/// What the document says of every route.
#[cfg(test)]
fn described() -> Vec<api::Operation> {
    api().finish().1
}

/// Does `work` to its end, also when whoever asked for it has hung up: what is on disk and what
/// everybody works with are changed together.
async fn as_a_whole<T, F>(
    operators: &Arc<Operators>,
    work: impl FnOnce(Arc<Operators>) -> F,
) -> Result<T, ApiError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, ApiError>> + Send + 'static,
{
    let work = work(Arc::clone(operators));
    // Also waited for when the platform stops.
    let done = operators.registrar.tasks.spawn(work).await;
    done.unwrap_or_else(|_| Err(ApiError::unavailable("处理中断")))
}

impl Operators {
    fn lot(&self, id: &str) -> Result<Arc<Lot>, ApiError> {
        let found = LotId::new(id).ok().and_then(|id| self.lots.get(&id));
        found.ok_or_else(|| ApiError::not_found("lot", format!("没有车场 {id:?}")))
    }
}

/// Counts by method and status, so that what fails is seen from outside.
async fn counted(State(operators): Shared, request: Request, next: Next) -> Response {
    let method = match request.method().as_str() {
        known @ ("GET" | "POST" | "PUT" | "DELETE") => known.to_owned(),
        _ => "other".to_owned(),
    };
    let response = next.run(request).await;
    let status = response.status().as_u16();
    operators.counts.operator(&method, status);
    response
}

fn unknown(request: &Request) -> ApiError {
    let (method, path) = (request.method(), request.uri().path());
    ApiError::not_found("path", format!("没有此接口：{method} {path}"))
}

#[cfg(test)]
mod tests;
