//! What people and lots did, what is wrong, and what is agreed.

use rusqlite::Row;
use schemars::JsonSchema;
use serde::Serialize;

use crate::china::ChinaTime;
use crate::store::newest::{DEVICE, Filter, FilterKind, LOT, Listed, PLATE, filter, state};

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
