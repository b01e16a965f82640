//! A server with one lot and one supplier, and raw requests to it.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use boshi_protocol::endpoint::{PlateNumber, ReceivePlateNumber};
use boshi_protocol::envelope::Answer;
use boshi_protocol::id::{AppId, LotId};
use boshi_protocol::refusal::Refusal;
use boshi_protocol::time::WireTime;
use boshi_protocol::token::Credentials;
use boshi_transport::accept::{Limits, Load, serve_counted};
use boshi_transport::serve::{Call, Gatekeeper, Reply, endpoint, with_fallbacks};
use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// One lot, and by how many seconds the clocks of its callers were ahead.
#[derive(Default)]
pub(crate) struct OneLot {
    heard: Arc<Mutex<Vec<i64>>>,
}

impl Gatekeeper for OneLot {
    fn credentials(&self, lot: &LotId, app: Option<&AppId>) -> Result<Credentials, Refusal> {
        if lot.as_str() != "P001" {
            return Err(Refusal::new("UNKNOWN_LOT", format!("没有停车场 {lot}")));
        }
        let credentials = credentials();
        if app != Some(credentials.app_id()) {
            return Err(Refusal::new("UNKNOWN_APP", "没有此供应商"));
        }
        Ok(credentials)
    }

    fn may_call_from(&self, _: &LotId, from: Option<IpAddr>) -> Result<(), Refusal> {
        match from {
            Some(from) if from.is_loopback() => Ok(()),
            _ => Err(Refusal::new("WRONG_ADDRESS", "来源地址不明")),
        }
    }

    fn heard(&self, _: &LotId, skew_seconds: i64) {
        self.heard.lock().unwrap().push(skew_seconds);
    }
}

pub(crate) fn credentials() -> Credentials {
    let secret = "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo".to_owned();
    Credentials::new(AppId::new("99848791").unwrap(), secret.into())
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) handled: Arc<AtomicUsize>,
    pub(crate) heard: Arc<Mutex<Vec<i64>>>,
    pub(crate) load: Arc<Load>,
    pub(crate) stop: CancellationToken,
}

impl Server {
    pub(crate) async fn start(tls: Option<Arc<rustls::ServerConfig>>, limits: Limits) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let handled = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&handled);
        let handler = move |_: Call, request: PlateNumber| {
            count.fetch_add(1, Ordering::SeqCst);
            async move {
                match request.plate {
                    Some(_) if request.record.as_str() == "u-full" => {
                        Reply::Unavailable(Refusal::new("NOT_STORED", "磁盘已满"))
                    }
                    Some(_) => Answer::done(()).into(),
                    None => Answer::Refused(Refusal::new("NO_PLATE", "无牌车，请人工处理")).into(),
                }
            }
        };
        let lot = OneLot::default();
        let heard = Arc::clone(&lot.heard);
        let router = endpoint::<ReceivePlateNumber, _, _>(Router::new(), Arc::new(lot), handler);
        let stop = CancellationToken::new();
        let (load, router) = (Arc::<Load>::default(), with_fallbacks(router));
        let counted = Arc::clone(&load);
        tokio::spawn(serve_counted(
            listener,
            tls,
            router,
            limits,
            counted,
            stop.clone(),
        ));
        Server {
            address,
            handled,
            heard,
            load,
            stop,
        }
    }

    pub(crate) async fn plain() -> Server {
        Server::start(None, Limits::default()).await
    }

    /// Waits until nobody holds a connection.
    pub(crate) async fn empties(&self) {
        let empty = async {
            while self.load.open() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), empty)
            .await
            .unwrap();
    }

    /// Sends raw bytes and reads until the server closes or `needle` has come.
    pub(crate) async fn raw(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut reply = Vec::new();
        let read = stream.read_to_end(&mut reply);
        tokio::time::timeout(Duration::from_secs(20), read)
            .await
            .unwrap()
            .unwrap();
        String::from_utf8(reply).unwrap()
    }

    /// Posts a body to the recognition endpoint.
    pub(crate) async fn post(&self, content_type: &str, body: &str) -> String {
        let length = body.len();
        let head = format!(
            "POST /receivePlateNumber HTTP/1.1\r\nHost: lot\r\nConnection: close\r\n\
             Content-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
        );
        self.raw(format!("{head}{body}").as_bytes()).await
    }
}

/// A sound recognition as raw text, signed for `time`.
pub(crate) fn recognition(time: Timestamp) -> String {
    let time = WireTime::from_timestamp(time).to_string();
    let token = credentials().sign(&time);
    format!(
        r#"{{"version":"1.0","token":"{token}","appId":"99848791","parkingLotId":"P001",
        "time":"{time}","deviceNo":"C-01","uuid":"u-1","recognitionTime":"20170818 17:14:13",
        "image":"","plateNumber":"粤B12345","color":"blue"}}"#
    )
}
