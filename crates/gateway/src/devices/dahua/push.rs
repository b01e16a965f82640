//! `POST /dahua/KEY/…`: what cameras push, answered as soon as it is on disk. They send again what is
//! not answered with `Result`.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State as Extracted};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use boshi_service::key::Key;
use serde_json::json;

use super::message::{self, Said};
use super::{Camera, State};
use crate::devices::intake::{Answer, Untaken, collect};
use crate::devices::teller::Teller;

/// A camera, its key, and where what it says goes.
#[derive(Debug)]
pub(crate) struct PushingCamera {
    key: Key,
    seen: Arc<State>,
    teller: Teller,
}

impl PushingCamera {
    pub(crate) fn new(camera: &Camera, teller: Teller) -> PushingCamera {
        PushingCamera {
            key: Key::of(camera.seen.config.key.expose()),
            seen: Arc::clone(&camera.seen),
            teller,
        }
    }
}

type Cameras = Arc<Vec<PushingCamera>>;

/// The routes for cameras, which have another address for each kind of push.
pub(crate) fn router(cameras: Vec<PushingCamera>) -> Router {
    Router::new()
        .route("/dahua/{key}", post(one))
        .route("/dahua/{key}/{*rest}", post(several))
        .with_state(Arc::new(cameras))
}

async fn one(
    Extracted(cameras): Extracted<Cameras>,
    Path(key): Path<String>,
    request: Request,
) -> Response {
    answered(&cameras, &key, request).await
}

async fn several(
    Extracted(cameras): Extracted<Cameras>,
    Path((key, _)): Path<(String, String)>,
    request: Request,
) -> Response {
    answered(&cameras, &key, request).await
}

async fn answered(cameras: &[PushingCamera], key: &str, request: Request) -> Response {
    // Takes the same time whichever key fits (D-7).
    let found = cameras.iter();
    let found = found.fold(
        None,
        |found, it| if it.key.opens(key) { Some(it) } else { found },
    );
    let Some(camera) = found else {
        return Answer::Stranger.into_response();
    };
    camera
        .receive(request)
        .await
        .unwrap_or_else(Answer::into_response)
}

impl PushingCamera {
    async fn receive(&self, request: Request) -> Result<Response, Answer> {
        let place = Arc::clone(&self.seen.pushes).try_acquire_owned();
        let _place = place.map_err(|_| Answer::TooMany)?;
        let body = collect(request.into_body()).await?;
        let (said, camera) = match message::read(&body) {
            Ok(read) => read,
            // It would make no more sense a second time.
            Err(why) => {
                let name = &self.seen.config.name;
                tracing::warn!(name, why, "a camera says what cannot be read");
                self.seen.health.nonsense(&why, &body);
                return Ok(axum::Json(json!({"Result": true})).into_response());
            }
        };
        self.is_it(camera.as_deref())?;
        let news = (said != Said::Beat).then_some(&*body);
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
