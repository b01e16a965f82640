//! What operators are shown of the records, a row each.

use rusqlite::Row;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::newest::{DEVICE, Filter, FilterKind, LOT, Listed, PLATE, filter, state};
use crate::china::ChinaTime;

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

/// What somebody did.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Audit")]
pub(crate) struct AuditRow {
    /// The lot it was done to; null when none.
    lot: Option<String>,
    number: i64,
    at: ChinaTime,
    by: String,
    act: String,
    target: String,
    reason: String,
}

/// An abnormality.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Abnormality")]
pub(crate) struct AbnormalityRow {
    lot: String,
    id: String,
    received_at: ChinaTime,
    code: String,
    device: Option<String>,
    msg: String,
    /// `open`, `acknowledged` or `cleared`.
    state: String,
    acknowledged_by: Option<String>,
    acknowledged_at: Option<ChinaTime>,
    cleared_by: Option<String>,
    cleared_at: Option<ChinaTime>,
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

/// A command to a device of a lot.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Command")]
pub(crate) struct CommandRow {
    lot: String,
    id: String,
    device: String,
    what: String,
    plate: Option<String>,
    text: Option<String>,
    by: String,
    reason: String,
    asked_at: ChinaTime,
    state: String,
    said: String,
    done_at: Option<ChinaTime>,
}

/// A time in which a lot did not answer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Outage")]
pub(crate) struct OutageRow {
    lot: String,
    since: ChinaTime,
    until: Option<ChinaTime>,
}

/// A permit.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Permit")]
pub(crate) struct PermitRow {
    plate: String,
    kind: String,
    /// The lots it is for, `A,B`; null for every lot.
    lots: Option<String>,
    /// The recognizers of its lanes, `A,B`; null for every lane.
    lanes: Option<String>,
    /// When within a week, `1-5 08:00-18:00`; null for always.
    hours: Option<String>,
    from: ChinaTime,
    to: ChinaTime,
    note: String,
}

/// A plate that may not pass.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Block")]
pub(crate) struct BlockRow {
    plate: String,
    reason: String,
    since: ChinaTime,
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

impl Listed for AuditRow {
    const FROM: &'static str = "audit";
    const TIME: &'static str = "at";
    const TAIL: &'static str = "number";
    const FILTERS: &'static [Filter] = &[
        LOT,
        filter("by", FilterKind::Id, "by = ?"),
        filter("act", FilterKind::Id, "act = ?"),
        filter("target", FilterKind::Id, "target = ?"),
    ];

    fn read(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
        let lot: String = row.get("lot")?;
        Ok(AuditRow {
            lot: Some(lot).filter(|lot| !lot.is_empty()),
            number: row.get("number")?,
            at: row.get("at")?,
            by: row.get("by")?,
            act: row.get("act")?,
            target: row.get("target")?,
            reason: row.get("reason")?,
        })
    }
}

impl Listed for AbnormalityRow {
    const FROM: &'static str = "(SELECT *, lower(hex(digest)) AS id FROM abnormality)";
    const TIME: &'static str = "received";
    const TAIL: &'static str = "id";
    const FILTERS: &'static [Filter] = &[
        LOT,
        DEVICE,
        state(&["open", "acknowledged", "cleared"]),
        filter("code", FilterKind::Id, "code = ?"),
    ];

    fn read(row: &Row<'_>) -> rusqlite::Result<AbnormalityRow> {
        Ok(AbnormalityRow {
            lot: row.get("lot")?,
            received_at: row.get("received")?,
            id: row.get("id")?,
            code: row.get("code")?,
            device: row.get("device")?,
            msg: row.get("msg")?,
            state: row.get("state")?,
            acknowledged_by: row.get("acknowledged_by")?,
            acknowledged_at: row.get("acknowledged_at")?,
            cleared_by: row.get("cleared_by")?,
            cleared_at: row.get("cleared_at")?,
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

impl Listed for CommandRow {
    const FROM: &'static str = "command";
    const TIME: &'static str = "asked_at";
    const TAIL: &'static str = "id";
    const FILTERS: &'static [Filter] = &[
        LOT,
        PLATE,
        DEVICE,
        state(&["asked", "executed", "refused", "unknown"]),
        filter(
            "what",
            FilterKind::OneOf(&["normal", "forced", "hold", "restore", "show"]),
            "what = ?",
        ),
    ];

    fn read(row: &Row<'_>) -> rusqlite::Result<CommandRow> {
        Ok(CommandRow {
            lot: row.get("lot")?,
            id: row.get("id")?,
            device: row.get("device")?,
            what: row.get("what")?,
            plate: row.get("plate")?,
            text: row.get("text")?,
            by: row.get("asked_by")?,
            reason: row.get("reason")?,
            asked_at: row.get("asked_at")?,
            state: row.get("state")?,
            said: row.get("said")?,
            done_at: row.get("done_at")?,
        })
    }
}

impl Listed for OutageRow {
    const FROM: &'static str = "outage";
    const TIME: &'static str = "since";
    const TAIL: &'static str = "since";
    const FILTERS: &'static [Filter] = &[LOT];

    fn read(row: &Row<'_>) -> rusqlite::Result<OutageRow> {
        Ok(OutageRow {
            lot: row.get("lot")?,
            since: row.get("since")?,
            until: row.get("until")?,
        })
    }
}

impl Listed for PermitRow {
    const FROM: &'static str = "(SELECT *, '' AS lot FROM permit)";
    const TIME: &'static str = "valid_from";
    const TAIL: &'static str = "plate || ' ' || kind || ' ' || scope";
    const BOUND: &'static str = "(lots IS NULL OR instr(?, ',' || lots || ',') > 0)";
    const FILTERS: &'static [Filter] = &[
        filter(
            "lot",
            FilterKind::Id,
            "(lots IS NULL OR instr(',' || lots || ',', ',' || ? || ',') > 0)",
        ),
        PLATE,
        filter(
            "kind",
            FilterKind::OneOf(&["white", "monthly", "visitor", "paid"]),
            "kind = ?",
        ),
    ];

    fn read(row: &Row<'_>) -> rusqlite::Result<PermitRow> {
        Ok(PermitRow {
            plate: row.get("plate")?,
            kind: row.get("kind")?,
            lots: row.get("lots")?,
            lanes: row.get("lanes")?,
            hours: row.get("hours")?,
            from: row.get("valid_from")?,
            to: row.get("valid_to")?,
            note: row.get("note")?,
        })
    }
}

impl Listed for BlockRow {
    const FROM: &'static str = "(SELECT *, '' AS lot FROM block)";
    // The list is of every lot.
    const BOUND: &'static str = "? IS NOT NULL";
    const TIME: &'static str = "since";
    const TAIL: &'static str = "plate";
    const FILTERS: &'static [Filter] = &[PLATE];

    fn read(row: &Row<'_>) -> rusqlite::Result<BlockRow> {
        Ok(BlockRow {
            plate: row.get("plate")?,
            reason: row.get("reason")?,
            since: row.get("since")?,
        })
    }
}
