//! A gateway with many lanes: how it starts, what it holds, and how long a recognized vehicle waits
//! for the pulse to its barrier.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::process::{Process, free_address};
use crate::server::{Places, platform_text};
use crate::stats::percentile;
use crate::supplier::{APP_ID, LOT, SECRET};

/// Lanes of a large car park.
pub(crate) const LANES: usize = 50;
/// What gateway and controller show each other; both live for a measurement.
const DEVICE_KEY: &str = "bench-device-key";
/// Longer than the gateway's `debounce`: a loop counts afterwards.
const SETTLED: Duration = Duration::from_millis(150);
/// Longest that a pulse may take: the budget of a vehicle.
const PULSE: Duration = Duration::from_secs(10);
/// After that a gateway that has started has nothing more to do at once; its memory is what it
/// keeps.
const IDLE: Duration = Duration::from_secs(3);

/// What a gateway with [`LANES`] lanes came to.
pub(crate) struct Figures {
    /// From the start of the process to the first connection taken, of each start.
    pub(crate) starts: Vec<Duration>,
    /// Resident memory with nothing to do, in bytes.
    pub(crate) idle: u64,
    /// From telling that a plate was read to the pulse, sorted.
    pub(crate) pulses: Vec<Duration>,
}

impl Figures {
    pub(crate) fn pulse(&self, share: f64) -> Duration {
        percentile(&self.pulses, share)
    }
}

/// Measures; each lane takes `vehicles` vehicles.
pub(crate) async fn measure(
    places: &Places,
    starts: usize,
    vehicles: usize,
) -> anyhow::Result<Figures> {
    let folder = places.folder.join("lot");
    fs::create_dir_all(&folder)?;
    let addresses = Addresses::free()?;
    let gateway = format!(
        "base_url = \"https://{}\"\nca_file = '{}'",
        addresses.gateway,
        folder.join("gateway/tls/ca.pem").display()
    );
    let platform = platform_text(
        &folder.join("platform"),
        addresses.platform,
        addresses.operators,
        false,
        LANES,
        &gateway,
    );
    let platform_file = folder.join("platform.toml");
    fs::write(&platform_file, platform)?;
    let gateway_file = folder.join("gateway.toml");
    fs::write(&gateway_file, addresses.gateway_text(&folder))?;
    let part = |part: &str, file: &Path| {
        let mut command = Command::new(&places.boshi);
        command.args([part, "run", "--config"]).arg(file);
        command
    };
    // Each is given the other's authority, which it makes as it starts: one start to have them.
    for ca in ["platform", "gateway"] {
        fs::create_dir_all(folder.join(ca).join("tls"))?;
        boshi_transport::certificate::LocalAuthority::open_or_create(&folder.join(ca).join("tls"))?;
    }
    let mut pulses = controller(addresses.controller).await?;
    let mut running = Process::start(
        "platform",
        &part("platform", &platform_file),
        &folder.join("platform.log"),
    )?;
    running
        .listens(addresses.platform, Instant::now())
        .with_context(|| said(&folder.join("platform.log")))?;
    let (mut took, mut served) = (Vec::new(), None);
    for _ in 0..starts.max(1) {
        drop(served.take());
        let since = Instant::now();
        let log = folder.join("gateway.log");
        let mut process = Process::start("gateway", &part("gateway", &gateway_file), &log)?;
        took.push(
            process
                .listens(addresses.gateway, since)
                .with_context(|| said(&log))?,
        );
        served = Some(process);
    }
    let process = served.context("started at least once")?;
    tokio::time::sleep(IDLE).await;
    let idle = process.memory()?;
    let lanes = Lanes {
        client: client()?,
        devices: addresses.devices,
    };
    let mut waited = Vec::new();
    for round in 0..vehicles {
        waited.extend(lanes.round(round, &mut pulses).await?);
    }
    waited.sort_unstable();
    took.sort_unstable();
    Ok(Figures {
        starts: took,
        idle,
        pulses: waited,
    })
}

struct Addresses {
    platform: SocketAddr,
    operators: SocketAddr,
    gateway: SocketAddr,
    devices: SocketAddr,
    local: SocketAddr,
    controller: SocketAddr,
}

impl Addresses {
    fn free() -> anyhow::Result<Addresses> {
        Ok(Addresses {
            platform: free_address()?,
            operators: free_address()?,
            gateway: free_address()?,
            devices: free_address()?,
            local: free_address()?,
            controller: free_address()?,
        })
    }

    fn gateway_text(&self, folder: &Path) -> String {
        let mut text = format!(
            r#"data = '{data}'
public_url = "https://{standard}"
log = "warn"
[listen]
standard = "{standard}"
devices = "{devices}"
local = "{local}"
[platform]
base_url = "https://{platform}"
app_id = "{APP_ID}"
secret = "{SECRET}"
ca_file = '{ca}'
[timing]
debounce = "50ms"
read_grace = "60s"
travel = "100ms"
[[lot]]
id = "{LOT}"
name = "测量"
"#,
            data = folder.join("gateway").display(),
            ca = folder.join("platform/tls/ca.pem").display(),
            standard = self.gateway,
            devices = self.devices,
            local = self.local,
            platform = self.platform,
        );
        for lane in 1..=LANES {
            let _ = write!(
                text,
                r#"[[lot.lane]]
name = "{lane:02}"
gate = "东"
direction = "entry"
recognizer = "CAM-{lane:02}"
barrier = "BAR-{lane:02}"
limit_switch = false
device_url = "http://{controller}/device"
device_key = "{DEVICE_KEY}"
"#,
                controller = self.controller
            );
        }
        text
    }
}

/// The controller of every lane: tells which barrier got a pulse, and when.
async fn controller(
    address: SocketAddr,
) -> anyhow::Result<mpsc::UnboundedReceiver<(String, Instant)>> {
    let (told, pulses) = mpsc::unbounded_channel();
    let device = move |Json(command): Json<Value>| {
        let now = Instant::now();
        if command["command"] == "open" {
            let barrier = command["device"].as_str().unwrap_or_default();
            // Nobody listens once the measurement is over.
            let _ = told.send((barrier.to_owned(), now));
        }
        let online = command["devices"].clone();
        async move { Json(json!({"ok": true, "online": online})) }
    };
    let router = Router::new().route("/device", post(device));
    let listener = TcpListener::bind(address).await?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(pulses)
}

struct Lanes {
    client: reqwest::Client,
    devices: SocketAddr,
}

impl Lanes {
    /// A vehicle in each lane: onto the loop, read, let through, over the anti-smash loop, away.
    async fn round(
        &self,
        round: usize,
        pulses: &mut mpsc::UnboundedReceiver<(String, Instant)>,
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

fn client() -> anyhow::Result<reqwest::Client> {
    Ok(reqwest::Client::builder()
        .tls_certs_only([])
        .no_proxy()
        .build()?)
}

fn said(log: &Path) -> String {
    fs::read_to_string(log).unwrap_or_default()
}
