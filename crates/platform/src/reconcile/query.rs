//! The two queries of a pass, page by page, merged as they come.

use std::collections::HashSet;
use std::time::Duration;

use boshi_protocol::endpoint::{Endpoint, UnPushedQuery};
use boshi_protocol::envelope::Answer;
use boshi_protocol::fields::FieldError;
use boshi_protocol::id::RecordId;
use boshi_protocol::page::{MAX_PAGE_SIZE, Page, PageRequest};
use jiff::Timestamp;
use tracing::warn;

use super::plan::Window;
use super::row::{Crossings, Recognitions, Row};
use super::{Counts, MAX_PAGES, PassError, Reconciler};
use crate::lots::Lot;
use crate::store::record::fetched;
use crate::store::{Record, RecordKind, StoreError, passage};

/// Longest that a page may take: a hundred rows, from a busy gateway over a slow line.
const PAGE_TIMEOUT: Duration = Duration::from_secs(30);

/// What a query brought.
#[derive(Default)]
struct Found {
    records: u64,
    new: u64,
    unreadable: u64,
}

impl Reconciler {
    /// Fetches and merges all of a window.
    pub(super) async fn fetch(&self, lot: &Lot, window: Window) -> Result<Counts, PassError> {
        let kind = RecordKind::Recognition;
        let recognitions = self.query::<Recognitions, _>(lot, window, kind).await?;
        let kind = RecordKind::Crossing;
        let crossings = self.query::<Crossings, _>(lot, window, kind).await?;
        Ok(Counts {
            recognitions: recognitions.records,
            crossings: crossings.records,
            new: recognitions.new + crossings.new,
            unreadable: recognitions.unreadable + crossings.unreadable,
        })
    }

    /// All pages of one query. The last one is empty (PAGE-1), or the last by `total` and brings
    /// nothing that was not on the pages before, from a supplier that ignores `currentPage`.
    async fn query<E, T>(
        &self,
        lot: &Lot,
        window: Window,
        kind: RecordKind,
    ) -> Result<Found, PassError>
    where
        E: Endpoint<Request = UnPushedQuery, Response = Page<Row<T>>>,
        T: Into<Record>,
    {
        let (mut seen, mut found) = (HashSet::new(), Found::default());
        for number in 1..=MAX_PAGES {
            let page = ask::<E, T>(lot, window, number).await?;
            if page.total > u64::from(MAX_PAGES) * u64::from(MAX_PAGE_SIZE) {
                return Err(PassError::TooMany);
            }
            let (is_empty, more) = (page.data.is_empty(), page.has_more());
            let (records, faulty) = sorted(page.data, &mut seen);
            if is_empty || (records.is_empty() && !more) {
                return Ok(found);
            }
            if let Some(error) = faulty.first() {
                let count = faulty.len();
                warn!(lot = %lot.id, path = E::PATH, count, %error, "records cannot be read");
            }
            found.unreadable += count(&faulty);
            found.records += count(&records);
            found.new += self.merge(lot, kind, records).await?;
        }
        Err(PassError::TooMany)
    }

    /// Merges records in one transaction; how many were new.
    async fn merge(
        &self,
        lot: &Lot,
        kind: RecordKind,
        records: Vec<Record>,
    ) -> Result<u64, StoreError> {
        let (id, rules, now) = (lot.id.clone(), lot.rules.clone(), Timestamp::now());
        let merged = self.store.write(move |db| {
            let mut new = 0;
            for record in records {
                let kept = match kind {
                    RecordKind::Recognition => fetched(db, &id, record, now)?,
                    RecordKind::Crossing => passage::cross(db, &id, record, &rules, now)?,
                };
                new += u64::from(kept.is_new());
            }
            Ok(new)
        });
        merged.await
    }
}

async fn ask<E, T>(lot: &Lot, window: Window, page: u32) -> Result<Page<Row<T>>, PassError>
where
    E: Endpoint<Request = UnPushedQuery, Response = Page<Row<T>>>,
{
    let path = E::PATH;
    let query = UnPushedQuery {
        page: PageRequest::largest(page),
        begin: window.begin,
        end: Some(window.end),
    };
    let asked = lot.peer.call::<E>(&query, Timestamp::now(), PAGE_TIMEOUT);
    match asked.await {
        Ok(Answer::Accepted { body, .. }) => Ok(body),
        Ok(Answer::Refused(refusal)) => {
            let words = refusal.to_string();
            Err(PassError::Refused { path, words })
        }
        Err(fault) => Err(PassError::Fault { path, page, fault }),
    }
}

/// The records that were not seen before, and what is wrong with those that cannot be read.
fn sorted<T: Into<Record>>(
    rows: Vec<Row<T>>,
    seen: &mut HashSet<RecordId>,
) -> (Vec<Record>, Vec<FieldError>) {
    let (mut records, mut faulty) = (Vec::new(), Vec::new());
    for row in rows {
        match row.0.map(Into::into) {
            Ok(record) => records
                .extend(Some(record).filter(|record: &Record| seen.insert(record.uuid.clone()))),
            Err(error) => faulty.push(error),
        }
    }
    (records, faulty)
}

fn count<T>(of: &[T]) -> u64 {
    u64::try_from(of.len()).unwrap_or(u64::MAX)
}
