//! A gateway with very many cameras: what it costs while nothing happens, and while vehicles come.

use std::time::{Duration, Instant};

use super::frames::{CameraLane as _, all_arrive, arrival};
use super::{SETTLED, Took, lanes, tcp};
use crate::server::Places;
use crate::site::Site;
use crate::stub;

/// Cameras of the largest car parks, on one gateway.
pub(crate) const CAMERAS: usize = 200;
/// A vehicle each: twenty a second in all, which is more than any car park has.
const BETWEEN: Duration = Duration::from_millis(50);
/// How long nothing happens.
const IDLE: Duration = Duration::from_secs(5);

/// What it came to.
pub(crate) struct Crowd {
    /// From the start of the process to the first connection taken.
    pub(crate) started: Duration,
    /// Shares of a core, and resident memory in bytes: while nothing happens, and while vehicles come.
    pub(crate) idle: (f64, u64),
    pub(crate) busy: (f64, u64),
    /// From the reading to the push that arrives at the platform.
    pub(crate) events: Took,
}

/// Measures.
pub(crate) async fn measure(places: &Places) -> anyhow::Result<Crowd> {
    let folder = places.fresh("cameras", true)?;
    let (platform, mut arrivals) = stub::start(&folder.join("stub"), stub::RECOGNITION).await?;
    let (cameras, text) = tcp::cameras(CAMERAS, true).await?;
    let site = Site::new(&places.boshi, &folder, &platform, &(lanes(CAMERAS) + &text))?;
    let (gateway, started) = site.start()?;
    for camera in &cameras {
        camera.heard().await?;
    }
    all_arrive(&cameras, SETTLED).await?;
    let (since, cpu) = (Instant::now(), gateway.cpu()?);
    tokio::time::sleep(IDLE).await;
    let share = |cpu: Duration, since: Instant| cpu.as_secs_f64() / since.elapsed().as_secs_f64();
    let idle = share(gateway.cpu()?.saturating_sub(cpu), since);
    let idle = (idle, gateway.memory()?);
    let (since, cpu) = (Instant::now(), gateway.cpu()?);
    let mut events = Vec::new();
    for (place, camera) in cameras.iter().enumerate() {
        let told = camera.read(place as u64)?;
        events.push(arrival(&mut arrivals).await?.duration_since(told));
        tokio::time::sleep(BETWEEN.saturating_sub(told.elapsed())).await;
    }
    let busy = share(gateway.cpu()?.saturating_sub(cpu), since);
    Ok(Crowd {
        started,
        idle,
        busy: (busy, gateway.memory()?),
        events: Took::new(events),
    })
}
