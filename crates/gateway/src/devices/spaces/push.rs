//! `POST /spaces/KEY`: what guidance systems and cameras report of parking spaces.

use std::convert::Infallible;

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use boshi_protocol::time::WireTime;
use futures_util::future::BoxFuture;
use futures_util::stream;
use jiff::Timestamp;
use multer::Multipart;
use serde_json::{Value, json};

use super::{Message, Outcome, Spaces};
use crate::config::SpacesDialect;
use crate::devices::parts::boundary;
use crate::devices::push::{Push, Pushes};
use crate::devices::teller::Teller;

/// A system that pushes, and where what it says goes.
#[derive(Debug)]
pub(super) struct PushingSpaces {
    spaces: Spaces,
    teller: Teller,
}

impl Pushes for PushingSpaces {
    fn at_once(&self) -> usize {
        8
    }

    fn take(&self, push: Push) -> BoxFuture<'_, Response> {
        Box::pin(self.receive(push))
    }
}

impl PushingSpaces {
    pub(super) fn new(spaces: Spaces, teller: Teller) -> PushingSpaces {
        PushingSpaces { spaces, teller }
    }

    async fn receive(&self, push: Push) -> Response {
        let speaks = self.spaces.0.config.speaks;
        if let Some(why) = push.too_long() {
            self.spaces.faulty(&why);
            let outcome = Outcome {
                taken: 0,
                wrong: Some(why),
            };
            let (status, body) = reply(speaks, &push.body, &outcome);
            return (status, axum::Json(body)).into_response();
        }
        let (body, picture) = match boundary(&push.headers) {
            None => (push.body, None),
            Some(boundary) => parts(boundary, push.body).await,
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
        let (status, body) = reply(speaks, &body, &outcome);
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
