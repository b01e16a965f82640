//! `POST /permits/import` and `/blocks/import`: a table of plates (CSV), all of it or nothing, with
//! what is wrong line by line; `dry_run=true` only says that.

use axum::Json;
use axum::extract::State;
use boshi_protocol::fields::{FieldError, Fields, Tolerance};
use boshi_protocol::plate::Plate;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::api::{Api, post};
use super::blocks;
use super::caller::Caller;
use super::error::ApiError;
use super::field::{Field, Kind, field};
use super::permits::{self, Wanted, required_plate};
use super::read::{Params, Whole, words};
use super::words::Tag;
use super::{Operators, Shared};
use crate::csv::{self, Record};
use crate::store::facts;

/// Largest table in bytes: fifty thousand plates with their notes.
pub(super) const MAX_TABLE_BYTES: usize = 8 * 1024 * 1024;
/// Most lines of a table: the permits of a large property.
const MOST_LINES: usize = 50_000;
/// Most errors that are told: who has more has another file in mind.
const MOST_ERRORS: usize = 100;
/// Rows that are written at once: a few milliseconds in which vehicles wait for the writer.
const CHUNK: usize = 500;
const PARAMETERS: &[Field] = &[field("dry_run", Kind::Truth)];

/// What became of a table.
#[derive(Serialize, JsonSchema)]
pub(super) struct Imported {
    dry_run: bool,
    /// Lines beside the heading.
    lines: usize,
    /// How many were taken: all or none.
    imported: usize,
    /// How many cannot be taken.
    wrong: usize,
    /// The first of them.
    errors: Vec<Wrong>,
}

/// A line that cannot be taken.
#[derive(Serialize, JsonSchema)]
pub(super) struct Wrong {
    line: usize,
    field: String,
    error: String,
}

pub(super) fn routes(api: Api) -> Api {
    let of_permits = post("/permits/import")
        .is(
            "import_permits",
            Tag::Plates,
            "批量导入许可（CSV）",
            "Take a table of permits in (CSV)",
        )
        .query(PARAMETERS.iter().copied())
        .table(permits::COLUMNS, MAX_TABLE_BYTES)
        .json::<Imported>();
    let of_blocks = post("/blocks/import")
        .is(
            "import_blocks",
            Tag::Plates,
            "批量导入黑名单（CSV）",
            "Take a table of blocked plates in (CSV)",
        )
        .query(PARAMETERS.iter().copied())
        .table(blocks::COLUMNS, MAX_TABLE_BYTES)
        .json::<Imported>();
    api.on(of_permits, permits).on(of_blocks, blocks)
}

async fn permits(
    State(operators): Shared,
    caller: Caller,
    parameters: Params,
    Whole(body): Whole,
) -> Result<Json<Imported>, ApiError> {
    let (dry, now) = (dry_run(&parameters)?, Timestamp::now());
    let (rows, told) = read(&body, permits::COLUMNS, dry, |fields| {
        let wanted = permits::read(fields, now)?;
        let known = |lot| operators.lots.get(lot).is_some() && caller.rights.reach(lot);
        let lots = &wanted.permit.lots;
        if !lots.iter().all(known) || !caller.rights.reach_all(lots) {
            return Err(fields.refuse("lots", "应为自己的、已登记的车场"));
        }
        Ok(wanted)
    })?;
    let by = caller.acting(None);
    let write = move |db: &_, row: &Wanted| {
        facts::add_permit(db, &row.plate, &row.permit, &row.note, &by, now)
    };
    keep(&operators, rows, told, write).await
}

async fn blocks(
    State(operators): Shared,
    caller: Caller,
    parameters: Params,
    Whole(body): Whole,
) -> Result<Json<Imported>, ApiError> {
    caller.must_reach(&[])?;
    let (dry, now) = (dry_run(&parameters)?, Timestamp::now());
    let (rows, told) = read(&body, blocks::COLUMNS, dry, |fields| {
        Ok((required_plate(fields)?, words(fields, "reason")?))
    })?;
    let by = caller.acting(None);
    let write = move |db: &_, (plate, reason): &(Plate, String)| {
        facts::add_block(db, plate, reason, &by, now)
    };
    keep(&operators, rows, told, write).await
}

/// Writes the rows, unless something was wrong or nothing is to be written. The same table again
/// changes nothing, so that one which was cut short by a full disk is simply sent again.
async fn keep<T: Send + 'static>(
    operators: &Operators,
    mut rows: Vec<T>,
    mut told: Imported,
    write: impl Fn(&rusqlite::Connection, &T) -> Result<(), crate::store::StoreError>
    + Clone
    + Send
    + 'static,
) -> Result<Json<Imported>, ApiError> {
    if told.dry_run || told.wrong > 0 {
        return Ok(Json(told));
    }
    while !rows.is_empty() {
        let some: Vec<T> = rows.drain(..rows.len().min(CHUNK)).collect();
        let (count, write) = (some.len(), write.clone());
        let written = operators
            .store
            .write(move |db| some.iter().try_for_each(|row| write(db, row)));
        written.await?;
        told.imported += count;
    }
    Ok(Json(told))
}

fn dry_run(parameters: &Params) -> Result<bool, ApiError> {
    let dry = parameters.read(PARAMETERS, |fields| fields.optional_truth("dry_run"))?;
    Ok(dry == Some(true))
}

/// The rows of a table, each read by `read_row`, and what is wrong with the others.
fn read<T>(
    body: &[u8],
    columns: &[Field],
    dry_run: bool,
    read_row: impl Fn(&Fields<'_>) -> Result<T, FieldError>,
) -> Result<(Vec<T>, Imported), ApiError> {
    let text = std::str::from_utf8(body);
    let text = text.map_err(|_| ApiError::unreadable("文件应为 UTF-8 编码的 CSV"))?;
    let records = csv::read(text).map_err(|error| ApiError::unreadable(error.to_string()))?;
    let mut records = records.into_iter();
    let heading = records.next();
    let heading = heading
        .ok_or_else(|| ApiError::unreadable("文件没有表头"))?
        .cells;
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    let heading: Vec<&str> = heading.iter().map(|name| name.trim()).collect();
    if let Some(stranger) = heading.iter().find(|name| !names.contains(name)) {
        let expected = names.join("、");
        let error = format!("表头中的 {stranger:?} 不认识，应为 {expected}");
        return Err(ApiError::unreadable(error));
    }
    let mut told = Imported {
        dry_run,
        lines: records.len(),
        imported: 0,
        wrong: 0,
        errors: Vec::new(),
    };
    if told.lines > MOST_LINES {
        return Err(ApiError::too_large(format!("文件超过 {MOST_LINES} 行")));
    }
    let mut rows = Vec::new();
    for record in records {
        let object = object(&heading, &record);
        match read_row(&Fields::new(&(&object).into(), Tolerance::Tolerant)) {
            Ok(row) => rows.push(row),
            Err(error) => {
                told.wrong += 1;
                if told.errors.len() < MOST_ERRORS {
                    told.errors.push(Wrong {
                        line: record.line,
                        field: error.field().to_owned(),
                        error: error.to_string(),
                    });
                }
            }
        }
    }
    Ok((rows, told))
}

fn object(heading: &[&str], record: &Record) -> Map<String, Value> {
    let cells = record.cells.iter().map(|cell| Value::from(cell.trim()));
    let names = heading.iter().map(|name| (*name).to_owned());
    names.zip(cells).collect()
}
