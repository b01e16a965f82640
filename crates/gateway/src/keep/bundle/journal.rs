//! What the journal tells a bundle.

use std::fmt::{Display, Write as _};

use boshi_protocol::id::LotId;

use super::Sections;
use crate::config::Config;
use crate::journal::{Journal, JournalError, Part, check, kind_word};
use crate::keep::KeepError;

/// How many of each list are told: a busy hour.
const ROWS: u32 = 100;

/// How many runs are told: a week of daily restarts, and more.
const RUNS: u32 = 20;

/// The newest.
const LATEST: Part = Part {
    before: None,
    limit: ROWS,
};

pub(super) async fn sections(config: &Config, to: &mut Sections) -> Result<(), KeepError> {
    let path = config.journal();
    let journal = Journal::open_to_read(&path)?;
    to.section("运行记录", runs(&journal).await);
    to.section("记录库检查", check(&path).map(|found| format!("{found:?}")));
    for lot in &config.lots {
        let id = &lot.id;
        let mut section = |title: &str, content| to.section(&format!("{id} {title}"), content);
        section("计数", counts(&journal, id).await);
        section("设备现状", devices(&journal, id).await);
        section("设备变化", changes(&journal, id).await);
        section("推送尝试", attempts(&journal, id).await);
        section("抬杆", lifts(&journal, id).await);
    }
    Ok(())
}

async fn runs(journal: &Journal) -> Result<String, JournalError> {
    let runs = journal.runs(RUNS).await?;
    Ok(lines(runs, |run| {
        let stopped = run.stopped_at.map_or("-".to_owned(), |at| at.to_string());
        format!(
            "{} 启动 {} 最后存活 {} 正常停止 {stopped}",
            run.version, run.started_at, run.alive_at
        )
    }))
}

async fn counts(journal: &Journal, lot: &LotId) -> Result<String, JournalError> {
    let counts = journal.summary(lot).await?;
    let pushes = lines(counts.pushes, |(kind, state, count)| {
        format!("{kind} {state} {count}")
    });
    let outcomes = lines(counts.outcomes, |(outcome, count)| {
        format!("{outcome} {count}")
    });
    let oldest = journal.oldest_pending(lot).await?;
    Ok(format!("{pushes}{outcomes}最早待推送 {}", or_none(oldest)))
}

async fn devices(journal: &Journal, lot: &LotId) -> Result<String, JournalError> {
    Ok(lines(journal.device_states(lot).await?, |it| {
        let state = if it.online { "在线" } else { "离线" };
        format!("{} {} {state} 自 {}", it.lane, it.device, it.at)
    }))
}

async fn changes(journal: &Journal, lot: &LotId) -> Result<String, JournalError> {
    let changes = journal.device_changes(lot, None, LATEST).await?;
    Ok(lines(changes, |(_, it)| {
        let state = if it.online { "恢复" } else { "失去连接" };
        format!("{} {} {} {state}", it.at, it.lane, it.device)
    }))
}

async fn attempts(journal: &Journal, lot: &LotId) -> Result<String, JournalError> {
    Ok(lines(journal.attempts(lot, None, LATEST).await?, |it| {
        let (kind, id) = (kind_word(it.key.kind), &it.key.id);
        format!(
            "{} {kind} {id} 第 {} 次 {} 毫秒 {}",
            it.at, it.attempt, it.millis, it.outcome
        )
    }))
}

async fn lifts(journal: &Journal, lot: &LotId) -> Result<String, JournalError> {
    Ok(lines(journal.lifts(lot, None, LATEST).await?, |it| {
        let (record, result) = (or_none(it.record), or_none(it.result));
        format!("{} {} {} {record} {result}", it.at, it.lane, it.cause)
    }))
}

fn lines<T>(rows: Vec<T>, line: impl Fn(T) -> String) -> String {
    rows.into_iter().fold(String::new(), |mut text, row| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}", line(row));
        text
    })
}

fn or_none(value: Option<impl Display>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}
