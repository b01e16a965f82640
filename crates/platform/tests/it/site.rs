//! A platform with one lot, started from a configuration in a folder of its own, and what an
//! operator and a supplier see of it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use boshi_platform::config::Config;
use boshi_platform::{Running, StartError, start_within};
use boshi_protocol::id::AppId;
use boshi_protocol::time::WireTime;
use boshi_protocol::token::Credentials;
use boshi_transport::accept::Limits;
use boshi_transport::certificate::install_crypto;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::document::document;

/// Longest that a test waits for what has to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What the supplier signs with.
pub(crate) const SECRET: &str = "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo";

/// A folder with a configuration, from which platforms are started.
pub(crate) struct Site {
    pub(crate) folder: Arc<tempfile::TempDir>,
    pub(crate) text: String,
    pub(crate) limits: Limits,
}

pub(crate) struct Platform {
    pub(crate) running: Running,
    pub(crate) ca_pem: Option<Vec<u8>>,
    pub(crate) key: String,
    stop: CancellationToken,
    // Removed only when nobody uses it any more.
    _folder: Arc<tempfile::TempDir>,
}

impl Site {
    /// A lot at `base_url`, heartbeats every 20 ms, nothing fetched without a reason.
    pub(crate) fn new(base_url: &str) -> Site {
        install_crypto();
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let data = folder.path().join("data");
        let text = format!(
            r#"
data = "{}"
[listen]
standard = "127.0.0.1:0"
operators = "127.0.0.1:0"
[tls]
plain = true
[heartbeat]
interval = "20ms"
misses = 3
[reconcile]
interval = "1h"
[command]
deadline = "300ms"
[[supplier]]
app_id = "99848791"
secret = "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo"
[[lot]]
id = "L1"
name = "东区"
supplier = "99848791"
base_url = "{base_url}"
entry = "allow"
exit = "refuse"
[[lot.lane]]
recognizer = "CAM-01"
direction = "entry"
[[lot.lane]]
recognizer = "CAM-02"
direction = "exit"
"#,
            data.display()
        );
        Site {
            folder,
            text,
            limits: Limits::default(),
        }
    }

    /// The same with some text of the configuration replaced.
    pub(crate) fn with(mut self, old: &str, new: &str) -> Site {
        assert!(self.text.contains(old), "{old}");
        self.text = self.text.replace(old, new);
        self
    }

    /// The same with addresses that bear no more than that.
    pub(crate) fn bearing(self, limits: Limits) -> Site {
        Site { limits, ..self }
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.folder.path().join("data/platform.db")
    }

    pub(crate) async fn try_start(&self) -> Result<Platform, StartError> {
        let config = Config::parse(&self.text).unwrap();
        let stop = CancellationToken::new();
        let running = start_within(config, self.limits, stop.clone()).await?;
        document(running.operators).await;
        let data = self.folder.path().join("data");
        let key = std::fs::read_to_string(data.join("operator.key")).unwrap();
        Ok(Platform {
            running,
            ca_pem: std::fs::read(data.join("tls/ca.pem")).ok(),
            key: key.trim().to_owned(),
            stop,
            _folder: Arc::clone(&self.folder),
        })
    }

    pub(crate) async fn start(&self) -> Platform {
        self.try_start().await.unwrap()
    }
}

impl Platform {
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, self.running.finished())
            .await
            .unwrap();
    }

    pub(crate) fn cancel(&self) {
        self.stop.cancel();
    }

    /// An operator's request with an arbitrary key.
    pub(crate) async fn with_key(
        &self,
        key: Option<&str>,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> (u16, Value) {
        let url = format!("http://{}{path}", self.running.operators);
        let mut request = client(None).request(method.clone(), url);
        if let Some(key) = key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let kind = response.headers().get("content-type").cloned();
        let text = match kind
            .as_ref()
            .is_some_and(|kind| kind == "text/event-stream")
        {
            // It has no end: `follow.rs` reads it.
            true => String::new(),
            false => response.text().await.unwrap(),
        };
        let value = serde_json::from_str(&text).unwrap_or(Value::Null);
        let asked = (method.as_str(), path.split('?').next().unwrap_or(path));
        let kind = kind.as_ref().and_then(|kind| kind.to_str().ok());
        document(self.running.operators)
            .await
            .check(asked, status, kind, &value);
        (status, value)
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let path = format!("/api/v1{path}");
        let (status, value) = self
            .with_key(Some(&self.key), Method::GET, &path, None)
            .await;
        assert_eq!(status, 200, "{path}: {value}");
        value
    }

    /// What an operator gets as a text.
    pub(crate) async fn text(&self, path: &str) -> String {
        let url = format!("http://{}/api/v1{path}", self.running.operators);
        let request = client(None).get(url).bearer_auth(&self.key);
        request.send().await.unwrap().text().await.unwrap()
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let path = format!("/api/v1{path}");
        let body = Some(body.to_string());
        self.with_key(Some(&self.key), method, &path, body).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(Method::POST, path, body).await
    }

    /// Gives the gate command `mode` for the plate 粤B12345.
    pub(crate) async fn open(&self, mode: &str) -> (u16, Value) {
        let order = json!({
            "device": "CAM-01", "mode": mode, "plate": "粤B12345", "by": "王工", "reason": "访客"
        });
        self.post("/lots/L1/open", order).await
    }

    /// A call of the supplier, signed for `time`.
    pub(crate) async fn call(&self, path: &str, own: Value, time: Timestamp) -> (u16, Value) {
        let time = WireTime::from_timestamp(time).to_string();
        let mut body = json!({
            "version": "1.0", "token": credentials().sign(&time), "parkingLotId": "L1",
            "time": time, "appId": "99848791"
        });
        let own = own.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(own);
        self.raw(path, &body).await
    }

    /// A call with exactly that body.
    pub(crate) async fn raw(&self, path: &str, body: &Value) -> (u16, Value) {
        let scheme = if self.ca_pem.is_some() {
            "https"
        } else {
            "http"
        };
        let url = format!("{scheme}://{}{path}", self.running.standard);
        let request = client(self.ca_pem.as_deref()).post(url);
        let request = request
            .header("Content-Type", "application/json")
            .body(body.to_string());
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap())
    }

    /// Pushes the recognition `uN` of the plate 粤B12345 at `device`.
    pub(crate) async fn push(&self, number: usize, device: &str) -> (u16, Value) {
        let now = Timestamp::now();
        let recognition = json!({
            "deviceNo": device, "uuid": format!("u{number}"),
            "recognitionTime": WireTime::from_timestamp(now).to_string(),
            "image": "http://lot/1.jpg", "plateNumber": "粤B12345", "color": "blue"
        });
        self.call("/receivePlateNumber", recognition, now).await
    }

    /// Waits until the lot's own account of itself is as `wanted`.
    pub(crate) async fn lot_becomes(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        eventually(async || {
            let lot = self.get("/lots").await["items"][0].clone();
            wanted(&lot).then_some(lot)
        })
        .await
    }
}

/// Asks again and again until there is an answer.
pub(crate) async fn eventually<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap()
}

pub(crate) fn credentials() -> Credentials {
    Credentials::new(
        AppId::new("99848791").unwrap(),
        "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo".into(),
    )
}

pub(crate) fn client(ca_pem: Option<&[u8]>) -> reqwest::Client {
    let roots = ca_pem.map(|pem| reqwest::Certificate::from_pem_bundle(pem).unwrap());
    reqwest::Client::builder()
        .tls_certs_only(roots.unwrap_or_default())
        .no_proxy()
        .build()
        .unwrap()
}
