//! From a camera's reading, with its picture, to the push that tells the platform, and to the pulse.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::{LANES, PATIENCE, SETTLED, Took, hik, http, lanes, mqtt, tcp};
use crate::server::Places;
use crate::site::{Platform, Site};
use crate::stub::{self, Arrivals};

/// Inputs that are told: a loop counts as soon as it has kept its state.
const COUNTS: Duration = Duration::from_millis(150);

/// What a family of cameras came to.
pub(crate) struct Family {
    pub(crate) name: &'static str,
    /// From the reading to the push that arrives at the platform.
    pub(crate) events: Took,
    /// From the reading to the pulse that arrives at the camera.
    pub(crate) pulses: Took,
}

/// A camera, its loops on its inputs, and a barrier on its output.
pub(super) trait CameraLane {
    /// The trigger loop is pressed or left.
    async fn trigger(&self, pressed: bool) -> anyhow::Result<()>;

    /// The same of the anti-smash loop.
    async fn safety(&self, pressed: bool) -> anyhow::Result<()>;

    /// Tells a reading, made before it is told; when it was. What comes of it may come before an
    /// answer does.
    fn read(&self, number: u64) -> anyhow::Result<Instant>;

    /// The order to open; when it came.
    async fn pulse(&mut self) -> anyhow::Result<Instant>;
}

/// Measures each family, with so many vehicles a lane.
pub(crate) async fn measure(places: &Places, vehicles: usize) -> anyhow::Result<Vec<Family>> {
    Ok(vec![
        over_http(places, vehicles).await.context("VZ over HTTP")?,
        over_tcp(places, vehicles).await.context("VZ over TCP")?,
        over_mqtt(places, vehicles).await.context("VZ over MQTT")?,
        hikvision(places, vehicles).await.context("Hikvision")?,
    ])
}

async fn over_http(places: &Places, vehicles: usize) -> anyhow::Result<Family> {
    let stub = Stub::start(places, "vz-http").await?;
    let site = stub.site(places, &http::text(LANES))?;
    let (_gateway, _) = site.start()?;
    let cameras = http::cameras(LANES, site.devices)?;
    stub.drive("臻识 VZ, HTTP", cameras, vehicles, COUNTS).await
}

async fn over_tcp(places: &Places, vehicles: usize) -> anyhow::Result<Family> {
    let stub = Stub::start(places, "vz-tcp").await?;
    let (cameras, text) = tcp::cameras(LANES, true).await?;
    let (_gateway, _) = stub.site(places, &text)?.start()?;
    for camera in &cameras {
        camera.heard().await?;
    }
    stub.drive("臻识 VZ, TCP", cameras, vehicles, SETTLED).await
}

async fn over_mqtt(places: &Places, vehicles: usize) -> anyhow::Result<Family> {
    let stub = Stub::start(places, "vz-mqtt").await?;
    let (cameras, text) = mqtt::cameras(LANES).await?;
    let (_gateway, _) = stub.site(places, &text)?.start()?;
    cameras.heard().await?;
    stub.drive("臻识 VZ, MQTT", cameras.lanes, vehicles, COUNTS)
        .await
}

async fn hikvision(places: &Places, vehicles: usize) -> anyhow::Result<Family> {
    let stub = Stub::start(places, "hik").await?;
    let (cameras, text) = hik::cameras(LANES).await?;
    let site = stub.site(places, &text)?;
    let (_gateway, _) = site.start()?;
    for camera in &cameras {
        camera.pushes_to(site.devices);
    }
    stub.drive("海康 ISAPI, push", cameras, vehicles, SETTLED)
        .await
}

/// A platform that accepts, and says what came to it.
struct Stub {
    folder: PathBuf,
    platform: Platform,
    arrivals: Arrivals,
}

impl Stub {
    async fn start(places: &Places, name: &str) -> anyhow::Result<Stub> {
        let folder = places.fresh(name, true)?;
        let (platform, arrivals) = stub::start(&folder.join("stub"), stub::RECOGNITION).await?;
        Ok(Stub {
            folder,
            platform,
            arrivals,
        })
    }

    /// A gateway's, with so many lanes and this equipment.
    fn site(&self, places: &Places, equipment: &str) -> anyhow::Result<Site> {
        let text = lanes(LANES) + equipment;
        Site::new(&places.boshi, &self.folder, &self.platform, &text)
    }

    /// One vehicle after the other is read; a loop counts when it has kept its state for `counts`.
    async fn drive(
        mut self,
        name: &'static str,
        mut cameras: Vec<impl CameraLane>,
        vehicles: usize,
        counts: Duration,
    ) -> anyhow::Result<Family> {
        let (mut events, mut pulses) = (Vec::new(), Vec::new());
        for round in 0..vehicles {
            all_arrive(&cameras, counts).await?;
            for (place, camera) in cameras.iter_mut().enumerate() {
                let told = camera.read(number(round, place))?;
                events.push(arrival(&mut self.arrivals).await?.duration_since(told));
                pulses.push(camera.pulse().await?.duration_since(told));
            }
            all_cross(&cameras, counts).await?;
        }
        Ok(Family {
            name,
            events: Took::new(events),
            pulses: Took::new(pulses),
        })
    }
}

/// A vehicle stands on each trigger loop, which counts after `counts`.
pub(super) async fn all_arrive(
    cameras: &[impl CameraLane],
    counts: Duration,
) -> anyhow::Result<()> {
    for camera in cameras {
        camera.trigger(true).await?;
    }
    tokio::time::sleep(counts).await;
    Ok(())
}

/// Each drives over the anti-smash loop and away.
pub(super) async fn all_cross(cameras: &[impl CameraLane], counts: Duration) -> anyhow::Result<()> {
    for camera in cameras {
        camera.safety(true).await?;
    }
    tokio::time::sleep(counts).await;
    for camera in cameras {
        camera.trigger(false).await?;
    }
    tokio::time::sleep(counts).await;
    for camera in cameras {
        camera.safety(false).await?;
    }
    tokio::time::sleep(counts).await;
    Ok(())
}

/// Of each vehicle another one.
pub(super) fn number(round: usize, place: usize) -> u64 {
    (round * 1000 + place) as u64
}

/// When the next recognition came to the platform.
pub(super) async fn arrival(arrivals: &mut Arrivals) -> anyhow::Result<Instant> {
    let came = tokio::time::timeout(PATIENCE, arrivals.recv()).await;
    came.context("no recognition came")?.context("no platform")
}
