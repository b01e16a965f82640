//! Deliberate defects, put between the processes: on their disks while they are down, and at the barriers.
//! What an account does not find when it is there, it does not know when it is not. The sides themselves
//! know nothing of it.

mod wal;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use boshi_simulator::lot::VirtualLot;
use rusqlite::Connection;
use serde::Serialize;
use serde_json::json;

use super::agenda::Victims;
use crate::demo::stage::DEVICE_KEY;

/// How many of the last commits a kill takes along of a side that does not wait for them.
const COMMITS_LOST: usize = 8;

/// How often a barrier is driven for no reason.
const UNASKED: u32 = 3;

/// Longest that a barrier may take to be driven.
const DRIVEN_WITHIN: Duration = Duration::from_secs(10);

/// Something that is wrong with one of the sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Defect {
    /// The platform answers before its commit
    AnswersBeforeCommit,
    /// The gateway acts, and acknowledges, before its journal's commit
    ActsBeforeWriting,
    /// A start of the gateway takes up nothing that is still to be pushed
    EmptiesOutbox,
    /// The gateway forgets a crossing that it has acknowledged
    ForgetsCrossings,
    /// The gateway forgets a reading that it has acknowledged, of a vehicle that is gone
    ForgetsReadings,
    /// The gateway takes an abnormality to be delivered that nobody has
    ForgetsAbnormalities,
    /// The platform takes a record that comes again for another one
    HasNoKey,
    /// A barrier is driven, and nobody has written why
    DrivesUnasked,
}

/// Two sides of which one has a defect, or none.
pub(super) struct Spoiled {
    pub(super) defect: Option<Defect>,
    pub(super) journal: PathBuf,
    pub(super) store: PathBuf,
}

impl Spoiled {
    /// What the defect makes of the disks of those who were killed just now.
    pub(super) fn killed(&self, victims: Victims) -> anyhow::Result<()> {
        let platform = victims != Victims::Gateway;
        let gateway = victims != Victims::Platform;
        match self.defect {
            Some(Defect::AnswersBeforeCommit) if platform => {
                wal::lose(&self.store, COMMITS_LOST).context("the store cannot be cut")?;
            }
            Some(Defect::ActsBeforeWriting) if gateway => {
                wal::lose(&self.journal, COMMITS_LOST).context("the journal cannot be cut")?;
            }
            Some(Defect::EmptiesOutbox) if gateway => change(
                &self.journal,
                "UPDATE outbox SET state = 'delivered', settled_at = at WHERE state = 'pending'",
            )?,
            Some(Defect::ForgetsCrossings) if gateway => change(
                &self.journal,
                "CREATE TEMP TABLE newest AS
                   SELECT lot, key FROM outbox WHERE kind = 'crossing' ORDER BY seq DESC LIMIT 1;
                 DELETE FROM crossing WHERE (lot, record) IN newest;
                 DELETE FROM outbox WHERE kind = 'crossing' AND (lot, key) IN newest",
            )?,
            Some(Defect::ForgetsReadings) if gateway => change(
                &self.journal,
                "CREATE TEMP TABLE newest AS
                   SELECT o.lot, o.key FROM outbox o JOIN recognition r ON (r.lot, r.record) = (o.lot, o.key)
                   WHERE o.kind = 'recognition' AND o.state = 'failed' AND r.plate IS NOT NULL
                     AND r.outcome IS NOT NULL AND (o.lot, o.key) NOT IN
                       (SELECT lot, record FROM crossing)
                   ORDER BY seq DESC LIMIT 1;
                 DELETE FROM recognition WHERE (lot, record) IN newest;
                 DELETE FROM outbox WHERE kind = 'recognition' AND (lot, key) IN newest",
            )?,
            Some(Defect::ForgetsAbnormalities) if gateway => change(
                &self.journal,
                "UPDATE outbox SET state = 'delivered', settled_at = at
                 WHERE kind = 'abnormality' AND state <> 'delivered'",
            )?,
            Some(Defect::HasNoKey) if platform => change(
                &self.store,
                "CREATE TEMP TABLE again AS SELECT * FROM recognition ORDER BY id DESC LIMIT 1;
                 UPDATE again SET id = NULL, uuid = uuid || '-again';
                 INSERT INTO recognition SELECT * FROM again",
            )?,
            _ => {}
        }
        Ok(())
    }

    /// What the defect does at the barriers within `span`.
    pub(super) async fn drives(
        &self,
        lot: &VirtualLot,
        barriers: &[String],
        span: Duration,
    ) -> anyhow::Result<()> {
        if self.defect != Some(Defect::DrivesUnasked) {
            return Ok(());
        }
        let client = reqwest::Client::builder().tls_certs_only([]).no_proxy();
        let client = client.timeout(DRIVEN_WITHIN).build()?;
        for (number, barrier) in (0..UNASKED).zip(barriers.iter().cycle()) {
            tokio::time::sleep(span / (UNASKED + 1)).await;
            let id = format!("unasked-{number}");
            let open = json!({"command": "open", "id": id, "device": barrier});
            let request = client.post(lot.device_url()).bearer_auth(DEVICE_KEY);
            let request = request.header("Content-Type", "application/json");
            let driven = request.body(open.to_string()).send().await;
            driven.context("a barrier cannot be driven")?;
        }
        Ok(())
    }
}

/// Changes a file that nobody has open.
fn change(file: &Path, sql: &str) -> anyhow::Result<()> {
    let connection = Connection::open(file)?;
    let changed = connection.execute_batch(sql);
    changed.with_context(|| format!("{} cannot be changed", file.display()))
}
