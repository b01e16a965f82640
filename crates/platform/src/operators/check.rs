//! `POST /lots/{lot}/check`: calls the lot's gateway and says, step by step, what works.

use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{Path, State};
use boshi_protocol::endpoint::{
    CheckConnect, Endpoint, PlaceQuery, QueryPlaceStatus, QueryUnPushCrossInfo,
    QueryUnPushRecognitionInfo, UnPushedQuery,
};
use boshi_protocol::envelope::Answer;
use boshi_protocol::page::PageRequest;
use boshi_protocol::time::WireTime;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::Shared;
use super::api::{Api, post};
use super::error::ApiError;
use super::words::Tag;
use crate::china::ChinaTime;
use crate::lots::Lot;

/// How long each call may take: an installer waits before the screen.
const TIMEOUT: Duration = Duration::from_secs(5);
/// What the lot is asked about: little, since only the answer matters.
const RECENT: SignedDuration = SignedDuration::from_mins(1);

/// Something that was tried.
#[derive(Serialize, JsonSchema)]
pub(super) struct Tried {
    step: &'static str,
    works: bool,
    /// What was found, or what is wrong.
    found: String,
}

/// Everything that was tried.
#[derive(Serialize, JsonSchema)]
pub(super) struct Checked {
    works: bool,
    steps: Vec<Tried>,
}

pub(super) fn routes(api: Api) -> Api {
    let to_check = post("/lots/{lot}/check")
        .is(
            "check_lot",
            Tag::Lots,
            "检查与车场的连接",
            "Call a lot and say what works",
        )
        .json::<Checked>();
    api.on(to_check, check)
}

async fn check(
    State(operators): Shared,
    Path(lot): Path<String>,
) -> Result<Json<Checked>, ApiError> {
    let lot = operators.lot(&lot)?;
    let now = Timestamp::now();
    let heartbeat = call::<CheckConnect>(&lot, "心跳 checkConnect", &()).await;
    let mut steps = vec![lanes(&lot), heartbeat];
    if steps.last().is_some_and(|heartbeat| heartbeat.works) {
        let since = now.checked_sub(RECENT).unwrap_or(now);
        let recent = UnPushedQuery {
            page: PageRequest::default(),
            begin: WireTime::from_timestamp(since),
            end: Some(WireTime::from_timestamp(now)),
        };
        let places = PlaceQuery {
            page: PageRequest::default(),
            status: None,
            place: None,
        };
        let step = "补取识别 queryUnPushRecognitionInfo";
        steps.push(call::<QueryUnPushRecognitionInfo>(&lot, step, &recent).await);
        let step = "补取过闸 queryUnPushCrossInfo";
        steps.push(call::<QueryUnPushCrossInfo>(&lot, step, &recent).await);
        let step = "车位 queryPlaceStatus";
        steps.push(call::<QueryPlaceStatus>(&lot, step, &places).await);
    }
    steps.push(heard(&lot, operators.window));
    Ok(Json(Checked {
        works: steps.iter().all(|tried| tried.works),
        steps,
    }))
}

async fn call<E: Endpoint>(lot: &Lot, step: &'static str, request: &E::Request) -> Tried {
    let began = Instant::now();
    let answered = lot.peer.call::<E>(request, Timestamp::now(), TIMEOUT).await;
    let (works, found) = match answered {
        Ok(Answer::Accepted { .. }) => (true, format!("{} 毫秒", began.elapsed().as_millis())),
        Ok(Answer::Refused(refusal)) => (false, format!("车场拒绝：{refusal}")),
        Err(fault) => (false, fault.to_string()),
    };
    Tried { step, works, found }
}

fn lanes(lot: &Lot) -> Tried {
    let lanes = lot.entry.lanes.len();
    Tried {
        step: "车道",
        works: lanes > 0,
        found: match lanes {
            0 => "没有车道：无法判断进出方向".to_owned(),
            _ => format!("{lanes} 条"),
        },
    }
}

/// The way from the lot to us, which only the lot can try.
fn heard(lot: &Lot, window: Duration) -> Tried {
    let presence = lot.presence();
    let step = "车场推送";
    if let Some(from) = presence.refused_from {
        return Tried {
            step,
            works: false,
            found: format!("来自 {from} 的请求被拒绝：不在供应商允许的地址之内"),
        };
    }
    let Some(skew) = presence.skew_seconds else {
        return Tried {
            step,
            works: false,
            found: "平台启动以来没有收到车场的请求".to_owned(),
        };
    };
    let last = presence.watch.last_heard().map(ChinaTime::new);
    let last = last
        .map(|last| format!("，最近 {last}"))
        .unwrap_or_default();
    Tried {
        step,
        works: window.is_zero() || skew.unsigned_abs() <= window.as_secs(),
        found: format!("时钟差 {skew} 秒{last}"),
    }
}
