//! A platform with very many lots: how it starts, what it holds, and whether it answers as fast.

use std::time::Duration;

use crate::server::Places;
use crate::supplier::Spread;
use crate::throughput::{Contest, Extent};

/// Lots of the largest property.
pub(crate) const LOTS: u64 = 10_000;
/// After that a platform that has started has nothing more to do at once: it has asked every lot
/// whether it is there.
const IDLE: Duration = Duration::from_secs(10);

/// What it came to.
pub(crate) struct Figures {
    /// From the start of the process to the first connection taken, with one lot and with all.
    pub(crate) started: (Duration, Duration),
    /// Resident memory with nothing to do, in bytes, likewise.
    pub(crate) idle: (u64, u64),
    /// The platform with one lot, and that with all.
    pub(crate) contest: Contest,
}

/// Measures at so many connections.
pub(crate) async fn measure(
    places: &Places,
    extent: Extent,
    connections: usize,
) -> anyhow::Result<Figures> {
    let (one, many) = (places.platform_of(1)?, places.platform_of(LOTS)?);
    tokio::time::sleep(IDLE).await;
    let idle = (one.process.memory()?, many.process.memory()?);
    let started = (one.started, many.started);
    let spread = |lots| Spread {
        lots,
        random: false,
    };
    let servers = [("one", one, spread(1)), ("all", many, spread(LOTS))];
    let contest = Contest::run(false, connections, servers, extent).await?;
    Ok(Figures {
        started,
        idle,
        contest,
    })
}
