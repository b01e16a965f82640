//! The archive: what there is of past months, and lists of it. Read from the files, so no platform
//! needs to run.

use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;

use anyhow::bail;
use boshi_platform::archive::{self, Archived, Form, LISTS, Wanted};
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use serde_json::json;

use super::keep::table_word;
use super::{ConfigFile, run};
use crate::terminal::{say, table};

/// The archive.
#[derive(Subcommand)]
pub(crate) enum Archive {
    /// List the months, and how much there is of each
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Look at every page of every file, and say what is broken
    Check(Place),
    /// Write a list to standard output, the newest first: CSV for spreadsheets, or JSON
    Export(Export),
}

/// Where the archive is.
#[derive(Args)]
pub(crate) struct Place {
    /// The folder with the months' files, wherever they were brought; that of the platform when not given
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigFile,
}

/// Write a list to standard output.
#[derive(Args)]
pub(crate) struct Export {
    /// The list
    #[arg(value_parser = PossibleValuesParser::new(LISTS))]
    list: String,
    /// Only of this month, as 2026-01; of every month when not given
    #[arg(long)]
    month: Option<String>,
    /// Only of this lot
    #[arg(long)]
    lot: Option<String>,
    /// Only plates with this in them
    #[arg(long)]
    plate: Option<String>,
    /// Only from this time on, as 2026-01-15 or "2026-01-15 08:00"
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only before this time
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// A JSON object a line instead of CSV
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

pub(super) fn archive(command: Archive) -> anyhow::Result<()> {
    match command {
        Archive::List { json, place } => list(&archive::months(&place.folder()?, false)?, json),
        Archive::Check(place) => check(&archive::months(&place.folder()?, true)?),
        Archive::Export(wanted) => export(wanted),
    }
}

impl Place {
    fn folder(&self) -> anyhow::Result<PathBuf> {
        match &self.folder {
            Some(folder) => Ok(folder.clone()),
            None => Ok(run::load(&self.config.config)?.archive()),
        }
    }
}

fn list(months: &[Archived], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let items = months.iter().map(|it| {
            let counts = it.counts.iter();
            let counts = counts.map(|counted| (counted.table.to_owned(), counted.rows.into()));
            let counts: serde_json::Map<_, _> = counts.collect();
            json!({"month": it.month, "bytes": it.bytes, "rows": counts, "again": it.again})
        });
        say(&json!({"items": items.collect::<Vec<_>>()}).to_string());
        return Ok(());
    }
    let Some(first) = months.first() else {
        say("（无）");
        return Ok(());
    };
    let kinds = first.counts.iter().map(|counted| table_word(counted.table));
    let heading: Vec<&str> = ["月份"]
        .into_iter()
        .chain(kinds)
        .chain(["另有版本", "字节"])
        .collect();
    let rows = months.iter().map(|it| {
        let counts = it.counts.iter().map(|counted| counted.rows.to_string());
        let rest = [it.again.to_string(), it.bytes.to_string()];
        std::iter::once(it.month.clone())
            .chain(counts)
            .chain(rest)
            .collect()
    });
    say(&table(&heading, rows.collect()));
    Ok(())
}

fn check(months: &[Archived]) -> anyhow::Result<()> {
    let mut broken = 0;
    for it in months {
        if it.faults.is_empty() {
            let rows: u64 = it.counts.iter().map(|counted| counted.rows).sum();
            say(&format!("{}：完好，{rows} 条", it.month));
        } else {
            broken += 1;
            say(&format!("{}：损坏，{}", it.month, it.faults.join("；")));
        }
    }
    if broken > 0 {
        bail!("{broken} 个月的归档损坏，请用备份中的文件替换");
    }
    Ok(())
}

fn export(wanted: Export) -> anyhow::Result<()> {
    let narrowed = [
        ("lot", wanted.lot),
        ("plate", wanted.plate),
        ("from", wanted.from),
        ("to", wanted.to),
    ];
    let narrowed = narrowed
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let form = match wanted.json {
        true => Form::JsonLines,
        false => Form::Csv,
    };
    let asked = Wanted {
        list: wanted.list,
        month: wanted.month,
        narrowed: narrowed.collect(),
        form,
    };
    let mut out = BufWriter::new(io::stdout().lock());
    archive::export(&wanted.place.folder()?, &asked, &mut out)?;
    out.flush()?;
    Ok(())
}
