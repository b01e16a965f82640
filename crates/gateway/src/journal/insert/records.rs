//! Records to be pushed, and the one outbox, as statements.

use boshi_protocol::delivery::{Key, Settled};
use boshi_protocol::id::LotId;
use jiff::Timestamp;
use rusqlite::{Connection, Result, params};

use super::{run, text};
use crate::journal::column::{kind_word, side_word};
use crate::journal::entry::{Abnormality, Crossing, Recognition, Settlement};
use crate::journal::stay;

pub(in crate::journal) fn recognition(to: &Connection, it: &Recognition) -> Result<()> {
    run(
        to,
        "INSERT INTO recognition (lot, record, lane, device, plate, color, reliability, image, \
         at, replayed, event) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) \
         ON CONFLICT DO NOTHING",
        params![
            it.lot.as_str(),
            it.record.as_str(),
            it.lane,
            it.device.as_str(),
            text(it.plate.as_ref()),
            it.color.as_str(),
            it.reliability,
            it.image,
            it.at.as_millisecond(),
            it.replayed,
            it.event
        ],
    )?;
    enqueue(to, &it.lot, &Key::recognition(it.record.clone()), it.at)
}

/// What was delivered is to be pushed again; a failed push stays one (PUSH-3, UNPUSH-2).
pub(super) fn amended(to: &Connection, it: &Recognition) -> Result<()> {
    run(
        to,
        "UPDATE recognition SET plate = ?3, color = ?4, reliability = ?5, image = ?6 \
         WHERE lot = ?1 AND record = ?2",
        params![
            it.lot.as_str(),
            it.record.as_str(),
            text(it.plate.as_ref()),
            it.color.as_str(),
            it.reliability,
            it.image
        ],
    )?;
    run(
        to,
        "UPDATE outbox SET state = 'pending', settled_at = NULL \
         WHERE lot = ?1 AND kind = 'recognition' AND key = ?2 AND state = 'delivered'",
        params![it.lot.as_str(), it.record.as_str()],
    )
}

pub(in crate::journal) fn crossing(to: &Connection, it: &Crossing) -> Result<()> {
    run(
        to,
        "INSERT INTO crossing (lot, record, lane, device, plate, color, at, side) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
        params![
            it.lot.as_str(),
            it.record.as_str(),
            it.lane,
            it.device.as_str(),
            text(it.plate.as_ref()),
            it.color.as_str(),
            it.at.as_millisecond(),
            side_word(it.side)
        ],
    )?;
    // The same again changes nothing (CROSS-3), whatever plate it has now.
    if to.changes() > 0 {
        stay::after(to, it)?;
    }
    enqueue(to, &it.lot, &Key::crossing(it.record.clone()), it.at)
}

pub(in crate::journal) fn abnormality(to: &Connection, it: &Abnormality) -> Result<()> {
    run(
        to,
        "INSERT INTO abnormality (lot, id, occurrence, code, device, msg, at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        params![
            it.lot.as_str(),
            it.id.as_str(),
            it.occurrence.as_str(),
            it.code.as_str(),
            it.device.as_ref().map(|device| device.as_str()),
            it.msg,
            it.at.as_millisecond()
        ],
    )?;
    enqueue(to, &it.lot, &Key::abnormality(it.id.clone()), it.at)
}

/// A failed recognition or crossing stays one (PUSH-3, PUSH-4, UNPUSH-2); a failed abnormality
/// may be delivered later (PUSH-5).
pub(super) fn settled(to: &Connection, it: &Settlement) -> Result<()> {
    let (state, reason) = match &it.settled {
        Settled::Delivered => ("delivered", None),
        Settled::Failed { reason } => ("failed", Some(reason.to_string())),
    };
    run(
        to,
        "UPDATE outbox SET state = ?4, reason = ?5, attempts = attempts + ?6, settled_at = ?7 \
         WHERE lot = ?1 AND kind = ?2 AND key = ?3 AND (state <> 'failed' OR kind = 'abnormality')",
        params![
            it.lot.as_str(),
            kind_word(it.key.kind),
            it.key.id.as_str(),
            state,
            reason,
            it.attempts,
            it.at.as_millisecond()
        ],
    )
}

fn enqueue(to: &Connection, lot: &LotId, key: &Key, at: Timestamp) -> Result<()> {
    run(
        to,
        "INSERT INTO outbox (lot, kind, key, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        params![
            lot.as_str(),
            kind_word(key.kind),
            key.id.as_str(),
            at.as_millisecond()
        ],
    )
}
