//! What a gateway answers that has a million records which could not be pushed.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use boshi_protocol::endpoint::{QueryUnPushRecognitionInfo, UnPushedQuery};
use boshi_protocol::envelope::Answer;
use boshi_protocol::id::{AppId, LotId};
use boshi_protocol::page::PageRequest;
use boshi_protocol::time::WireTime;
use boshi_protocol::token::Credentials;
use boshi_transport::call::{Peer, PeerSettings};
use jiff::Timestamp;
use rusqlite::Connection;

use crate::server::Places;
use crate::site::{Platform, Site};
use crate::stats::percentile;
use crate::supplier::{APP_ID, LOT, SECRET};

/// Records that could not be pushed.
pub(crate) const FAILED: u64 = 1_000_000;
/// How often each page is asked for.
const TIMES: usize = 30;
/// Longest that a page may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Seconds over which the records are spread.
const SPREAD_SECONDS: u64 = 30 * 86_400;

/// A page, and how long it took, sorted.
pub(crate) struct Asked {
    pub(crate) page: u32,
    took: Vec<Duration>,
}

impl Asked {
    pub(crate) fn took(&self, share: f64) -> Duration {
        percentile(&self.took, share)
    }
}

/// What it came to.
pub(crate) struct Figures {
    pub(crate) records: u64,
    /// The first page, one in the middle, and the last.
    pub(crate) pages: Vec<Asked>,
    /// Resident memory of the gateway afterwards, in bytes.
    pub(crate) memory: u64,
}

/// Measures with so many records.
pub(crate) async fn measure(places: &Places, records: u64) -> anyhow::Result<Figures> {
    let folder = places.fresh("unpushed", true)?;
    let nobody = Platform {
        url: "https://127.0.0.1:9".to_owned(),
        ca: folder.join("gateway/tls/ca.pem"),
    };
    let lane = "[[lot.lane]]\nname = \"01\"\ngate = \"东\"\ndirection = \"entry\"\n\
                recognizer = \"CAM-01\"\nbarrier = \"BAR-01\"\ndevice_url = \"poll\"\n\
                device_key = \"bench-device-key\"\n";
    let site = Site::new(&places.boshi, &folder, &nobody, lane)?;
    drop(site.start()?);
    let first = fill(&site.journal(), records)?;
    let (gateway, _) = site.start()?;
    let peer = Peer::new(PeerSettings {
        base_url: format!("https://{}", site.standard),
        lot: LotId::new(LOT)?,
        credentials: Credentials::new(AppId::new(APP_ID)?, SECRET.to_owned().into()),
        ca_pem: Some(std::fs::read(site.ca())?),
        connect_timeout: PATIENCE,
    })?;
    let last = u32::try_from(records.div_ceil(u64::from(PageRequest::largest(1).size)))?;
    let mut pages = Vec::new();
    for page in [1, last / 2, last] {
        let mut took = Vec::new();
        for _ in 0..TIMES {
            let asked = Instant::now();
            ask(&peer, first, page, records).await?;
            took.push(asked.elapsed());
        }
        took.sort_unstable();
        pages.push(Asked { page, took });
    }
    Ok(Figures {
        records,
        pages,
        memory: gateway.memory()?,
    })
}

async fn ask(peer: &Peer, first: Timestamp, page: u32, records: u64) -> anyhow::Result<()> {
    let query = UnPushedQuery {
        begin: WireTime::from_timestamp(first),
        end: None,
        page: PageRequest::largest(page),
    };
    let answer = peer
        .call::<QueryUnPushRecognitionInfo>(&query, Timestamp::now(), PATIENCE)
        .await?;
    let Answer::Accepted { body, .. } = answer else {
        bail!("page {page} was refused: {answer:?}");
    };
    if body.total != records || body.data.is_empty() {
        bail!(
            "page {page} has {} of {} records",
            body.data.len(),
            body.total
        );
    }
    Ok(())
}

/// Recognitions whose push has failed, spread over a month; when the first was.
fn fill(path: &Path, records: u64) -> anyhow::Result<Timestamp> {
    let to = Connection::open(path)?;
    let first = Timestamp::now().as_second() - i64::try_from(SPREAD_SECONDS)?;
    let at = format!("({first} + i * {SPREAD_SECONDS} / {records}) * 1000");
    let numbers = format!(
        "WITH RECURSIVE numbers (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < {records})"
    );
    // Version 7 of UUID, as a gateway makes them: one behind the other in time.
    let record = "printf('%032x', i)";
    to.execute_batch(&format!(
        "PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; BEGIN;
         {numbers} INSERT INTO recognition (lot, record, lane, device, plate, color, reliability, at,
           replayed, outcome, outcome_at)
         SELECT '{LOT}', {record}, '01', 'CAM-01', '粤B' || printf('%05d', i % 100000), 'blue', 96, {at},
           0, 'crossed', {at} FROM numbers;
         {numbers} INSERT INTO outbox (lot, kind, key, at, state, reason, attempts, settled_at)
         SELECT '{LOT}', 'recognition', {record}, {at}, 'failed', 'timeout', 5, {at} FROM numbers;
         COMMIT;"
    ))?;
    Timestamp::from_second(first).context("a time that is none")
}
