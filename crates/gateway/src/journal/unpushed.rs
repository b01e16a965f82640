//! Failed pushes, for the platform to fetch (UNPUSH-1, UNPUSH-2).

use boshi_protocol::id::LotId;
use boshi_protocol::page::PageRequest;
use jiff::Timestamp;
use rusqlite::{Connection, Result, Row, params};

use super::entry::{Crossing, Recognition};
use super::{Journal, JournalError, column, letter, read};

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
                letter::recognition,
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
                letter::crossing,
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
    // Counted and paged in the outbox, which has an index of the failed ones: only those of the page
    // are looked up. A record's row there has the record's own time.
    let matching = format!(
        "FROM outbox WHERE lot = ?1 AND kind = '{kind}' AND state = 'failed' \
         AND at >= ?2 AND at < ?3"
    );
    let mut count = snapshot.prepare_cached(&format!("SELECT count(*) {matching}"))?;
    let total = count.query_row(params![lot.as_str(), period.from, period.until], |row| {
        column::count(row, 0)
    })?;
    let Slice {
        order,
        skipped,
        taken,
    } = Slice::of(total, page);
    let sql = format!(
        "SELECT {columns} FROM (SELECT at, key {matching} ORDER BY at {order}, key {order} \
         LIMIT ?4 OFFSET ?5) failed JOIN {kind} it ON it.lot = ?1 AND it.record = failed.key \
         ORDER BY failed.at, failed.key"
    );
    let (taken, skipped) = (taken.cast_signed(), skipped.cast_signed());
    let values = params![lot.as_str(), period.from, period.until, taken, skipped];
    Ok((total, read::all(&snapshot, &sql, values, read)?))
}

/// The rows of a page, from whichever end is nearer: what is skipped is read all the same.
#[derive(Debug, PartialEq, Eq)]
struct Slice {
    order: &'static str,
    skipped: u64,
    taken: u64,
}

impl Slice {
    fn of(total: u64, page: PageRequest) -> Slice {
        let before = page.offset().min(total);
        let taken = u64::from(page.size).min(total - before);
        let behind = total - before - taken;
        let (order, skipped) = match behind < before {
            true => ("DESC", behind),
            false => ("ASC", before),
        };
        Slice {
            order,
            skipped,
            taken,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PAGE-1
    #[test]
    fn a_page_is_reached_from_the_nearer_end() {
        let slice = |total, current, size| {
            let slice = Slice::of(
                total,
                PageRequest {
                    current,
                    size,
                    capped: false,
                },
            );
            (slice.order, slice.skipped, slice.taken)
        };
        assert_eq!(slice(1000, 1, 100), ("ASC", 0, 100));
        assert_eq!(slice(1000, 10, 100), ("DESC", 0, 100));
        assert_eq!(slice(1000, 9, 100), ("DESC", 100, 100));
        assert_eq!(slice(950, 10, 100), ("DESC", 0, 50));
        assert_eq!(slice(950, 11, 100), ("DESC", 0, 0));
        assert_eq!(slice(0, 1, 10), ("ASC", 0, 0));
        assert_eq!(slice(30, u32::MAX, 100), ("DESC", 0, 0));
    }
}
