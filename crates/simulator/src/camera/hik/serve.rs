//! What a camera is asked and told over HTTP.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State as Extracted};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, put};
use futures_util::stream;

use super::document::{self, text};
use super::{HikFault, HikGate, HikOrder, INPUTS, Inner, lock};

/// The beginning of a JPEG.
const PICTURE: [u8; 6] = [0xFF, 0xD8, 0xFF, 0xE0, 0, 0x10];

/// The routes of a camera.
pub(super) fn routes(inner: Arc<Inner>) -> Router {
    Router::new()
        .route("/ISAPI/System/deviceInfo", get(device_info))
        .route("/ISAPI/System/status", get(status))
        .route("/ISAPI/System/time", get(time))
        .route("/ISAPI/Event/triggers", get(triggers))
        .route("/ISAPI/System/IO/inputs/{number}/status", get(input))
        .route("/ISAPI/System/IO/outputs/{number}/trigger", put(output))
        .route("/ISAPI/Parking/channels/{channel}/barrierGate", put(drive))
        .route(
            "/ISAPI/Parking/channels/{channel}/barrierGate/barrierGateStatus",
            get(gate),
        )
        .route("/ISAPI/Streaming/channels/101/picture", get(picture))
        .route("/ISAPI/Event/notification/alertStream", get(alerts))
        .route("/ISAPI/Event/notification/httpHosts/{id}", put(host))
        .layer(from_fn_with_state(Arc::clone(&inner), log_in))
        .with_state(inner)
}

async fn log_in(Extracted(inner): Extracted<Arc<Inner>>, request: Request, next: Next) -> Response {
    if inner.lock().fault == HikFault::Dead {
        return std::future::pending().await;
    }
    let shown = request.headers().get(header::AUTHORIZATION);
    let shown = shown.and_then(|it| it.to_str().ok());
    let path = request.uri().path_and_query();
    let path = path.map_or("", |it| it.as_str());
    let method = request.method().as_str();
    let demanded = lock(&inner.login).let_in(method, path, shown);
    if let Err(challenge) = demanded {
        let header = [(header::WWW_AUTHENTICATE, challenge)];
        return (StatusCode::UNAUTHORIZED, header).into_response();
    }
    inner.lock().calls += 1;
    next.run(request).await
}

fn xml(document: String) -> Response {
    let header = [(header::CONTENT_TYPE, "application/xml; charset=\"UTF-8\"")];
    (header, document).into_response()
}

async fn device_info(Extracted(inner): Extracted<Arc<Inner>>) -> Response {
    let namespace = inner.lock().namespace;
    xml(document::device_info(&inner.serial, namespace))
}

/// What general clients ask first.
async fn status(Extracted(inner): Extracted<Arc<Inner>>) -> Response {
    let up = inner.started.elapsed().as_secs();
    let namespace = inner.lock().namespace;
    xml(document::device_status(up, namespace))
}

async fn time(Extracted(inner): Extracted<Arc<Inner>>) -> Response {
    let namespace = inner.lock().namespace;
    xml(document::time(namespace))
}

/// Which events the alert stream has.
async fn triggers(Extracted(inner): Extracted<Arc<Inner>>) -> Response {
    let namespace = inner.lock().namespace;
    xml(document::triggers(INPUTS, namespace))
}

async fn input(Extracted(inner): Extracted<Arc<Inner>>, Path(number): Path<u16>) -> Response {
    let state = inner.lock();
    let place = usize::from(number).checked_sub(1);
    let level = place.and_then(|place| state.inputs.get(place)).copied();
    match level {
        Some(level) => xml(document::input_status(number, level, state.namespace)),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// What it sees.
async fn picture() -> Response {
    let header = [(header::CONTENT_TYPE, "image/jpeg")];
    (header, PICTURE).into_response()
}

async fn gate(Extracted(inner): Extracted<Arc<Inner>>) -> Response {
    let state = inner.lock();
    let code = match state.gate {
        _ if state.has_no_signal => 0,
        HikGate::NoSignal => 0,
        HikGate::Closed => 1,
        HikGate::Open => 2,
    };
    xml(document::gate_status(code, state.namespace))
}

async fn drive(Extracted(inner): Extracted<Arc<Inner>>, body: String) -> Response {
    let mode = text(&body, "ctrlMode").unwrap_or_default();
    if !["open", "close", "lock", "unlock"].contains(&mode) {
        return refused(&inner, 6, "Invalid XML Content", "badXmlContent");
    }
    carried_out(&inner, HikOrder::Gate(mode.to_owned())).await
}

async fn output(
    Extracted(inner): Extracted<Arc<Inner>>,
    Path(number): Path<u16>,
    body: String,
) -> Response {
    let state = text(&body, "outputState").unwrap_or_default();
    if !["high", "low", "pulse"].contains(&state) {
        return refused(&inner, 6, "Invalid XML Content", "badXmlContent");
    }
    carried_out(&inner, HikOrder::Output(number, state.to_owned())).await
}

async fn carried_out(inner: &Inner, order: HikOrder) -> Response {
    let fault = {
        let mut state = inner.lock();
        state.next.take().unwrap_or(state.fault)
    };
    match fault {
        HikFault::NotSupported => return refused(inner, 4, "Invalid Operation", "notSupport"),
        HikFault::Forbidden => return StatusCode::FORBIDDEN.into_response(),
        HikFault::Idle => {}
        // A full queue is a barrier that does nothing.
        HikFault::None | HikFault::Mute | HikFault::Dead | HikFault::CodeZero => {
            _ = inner.orders.try_send(order);
        }
    }
    if fault == HikFault::Mute {
        return std::future::pending().await;
    }
    refused(inner, u8::from(fault != HikFault::CodeZero), "OK", "ok")
}

fn refused(inner: &Inner, code: u8, words: &str, more: &str) -> Response {
    let namespace = inner.lock().namespace;
    xml(document::response(code, words, more, namespace))
}

/// Never ends by itself.
async fn alerts(Extracted(inner): Extracted<Arc<Inner>>) -> Response {
    let words = inner.listen();
    let body = stream::unfold(words, async |mut words| {
        let word = words.recv().await?;
        Some((word, words))
    });
    let header = [(header::CONTENT_TYPE, "multipart/mixed; boundary=boundary")];
    (header, Body::from_stream(body)).into_response()
}

/// Where it is to push to.
async fn host(Extracted(inner): Extracted<Arc<Inner>>, body: String) -> Response {
    let field = |name| text(&body, name);
    let (Some(url), Some(address), Some(port)) =
        (field("url"), field("ipAddress"), field("portNo"))
    else {
        return refused(&inner, 6, "Invalid XML Content", "badXmlContent");
    };
    inner.lock().pushes_to = Some(format!("http://{address}:{port}{url}"));
    refused(&inner, 1, "OK", "ok")
}
