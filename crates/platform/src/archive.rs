//! What is in the archive: a month's file is looked at, and its lists are written out as the running
//! platform writes its own. No platform needs to run, and nothing is changed.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use crate::operators::asked_for;
use crate::store::StoreError;
use crate::store::archive::month::Month;
use crate::store::check::{Counted, counts, faults};
use crate::store::newest::{Listed, MAX_LIMIT, newest};
use crate::store::row;
use crate::table;

/// Why the archive cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// There is no file of that month.
    #[error("{folder:?} 中没有 {month} 的归档")]
    NoMonth {
        /// Which.
        month: String,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// There is no such list.
    #[error("没有列表 {list}，应为 {}", LISTS.join("、"))]
    NoList {
        /// What was asked for.
        list: String,
    },
    /// What is asked for makes no sense.
    #[error("{0}")]
    Asked(String),
    /// A file.
    #[error("{path:?}: {reason}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: StoreError,
    },
    /// What was found cannot be written out.
    #[error("{0}")]
    Out(#[from] io::Error),
}

/// A month of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archived {
    /// In China, as `2026-01`.
    pub month: String,
    /// The file, in bytes.
    pub bytes: u64,
    /// How much there is of what.
    pub counts: Vec<Counted>,
    /// Rows that came again otherwise than they had been archived; they are in the table `again`.
    pub again: u64,
    /// What is broken in the file, in the words of the database; only looked for when asked.
    pub faults: Vec<String>,
}

/// The lists that can be written out.
pub const LISTS: [&str; 9] = [
    "recognitions",
    "crossings",
    "stays",
    "corrections",
    "abnormalities",
    "decisions",
    "commands",
    "outages",
    "audit",
];

/// How a list is written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A table for spreadsheets.
    Csv,
    /// A JSON object a line.
    JsonLines,
}

/// What is wanted of the archive.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// One of [`LISTS`].
    pub list: String,
    /// Only of this month; of every month when none.
    pub month: Option<String>,
    /// What the list is narrowed by, as in the operators' interface: `plate`, `lot`, `from`, `to`, …
    pub narrowed: Vec<(String, String)>,
    /// How it is written out.
    pub form: Form,
}

/// What there is in the archive in `folder`, the oldest month first; with `check` every page of every
/// file is looked at.
///
/// # Errors
/// [`ArchiveError::File`]
pub fn months(folder: &Path, check: bool) -> Result<Vec<Archived>, ArchiveError> {
    let all = Month::all(folder).map_err(failed(folder))?;
    all.into_iter()
        .map(|month| {
            let path = Month::path(folder, &month);
            match archived(month.clone(), &path, check) {
                // Which files are broken is what was asked.
                Err(error) if check => Ok(Archived {
                    month,
                    bytes: 0,
                    counts: Vec::new(),
                    again: 0,
                    faults: vec![error.to_string()],
                }),
                archived => archived.map_err(failed(&path)),
            }
        })
        .collect()
}

fn archived(month: String, path: &Path, check: bool) -> Result<Archived, StoreError> {
    let bytes = std::fs::metadata(path)?.len();
    let file = Month::look(path)?;
    let faults = match check {
        true => faults(file.connection())?,
        false => Vec::new(),
    };
    let sound = faults.is_empty();
    Ok(Archived {
        month,
        bytes,
        counts: if sound {
            counts(file.connection())?
        } else {
            Vec::new()
        },
        again: if sound { file.again()? } else { 0 },
        faults,
    })
}

/// Writes a list out, the newest month and row first, page by page; how many rows.
///
/// # Errors
/// [`ArchiveError`]
pub fn export(folder: &Path, wanted: &Wanted, out: &mut dyn Write) -> Result<u64, ArchiveError> {
    match wanted.list.as_str() {
        "recognitions" => written::<row::RecognitionRow>(folder, wanted, out),
        "crossings" => written::<row::CrossingRow>(folder, wanted, out),
        "stays" => written::<row::StayRow>(folder, wanted, out),
        "corrections" => written::<row::CorrectionRow>(folder, wanted, out),
        "abnormalities" => written::<row::AbnormalityRow>(folder, wanted, out),
        "decisions" => written::<row::DecisionRow>(folder, wanted, out),
        "commands" => written::<row::CommandRow>(folder, wanted, out),
        "outages" => written::<row::OutageRow>(folder, wanted, out),
        "audit" => written::<row::AuditRow>(folder, wanted, out),
        other => Err(ArchiveError::NoList {
            list: other.to_owned(),
        }),
    }
}

fn written<T: Listed + Serialize + JsonSchema>(
    folder: &Path,
    wanted: &Wanted,
    out: &mut dyn Write,
) -> Result<u64, ArchiveError> {
    let narrowed = wanted.narrowed.iter().cloned();
    let mut search = asked_for::<T>(narrowed).map_err(ArchiveError::Asked)?;
    search.limit = MAX_LIMIT;
    let mut months = Month::all(folder).map_err(failed(folder))?;
    if let Some(month) = &wanted.month {
        months.retain(|found| found == month);
        if months.is_empty() {
            let (month, folder) = (month.clone(), folder.to_owned());
            return Err(ArchiveError::NoMonth { month, folder });
        }
    }
    if wanted.form == Form::Csv {
        out.write_all(table::heading::<T>().as_bytes())?;
    }
    let mut count = 0;
    for month in months.iter().rev() {
        let path = Month::path(folder, month);
        let file = Month::look(&path).map_err(failed(&path))?;
        search.before = None;
        loop {
            let found = newest::<T>(file.connection(), &search).map_err(failed(&path))?;
            count += u64::try_from(found.items.len()).unwrap_or(u64::MAX);
            for item in found.items {
                let line = match wanted.form {
                    Form::Csv => table::line(&item),
                    Form::JsonLines => serde_json::to_string(&item)
                        .map(|line| line + "\n")
                        .map_err(|_| StoreError::Corrupt("row")),
                };
                out.write_all(line.map_err(failed(&path))?.as_bytes())?;
            }
            match found.next {
                None => break,
                next => search.before = next,
            }
        }
    }
    Ok(count)
}

fn failed(path: &Path) -> impl Fn(StoreError) -> ArchiveError {
    let path = path.to_owned();
    move |reason| ArchiveError::File {
        path: path.clone(),
        reason,
    }
}
