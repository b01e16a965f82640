//! Durable `receivePlateNumber` against the handler that stores nothing, and against what somebody
//! would otherwise write.

use std::time::Duration;

use crate::load::{self, Target};
use crate::server::{Places, Server};
use crate::stats::Run;
use crate::supplier::Spread;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// How long each run takes.
    pub(crate) span: Duration,
    /// How often the contestants take turns.
    pub(crate) rounds: usize,
}

/// The servers of a contest, each with its name and how the requests to it are spread.
type Servers<const N: usize> = [(&'static str, Server, Spread); N];

/// The runs of one contestant.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) server: Server,
    spread: Spread,
    pub(crate) runs: Vec<Run>,
}

/// The same load against everybody, in turns.
pub(crate) struct Contest {
    pub(crate) tls: bool,
    pub(crate) connections: usize,
    /// The first is what the others are compared with.
    pub(crate) contestants: Vec<Contestant>,
}

/// The durable platform against the bare handler, at each of `connections`.
pub(crate) async fn against_bare(
    places: &Places,
    extent: Extent,
    tls: bool,
    connections: &[usize],
) -> anyhow::Result<Vec<Contest>> {
    let mut contests = Vec::new();
    for &connections in connections {
        let servers = [
            (
                "bare axum, nothing stored",
                places.bare(tls)?,
                Spread::default(),
            ),
            (
                "boshi platform, durable",
                places.platform(tls)?,
                Spread::default(),
            ),
        ];
        contests.push(Contest::run(tls, connections, servers, extent).await?);
    }
    Ok(contests)
}

/// The platform against the alternatives, over HTTP.
pub(crate) async fn against_alternatives(
    places: &Places,
    extent: Extent,
    connections: usize,
) -> anyhow::Result<Contest> {
    let servers = [
        ("boshi platform", places.platform(false)?, Spread::default()),
        (
            "Node.js: fastify, better-sqlite3",
            places.node()?,
            Spread::default(),
        ),
        (
            "Python: FastAPI, sqlite3",
            places.python()?,
            Spread::default(),
        ),
    ];
    Contest::run(false, connections, servers, extent).await
}

impl Contest {
    /// Has everybody take turns.
    pub(crate) async fn run<const N: usize>(
        tls: bool,
        connections: usize,
        servers: Servers<N>,
        extent: Extent,
    ) -> anyhow::Result<Contest> {
        let mut contestants: Vec<Contestant> = servers
            .into_iter()
            .map(|(name, server, spread)| Contestant {
                name,
                server,
                spread,
                runs: Vec::new(),
            })
            .collect();
        // One run that does not count: files, caches and interpreters become warm.
        for round in 0..=extent.rounds {
            for contestant in &mut contestants {
                let Server {
                    process, target, ..
                } = &contestant.server;
                let target: &Target = target;
                let span = if round == 0 {
                    extent.span / 4
                } else {
                    extent.span
                };
                let series = (round as u64, contestant.spread);
                let run = load::run(target, process, connections, span, series).await?;
                if round > 0 {
                    contestant.runs.push(run);
                }
            }
        }
        Ok(Contest {
            tls,
            connections,
            contestants,
        })
    }
}
