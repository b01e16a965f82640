//! The handler that everything is measured against: it parses the same body, verifies the same
//! token, and stores nothing.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::serve::{Listener, ListenerExt as _};
use axum::{Json, Router};
use boshi_protocol::id::AppId;
use boshi_protocol::token::Credentials;
use boshi_transport::certificate::LocalAuthority;
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::supplier::{APP_ID, LOT, SECRET};

/// Pause after a failed `accept`, as axum's own listeners make.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "parsed as the standard has it, and not stored")]
struct Recognition<'a> {
    version: &'a str,
    token: &'a str,
    app_id: &'a str,
    parking_lot_id: &'a str,
    time: &'a str,
    device_no: &'a str,
    uuid: &'a str,
    recognition_time: &'a str,
    image: &'a str,
    plate_number: &'a str,
    color: &'a str,
    reliability: Option<u8>,
}

/// Serves at `address` until it is killed; HTTPS when there is a folder with an authority.
pub(crate) async fn serve(address: SocketAddr, authority: Option<&Path>) -> anyhow::Result<()> {
    let app = AppId::new(APP_ID)?;
    let credentials = Arc::new(Credentials::new(app, SECRET.to_owned().into()));
    let router = Router::new()
        .route("/receivePlateNumber", post(recognized))
        .with_state(credentials);
    // Before it listens: whoever finds it listening reads the authority's certificate.
    let names = ["127.0.0.1".to_owned()];
    let tls = match authority {
        Some(folder) => Some(LocalAuthority::open_or_create(folder)?.server_config(&names)?),
        None => None,
    };
    let listener = TcpListener::bind(address).await?;
    match tls.map(TlsAcceptor::from) {
        None => {
            let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
            axum::serve(listener, router).await?;
        }
        Some(tls) => axum::serve(Encrypted { listener, tls }, router).await?,
    }
    Ok(())
}

async fn recognized(
    State(credentials): State<Arc<Credentials>>,
    body: bytes::Bytes,
) -> impl IntoResponse {
    let refused =
        |why: String| Json(serde_json::json!({"respCode": "1", "respDesc": why})).into_response();
    let recognition: Recognition<'_> = match serde_json::from_slice(&body) {
        Ok(recognition) => recognition,
        Err(error) => return refused(error.to_string()),
    };
    if recognition.app_id != APP_ID || recognition.parking_lot_id != LOT {
        return refused("UNKNOWN_LOT".to_owned());
    }
    if !credentials.verify(recognition.time, recognition.token) {
        return refused("BAD_TOKEN".to_owned());
    }
    accepted().into_response()
}

/// The answer that a vehicle may pass.
pub(crate) fn accepted() -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    (headers, r#"{"respCode":"0","respDesc":""}"#)
}

/// A listener that makes the handshakes, one after the other: they are over before anything is
/// measured.
pub(crate) struct Encrypted {
    pub(crate) listener: TcpListener,
    pub(crate) tls: TlsAcceptor,
}

impl Listener for Encrypted {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let accepted = self.listener.accept().await;
            let Ok((stream, from)) = accepted else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            if stream.set_nodelay(true).is_ok()
                && let Ok(stream) = self.tls.accept(stream).await
            {
                return (stream, from);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}
