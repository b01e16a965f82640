//! A platform that stores nothing, in this process and over HTTPS: it lets everybody in, and tells when
//! each record of a kind came.

use std::path::Path;
use std::time::Instant;

use axum::Router;
use axum::routing::post;
use boshi_transport::certificate::LocalAuthority;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

use crate::bare::{Encrypted, accepted};
use crate::site::Platform;

/// When each record came.
pub(crate) type Arrivals = mpsc::UnboundedReceiver<Instant>;

/// What cameras' readings become.
pub(crate) const RECOGNITION: &str = "/receivePlateNumber";
/// What an outbox holds when a gateway starts.
pub(crate) const CROSSING: &str = "/receiveCrossGate";

/// Listens until the runtime ends, and tells of what comes to the endpoint `told_of`; the authority lies
/// in `folder`.
pub(crate) async fn start(folder: &Path, told_of: &str) -> anyhow::Result<(Platform, Arrivals)> {
    std::fs::create_dir_all(folder)?;
    let names = ["127.0.0.1".to_owned()];
    let config = LocalAuthority::open_or_create(folder)?.server_config(&names)?;
    let (told, arrivals) = mpsc::unbounded_channel();
    let came = move |body: bytes::Bytes| {
        let now = Instant::now();
        async move {
            drop(body);
            // Nobody listens once the measurement is over.
            let _ = told.send(now);
            accepted()
        }
    };
    let router = Router::new()
        .route(told_of, post(came))
        // Everything else.
        .fallback(|| async { accepted() });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let tls = TlsAcceptor::from(config);
    tokio::spawn(async move { axum::serve(Encrypted { listener, tls }, router).await });
    let platform = Platform {
        url: format!("https://{address}"),
        ca: folder.join("ca.pem"),
    };
    Ok((platform, arrivals))
}
