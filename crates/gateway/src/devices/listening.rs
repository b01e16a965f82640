//! A call to a camera whose answer never ends: parts in which it tells what happens, called anew
//! whenever that ends.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Response, StatusCode};
use tokio::time::timeout;

use super::caller::Caller;
use super::multipart::{self, Part, Parts, PartsError};

/// Pause before a stream that ended is opened again: a camera that has just started is not asked all
/// the time, and no vehicle waits for long.
const AGAIN: Duration = Duration::from_secs(1);

/// Longest content type that is repeated, in characters.
const MAX_SHOWN_CHARS: usize = 80;

/// A stream that is open.
#[derive(Debug)]
pub(super) struct PartStream {
    response: Response,
    parts: Parts,
    /// How long it may be without a byte.
    silence: Duration,
}

/// Why a stream ends, or does not begin.
#[derive(Debug, thiserror::Error)]
pub(super) enum End {
    #[error("{0}")]
    Call(String),
    #[error("事件流收到 HTTP {0}，应为 200")]
    Status(u16),
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

impl PartStream {
    /// Calls for it.
    pub(super) async fn open(
        caller: &mut Caller,
        path: &str,
        silence: Duration,
    ) -> Result<PartStream, End> {
        let answer = caller.listen(path).await;
        let response = answer.map_err(|error| End::Call(error.to_string()))?;
        if response.status() != StatusCode::OK {
            return Err(End::Status(response.status().as_u16()));
        }
        let parts = Parts::new(&boundary(&response)?);
        Ok(PartStream {
            response,
            parts,
            silence,
        })
    }

    /// Waits until more of it has come, which shows that the camera is there.
    pub(super) async fn more(&mut self) -> Result<(), End> {
        let piece = timeout(self.silence, self.response.chunk()).await;
        let piece = piece.map_err(|_| End::Silent(self.silence))?;
        let piece = piece.map_err(|error| End::Broken(error.without_url()))?;
        self.parts.push(&piece.ok_or(End::Closed)?);
        Ok(())
    }

    /// The next part, if it has come whole.
    pub(super) fn part(&mut self) -> Result<Option<Part>, End> {
        Ok(self.parts.next()?)
    }
}

fn boundary(response: &Response) -> Result<String, End> {
    let kind = response.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|it| it.to_str().ok()).unwrap_or_default();
    let shown = || kind.chars().take(MAX_SHOWN_CHARS).collect();
    multipart::boundary(kind).ok_or_else(|| End::Kind(shown()))
}

/// Why the stream of one camera ended last.
#[derive(Debug, Default)]
pub(super) struct Ends {
    latest: String,
}

impl Ends {
    /// It ended: logged when that is for another reason than before, and waited for until it is to be
    /// opened again.
    pub(super) async fn pause(&mut self, name: &str, why: String) {
        if self.latest != why {
            tracing::warn!(name, why, "there is no stream of events");
        }
        self.latest = why;
        tokio::time::sleep(AGAIN).await;
    }
}
