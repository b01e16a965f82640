//! A gateway that was cut off for long, and empties its outbox: against a client that only sends.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use reqwest::header::CONTENT_TYPE;
use rusqlite::{Connection, params};
use tokio::task::JoinSet;

use crate::process::Process;
use crate::server::Places;
use crate::site::Site;
use crate::stub::{self, Arrivals};
use crate::supplier::{Composer, LOT};

/// Records of a week in which nothing could be sent from a busy car park.
pub(crate) const WAITING: usize = 100_000;
/// Requests that the bare client has under way: as many as a gateway (`backlog_in_flight`).
const IN_FLIGHT: usize = 8;
/// Longest pause between two records: after that something is wrong.
const STALLED: Duration = Duration::from_secs(30);
/// One second, in milliseconds.
const SECOND: i64 = 1000;

/// What it came to, in records a second.
pub(crate) struct Figures {
    pub(crate) records: usize,
    pub(crate) gateway: f64,
    pub(crate) bare: f64,
    /// Processor time of the gateway a record.
    pub(crate) cpu: Duration,
    /// Resident memory of the gateway at the end, in bytes.
    pub(crate) memory: u64,
}

/// Measures with so many records.
pub(crate) async fn measure(places: &Places, records: usize) -> anyhow::Result<Figures> {
    let folder = places.fresh("outbox", true)?;
    let (platform, mut arrivals) = stub::start(&folder.join("stub"), stub::CROSSING).await?;
    let lane = "[[lot.lane]]\nname = \"01\"\ngate = \"东\"\ndirection = \"entry\"\n\
                recognizer = \"CAM-01\"\nbarrier = \"BAR-01\"\ndevice_url = \"poll\"\n\
                device_key = \"bench-device-key\"\n";
    let site = Site::new(&places.boshi, &folder, &platform, lane)?;
    // Its own schema, whatever that is by now.
    drop(site.start()?);
    fill(&site.journal(), records)?;
    let (gateway, _) = site.start()?;
    let said = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap_or_default();
    let rate = drained(&mut arrivals, records).await;
    let rate = rate.with_context(|| said("gateway.log"))?;
    let (cpu, memory) = (gateway.cpu()?, gateway.memory()?);
    drop(gateway);
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["client", &platform.url, "--ca"]);
    command
        .arg(&platform.ca)
        .arg("--count")
        .arg(records.to_string());
    let client = Process::start("bare client", &command, &folder.join("client.log"))?;
    let bare = drained(&mut arrivals, records).await;
    let bare = bare.with_context(|| said("client.log"))?;
    client.ends(STALLED).await?;
    Ok(Figures {
        records,
        gateway: rate,
        bare,
        cpu: cpu / u32::try_from(records)?,
        memory,
    })
}

/// How many a second came, from the first to the last.
async fn drained(arrivals: &mut Arrivals, records: usize) -> anyhow::Result<f64> {
    let mut first: Option<Instant> = None;
    let mut last = None;
    for number in 0..records {
        let came = tokio::time::timeout(STALLED, arrivals.recv()).await;
        let came = came.with_context(|| format!("after {number} records none came any more"))?;
        let came = came.context("nobody listens")?;
        first.get_or_insert(came);
        last = Some(came);
    }
    let (first, last) = first.zip(last).context("no records")?;
    Ok((records - 1) as f64 / last.duration_since(first).as_secs_f64())
}

/// Crossings of vehicles that have long passed, each still to be pushed: recognitions are not, since
/// nobody waits for the answer any more (PUSH-3).
fn fill(path: &Path, records: usize) -> anyhow::Result<()> {
    let mut to = Connection::open(path)?;
    to.execute_batch("PRAGMA synchronous = OFF")?;
    let at = Timestamp::now().as_millisecond() - 86_400 * SECOND;
    let all = to.transaction()?;
    for number in 0..records {
        let (record, at) = (format!("{number:032x}"), at + i64::try_from(number)?);
        let plate = format!("粤B{:05}", number % 100_000);
        all.prepare_cached(
            "INSERT INTO crossing (lot, record, lane, device, plate, color, at, side)
             VALUES (?, ?, '01', 'CAM-01', ?, 'blue', ?, 'entry')",
        )?
        .execute(params![LOT, record, plate, at])?;
        all.prepare_cached("INSERT INTO outbox (lot, kind, key, at) VALUES (?, 'crossing', ?, ?)")?
            .execute(params![LOT, record, at])?;
    }
    all.commit()?;
    Ok(())
}

/// The client that only sends: `count` requests to the platform at `url`, some at once.
pub(crate) async fn send(url: &str, ca: &Path, count: usize) -> anyhow::Result<()> {
    let roots = reqwest::Certificate::from_pem_bundle(&std::fs::read(ca)?)?;
    let client = reqwest::Client::builder()
        .tls_certs_only(roots)
        .no_proxy()
        .tcp_nodelay(true)
        .build()?;
    let url = format!("{url}{}", stub::CROSSING);
    let next = Arc::new(AtomicUsize::new(0));
    let mut senders = JoinSet::new();
    for sender in 0..IN_FLIGHT as u64 {
        let (client, url, next) = (client.clone(), url.clone(), Arc::clone(&next));
        senders.spawn(async move {
            let mut composer = Composer::new(sender);
            while next.fetch_add(1, Ordering::Relaxed) < count {
                let request = client.post(&url).header(CONTENT_TYPE, "application/json");
                let reply = request.body(composer.body()).send().await?.bytes().await?;
                if !reply.starts_with(br#"{"respCode":"0""#) {
                    bail!("answered {reply:?}");
                }
            }
            Ok(())
        });
    }
    while let Some(ended) = senders.join_next().await {
        ended??;
    }
    Ok(())
}

/// Whom the bare client sends to.
#[derive(clap::Args)]
pub(crate) struct Sending {
    /// The base URL
    pub(crate) url: String,
    /// The certificate of its authority
    #[arg(long)]
    pub(crate) ca: PathBuf,
    /// How many requests
    #[arg(long)]
    pub(crate) count: usize,
}
