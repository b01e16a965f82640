//! What operators are shown of the records, a row each.

use rusqlite::Row;
use serde::Serialize;

use super::newest::Listed;
use crate::china::ChinaTime;

/// A recognition, what was decided on it last, and its crossing.
#[derive(Clone, Debug, Serialize)]
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
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CrossingRow {
    lot: String,
    uuid: String,
    device: String,
    crossed_at: ChinaTime,
    plate: Option<String>,
    color: String,
    pushed: bool,
    fetched: bool,
}

/// An abnormality.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AbnormalityRow {
    lot: String,
    received_at: ChinaTime,
    code: String,
    device: Option<String>,
    msg: String,
}

/// A decision: one a row each time a recognition was sent.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DecisionRow {
    lot: String,
    number: i64,
    uuid: String,
    decided_at: ChinaTime,
    device: Option<String>,
    plate: Option<String>,
    pass: bool,
    reason: String,
}

/// A command to a device of a lot.
#[derive(Clone, Debug, Serialize)]
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
#[derive(Clone, Debug, Serialize)]
pub(crate) struct OutageRow {
    lot: String,
    since: ChinaTime,
    until: Option<ChinaTime>,
}

/// A permit.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PermitRow {
    plate: String,
    kind: String,
    lot: Option<String>,
    from: ChinaTime,
    to: ChinaTime,
}

/// A plate that may not pass.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct BlockRow {
    plate: String,
    reason: String,
    since: ChinaTime,
}

impl Listed for RecognitionRow {
    const FROM: &'static str = "(SELECT r.*,
        (SELECT pass FROM decision d WHERE d.lot = r.lot AND d.uuid = r.uuid
         ORDER BY number DESC LIMIT 1) AS pass,
        (SELECT reason FROM decision d WHERE d.lot = r.lot AND d.uuid = r.uuid
         ORDER BY number DESC LIMIT 1) AS reason,
        (SELECT at FROM crossing c WHERE c.lot = r.lot AND c.uuid = r.uuid) AS crossed
        FROM recognition r)";
    const TIME: &'static str = "at";
    const TAIL: &'static str = "uuid";

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
    const FROM: &'static str = "crossing";
    const TIME: &'static str = "at";
    const TAIL: &'static str = "uuid";

    fn read(row: &Row<'_>) -> rusqlite::Result<CrossingRow> {
        Ok(CrossingRow {
            lot: row.get("lot")?,
            uuid: row.get("uuid")?,
            device: row.get("device")?,
            crossed_at: row.get("at")?,
            plate: row.get("plate")?,
            color: row.get("color")?,
            pushed: row.get("pushed")?,
            fetched: row.get("fetched")?,
        })
    }
}

impl Listed for AbnormalityRow {
    const FROM: &'static str = "abnormality";
    const TIME: &'static str = "received";
    const TAIL: &'static str = "hex(digest)";
    const FILTERS: &'static [&'static str] = &["lot", "limit", "before"];

    fn read(row: &Row<'_>) -> rusqlite::Result<AbnormalityRow> {
        Ok(AbnormalityRow {
            lot: row.get("lot")?,
            received_at: row.get("received")?,
            code: row.get("code")?,
            device: row.get("device")?,
            msg: row.get("msg")?,
        })
    }
}

impl Listed for DecisionRow {
    const FROM: &'static str = "(SELECT d.*, r.device, r.plate FROM decision d
        LEFT JOIN recognition r ON r.lot = d.lot AND r.uuid = d.uuid)";
    const TIME: &'static str = "at";
    const TAIL: &'static str = "number";

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
        })
    }
}

impl Listed for CommandRow {
    const FROM: &'static str = "command";
    const TIME: &'static str = "asked_at";
    const TAIL: &'static str = "id";

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
    const FILTERS: &'static [&'static str] = &["lot", "limit", "before"];

    fn read(row: &Row<'_>) -> rusqlite::Result<OutageRow> {
        Ok(OutageRow {
            lot: row.get("lot")?,
            since: row.get("since")?,
            until: row.get("until")?,
        })
    }
}

impl Listed for PermitRow {
    const FROM: &'static str = "permit";
    const TIME: &'static str = "valid_from";
    const TAIL: &'static str = "plate || ' ' || kind";

    fn read(row: &Row<'_>) -> rusqlite::Result<PermitRow> {
        let lot: String = row.get("lot")?;
        Ok(PermitRow {
            plate: row.get("plate")?,
            kind: row.get("kind")?,
            lot: Some(lot).filter(|lot| !lot.is_empty()),
            from: row.get("valid_from")?,
            to: row.get("valid_to")?,
        })
    }
}

impl Listed for BlockRow {
    const FROM: &'static str = "(SELECT *, '' AS lot FROM block)";
    const TIME: &'static str = "since";
    const TAIL: &'static str = "plate";
    const FILTERS: &'static [&'static str] = &["plate", "limit", "before"];

    fn read(row: &Row<'_>) -> rusqlite::Result<BlockRow> {
        Ok(BlockRow {
            plate: row.get("plate")?,
            reason: row.get("reason")?,
            since: row.get("since")?,
        })
    }
}
