//! The controller of every lane, and the vehicles in them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::LANES;

/// What gateway and controller show each other; both live for a measurement.
pub(super) const DEVICE_KEY: &str = "bench-device-key";
/// Longer than the gateway's `debounce`: a loop counts afterwards.
const SETTLED: Duration = Duration::from_millis(150);
/// Longest that a pulse may take: the budget of a vehicle.
const PULSE: Duration = Duration::from_secs(10);
/// Which barrier got a pulse, and when.
pub(super) type Pulses = mpsc::UnboundedReceiver<(String, Instant)>;

/// The controller of every lane: tells which barrier got a pulse, and when.
pub(super) async fn controller(address: SocketAddr) -> anyhow::Result<Pulses> {
    let (told, pulses) = mpsc::unbounded_channel();
    let device = move |Json(command): Json<Value>| {
        let now = Instant::now();
        if command["command"] == "open" {
            let barrier = command["device"].as_str().unwrap_or_default();
            // Nobody listens once the measurement is over.
            let _ = told.send((barrier.to_owned(), now));
        }
        let answer = match command["command"] == "check" {
            true => json!({"ok": true, "online": command["devices"]}),
            false => json!({"ok": true}),
        };
        async move { Json(answer) }
    };
    let router = Router::new().route("/device", post(device));
    let listener = TcpListener::bind(address).await?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(pulses)
}

pub(super) struct Lanes {
    client: reqwest::Client,
    devices: SocketAddr,
}

impl Lanes {
    pub(super) fn new(devices: SocketAddr) -> anyhow::Result<Lanes> {
        let client = reqwest::Client::builder()
            .tls_certs_only([])
            .no_proxy()
            .build()?;
        Ok(Lanes { client, devices })
    }

    /// A vehicle in each lane: onto the loop, read, let through, over the anti-smash loop, away.
    pub(super) async fn round(
        &self,
        round: usize,
        pulses: &mut Pulses,
    ) -> anyhow::Result<Vec<Duration>> {
        let trigger = |lane: usize, pressed: bool| json!({"event": "trigger_loop", "device": format!("CAM-{lane:02}"), "pressed": pressed});
        let safety = |lane: usize, pressed: bool| json!({"event": "safety_loop", "device": format!("BAR-{lane:02}"), "pressed": pressed});
        self.everywhere(|lane| trigger(lane, true)).await?;
        let mut waited = Vec::new();
        for lane in 1..=LANES {
            let number = round * LANES + lane;
            let plate = format!("粤B{number:05}");
            let told = Instant::now();
            self.tell(json!({"event": "plate", "device": format!("CAM-{lane:02}"),
                "id": number.to_string(), "plate": plate, "color": "blue", "reliability": 96}))
                .await?;
            let pulse = tokio::time::timeout(PULSE, pulses.recv()).await;
            let (barrier, at) = pulse
                .with_context(|| format!("no pulse for {plate}"))?
                .context("no controller")?;
            if barrier != format!("BAR-{lane:02}") {
                bail!("{barrier} got a pulse for {plate} in lane {lane}");
            }
            waited.push(at.duration_since(told));
        }
        self.everywhere(|lane| safety(lane, true)).await?;
        self.everywhere(|lane| trigger(lane, false)).await?;
        self.everywhere(|lane| safety(lane, false)).await?;
        Ok(waited)
    }

    async fn everywhere(&self, event: impl Fn(usize) -> Value) -> anyhow::Result<()> {
        for lane in 1..=LANES {
            self.tell(event(lane)).await?;
        }
        tokio::time::sleep(SETTLED).await;
        Ok(())
    }

    async fn tell(&self, event: Value) -> anyhow::Result<()> {
        let request = self
            .client
            .post(format!("http://{}/v1/events", self.devices));
        let request = request
            .bearer_auth(DEVICE_KEY)
            .header("Content-Type", "application/json");
        let response = request.body(event.to_string()).send().await?;
        let (status, text) = (response.status(), response.text().await?);
        if !status.is_success() {
            bail!("{event} was answered {status}: {text}");
        }
        Ok(())
    }
}
