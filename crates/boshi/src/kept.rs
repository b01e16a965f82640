//! What is told of a backup, of one that is given back, and of a check of the records.

use std::path::{Path, PathBuf};

use anyhow::bail;
use boshi_platform::keep::Manifest;
use clap::Args;

use crate::terminal::say;

/// Where a backup is, and where it goes.
#[derive(Args)]
pub(crate) struct RestoreBackup {
    /// The folder of the backup
    pub(crate) from: PathBuf,
    /// The data folder to be made, which must not be in use
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: PathBuf,
}

/// Tells that the backup in `from` was given back to `data`; `config` is the name of the configuration
/// in it.
pub(crate) fn tell_restored(manifest: &Manifest, from: &Path, data: &Path, config: &str) {
    let files = manifest.files.len();
    say(&format!(
        "已恢复 {} 的备份到 {}：{files} 个文件均已校验；当时的配置文件为 {}",
        manifest.made_at,
        data.display(),
        from.join(config).display()
    ));
}

/// Tells what a check has found: what is broken in the file, and what must never be and how often it
/// is; then `counts`, what there is.
///
/// # Errors
/// When anything was found.
pub(crate) fn tell_findings<'a>(
    faults: &[String],
    flaws: impl Iterator<Item = (&'a str, u64)>,
    counts: &str,
) -> anyhow::Result<()> {
    let mut is_sound = faults.is_empty();
    for fault in faults {
        say(&format!("文件损坏：{fault}"));
    }
    for (flaw, count) in flaws {
        is_sound = false;
        say(&format!("{flaw}：{count}"));
    }
    if !counts.is_empty() {
        say(counts);
    }
    if !is_sound {
        bail!("记录库有问题");
    }
    say("记录库完好");
    Ok(())
}
