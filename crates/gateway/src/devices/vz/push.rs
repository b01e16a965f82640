//! `POST /vz/KEY`: everything that cameras say, answered at once. Only a question for commands
//! waits for one.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::message::{self, Message, MessageError, Said};
use super::reply::{self, Taken};
use super::{Camera, hx};
use crate::config::VzDialect;
use crate::devices::event::Event;
use crate::devices::intake::Untaken;
use crate::devices::push::{Push, Pushes};
use crate::devices::teller::Teller;

/// A camera, and where what it says goes.
#[derive(Debug)]
pub(super) struct PushingCamera {
    camera: Camera,
    teller: Teller,
    /// Ends the questions that wait.
    stop: CancellationToken,
}

impl PushingCamera {
    pub(super) fn new(camera: Camera, teller: Teller, stop: CancellationToken) -> PushingCamera {
        PushingCamera {
            camera,
            teller,
            stop,
        }
    }
}

impl Pushes for PushingCamera {
    fn take(&self, push: Push) -> BoxFuture<'_, Response> {
        Box::pin(async move {
            match self.receive(push).await {
                Ok(Some(reply)) => axum::Json(reply).into_response(),
                Ok(None) => StatusCode::OK.into_response(),
                Err(otherwise) => otherwise.into_response(),
            }
        })
    }
}

/// Why a push is not answered as usual.
enum Otherwise {
    Refused(StatusCode, String),
    /// It is of no use, and must not come again.
    Useless(Value),
}

impl PushingCamera {
    /// What it is answered; none is an empty body.
    async fn receive(&self, push: Push) -> Result<Option<Value>, Otherwise> {
        if let Some(why) = push.too_long() {
            return Err(self.useless(&why, &push.body));
        }
        let Push { body, place, .. } = push;
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
                    (false, false) => self.camera.command(wait, None).await,
                    (true, _) | (false, true) => None,
                };
                let taken = Taken { plate_id, offline };
                Ok(Some(reply::to_plate(dialect, &taken, command.as_ref())))
            }
            Message::Input { number, level } => {
                // It is told once, whatever the answer is; the next edge comes when it is answered.
                if let Some(event) = self.camera.0.contacts.see(number, level) {
                    self.teller.tell(event).await;
                }
                Ok(reply::to_input(dialect))
            }
            Message::Serial { port, bytes } => {
                self.camera.0.rs485.heard(port, bytes);
                Ok(Some(reply::to_serial()))
            }
            Message::Beat => {
                drop(place);
                Ok(Some(self.asked().await))
            }
            Message::Other(name) => {
                tracing::debug!(name, "a camera says what is of no use");
                Ok(Some(reply::to_others(dialect)))
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
        let useless = self.useless(&error.to_string(), body);
        match self.camera.0.config.dialect {
            VzDialect::Vz => refused(StatusCode::BAD_REQUEST, &error.to_string()),
            VzDialect::Qy | VzDialect::Hx => useless,
        }
    }

    /// It is answered as what was taken.
    fn useless(&self, why: &str, body: &[u8]) -> Otherwise {
        let config = &self.camera.0.config;
        self.camera.0.health.nonsense(why, body);
        tracing::warn!(name = config.name, why, "a camera says what cannot be read");
        let nothing = Taken::default();
        Otherwise::Useless(reply::to_plate(config.dialect, &nothing, None))
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
    async fn asked(&self) -> Value {
        let config = &self.camera.0.config;
        self.camera.has_taken();
        if !config.comet {
            return reply::to_beat(config.dialect, None);
        }
        let place = Arc::clone(&self.camera.0.polls).try_acquire_owned();
        let Ok(_place) = place else {
            return reply::to_beat(config.dialect, None);
        };
        let question = self.camera.0.mailbox.asked();
        let asking = self.camera.command(config.waits(), Some(&question));
        let command = self.stop.run_until_cancelled(asking).await.flatten();
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
            Otherwise::Useless(reply) => axum::Json(reply).into_response(),
        }
    }
}
