//! `POST /dahua/KEY/…`: what cameras push, answered as soon as it is on disk. They send again what is
//! not answered with `Result`.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use futures_util::future::BoxFuture;
use serde_json::json;

use super::State;
use super::message::{self, Said};
use crate::devices::answer::Answer;
use crate::devices::intake::Untaken;
use crate::devices::push::{Push, Pushes};
use crate::devices::teller::Teller;

/// A camera, and where what it says goes.
#[derive(Debug)]
pub(super) struct PushingCamera {
    seen: Arc<State>,
    teller: Teller,
}

impl Pushes for PushingCamera {
    fn take(&self, push: Push) -> BoxFuture<'_, Response> {
        Box::pin(async move {
            let answer = self.receive(push).await;
            answer.unwrap_or_else(Answer::into_response)
        })
    }
}

impl PushingCamera {
    pub(super) fn new(seen: Arc<State>, teller: Teller) -> PushingCamera {
        PushingCamera { seen, teller }
    }

    async fn receive(&self, push: Push) -> Result<Response, Answer> {
        let body = &push.body;
        let (said, camera) = match push.too_long().map_or_else(|| message::read(body), Err) {
            Ok(read) => read,
            // It would make no more sense a second time.
            Err(why) => {
                let name = &self.seen.config.name;
                tracing::warn!(name, why, "a camera says what cannot be read");
                self.seen.health.nonsense(&why, body);
                return Ok(axum::Json(json!({"Result": true})).into_response());
            }
        };
        self.is_it(camera.as_deref())?;
        let news = (said != Said::Beat).then_some(&**body);
        self.seen.heard(news, &self.teller).await;
        if let Said::Plate(seen) = &said {
            match self.teller.tell_whole(self.seen.plate(seen)).await {
                Ok(()) => {}
                Err(Untaken::Never(why)) => self.seen.health.faulty(&why),
                Err(Untaken::Later) => return Err(Answer::Busy),
            }
        }
        if let Said::Other(fields) = &said {
            tracing::debug!(fields, "a camera says what is of no use");
        }
        Ok(axum::Json(message::reply(&said, camera.as_deref())).into_response())
    }

    fn is_it(&self, camera: Option<&str>) -> Result<(), Answer> {
        let config = &self.seen.config;
        match (config.serial.as_deref(), camera) {
            (Some(expected), Some(camera)) if !camera.eq_ignore_ascii_case(expected) => {
                let why = format!("字段 DeviceID 收到 {camera:?}，此地址应为 {expected:?}");
                self.seen.health.faulty(&why);
                tracing::warn!(name = config.name, why, "another camera pushes here");
                Err(Answer::Wrong(why))
            }
            _ => Ok(()),
        }
    }
}
