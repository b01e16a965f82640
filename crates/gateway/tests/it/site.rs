//! A lot of two lanes: its folder, its gateway, and what the platform, the devices and the booth
//! say to it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use boshi_gateway::config::{Config, ConfigError};
use boshi_gateway::reload::Reloaded;
use boshi_gateway::start::{Running, StartError, start_within};
use boshi_transport::accept::Limits;
use boshi_transport::certificate::install_crypto;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::controller::{Controller, KEYS};
use crate::platform::Platform;
use crate::wire::{PATIENCE, eventually, request};

/// Readings of which the gateway has the platform's answer.
pub(crate) const SETTLED: &str =
    "SELECT count(*) FROM outbox WHERE kind = 'recognition' AND state = 'delivered'";

/// Lifts because the platform had said that a vehicle may pass.
pub(crate) const LET_THROUGH: &str = "SELECT count(*) FROM lift WHERE cause = 'may_pass'";

/// The times are as short as the shortest of them allows.
const CONFIG: &str = r#"
data = "{data}"
public_url = "https://lot.example/"
[listen]
standard = "127.0.0.1:0"
devices = "127.0.0.1:0"
local = "127.0.0.1:0"
[tls]
plain = true
[platform]
base_url = "{platform}"
app_id = "99848791"
secret = "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo"
[push]
budget = "500ms"
probe = "100ms"
[timing]
refused_poll = "100ms"
debounce = "10ms"
read_grace = "500ms"
approach_window = "500ms"
travel = "100ms"
follow_wait = "100ms"
leave_grace = "100ms"
act = "500ms"
[[lot]]
id = "L1"
name = "东区"
[lot.display]
message = "200ms"
[[lot.lane]]
name = "01"
gate = "东二"
direction = "entry"
recognizer = "CAM-01"
barrier = "BAR-01"
display = "LED-01"
device_url = "{controller}"
device_key = "key-one"
[[lot.lane]]
name = "02"
gate = "东二"
direction = "exit"
recognizer = "CAM-02"
barrier = "BAR-02"
display = "LED-02"
device_url = "{controller}"
device_key = "key-two"
[[lot.place]]
number = "A-001"
[[lot.place]]
number = "A-002"
[[lot.place]]
number = "A-003"
"#;

/// A folder and a configuration from which gateways are started.
pub(crate) struct Site {
    folder: Arc<TempDir>,
    text: String,
    limits: Limits,
}

/// A gateway that runs.
pub(crate) struct Gateway {
    pub(crate) standard: SocketAddr,
    pub(crate) devices: SocketAddr,
    pub(crate) local: SocketAddr,
    pub(crate) monitoring: Option<SocketAddr>,
    pub(crate) key: String,
    data: PathBuf,
    client: reqwest::Client,
    https: bool,
    stop: CancellationToken,
    running: Option<Running>,
    runtime: Option<Runtime>,
    // Removed only when nobody uses it any more.
    _folder: Arc<TempDir>,
}

/// A gateway with everybody around it.
pub(crate) struct World {
    pub(crate) platform: Platform,
    pub(crate) controller: Controller,
    pub(crate) site: Site,
    pub(crate) gateway: Gateway,
}

impl World {
    pub(crate) async fn new() -> World {
        World::with(&[]).await
    }

    /// With parts of the configuration replaced.
    pub(crate) async fn with(replaced: &[(&str, &str)]) -> World {
        let platform = Platform::start().await;
        let controller = Controller::start().await;
        let mut site = Site::new(&platform.url(), &controller.url());
        for (old, new) in replaced {
            site = site.with(old, new);
        }
        let gateway = site.start().await;
        World {
            platform,
            controller,
            site,
            gateway,
        }
    }

    /// The gateway loses its power and comes back.
    pub(crate) async fn power_cut(&mut self) {
        self.gateway.kill();
        self.gateway = self.site.start().await;
    }
}

impl Site {
    pub(crate) fn new(platform: &str, controller: &str) -> Site {
        install_crypto();
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let data = folder.path().join("data");
        let text = CONFIG
            .replace("{data}", &data.display().to_string())
            .replace("{platform}", platform)
            .replace("{controller}", controller);
        Site {
            folder,
            text,
            limits: Limits::default(),
        }
    }

    /// With addresses that bear no more than that.
    pub(crate) fn bearing(self, limits: Limits) -> Site {
        Site { limits, ..self }
    }

    pub(crate) fn with(mut self, old: &str, new: &str) -> Site {
        assert!(self.text.contains(old), "{old}");
        self.text = self.text.replacen(old, new, 1);
        self
    }

    /// The file of the configuration, written down.
    pub(crate) fn written(&self) -> PathBuf {
        let path = self.folder.path().join("gateway.toml");
        std::fs::write(&path, &self.text).unwrap();
        path
    }

    /// The configuration with parts replaced.
    pub(crate) fn changed(&self, replaced: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let mut text = self.text.clone();
        for (old, new) in replaced {
            assert!(text.contains(old), "{old}");
            text = text.replacen(old, new, 1);
        }
        Config::parse(&text)
    }

    pub(crate) async fn start(&self) -> Gateway {
        self.try_start().await.unwrap()
    }

    /// The authority of the gateway's own certificate.
    pub(crate) fn authority(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("data/tls/ca.pem")).unwrap()
    }

    pub(crate) async fn try_start(&self) -> Result<Gateway, StartError> {
        let config = Config::parse(&self.text).unwrap();
        let data = config.data.clone();
        let stop = CancellationToken::new();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let starting = runtime.spawn(start_within(config, self.limits, stop.clone()));
        let running = match starting.await.unwrap() {
            Ok(running) => running,
            Err(error) => {
                runtime.shutdown_background();
                return Err(error);
            }
        };
        let key = std::fs::read_to_string(data.join("local.key")).unwrap();
        let ca_pem = std::fs::read(data.join("tls/ca.pem")).ok();
        Ok(Gateway {
            standard: running.standard,
            devices: running.devices,
            local: running.local,
            monitoring: running.monitoring,
            key: key.trim().to_owned(),
            client: client(ca_pem.as_deref()),
            https: ca_pem.is_some(),
            data,
            stop,
            running: Some(running),
            runtime: Some(runtime),
            _folder: Arc::clone(&self.folder),
        })
    }
}

impl Gateway {
    /// Has the gateway go by another configuration.
    pub(crate) fn reload(&self, config: &Config) -> Result<Reloaded, StartError> {
        self.running.as_ref().unwrap().reload(config)
    }

    /// Ends the gateway in good order.
    pub(crate) async fn stop(self) {
        self.stop_within(PATIENCE).await;
    }

    /// Ends the gateway in good order, which must not take longer than `bound`.
    pub(crate) async fn stop_within(mut self, bound: Duration) {
        self.stop.cancel();
        let running = self.running.take().unwrap();
        tokio::time::timeout(bound, running.finished())
            .await
            .unwrap();
    }

    /// Ends everything that the gateway does, at once.
    pub(crate) fn kill(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        self.running = None;
    }

    /// A request of the platform; the standard answers every one of them with 200.
    pub(crate) async fn call(&self, path: &str, own: Value) -> Value {
        let (status, reply) = self.post(path, "application/json", &request(&own)).await;
        assert_eq!(status, 200, "{path}: {reply}");
        reply
    }

    /// A request to the standard's endpoints as it is.
    pub(crate) async fn post(&self, path: &str, content_type: &str, body: &Value) -> (u16, Value) {
        let body = match body {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let scheme = if self.https { "https" } else { "http" };
        let request = self
            .client
            .post(format!("{scheme}://{}{path}", self.standard))
            .header("Content-Type", content_type)
            .body(body);
        answer(request).await
    }

    /// Reads what a browser would.
    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        let url = format!("http://{}{path}", self.standard);
        self.client.get(url).send().await.unwrap()
    }

    /// An event of the first lane's devices, which has to be taken.
    pub(crate) async fn event(&self, event: Value) {
        let (status, reply) = self.event_of(KEYS[0], &event.to_string()).await;
        assert_eq!((status, &reply["ok"]), (200, &json!(true)), "{reply}");
    }

    /// An event with an arbitrary key.
    pub(crate) async fn event_of(&self, key: &str, body: &str) -> (u16, Value) {
        let request = self
            .client
            .post(format!("http://{}/v1/events", self.devices))
            .header("Content-Type", "application/json")
            .header("Authorization", format!("Bearer {key}"))
            .body(body.to_owned());
        answer(request).await
    }

    pub(crate) async fn trigger(&self, pressed: bool) {
        let device = "CAM-01";
        self.event(json!({"event": "trigger_loop", "device": device, "pressed": pressed}))
            .await;
    }

    pub(crate) async fn safety(&self, pressed: bool) {
        let device = "BAR-01";
        self.event(json!({"event": "safety_loop", "device": device, "pressed": pressed}))
            .await;
    }

    /// A vehicle comes onto the loop of the first lane and is read.
    pub(crate) async fn arrives(&self, plate: &str) {
        self.trigger(true).await;
        let what = "the loop counts as pressed";
        self.until(what, |lane| lane["sides"][0]["trigger_loop"] == true)
            .await;
        self.reads(plate).await;
    }

    pub(crate) async fn reads(&self, plate: &str) {
        let event = json!({
            "event": "plate", "device": "CAM-01", "plate": plate, "color": "blue",
            "reliability": 96
        });
        self.event(event).await;
    }

    /// The vehicle that was let through drives on, under the arm and away.
    pub(crate) async fn crosses(&self) {
        self.safety(true).await;
        let what = "the anti-smash loop counts as pressed";
        self.until(what, |lane| lane["safety_loop"] == true).await;
        self.trigger(false).await;
        self.safety(false).await;
        let what = "the anti-smash loop counts as free";
        self.until(what, |lane| lane["safety_loop"] == false).await;
    }

    /// Waits until each device has answered: one that never did is given time to come up before it is
    /// missed.
    pub(crate) async fn finds_every_device(&self) {
        let found = "SELECT count(DISTINCT device) FROM device_state WHERE online";
        self.counts(found, 6).await;
    }

    /// Waits until the first lane is as wanted.
    pub(crate) async fn until(&self, what: &str, wanted: impl Fn(&Value) -> bool) {
        let end = std::time::Instant::now() + PATIENCE;
        while !wanted(&self.status().await["lanes"][0]) {
            assert!(std::time::Instant::now() < end, "{what}: not so");
        }
    }

    /// The lot as the booth sees it.
    pub(crate) async fn status(&self) -> Value {
        let (status, value) = self.booth(Method::GET, "/status", Value::Null).await;
        assert_eq!(status, 200, "{value}");
        value["lots"][0].clone()
    }

    /// A request of the booth.
    pub(crate) async fn booth(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        self.local(Some(&self.key), method, path, body).await
    }

    /// A request to the local interface with an arbitrary key.
    pub(crate) async fn local(
        &self,
        key: Option<&str>,
        method: Method,
        path: &str,
        body: Value,
    ) -> (u16, Value) {
        let url = format!("http://{}/local/v1{path}", self.local);
        let mut request = self.client.request(method, url);
        if let Some(key) = key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        if !body.is_null() {
            request = request.body(body.to_string());
        }
        answer(request).await
    }

    /// A connection to the journal beside the gateway's own.
    pub(crate) fn journal(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.data.join("journal.db")).unwrap()
    }

    /// What a question about the journal is answered with.
    pub(crate) fn count(&self, sql: &str) -> i64 {
        self.journal().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Waits until the journal answers a question with `count`.
    pub(crate) async fn counts(&self, sql: &str, count: i64) {
        eventually(sql, || (self.count(sql) == count).then_some(())).await;
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.kill();
    }
}

fn client(ca_pem: Option<&[u8]>) -> reqwest::Client {
    let roots = ca_pem.map(|pem| reqwest::Certificate::from_pem(pem).unwrap());
    reqwest::Client::builder()
        .tls_certs_only(roots)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(PATIENCE)
        // Sooner than the gateway closes it, so that it does not while something is asked.
        .pool_idle_timeout(Duration::from_secs(5))
        .build()
        .unwrap()
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (status, value)
}
