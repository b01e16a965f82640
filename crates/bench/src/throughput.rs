//! Durable `receivePlateNumber` against the handler that stores nothing, and against what somebody
//! would otherwise write.

use std::time::Duration;

use crate::load::{self, Target};
use crate::server::{Places, Server};
use crate::stats::Run;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// How long each run takes.
    pub(crate) span: Duration,
    /// How often the contestants take turns.
    pub(crate) rounds: usize,
}

/// The runs of one contestant.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    server: Server,
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
            ("bare axum, nothing stored", places.bare(tls)?),
            ("boshi platform, durable", places.platform(tls)?),
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
        ("boshi platform", places.platform(false)?),
        ("Node.js: fastify, better-sqlite3", places.node()?),
        ("Python: FastAPI, sqlite3", places.python()?),
    ];
    Contest::run(false, connections, servers, extent).await
}

impl Contest {
    async fn run<const N: usize>(
        tls: bool,
        connections: usize,
        servers: [(&'static str, Server); N],
        extent: Extent,
    ) -> anyhow::Result<Contest> {
        let mut contestants: Vec<Contestant> = servers
            .into_iter()
            .map(|(name, server)| Contestant {
                name,
                server,
                runs: Vec::new(),
            })
            .collect();
        // One run that does not count: files, caches and interpreters become warm.
        for round in 0..=extent.rounds {
            for contestant in &mut contestants {
                let Server { process, target } = &contestant.server;
                let target: &Target = target;
                let span = if round == 0 {
                    extent.span / 4
                } else {
                    extent.span
                };
                let run = load::run(target, process, connections, span, round as u64).await?;
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
