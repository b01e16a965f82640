//! The alert stream of a camera: a call whose answer never ends, opened anew whenever it does.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::State;
use super::event::{self, Said};
use super::isapi;
use super::multipart::{self, Kind, Parts, PartsError};
use crate::devices::caller::Caller;
use crate::devices::teller::Teller;

/// Pause before a stream that ended is opened again.
const AGAIN: Duration = Duration::from_secs(1);

/// Listens to one camera.
#[derive(Debug)]
pub(crate) struct Listener {
    seen: Arc<State>,
    caller: Caller,
}

/// Why a stream ends.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("{0}")]
    Call(String),
    #[error("事件流的 Content-Type 为 {0:?}，应为 multipart")]
    Kind(String),
    #[error("事件流中断：{0}")]
    Broken(reqwest::Error),
    #[error("事件流被相机关闭")]
    Closed,
    #[error("事件流 {0:?} 内没有任何内容")]
    Silent(Duration),
    #[error(transparent)]
    Parts(#[from] PartsError),
}

impl Listener {
    pub(super) fn new(seen: Arc<State>, caller: Caller) -> Listener {
        Listener { seen, caller }
    }

    /// Listens until `stop`.
    pub(crate) async fn run(mut self, teller: Teller, stop: CancellationToken) {
        let listening = async {
            let mut latest = String::new();
            loop {
                let Err(end) = self.listen(&teller).await;
                let (name, why) = (&self.seen.config.name, end.to_string());
                self.seen.health.faulty(&why);
                if latest != why {
                    tracing::warn!(name, why, "there is no alert stream");
                }
                latest = why;
                tokio::time::sleep(AGAIN).await;
            }
        };
        stop.run_until_cancelled(listening).await;
    }

    async fn listen(&mut self, teller: &Teller) -> Result<std::convert::Infallible, End> {
        let answer = self.caller.listen(isapi::ALERT_STREAM).await;
        let mut response = answer.map_err(|error| End::Call(error.to_string()))?;
        if response.status() != reqwest::StatusCode::OK {
            let code = format!(
                "HTTP {} {}",
                response.status().as_u16(),
                isapi::ALERT_STREAM
            );
            return Err(End::Call(isapi::refusal(&code, None)));
        }
        let mut parts = Parts::new(&boundary(&response)?);
        let name = &self.seen.config.name;
        tracing::debug!(name, "an alert stream is open");
        loop {
            let bytes = self.heard(&mut response).await?;
            parts.push(&bytes);
            while let Some(part) = parts.next()? {
                // Pictures, where there are any, come behind what has been told already.
                if matches!(part.kind, Kind::Xml | Kind::Unknown) {
                    self.take(&part.body, teller).await;
                }
            }
        }
    }

    async fn heard(&self, response: &mut Response) -> Result<Bytes, End> {
        let silence = self.seen.config.alert_silence;
        let piece = timeout(silence, response.chunk()).await;
        let piece = piece.map_err(|_| End::Silent(silence))?;
        let piece = piece.map_err(|error| End::Broken(error.without_url()))?;
        self.seen.health.heard_again();
        piece.ok_or(End::Closed)
    }

    async fn take(&self, document: &[u8], teller: &Teller) {
        match event::read(document) {
            Ok(Said::Plate(seen)) => {
                self.seen.health.heard(document);
                teller.tell(self.seen.plate(*seen, None)).await;
            }
            Ok(Said::Input(input)) => {
                self.seen.health.heard(document);
                self.seen.nudge(input);
            }
            Ok(Said::Beat) => {}
            Ok(Said::Other(kind)) => tracing::debug!(kind, "a camera tells what is of no use"),
            Err(error) => self.seen.complains(&error.to_string()),
        }
    }
}

fn boundary(response: &Response) -> Result<String, End> {
    let kind = response.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|it| it.to_str().ok()).unwrap_or_default();
    multipart::boundary(kind).ok_or_else(|| End::Kind(kind.chars().take(80).collect()))
}
