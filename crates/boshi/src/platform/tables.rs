//! Tables (CSV): permits and blocks from a spreadsheet, any list into one.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};

use super::access::{Access, Query};
use super::show::{Column, print, text};
use crate::terminal::say;

/// A table to import.
#[derive(Args)]
pub(crate) struct Import {
    /// The file: CSV in UTF-8 with a heading
    file: PathBuf,
    /// Only say what is wrong
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    access: Access,
}

/// Write a list to standard output, as CSV.
#[derive(Args)]
pub(crate) struct Export {
    /// The list
    list: List,
    /// Only of this lot
    #[arg(long)]
    lot: Option<String>,
    /// Only plates with this in them
    #[arg(long)]
    plate: Option<String>,
    /// Only from this time on
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only before this time
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    #[command(flatten)]
    access: Access,
}

#[derive(Clone, Copy, ValueEnum)]
enum List {
    Recognitions,
    Crossings,
    Stays,
    Corrections,
    Abnormalities,
    Decisions,
    Commands,
    Outages,
    Audit,
    Permits,
    Blocks,
}

pub(super) async fn import(list: &str, wanted: Import) -> anyhow::Result<()> {
    const COLUMNS: &[Column] = &[
        ("行", |row| text(&row["line"])),
        ("列", |row| text(&row["field"])),
        ("问题", |row| text(&row["error"])),
    ];
    let path = &wanted.file;
    let table = fs::read_to_string(path);
    let table = table.with_context(|| format!("文件 {} 无法读取（应为 UTF-8）", path.display()))?;
    let query = Query::default().with("dry_run", wanted.dry_run.then_some(true));
    let access = &wanted.access;
    let told = access.post_text(&[list, "import"], &query, table).await?;
    let (lines, imported) = (text(&told["lines"]), text(&told["imported"]));
    access.print(&told, || {
        if told["wrong"] != 0 {
            print(&serde_json::json!({"items": told["errors"]}), COLUMNS);
        }
        say(&format!("共 {lines} 行，已导入 {imported} 行"));
    });
    if told["wrong"] != 0 {
        bail!("{} 行有误，全部未导入", text(&told["wrong"]));
    }
    Ok(())
}

pub(super) async fn export(wanted: Export) -> anyhow::Result<()> {
    let list = wanted.list.to_possible_value();
    let list = list.context("no such list")?;
    let query = Query::default()
        .with("lot", wanted.lot)
        .with("plate", wanted.plate)
        .with("from", wanted.from)
        .with("to", wanted.to);
    wanted
        .access
        .copy(&[list.get_name(), "export"], &query)
        .await
}
