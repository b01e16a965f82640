//! `GET /lots`: which lots there are, and how they are.

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use super::Shared;
use super::api::{Api, get};
use super::caller::Caller;
use super::words::Tag;
use crate::china::ChinaTime;
use crate::lots::Lot;
use crate::reconcile::Counts;
use crate::watch::Standing;

/// A lot.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Lot")]
pub(super) struct LotView {
    lot: String,
    name: String,
    supplier: String,
    base_url: String,
    /// `unheard`, `up`, `suspected` or `outage`.
    state: &'static str,
    online: bool,
    last_heard: Option<ChinaTime>,
    outage_since: Option<ChinaTime>,
    /// Why the last heartbeat failed, if it did.
    fault: Option<String>,
    /// By how many seconds its clock was ahead of ours in its last call (D-4).
    skew_seconds: Option<i64>,
    /// Whether that is more than half of what is allowed.
    skew_alarm: bool,
    reconciled: Option<Reconciled>,
}

/// How the last pass ended that fetched what the lot could not push (D-19).
#[derive(Serialize, JsonSchema)]
struct Reconciled {
    began: ChinaTime,
    #[serde(flatten)]
    counts: Option<Counts>,
    error: Option<String>,
}

/// A list of all lots.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Lots")]
pub(super) struct Listing {
    items: Vec<LotView>,
}

pub(super) fn routes(api: Api) -> Api {
    let to_list = get("/lots")
        .is(
            "list_lots",
            Tag::Lots,
            "车场及其状态",
            "Which lots there are, and how they are",
        )
        .json::<Listing>();
    api.on(to_list, list)
}

async fn list(State(operators): Shared, caller: Caller) -> Json<Listing> {
    let allowed = operators.window.as_secs();
    let lots = operators.lots.all();
    let lots = lots.iter().filter(|lot| caller.rights.reach(&lot.id));
    Json(Listing {
        items: lots.map(|lot| view(lot, allowed)).collect(),
    })
}

fn view(lot: &Lot, allowed: u64) -> LotView {
    let presence = lot.presence().clone();
    let standing = presence.watch.standing();
    let (state, online, outage) = match standing {
        Standing::Unheard { .. } => ("unheard", false, None),
        Standing::Up => ("up", true, None),
        Standing::Suspected { .. } => ("suspected", true, None),
        Standing::Outage { since } => ("outage", false, Some(since)),
    };
    let skew = presence.skew_seconds;
    let skew_alarm = presence.skew_alarm(allowed).is_some();
    LotView {
        lot: lot.id.to_string(),
        name: lot.entry.name.clone(),
        supplier: lot.entry.supplier.clone(),
        base_url: lot.entry.base_url.clone(),
        state,
        online,
        last_heard: presence.watch.last_heard().map(ChinaTime::new),
        outage_since: outage.map(ChinaTime::new),
        fault: presence.heartbeat.and_then(Result::err),
        skew_seconds: skew,
        skew_alarm,
        reconciled: presence.pass.map(|pass| Reconciled {
            began: ChinaTime::new(pass.began),
            counts: pass.result.as_ref().ok().copied(),
            error: pass.result.err(),
        }),
    }
}
