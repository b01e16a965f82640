//! `POST /vz/KEY`: everything that cameras say, answered at once. Only a question for commands
//! waits for one.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use boshi_service::key::Key;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::message::{self, Message, MessageError, Said};
use super::reply::{self, Taken};
use super::{Camera, hx};
use crate::config::VzDialect;
use crate::devices::event::Event;
use crate::devices::intake::{Answer, Untaken, collect};
use crate::devices::teller::Teller;

/// Every camera that pushes.
#[derive(Debug)]
pub(crate) struct Cameras {
    pub(crate) cameras: Vec<PushingCamera>,
    /// Ends the questions that wait.
    pub(crate) stop: CancellationToken,
}

/// A camera, its key, and where what it says goes.
#[derive(Debug)]
pub(crate) struct PushingCamera {
    key: Key,
    camera: Camera,
    teller: Teller,
}

impl PushingCamera {
    pub(crate) fn new(camera: Camera, teller: Teller) -> PushingCamera {
        let key = Key::of(camera.0.config.key.expose());
        PushingCamera {
            key,
            camera,
            teller,
        }
    }
}

/// Why a push is not answered as usual.
enum Otherwise {
    Refused(StatusCode, String),
    /// It did not arrive.
    NotWhole(Answer),
    /// It is of no use, and must not come again.
    Useless(Value),
}

/// The routes for cameras, which may have another address for each kind of push.
pub(crate) fn router(cameras: Arc<Cameras>) -> Router {
    Router::new()
        .route("/vz/{key}", post(one))
        .route("/vz/{key}/{*rest}", post(several))
        .route("/hx/{key}", post(one))
        .route("/hx/{key}/{*rest}", post(several))
        .with_state(cameras)
}

async fn one(
    State(cameras): State<Arc<Cameras>>,
    Path(key): Path<String>,
    request: Request,
) -> Response {
    answered(&cameras, &key, request).await
}

async fn several(
    State(cameras): State<Arc<Cameras>>,
    Path((key, _)): Path<(String, String)>,
    request: Request,
) -> Response {
    answered(&cameras, &key, request).await
}

async fn answered(cameras: &Cameras, key: &str, request: Request) -> Response {
    // Takes the same time whichever key fits (D-7).
    let found = cameras.cameras.iter();
    let found = found.fold(
        None,
        |found, it| if it.key.opens(key) { Some(it) } else { found },
    );
    let Some(attached) = found else {
        return refused(StatusCode::UNAUTHORIZED, "地址中的密钥不符").into_response();
    };
    match attached.receive(request, &cameras.stop).await {
        Ok(reply) => axum::Json(reply).into_response(),
        Err(otherwise) => otherwise.into_response(),
    }
}

impl PushingCamera {
    async fn receive(
        &self,
        request: Request,
        stop: &CancellationToken,
    ) -> Result<Value, Otherwise> {
        let places = Arc::clone(&self.camera.0.pushes);
        let place = places.try_acquire_owned();
        let place =
            place.map_err(|_| refused(StatusCode::TOO_MANY_REQUESTS, "此相机同时推送过多"))?;
        let body = collect(request.into_body()).await;
        let body = body.map_err(Otherwise::NotWhole)?;
        let Said { serial, message } = self.read(&body)?;
        self.is_it(serial.as_deref())?;
        let news = (!matches!(message, Message::Beat)).then_some(&*body);
        self.camera.heard(news, &self.teller).await;
        let dialect = self.camera.0.config.dialect;
        match message {
            Message::Plate(mut seen) => {
                let plate_id = seen.plate_id.take();
                let offline = seen.offline;
                let event = self.camera.plate(*seen);
                self.tell(event).await?;
                let wait = self.camera.0.config.reply_wait;
                let command = match (wait.is_zero(), offline) {
                    (false, false) => self.camera.command(wait).await,
                    (true, _) | (false, true) => None,
                };
                let taken = Taken { plate_id, offline };
                Ok(reply::to_plate(dialect, &taken, command.as_ref()))
            }
            Message::Input { number, level } => {
                if let Some(event) = self.camera.input(number, level) {
                    self.tell(event).await?;
                }
                Ok(reply::to_others(dialect))
            }
            Message::Serial { port, bytes } => {
                self.camera.0.rs485.heard(port, bytes);
                Ok(reply::to_serial())
            }
            Message::Beat => {
                drop(place);
                Ok(self.asked(stop).await)
            }
            Message::Other(name) => {
                tracing::debug!(name, "a camera says what is of no use");
                Ok(reply::to_others(dialect))
            }
        }
    }

    fn read(&self, body: &Bytes) -> Result<Said, Otherwise> {
        let config = &self.camera.0.config;
        let said = match config.dialect {
            VzDialect::Hx => hx::read(body, config.clock, config.surest),
            dialect @ (VzDialect::Vz | VzDialect::Qy) => message::read(body, dialect, config.clock),
        };
        said.map_err(|error| self.unreadable(body, &error))
    }

    /// What is sent again cannot be read either: a camera that goes on until it is told to stop is
    /// told so.
    fn unreadable(&self, body: &[u8], error: &MessageError) -> Otherwise {
        let config = &self.camera.0.config;
        self.camera.0.health.nonsense(&error.to_string(), body);
        tracing::warn!(name = config.name, %error, "a camera says what cannot be read");
        match config.dialect {
            VzDialect::Vz => refused(StatusCode::BAD_REQUEST, &error.to_string()),
            VzDialect::Qy | VzDialect::Hx => {
                let nothing = Taken::default();
                Otherwise::Useless(reply::to_plate(config.dialect, &nothing, None))
            }
        }
    }

    fn is_it(&self, serial: Option<&str>) -> Result<(), Otherwise> {
        let config = &self.camera.0.config;
        let (Some(expected), Some(serial)) = (config.serial.as_deref(), serial) else {
            return Ok(());
        };
        if serial.eq_ignore_ascii_case(expected) {
            return Ok(());
        }
        let why = format!("字段 serialno 收到 {serial:?}，此地址应为 {expected:?}");
        self.camera.0.health.faulty(&why);
        tracing::warn!(name = config.name, why, "another camera pushes here");
        Err(refused(StatusCode::FORBIDDEN, &why))
    }

    /// What makes no sense is logged, and would make no more sense a second time.
    async fn tell(&self, event: Event) -> Result<(), Otherwise> {
        match self.teller.tell_whole(event).await {
            Ok(()) => Ok(()),
            Err(Untaken::Never(why)) => {
                self.camera.0.health.faulty(&why);
                Ok(())
            }
            Err(Untaken::Later) => {
                let why = "网关正在停止，请重发";
                Err(refused(StatusCode::SERVICE_UNAVAILABLE, why))
            }
        }
    }

    /// A question for commands.
    async fn asked(&self, stop: &CancellationToken) -> Value {
        let config = &self.camera.0.config;
        self.camera.has_taken();
        if !config.comet {
            return reply::to_beat(config.dialect, None);
        }
        let place = Arc::clone(&self.camera.0.polls).try_acquire_owned();
        let Ok(_place) = place else {
            return reply::to_beat(config.dialect, None);
        };
        let asking = self.camera.command(config.waits());
        let command = stop.run_until_cancelled(asking).await.flatten();
        reply::to_beat(config.dialect, command.as_ref())
    }
}

fn refused(status: StatusCode, error: &str) -> Otherwise {
    Otherwise::Refused(status, error.to_owned())
}

impl Otherwise {
    fn into_response(self) -> Response {
        match self {
            Otherwise::Refused(status, error) => {
                let body = json!({"ok": false, "error": error});
                (status, axum::Json(body)).into_response()
            }
            Otherwise::NotWhole(answer) => answer.into_response(),
            Otherwise::Useless(reply) => axum::Json(reply).into_response(),
        }
    }
}
