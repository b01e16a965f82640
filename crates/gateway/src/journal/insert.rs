//! Entries as statements.

use boshi_protocol::delivery::{Key, Settled};
use boshi_protocol::id::LotId;
use boshi_protocol::plate::Plate;
use jiff::Timestamp;
use rusqlite::{Connection, Result, params};

use super::audit;
use super::column::{self, kind_word};
use super::entry::{Abnormality, Crossing, Entry, Place, Recognition};

pub(super) fn entry(to: &Connection, entry: &Entry) -> Result<()> {
    match entry {
        Entry::Recognition(recognition) => insert_recognition(to, recognition),
        Entry::Amended(recognition) => amend(to, recognition),
        Entry::Crossing(crossing) => insert_crossing(to, crossing),
        Entry::Abnormality(abnormality) => insert_abnormality(to, abnormality),
        Entry::Place(place) => put_place(to, place),
        Entry::Act(act) => audit::insert(to, act),
        Entry::AbnormalityCleared { .. } | Entry::Outcome { .. } => end(to, entry),
        Entry::Lift { .. } | Entry::ActDone { .. } => barrier(to, entry),
        Entry::LiftSeen { .. } | Entry::Gate { .. } => seen(to, entry),
        Entry::Command { .. } | Entry::CommandAnswered { .. } => command(to, entry),
        Entry::Settled { .. } | Entry::Attempt { .. } => push(to, entry),
    }
}

fn end(to: &Connection, entry: &Entry) -> Result<()> {
    match entry {
        Entry::AbnormalityCleared {
            lot,
            occurrence,
            at,
        } => run(
            to,
            "UPDATE abnormality SET cleared_at = ?3 \
             WHERE lot = ?1 AND occurrence = ?2 AND cleared_at IS NULL",
            params![lot.as_str(), occurrence.as_str(), at.as_millisecond()],
        ),
        Entry::Outcome {
            lot,
            record,
            outcome,
            at,
        } => run(
            to,
            "UPDATE recognition SET outcome = ?3, outcome_at = ?4 WHERE lot = ?1 AND record = ?2",
            params![lot.as_str(), record.as_str(), outcome, at.as_millisecond()],
        ),
        other => unreachable!("{other:?} is written elsewhere"),
    }
}

fn barrier(to: &Connection, entry: &Entry) -> Result<()> {
    match entry {
        Entry::Lift {
            lot,
            lane,
            act,
            cause,
            record,
            at,
        } => run(
            to,
            "INSERT INTO lift (lot, lane, act, cause, record, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                lot.as_str(),
                lane,
                act.cast_signed(),
                cause,
                record.as_ref().map(|record| record.as_str()),
                at.as_millisecond()
            ],
        ),
        Entry::ActDone {
            lot,
            lane,
            act,
            result,
            at,
        } => run(
            to,
            "UPDATE lift SET result = ?4, done_at = ?5 WHERE seq = \
             (SELECT max(seq) FROM lift WHERE lot = ?1 AND lane = ?2 AND act = ?3)",
            params![
                lot.as_str(),
                lane,
                act.cast_signed(),
                result,
                at.as_millisecond()
            ],
        ),
        other => unreachable!("{other:?} is written elsewhere"),
    }
}

fn seen(to: &Connection, entry: &Entry) -> Result<()> {
    match entry {
        Entry::LiftSeen { lot, lane, at } => run(
            to,
            "INSERT INTO lift (lot, lane, cause, at, result, done_at) \
             VALUES (?1, ?2, 'seen', ?3, 'done', ?3)",
            params![lot.as_str(), lane, at.as_millisecond()],
        ),
        Entry::Gate {
            lot,
            lane,
            state,
            at,
        } => run(
            to,
            "INSERT INTO gate (lot, lane, state, at) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (lot, lane) DO UPDATE SET state = excluded.state, at = excluded.at",
            params![
                lot.as_str(),
                lane,
                column::gate_word(*state),
                at.as_millisecond()
            ],
        ),
        other => unreachable!("{other:?} is written elsewhere"),
    }
}

fn command(to: &Connection, entry: &Entry) -> Result<()> {
    match entry {
        Entry::Command {
            lot,
            digest,
            device,
            mode,
            plate,
            by,
            at,
        } => run(
            to,
            "INSERT INTO command (lot, digest, device, mode, plate, by, at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                lot.as_str(),
                digest.as_slice(),
                device.as_str(),
                mode,
                text(plate.as_ref()),
                by,
                at.as_millisecond()
            ],
        ),
        Entry::CommandAnswered {
            lot,
            digest,
            reply,
            at,
        } => run(
            to,
            "UPDATE command SET reply = ?3, replied_at = ?4 WHERE seq = \
             (SELECT max(seq) FROM command WHERE lot = ?1 AND digest = ?2)",
            params![lot.as_str(), digest.as_slice(), reply, at.as_millisecond()],
        ),
        other => unreachable!("{other:?} is written elsewhere"),
    }
}

fn push(to: &Connection, entry: &Entry) -> Result<()> {
    match entry {
        Entry::Settled {
            lot,
            key,
            settled,
            attempts,
            at,
        } => settle(to, lot, key, settled, *attempts, *at),
        Entry::Attempt {
            lot,
            key,
            number,
            at,
            outcome,
            millis,
        } => run(
            to,
            "INSERT INTO attempt (lot, kind, key, number, at, outcome, millis) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                lot.as_str(),
                kind_word(key.kind),
                key.id.as_str(),
                number,
                at.as_millisecond(),
                outcome,
                millis.cast_signed()
            ],
        ),
        other => unreachable!("{other:?} is written elsewhere"),
    }
}

fn insert_recognition(to: &Connection, it: &Recognition) -> Result<()> {
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
fn amend(to: &Connection, it: &Recognition) -> Result<()> {
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

fn insert_crossing(to: &Connection, it: &Crossing) -> Result<()> {
    run(
        to,
        "INSERT INTO crossing (lot, record, lane, device, plate, color, at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        params![
            it.lot.as_str(),
            it.record.as_str(),
            it.lane,
            it.device.as_str(),
            text(it.plate.as_ref()),
            it.color.as_str(),
            it.at.as_millisecond()
        ],
    )?;
    enqueue(to, &it.lot, &Key::crossing(it.record.clone()), it.at)
}

fn insert_abnormality(to: &Connection, it: &Abnormality) -> Result<()> {
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

fn put_place(to: &Connection, it: &Place) -> Result<()> {
    run(
        to,
        "INSERT INTO place (lot, place, status, image, plate, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
         ON CONFLICT (lot, place) DO UPDATE SET status = excluded.status, \
         image = excluded.image, plate = excluded.plate, at = excluded.at",
        params![
            it.lot.as_str(),
            it.place.as_str(),
            it.status.as_str(),
            it.image,
            text(it.plate.as_ref()),
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

/// A failed recognition or crossing stays one (PUSH-3, PUSH-4, UNPUSH-2); a failed abnormality
/// may be delivered later (PUSH-5).
fn settle(
    to: &Connection,
    lot: &LotId,
    key: &Key,
    settled: &Settled,
    attempts: u32,
    at: Timestamp,
) -> Result<()> {
    let (state, reason) = match settled {
        Settled::Delivered => ("delivered", None),
        Settled::Failed { reason } => ("failed", Some(reason.to_string())),
    };
    run(
        to,
        "UPDATE outbox SET state = ?4, reason = ?5, attempts = attempts + ?6, settled_at = ?7 \
         WHERE lot = ?1 AND kind = ?2 AND key = ?3 AND (state <> 'failed' OR kind = 'abnormality')",
        params![
            lot.as_str(),
            kind_word(key.kind),
            key.id.as_str(),
            state,
            reason,
            attempts,
            at.as_millisecond()
        ],
    )
}

fn run(to: &Connection, sql: &str, values: impl rusqlite::Params) -> Result<()> {
    to.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

fn text(plate: Option<&Plate>) -> Option<&str> {
    plate.map(Plate::as_str)
}
