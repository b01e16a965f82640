//! A gateway with many lanes: how it starts, what it holds, and how long a recognized vehicle waits
//! for the pulse to its barrier.

mod lanes;
mod site;

use std::fs;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use self::lanes::{Lanes, controller};
use self::site::Addresses;
use crate::process::Process;
use crate::server::Places;
use crate::site::side;
use crate::stats::percentile;

/// Lanes of a large car park.
pub(crate) const LANES: usize = 50;
/// After that a gateway that has started has nothing more to do at once; its memory is what it
/// keeps.
const IDLE: Duration = Duration::from_secs(3);

/// What a gateway with [`LANES`] lanes came to.
pub(crate) struct Figures {
    /// From the start of the process to the first connection taken, of each start.
    pub(crate) starts: Vec<Duration>,
    /// Resident memory with nothing to do, in bytes.
    pub(crate) idle: u64,
    /// The same when all the vehicles have come, of which each lane still has the last.
    pub(crate) loaded: u64,
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
    let files = addresses.write(&places.boshi, &folder)?;
    let mut pulses = controller(addresses.controller).await?;
    let log = folder.join("platform.log");
    let command = side(&places.boshi, "platform", &files.platform);
    let mut platform = Process::start("platform", &command, &log)?;
    let listening = platform.listens(addresses.platform, Instant::now());
    listening.with_context(|| fs::read_to_string(&log).unwrap_or_default())?;
    let (mut took, mut served) = (Vec::new(), None);
    for _ in 0..starts.max(1) {
        drop(served.take());
        let (process, listening) = files.gateway.start()?;
        took.push(listening);
        served = Some(process);
    }
    let process = served.context("started at least once")?;
    tokio::time::sleep(IDLE).await;
    let idle = process.memory()?;
    let lanes = Lanes::new(files.gateway.devices)?;
    let mut waited = Vec::new();
    for round in 0..vehicles {
        waited.extend(lanes.round(round, &mut pulses).await?);
    }
    let loaded = process.memory()?;
    waited.sort_unstable();
    Ok(Figures {
        starts: took,
        idle,
        loaded,
        pulses: waited,
    })
}
