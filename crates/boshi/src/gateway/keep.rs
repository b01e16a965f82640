//! Keeping a gateway, running or not: backup, restore, check of the journal, a bundle for support.

use std::path::PathBuf;

use boshi_gateway::keep::{self, Findings, Flaw};
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

/// Where the bundle is made.
#[derive(Args)]
pub(crate) struct Bundle {
    /// The file to be made
    #[arg(default_value = "boshi-gateway-support.txt")]
    to: PathBuf,
    /// A file of the log whose end is put into it
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigFile,
}

pub(super) fn backup(wanted: &Backup) -> anyhow::Result<()> {
    let written_in = &wanted.config.config;
    let config = run::load(written_in)?;
    let made = keep::backup(&config, written_in, &wanted.to)?;
    let (files, bytes) = (made.manifest.files.len(), made.manifest.bytes());
    say(&format!(
        "已备份到 {}：{files} 个文件，{bytes} 字节。其中含密钥，请妥善保管",
        wanted.to.display()
    ));
    for path in &made.elsewhere {
        say(&format!("未包含（不在数据目录内）：{}", path.display()));
    }
    Ok(())
}

pub(super) fn restore_backup(wanted: &RestoreBackup) -> anyhow::Result<()> {
    let (from, data) = (&wanted.from, &wanted.data);
    let manifest = keep::restore(from, data)?;
    tell_restored(&manifest, from, data, "gateway.toml");
    report(&keep::check(&data.join("journal.db"))?)
}

pub(super) fn check(config: &ConfigFile) -> anyhow::Result<()> {
    let config = run::load(&config.config)?;
    report(&keep::check(&config.journal())?)
}

pub(super) async fn bundle(wanted: Bundle) -> anyhow::Result<()> {
    let written_in = &wanted.config.config;
    let config = run::load(written_in)?;
    let (log, to) = (wanted.log.as_deref(), &wanted.to);
    let made = keep::bundle(&config, written_in, log, to).await?;
    say(&format!(
        "诊断信息已写入 {}：{} 字节，不含密钥",
        to.display(),
        made.bytes
    ));
    for missing in &made.missing {
        say(&format!("未包含：{missing}"));
    }
    Ok(())
}

fn report(found: &Findings) -> anyhow::Result<()> {
    let flaws = found
        .flaws
        .iter()
        .map(|(flaw, count)| (words(*flaw), *count));
    tell_findings(&found.faults, flaws, "")
}

const fn words(flaw: Flaw) -> &'static str {
    match flaw {
        Flaw::CrossingUnrecognized => "没有识别的过闸记录",
        Flaw::RecordWithoutPush => "没有推送状态的记录",
        Flaw::PushWithoutRecord => "没有记录的推送状态",
        Flaw::StayWithoutCrossing => "没有过闸记录的停车记录",
    }
}
