//! What vehicles did, and what was decided on them.

use rusqlite::Row;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::china::ChinaTime;
use crate::store::newest::{DEVICE, Filter, FilterKind, LOT, Listed, PLATE, filter, state};

const PASS: Filter = filter("pass", FilterKind::Truth, "pass = ?");

/// Only with this code of a reason, which stands before its sentence.
const REASON: Filter = filter(
    "code",
    FilterKind::Id,
    "substr(reason, 1, instr(reason || ' ', ' ') - 1) = ?",
);

const UUID: Filter = filter(
    "uuid",
    FilterKind::Id,
    "(record, uuid) IN (SELECT id, uuid FROM recognition WHERE uuid = ?)",
);

/// A recognition, what was decided on it last, and its crossing.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Recognition")]
pub(crate) struct RecognitionRow {
    lot: String,
    uuid: String,
    device: String,
    recognized_at: ChinaTime,
    plate: Option<String>,
    color: String,
    reliability: Option<u8>,
    image: String,
    pushed: bool,
    fetched: bool,
    pass: Option<bool>,
    reason: Option<String>,
    crossed_at: Option<ChinaTime>,
}

/// A crossing.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Crossing")]
pub(crate) struct CrossingRow {
    lot: String,
    uuid: String,
    device: String,
    crossed_at: ChinaTime,
    plate: Option<String>,
    color: String,
    direction: Option<String>,
    pushed: bool,
    fetched: bool,
    /// The plate that a person says it was, if one does.
    corrected: Option<String>,
}

/// A stay, from entry to exit (STAY-1).
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Stay")]
pub(crate) struct StayRow {
    lot: String,
    uuid: String,
    plate: String,
    /// `open`, `closed`, `superseded` or `orphaned`.
    state: String,
    in_at: Option<ChinaTime>,
    in_device: Option<String>,
    in_image: Option<String>,
    out_uuid: Option<String>,
    out_at: Option<ChinaTime>,
    out_device: Option<String>,
    out_image: Option<String>,
    /// The entry that came before an exit did.
    superseded_by: Option<String>,
    /// Whether a person has said what plate one of its crossings had.
    corrected: bool,
}

/// What a person says a crossing's plate was.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Correction")]
pub(crate) struct CorrectionRow {
    lot: String,
    number: i64,
    uuid: String,
    was: Option<String>,
    plate: Option<String>,
    by: String,
    reason: String,
    corrected_at: ChinaTime,
}

/// A decision: one a row each time a recognition was sent.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Decision")]
pub(crate) struct DecisionRow {
    lot: String,
    number: i64,
    uuid: String,
    decided_at: ChinaTime,
    device: Option<String>,
    plate: Option<String>,
    pass: bool,
    reason: String,
    /// What it rested on.
    facts: Value,
}

impl Listed for RecognitionRow {
    const FROM: &'static str = "(SELECT r.*,
        (SELECT pass FROM decision d WHERE d.record = r.id AND d.uuid = r.uuid AND d.lot = r.lot
         ORDER BY number DESC LIMIT 1) AS pass,
        (SELECT reason FROM decision d WHERE d.record = r.id AND d.uuid = r.uuid AND d.lot = r.lot
         ORDER BY number DESC LIMIT 1) AS reason,
        (SELECT at FROM crossing c WHERE c.lot = r.lot AND c.uuid = r.uuid) AS crossed
        FROM recognition r)";
    const TIME: &'static str = "at";
    const TAIL: &'static str = "uuid";
    const FILTERS: &'static [Filter] = &[
        LOT,
        PLATE,
        DEVICE,
        PASS,
        REASON,
        filter("crossed", FilterKind::Truth, "(crossed IS NOT NULL) = ?"),
    ];

    fn read(row: &Row<'_>) -> rusqlite::Result<RecognitionRow> {
        Ok(RecognitionRow {
            lot: row.get("lot")?,
            uuid: row.get("uuid")?,
            device: row.get("device")?,
            recognized_at: row.get("at")?,
            plate: row.get("plate")?,
            color: row.get("color")?,
            reliability: row.get("reliability")?,
            image: row.get("image")?,
            pushed: row.get("pushed")?,
            fetched: row.get("fetched")?,
            pass: row.get("pass")?,
            reason: row.get("reason")?,
            crossed_at: row.get("crossed")?,
        })
    }
}

impl Listed for CrossingRow {
    const FROM: &'static str = "(SELECT c.*, (SELECT k.plate FROM correction k WHERE k.lot = c.lot
        AND k.uuid = c.uuid ORDER BY number DESC LIMIT 1) AS corrected FROM crossing c)";
    const TIME: &'static str = "at";
    const TAIL: &'static str = "uuid";
    const FILTERS: &'static [Filter] = &[
        LOT,
        filter(
            "plate",
            FilterKind::Plate,
            "instr(coalesce(corrected, plate), ?) > 0",
        ),
        DEVICE,
        filter(
            "direction",
            FilterKind::OneOf(&["entry", "exit"]),
            "direction = ?",
        ),
    ];

    fn read(row: &Row<'_>) -> rusqlite::Result<CrossingRow> {
        Ok(CrossingRow {
            lot: row.get("lot")?,
            uuid: row.get("uuid")?,
            device: row.get("device")?,
            crossed_at: row.get("at")?,
            plate: row.get("plate")?,
            color: row.get("color")?,
            direction: row.get("direction")?,
            pushed: row.get("pushed")?,
            fetched: row.get("fetched")?,
            corrected: row.get("corrected")?,
        })
    }
}

impl Listed for StayRow {
    const FROM: &'static str = "(SELECT s.*, s.vehicle AS plate,
        (SELECT image FROM recognition r WHERE r.lot = s.lot AND r.uuid = s.uuid
         AND s.in_at IS NOT NULL) AS in_image,
        (SELECT image FROM recognition r WHERE r.lot = s.lot AND r.uuid = s.out_uuid) AS out_image,
        EXISTS (SELECT 1 FROM correction c WHERE c.lot = s.lot AND c.uuid IN (s.uuid, s.out_uuid))
        AS corrected FROM stay s)";
    const TIME: &'static str = "began";
    const TAIL: &'static str = "uuid";
    const FILTERS: &'static [Filter] = &[
        LOT,
        PLATE,
        state(&["open", "closed", "superseded", "orphaned"]),
        filter("device", FilterKind::Id, "?  IN (in_device, out_device)"),
    ];

    fn read(row: &Row<'_>) -> rusqlite::Result<StayRow> {
        Ok(StayRow {
            lot: row.get("lot")?,
            uuid: row.get("uuid")?,
            plate: row.get("plate")?,
            state: row.get("state")?,
            in_at: row.get("in_at")?,
            in_device: row.get("in_device")?,
            in_image: row.get("in_image")?,
            out_uuid: row.get("out_uuid")?,
            out_at: row.get("out_at")?,
            out_device: row.get("out_device")?,
            out_image: row.get("out_image")?,
            superseded_by: row.get("superseded_by")?,
            corrected: row.get("corrected")?,
        })
    }
}

impl Listed for CorrectionRow {
    const FROM: &'static str = "correction";
    const TIME: &'static str = "at";
    const TAIL: &'static str = "number";
    const FILTERS: &'static [Filter] = &[LOT, PLATE];

    fn read(row: &Row<'_>) -> rusqlite::Result<CorrectionRow> {
        Ok(CorrectionRow {
            lot: row.get("lot")?,
            number: row.get("number")?,
            uuid: row.get("uuid")?,
            was: row.get("was")?,
            plate: row.get("plate")?,
            by: row.get("by")?,
            reason: row.get("reason")?,
            corrected_at: row.get("at")?,
        })
    }
}

impl Listed for DecisionRow {
    const FROM: &'static str = "(SELECT d.*, r.device, r.plate FROM decision d
        LEFT JOIN recognition r ON r.id = d.record AND r.uuid = d.uuid AND r.lot = d.lot)";
    const TIME: &'static str = "at";
    const TAIL: &'static str = "number";
    const FILTERS: &'static [Filter] = &[LOT, PLATE, DEVICE, PASS, REASON, UUID];

    fn read(row: &Row<'_>) -> rusqlite::Result<DecisionRow> {
        Ok(DecisionRow {
            lot: row.get("lot")?,
            number: row.get("number")?,
            uuid: row.get("uuid")?,
            decided_at: row.get("at")?,
            device: row.get("device")?,
            plate: row.get("plate")?,
            pass: row.get("pass")?,
            reason: row.get("reason")?,
            facts: serde_json::from_str(&row.get::<_, String>("facts")?).unwrap_or_default(),
        })
    }
}
