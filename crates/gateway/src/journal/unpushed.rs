//! Failed pushes, for the platform to fetch (UNPUSH-1, UNPUSH-2).

use boshi_protocol::id::LotId;
use boshi_protocol::page::PageRequest;
use jiff::Timestamp;
use rusqlite::{Connection, Result, Row, params};

use super::entry::{Crossing, Recognition};
use super::{Journal, JournalError, column, read};

const MILLIS_PER_SECOND: i64 = 1000;

impl Journal {
    /// The recognitions whose push failed, from the second of `begin` to that of `end`, both
    /// included (UNPUSH-1): how many, and a page of them, by time and id (PAGE-1).
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn unpushed_recognitions(
        &self,
        lot: &LotId,
        begin: Timestamp,
        end: Timestamp,
        page: PageRequest,
    ) -> std::result::Result<(u64, Vec<Recognition>), JournalError> {
        let lot = lot.clone();
        self.read(move |from| {
            let columns = "it.lot, it.record, it.lane, it.device, it.plate, it.color, it.at, \
                           it.reliability, it.image, it.replayed, it.event";
            let period = Period::new(begin, end);
            failed(
                from,
                "recognition",
                columns,
                &lot,
                period,
                page,
                read::recognition,
            )
        })
        .await
    }

    /// The crossings whose push failed, in the same way (UNPUSH-1, PAGE-1).
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn unpushed_crossings(
        &self,
        lot: &LotId,
        begin: Timestamp,
        end: Timestamp,
        page: PageRequest,
    ) -> std::result::Result<(u64, Vec<Crossing>), JournalError> {
        let lot = lot.clone();
        self.read(move |from| {
            let columns =
                "it.lot, it.record, it.lane, it.device, it.plate, it.color, it.at, it.side";
            let period = Period::new(begin, end);
            failed(
                from,
                "crossing",
                columns,
                &lot,
                period,
                page,
                read::crossing,
            )
        })
        .await
    }
}

/// From the first millisecond, included, to the one after the last.
#[derive(Clone, Copy)]
struct Period {
    from: i64,
    until: i64,
}

impl Period {
    fn new(begin: Timestamp, end: Timestamp) -> Period {
        let second = |time: Timestamp| time.as_millisecond().div_euclid(MILLIS_PER_SECOND);
        Period {
            from: second(begin) * MILLIS_PER_SECOND,
            until: (second(end) + 1) * MILLIS_PER_SECOND,
        }
    }
}

fn failed<T>(
    from: &Connection,
    kind: &str,
    columns: &str,
    lot: &LotId,
    period: Period,
    page: PageRequest,
    read: fn(&Row<'_>) -> Result<T>,
) -> Result<(u64, Vec<T>)> {
    let snapshot = from.unchecked_transaction()?;
    let matching = format!(
        "FROM {kind} it JOIN outbox ON outbox.lot = it.lot AND outbox.kind = '{kind}' \
         AND outbox.key = it.record AND outbox.state = 'failed' \
         WHERE it.lot = ?1 AND it.at >= ?2 AND it.at < ?3"
    );
    let total = snapshot.query_row(
        &format!("SELECT count(*) {matching}"),
        params![lot.as_str(), period.from, period.until],
        |row| column::count(row, 0),
    )?;
    let sql = format!("SELECT {columns} {matching} ORDER BY it.at, it.record LIMIT ?4 OFFSET ?5");
    let offset = page.offset().cast_signed();
    let values = params![lot.as_str(), period.from, period.until, page.size, offset];
    Ok((total, read::all(&snapshot, &sql, values, read)?))
}
