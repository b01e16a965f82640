//! Keeping a platform, running or not: backup, restore, check of the records.

use std::path::PathBuf;

use boshi_platform::keep::{self, Findings, Flaw};
use clap::Args;

use super::{ConfigFile, run};
use crate::kept::{RestoreBackup, tell_findings, tell_restored};
use crate::terminal::say;

/// Where a backup is made.
#[derive(Args)]
pub(crate) struct Backup {
    /// A folder that is not there yet, or empty; keys are in the backup, so keep it safe
    to: PathBuf,
    #[command(flatten)]
    config: ConfigFile,
}

pub(super) fn backup(wanted: &Backup) -> anyhow::Result<()> {
    let written_in = &wanted.config.config;
    let made = keep::backup(&run::load(written_in)?, written_in, &wanted.to)?;
    let (files, bytes) = (made.files.len(), made.bytes());
    say(&format!(
        "已备份到 {}：{files} 个文件，{bytes} 字节。其中含密钥，请妥善保管；配置文件指向数据目录以外的文件不在其中",
        wanted.to.display()
    ));
    Ok(())
}

pub(super) fn restore_backup(wanted: &RestoreBackup) -> anyhow::Result<()> {
    let (from, data) = (&wanted.from, &wanted.data);
    let manifest = keep::restore(from, data)?;
    tell_restored(&manifest, from, data, "platform.toml");
    report(&keep::check(&data.join("platform.db"))?)
}

pub(super) fn check(config: &ConfigFile) -> anyhow::Result<()> {
    let config = run::load(&config.config)?;
    report(&keep::check(&config.store())?)
}

fn report(found: &Findings) -> anyhow::Result<()> {
    let counts = found.counts.iter();
    let counts = counts.map(|it| format!("{} {}", table_word(it.table), it.rows));
    let counts: Vec<String> = counts.collect();
    let flaws = found
        .flaws
        .iter()
        .map(|(flaw, count)| (words(*flaw), *count));
    tell_findings(&found.faults, flaws, &counts.join("，"))
}

/// What a table is called.
pub(super) fn table_word(name: &'static str) -> &'static str {
    match name {
        "recognition" => "识别",
        "crossing" => "过闸",
        "stay" => "停车",
        "decision" => "判定",
        "abnormality" => "异常",
        "command" => "命令",
        "outage" => "中断",
        "audit" => "审计",
        "correction" => "更正",
        other => other,
    }
}

const fn words(flaw: Flaw) -> &'static str {
    match flaw {
        Flaw::RecordOfNobody => "既非推送也非补取的记录",
        Flaw::StayWithoutCrossing => "没有过闸记录的停车记录",
        Flaw::PassageWithoutCrossing => "没有过闸记录的通行",
        Flaw::EntryWithoutStay => "没有停车记录的入场",
        Flaw::OccupancyAdrift => "在场车辆数与过闸记录不符的车场",
        Flaw::OutagesAtOnce => "同时有多个未结束中断的车场",
        Flaw::KeyOfNobody => "没有用户的密钥",
    }
}
