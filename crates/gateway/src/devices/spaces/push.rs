//! `POST /spaces/KEY`: what guidance systems and cameras report of parking spaces.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use boshi_protocol::time::WireTime;
use boshi_service::key::Key;
use futures_util::stream;
use jiff::Timestamp;
use multer::Multipart;
use serde_json::{Value, json};

use super::{Message, Outcome, Spaces};
use crate::config::SpacesDialect;
use crate::devices::intake::collect;
use crate::devices::parts::boundary;
use crate::devices::teller::Teller;

/// A system that pushes, its key, and where what it says goes.
#[derive(Debug)]
pub(crate) struct PushingSpaces {
    key: Key,
    spaces: Spaces,
    teller: Teller,
}

impl PushingSpaces {
    /// None when it does not push.
    pub(crate) fn new(spaces: &Spaces, teller: &Teller) -> Option<PushingSpaces> {
        let key = spaces.0.config.key.as_ref()?;
        Some(PushingSpaces {
            key: Key::of(key.expose()),
            spaces: spaces.clone(),
            teller: teller.clone(),
        })
    }
}

type Shared = Arc<Vec<PushingSpaces>>;

/// The routes for systems, which may have another address for each kind of push.
pub(crate) fn router(systems: Vec<PushingSpaces>) -> Router {
    Router::new()
        .route("/spaces/{key}", post(one))
        .route("/spaces/{key}/{*rest}", post(several))
        .with_state(Arc::new(systems))
}

async fn one(State(systems): State<Shared>, Path(key): Path<String>, request: Request) -> Response {
    answered(&systems, &key, request).await
}

async fn several(
    State(systems): State<Shared>,
    Path((key, _)): Path<(String, String)>,
    request: Request,
) -> Response {
    answered(&systems, &key, request).await
}

async fn answered(systems: &[PushingSpaces], key: &str, request: Request) -> Response {
    // Takes the same time whichever key fits (D-7).
    let found = systems.iter().fold(
        None,
        |found, it| if it.key.opens(key) { Some(it) } else { found },
    );
    let Some(system) = found else {
        let body = json!({"ok": false, "error": "地址中的密钥不符"});
        return (StatusCode::UNAUTHORIZED, axum::Json(body)).into_response();
    };
    system.receive(request).await
}

impl PushingSpaces {
    async fn receive(&self, request: Request) -> Response {
        let places = Arc::clone(&self.spaces.0.pushes);
        let Ok(_place) = places.try_acquire_owned() else {
            let body = json!({"ok": false, "error": "此系统同时推送过多"});
            return (StatusCode::TOO_MANY_REQUESTS, axum::Json(body)).into_response();
        };
        let form = boundary(request.headers());
        let body = match collect(request.into_body()).await {
            Ok(body) => body,
            Err(answer) => return answer.into_response(),
        };
        let (body, picture) = match form {
            None => (body, None),
            Some(boundary) => parts(boundary, body).await,
        };
        let message = Message {
            body: &body,
            in_topic: None,
            picture: picture.as_deref(),
        };
        let Ok(outcome) = self.spaces.hear(&message, false, &self.teller).await else {
            let body = json!({"ok": false, "error": "网关正在停止，请重发"});
            return (StatusCode::SERVICE_UNAVAILABLE, axum::Json(body)).into_response();
        };
        let (status, body) = reply(self.spaces.0.config.speaks, &body, &outcome);
        (status, axum::Json(body)).into_response()
    }
}

/// A camera sends until it is told that it may stop, and what cannot be read would be no better a second
/// time: only whoever can be taught is told what is wrong.
fn reply(speaks: SpacesDialect, body: &[u8], outcome: &Outcome) -> (StatusCode, Value) {
    match (speaks, &outcome.wrong) {
        (SpacesDialect::Json, Some(why)) => {
            let body = json!({"ok": false, "taken": outcome.taken, "error": why});
            (StatusCode::BAD_REQUEST, body)
        }
        (SpacesDialect::Json | SpacesDialect::Hikvision, _) => {
            let body = json!({"ok": true, "taken": outcome.taken});
            (StatusCode::OK, body)
        }
        (SpacesDialect::Dahua, _) => (StatusCode::OK, dahua_reply(body)),
    }
}

fn dahua_reply(body: &[u8]) -> Value {
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    if said.get("Active").is_some() {
        return json!({"Active": true, "DeviceID": said["DeviceID"]});
    }
    json!({"Result": true, "Message": "", "RspTime": clock(Timestamp::now())})
}

/// China's clock, as the maker writes it.
fn clock(at: Timestamp) -> String {
    let wire = WireTime::from_timestamp(at).to_string();
    let (year, rest) = wire.split_at(4);
    let (month, rest) = rest.split_at(2);
    format!("{year}-{month}-{rest}")
}

/// The report of a form, and a picture beside it.
async fn parts(boundary: String, body: Bytes) -> (Bytes, Option<Vec<u8>>) {
    let whole = stream::once(async move { Ok::<_, Infallible>(body) });
    let mut form = Multipart::new(whole, boundary);
    let (mut report, mut picture) = (Bytes::new(), None);
    // What cannot be read of a form is as good as not there.
    while let Ok(Some(part)) = form.next_field().await {
        let is_picture = part.content_type().is_some_and(|it| it.type_() == "image");
        let Ok(bytes) = part.bytes().await else { break };
        if is_picture {
            picture = picture.or_else(|| Some(bytes.to_vec()));
        } else if report.is_empty() {
            report = bytes;
        }
    }
    (report, picture)
}
