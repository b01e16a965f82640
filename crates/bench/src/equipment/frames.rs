//! From a camera's reading, with its picture, to the push that tells the platform, and to the pulse.

use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::http::HttpLane;
use super::tcp::TcpLane;
use super::{LANES, PATIENCE, SETTLED, Took, http, lanes, tcp};
use crate::server::Places;
use crate::site::Site;
use crate::stub::{self, Arrivals};

/// What a family of cameras came to.
pub(crate) struct Family {
    pub(crate) name: &'static str,
    /// From the reading to the push that arrives at the platform.
    pub(crate) events: Took,
    /// From the reading to the pulse that arrives at the camera.
    pub(crate) pulses: Took,
}

/// Measures both families, with so many vehicles a lane.
pub(crate) async fn measure(places: &Places, vehicles: usize) -> anyhow::Result<Vec<Family>> {
    Ok(vec![
        over_http(places, vehicles).await.context("VZ over HTTP")?,
        over_tcp(places, vehicles).await.context("VZ over TCP")?,
    ])
}

async fn over_tcp(places: &Places, vehicles: usize) -> anyhow::Result<Family> {
    let folder = places.fresh("vz-tcp", true)?;
    let (platform, mut arrivals) = stub::start(&folder.join("stub"), stub::RECOGNITION).await?;
    let (mut cameras, text) = tcp::cameras(LANES, true).await?;
    let site = Site::new(&places.boshi, &folder, &platform, &(lanes(LANES) + &text))?;
    let (_gateway, _) = site.start()?;
    for camera in &cameras {
        camera.heard().await?;
    }
    let (mut events, mut pulses) = (Vec::new(), Vec::new());
    let everywhere = |cameras: &[TcpLane], act: fn(&TcpLane)| cameras.iter().for_each(act);
    for round in 0..vehicles {
        everywhere(&cameras, |lane| lane.trigger(true));
        tokio::time::sleep(SETTLED).await;
        for (place, camera) in cameras.iter_mut().enumerate() {
            let told = camera.read(number(round, place))?;
            events.push(arrival(&mut arrivals).await?.duration_since(told));
            pulses.push(camera.pulse().await?.duration_since(told));
        }
        everywhere(&cameras, |lane| lane.safety(true));
        tokio::time::sleep(SETTLED).await;
        everywhere(&cameras, |lane| lane.trigger(false));
        tokio::time::sleep(SETTLED).await;
        everywhere(&cameras, |lane| lane.safety(false));
        tokio::time::sleep(SETTLED).await;
    }
    Ok(Family {
        name: "臻识 VZ, TCP",
        events: Took::new(events),
        pulses: Took::new(pulses),
    })
}

async fn over_http(places: &Places, vehicles: usize) -> anyhow::Result<Family> {
    /// Inputs are told, so a loop counts as soon as it has kept its state.
    const COUNTS: Duration = Duration::from_millis(150);
    let folder = places.fresh("vz-http", true)?;
    let (platform, mut arrivals) = stub::start(&folder.join("stub"), stub::RECOGNITION).await?;
    let text = lanes(LANES) + &http::text(LANES);
    let site = Site::new(&places.boshi, &folder, &platform, &text)?;
    let (_gateway, _) = site.start()?;
    let mut cameras = http::cameras(LANES, site.devices)?;
    let (mut events, mut pulses) = (Vec::new(), Vec::new());
    for round in 0..vehicles {
        for camera in &cameras {
            camera.trigger(true).await?;
        }
        tokio::time::sleep(COUNTS).await;
        for (place, camera) in cameras.iter_mut().enumerate() {
            let told = HttpLane::read(camera, number(round, place));
            events.push(arrival(&mut arrivals).await?.duration_since(told));
            pulses.push(camera.pulse().await?.duration_since(told));
        }
        for camera in &cameras {
            camera.safety(true).await?;
        }
        tokio::time::sleep(COUNTS).await;
        for camera in &cameras {
            camera.trigger(false).await?;
        }
        tokio::time::sleep(COUNTS).await;
        for camera in &cameras {
            camera.safety(false).await?;
        }
        tokio::time::sleep(COUNTS).await;
    }
    Ok(Family {
        name: "臻识 VZ, HTTP",
        events: Took::new(events),
        pulses: Took::new(pulses),
    })
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
