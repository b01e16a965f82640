//! `GET /local/v1/happenings`: what happens from now on, a JSON object a line.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, StreamExt as _};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};

use super::Local;
use crate::lot::Happening;

/// How many lines wait for a slow reader before it misses some.
const LINES_QUEUED: usize = 256;

pub(super) async fn happenings(State(local): State<Arc<Local>>) -> Response {
    let (sender, receiver) = mpsc::channel(LINES_QUEUED);
    for lot in &local.lots {
        let pass_on = pass_on(lot.driver.watch(), sender.clone());
        let stop = local.stop.clone();
        tokio::spawn(stop.run_until_cancelled_owned(pass_on));
    }
    drop(sender);
    let lines = stream::unfold(receiver, async |mut receiver| {
        let line = receiver.recv().await?;
        Some((Ok::<_, std::convert::Infallible>(line), receiver))
    });
    let headers = [(header::CONTENT_TYPE, "application/x-ndjson")];
    (headers, Body::from_stream(lines.boxed())).into_response()
}

/// Passes on until the lot or the reader has gone. Who was too slow is told how much he missed.
async fn pass_on(mut from: broadcast::Receiver<Happening>, to: mpsc::Sender<Bytes>) {
    loop {
        let line = tokio::select! {
            () = to.closed() => return,
            next = from.recv() => match next {
                Ok(happening) => serde_json::to_string(&happening).unwrap_or_default(),
                Err(RecvError::Lagged(missed)) => {
                    json!({"what": "missed", "count": missed}).to_string()
                }
                Err(RecvError::Closed) => return,
            },
        };
        if to.send(Bytes::from(line + "\n")).await.is_err() {
            return;
        }
    }
}
