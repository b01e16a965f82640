//! Keeping a platform, running or not: backup, restore, check of the records.

use std::path::PathBuf;

use anyhow::bail;
use boshi_platform::keep::{self, Findings, Flaw};
use clap::Args;

use super::{ConfigFile, run};
use crate::terminal::say;

/// Where a backup is made.
#[derive(Args)]
pub(crate) struct Backup {
    /// A folder that is not there yet, or empty; keys are in the backup, so keep it safe
    to: PathBuf,
    #[command(flatten)]
    config: ConfigFile,
}

/// Where a backup is, and where it goes.
#[derive(Args)]
pub(crate) struct RestoreBackup {
    /// The folder of the backup
    from: PathBuf,
    /// The data folder to be made, which must not be in use
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
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
    let files = manifest.files.len();
    say(&format!(
        "已恢复 {} 的备份到 {}：{files} 个文件均已校验；当时的配置文件为 {}",
        manifest.made_at,
        data.display(),
        from.join("platform.toml").display()
    ));
    report(&keep::check(&data.join("platform.db"))?)
}

pub(super) fn check(config: &ConfigFile) -> anyhow::Result<()> {
    let config = run::load(&config.config)?;
    report(&keep::check(&config.store())?)
}

fn report(found: &Findings) -> anyhow::Result<()> {
    for fault in &found.faults {
        say(&format!("文件损坏：{fault}"));
    }
    for (flaw, count) in &found.flaws {
        say(&format!("{}：{count}", words(*flaw)));
    }
    let counts = found.counts.iter();
    let counts = counts.map(|it| format!("{} {}", table(it.table), it.rows));
    let counts: Vec<String> = counts.collect();
    if !counts.is_empty() {
        say(&counts.join("，"));
    }
    if !found.is_sound() {
        bail!("记录库有问题");
    }
    say("记录库完好");
    Ok(())
}

fn table(name: &str) -> &str {
    match name {
        "recognition" => "识别",
        "crossing" => "过闸",
        "stay" => "停车",
        "decision" => "判定",
        "abnormality" => "异常",
        "command" => "命令",
        "outage" => "中断",
        "audit" => "审计",
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
