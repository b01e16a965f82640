//! `boshi crowd`: thousands of lots at once in front of a platform of its own, and an account of every
//! record: what was acknowledged is stored, and what is stored was sent.

mod account;
mod lots;
mod stage;
mod traffic;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde::Serialize;

use self::account::Account;
use self::stage::Stage;
use self::traffic::Traffic;
use crate::terminal::say;

/// Longest that the lots may take to be asked whether they are there: a few heartbeats of each.
const ALL_HEARD: Duration = Duration::from_secs(120);

/// Thousands of lots at once, and an account of every record (压力测试).
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many lots
    #[arg(long, default_value_t = 10_000)]
    lots: usize,
    /// How many vehicles come to each: a recognition and a crossing each
    #[arg(long, default_value_t = 2)]
    vehicles: usize,
    /// How many vehicles are under way at once
    #[arg(long, default_value_t = 64)]
    at_once: usize,
    /// Kill the platform when half of the vehicles have come, and start it again
    #[arg(long)]
    kill: bool,
    /// A folder for what is made, which is kept; otherwise it goes
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// What came of it.
#[derive(Serialize)]
struct Result {
    lots: usize,
    /// Until the platform was ready, with all its lots.
    start_seconds: f64,
    /// Until every lot was asked whether it is there, from the start on.
    all_heard_seconds: f64,
    heartbeats: u64,
    traffic_seconds: f64,
    /// Recognitions and crossings that were acknowledged, a second.
    records_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    slowest_ms: f64,
    /// Attempts that failed and were made again.
    failed_attempts: u64,
    #[serde(flatten)]
    account: Account,
    /// Of the platform, at the end.
    resident_bytes: f64,
    /// Of the platform, since it was started last.
    cpu_seconds: f64,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    ensure!(arguments.lots > 0, "--lots 应大于 0");
    ensure!(arguments.at_once > 0, "--at-once 应大于 0");
    let temporary = tempfile::tempdir()?;
    let folder = arguments.keep.as_deref().unwrap_or(temporary.path());
    let began = Instant::now();
    let mut stage = Stage::set(folder, arguments.lots).await?;
    let start_seconds = stage.started_in.as_secs_f64();
    let traffic = Traffic::new(stage.peer()?, arguments.lots, arguments.vehicles);
    let coming = Instant::now();
    let half = arguments
        .kill
        .then_some(arguments.lots * arguments.vehicles / 2);
    let journeys = traffic.come(arguments.at_once, half, &mut stage).await?;
    let traffic_seconds = coming.elapsed().as_secs_f64();
    let all = stage.lots.all_heard(arguments.lots);
    tokio::time::timeout(ALL_HEARD, all)
        .await
        .context("not every lot was asked whether it is there")?;
    let all_heard_seconds = began.elapsed().as_secs_f64();
    let heartbeats = stage.lots.heartbeats();
    let resident_bytes = stage.metric("process_resident_memory_bytes").await?;
    let cpu_seconds = stage.metric("process_cpu_seconds_total").await?;
    let store = stage.stop().await?;
    let account = Account::of(&journeys, &store, arguments.lots)?;
    let mut took: Vec<Duration> = journeys.iter().flat_map(|it| it.took.clone()).collect();
    took.sort_unstable();
    let result = Result {
        lots: arguments.lots,
        start_seconds,
        all_heard_seconds,
        heartbeats,
        traffic_seconds,
        records_per_second: account.acknowledged_f64() / traffic_seconds,
        p50_ms: share(&took, 50),
        p99_ms: share(&took, 99),
        slowest_ms: share(&took, 100),
        failed_attempts: journeys.iter().map(|it| it.failed).sum(),
        account,
        resident_bytes,
        cpu_seconds,
    };
    tell(&result, arguments.json)?;
    ensure!(result.account.is_whole(), "记录不符");
    Ok(())
}

/// The value in milliseconds below which so many percent of the sorted durations are.
fn share(sorted: &[Duration], percent: usize) -> f64 {
    const MILLIS: f64 = 1000.0;
    let place = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted
        .get(place)
        .map_or(0.0, |it| it.as_secs_f64() * MILLIS)
}

fn tell(result: &Result, json: bool) -> anyhow::Result<()> {
    const MIB: f64 = 1024.0 * 1024.0;
    if json {
        say(&serde_json::to_string(result)?);
        return Ok(());
    }
    say(&format!(
        "{} 个车场：平台启动 {:.1} 秒，全部心跳 {:.1} 秒（共 {} 次）",
        result.lots, result.start_seconds, result.all_heard_seconds, result.heartbeats
    ));
    say(&format!(
        "推送 {:.1} 秒，每秒确认 {:.0} 条；应答 p50 {:.1} ms，p99 {:.1} ms，最慢 {:.0} ms；失败重试 {} 次",
        result.traffic_seconds,
        result.records_per_second,
        result.p50_ms,
        result.p99_ms,
        result.slowest_ms,
        result.failed_attempts
    ));
    say(&format!(
        "平台内存 {:.0} MiB，CPU {:.1} 秒",
        result.resident_bytes / MIB,
        result.cpu_seconds
    ));
    let it = &result.account;
    say(&format!(
        "发出 {}，确认 {}，入库 {}；确认而未入库 {}，入库而未发出 {}，重复 {}",
        it.sent, it.acknowledged, it.stored, it.lost, it.invented, it.twice
    ));
    Ok(())
}
