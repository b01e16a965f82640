//! Entries as statements.

pub(super) mod forget;
pub(super) mod records;

use boshi_protocol::id::{LotId, RecordId};
use boshi_protocol::lane::Gate;
use boshi_protocol::plate::Plate;
use jiff::Timestamp;
use rusqlite::{Connection, Result, params};

use super::audit;
use super::column::{self, kind_word};
use super::device_change;
use super::entry::{ActDone, Attempt, Command, Entry, Lift, Place};
use super::occupancy;
use super::payment;
use super::press;

/// How a passage ended whose end nobody has seen.
pub(crate) const INTERRUPTED: &str = "interrupted";

pub(super) fn entry(to: &Connection, entry: &Entry) -> Result<()> {
    match entry {
        Entry::Recognition(it) => records::recognition(to, it),
        Entry::Amended(it) => records::amended(to, it),
        Entry::Crossing(it) => records::crossing(to, it),
        Entry::Press(it) => press::insert(to, it),
        Entry::PressOver { lot, record } => press::over(to, lot, record),
        Entry::Pressed { lot, lane, pressed } => press::pressed(to, lot, lane, *pressed),
        Entry::Abnormality(it) => records::abnormality(to, it),
        Entry::Settled(it) => records::settled(to, it),
        Entry::Attempt(it) => attempt(to, it),
        Entry::AbnormalityCleared {
            lot,
            occurrence,
            at,
        } => cleared(to, lot, occurrence, *at),
        Entry::Outcome {
            lot,
            record,
            outcome,
            at,
        } => ended(to, lot, record, outcome, *at),
        Entry::Lift(it) => lift(to, it),
        Entry::ActDone(it) => act_done(to, it),
        Entry::LiftSeen { lot, lane, at } => lift_seen(to, lot, lane, *at),
        Entry::Gate {
            lot,
            lane,
            state,
            at,
        } => gate(to, lot, lane, *state, *at),
        Entry::Command(it) => command(to, it),
        Entry::CommandAnswered {
            lot,
            digest,
            reply,
            at,
        } => answered(to, lot, digest, reply, *at),
        Entry::Place(it) => place(to, it),
        Entry::Act(act) => audit::insert(to, act),
        Entry::Occupancy(it) => occupancy::insert(to, it),
        Entry::Payment(it) => payment::insert(to, it),
        Entry::DeviceState(it) => device_change::insert(to, it),
        Entry::Interrupted { lot, but, at } => interrupted(to, lot, but, *at),
        Entry::Run { step, at } => super::run::insert(to, *step, *at),
        // A transaction in which nothing is written needs no disk. This number means nothing here.
        Entry::Probe => to.pragma_update(None, "user_version", 0),
        Entry::Forget { lot, what, before } => forget::before(to, lot, *what, *before),
    }
}

fn attempt(to: &Connection, it: &Attempt) -> Result<()> {
    run(
        to,
        "INSERT INTO attempt (lot, kind, key, number, at, outcome, millis) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            it.lot.as_str(),
            kind_word(it.key.kind),
            it.key.id.as_str(),
            it.number,
            it.at.as_millisecond(),
            it.outcome,
            it.millis.cast_signed()
        ],
    )
}

fn cleared(to: &Connection, lot: &LotId, occurrence: &RecordId, at: Timestamp) -> Result<()> {
    run(
        to,
        "UPDATE abnormality SET cleared_at = ?3 \
         WHERE lot = ?1 AND occurrence = ?2 AND cleared_at IS NULL",
        params![lot.as_str(), occurrence.as_str(), at.as_millisecond()],
    )
}

pub(super) fn ended(
    to: &Connection,
    lot: &LotId,
    record: &RecordId,
    outcome: &str,
    at: Timestamp,
) -> Result<()> {
    run(
        to,
        "UPDATE recognition SET outcome = ?3, outcome_at = ?4 WHERE lot = ?1 AND record = ?2",
        params![lot.as_str(), record.as_str(), outcome, at.as_millisecond()],
    )
}

fn interrupted(to: &Connection, lot: &LotId, but: &[RecordId], at: Timestamp) -> Result<()> {
    press::count_all(to, lot)?;
    let but: Vec<_> = but.iter().map(RecordId::as_str).collect();
    let but = serde_json::Value::from(but).to_string();
    run(
        to,
        "UPDATE recognition INDEXED BY recognition_open SET outcome = ?2, outcome_at = ?3 \
         WHERE lot = ?1 AND outcome IS NULL AND record NOT IN (SELECT value FROM json_each(?4))",
        params![lot.as_str(), INTERRUPTED, at.as_millisecond(), but],
    )
}

fn lift(to: &Connection, it: &Lift) -> Result<()> {
    run(
        to,
        "INSERT INTO lift (lot, lane, act, cause, record, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            it.lot.as_str(),
            it.lane,
            it.act.cast_signed(),
            it.cause,
            it.record.as_ref().map(|record| record.as_str()),
            it.at.as_millisecond()
        ],
    )
}

/// Acts are numbered anew at each start: the latest of that number is meant.
fn act_done(to: &Connection, it: &ActDone) -> Result<()> {
    run(
        to,
        "UPDATE lift SET result = ?4, done_at = ?5 WHERE seq = \
         (SELECT max(seq) FROM lift WHERE lot = ?1 AND lane = ?2 AND act = ?3)",
        params![
            it.lot.as_str(),
            it.lane,
            it.act.cast_signed(),
            it.result,
            it.at.as_millisecond()
        ],
    )
}

fn lift_seen(to: &Connection, lot: &LotId, lane: &str, at: Timestamp) -> Result<()> {
    run(
        to,
        "INSERT INTO lift (lot, lane, cause, at, result, done_at) \
         VALUES (?1, ?2, 'seen', ?3, 'done', ?3)",
        params![lot.as_str(), lane, at.as_millisecond()],
    )
}

fn gate(to: &Connection, lot: &LotId, lane: &str, state: Gate, at: Timestamp) -> Result<()> {
    run(
        to,
        "INSERT INTO gate (lot, lane, state, at) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (lot, lane) DO UPDATE SET state = excluded.state, at = excluded.at",
        params![
            lot.as_str(),
            lane,
            column::gate_word(state),
            at.as_millisecond()
        ],
    )
}

fn command(to: &Connection, it: &Command) -> Result<()> {
    run(
        to,
        "INSERT INTO command (lot, digest, device, mode, plate, at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            it.lot.as_str(),
            it.digest.as_slice(),
            it.device.as_str(),
            it.mode,
            text(it.plate.as_ref()),
            it.at.as_millisecond()
        ],
    )
}

fn answered(
    to: &Connection,
    lot: &LotId,
    digest: &[u8; 32],
    reply: &str,
    at: Timestamp,
) -> Result<()> {
    run(
        to,
        "UPDATE command SET reply = ?3, replied_at = ?4 WHERE seq = \
         (SELECT max(seq) FROM command WHERE lot = ?1 AND digest = ?2)",
        params![lot.as_str(), digest.as_slice(), reply, at.as_millisecond()],
    )
}

fn place(to: &Connection, it: &Place) -> Result<()> {
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

fn run(to: &Connection, sql: &str, values: impl rusqlite::Params) -> Result<()> {
    to.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

fn text(plate: Option<&Plate>) -> Option<&str> {
    plate.map(Plate::as_str)
}
