//! The two queries of a pass, page by page, merged as they come.

use std::collections::HashSet;
use std::time::Duration;

use boshi_protocol::endpoint::{Endpoint, UnPushedQuery};
use boshi_protocol::envelope::Answer;
use boshi_protocol::fields::FieldError;
use boshi_protocol::freshness::DEFAULT_WINDOW;
use boshi_protocol::id::RecordId;
use boshi_protocol::page::{MAX_PAGE_SIZE, Page, PageRequest};
use tracing::warn;

use super::plan::Window;
use super::round::{Next, Round, Told};
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
    /// nothing that was not on the pages before, from a supplier that ignores `currentPage`. One that
    /// ignores it and says that there is more is asked about shorter times instead.
    ///
    /// When there are fewer records than a page before, those after it have moved up, and some of them
    /// may have come to stand on pages that were read: they are read again, as long as that brings any.
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
        let mut round = Round::first();
        for _ in 0..MAX_PAGES {
            let page = self.ask::<E, T>(lot, window, round.page).await?;
            if page.total > u64::from(MAX_PAGES) * u64::from(MAX_PAGE_SIZE) {
                return Err(PassError::TooMany);
            }
            let told = Told {
                rows: count(&page.data),
                size: u64::from(page.size),
                total: page.total,
            };
            let (records, faulty) = sorted(page.data, &mut seen);
            let (new, unreadable) = (count(&records), count(&faulty));
            if let Some(error) = faulty.first() {
                warn!(lot = %lot.id, path = E::PATH, unreadable, %error, "records cannot be read");
            }
            found.unreadable += unreadable;
            found.records += new;
            if new > 0 {
                found.new += self.merge(lot, kind, records).await?;
            }
            match round.next(told, new, unreadable) {
                Next::Page => {}
                Next::Done => return Ok(found),
                Next::Shorter => return Err(PassError::TooMany),
            }
        }
        Err(PassError::TooMany)
    }

    /// A page of a query.
    async fn ask<E, T>(
        &self,
        lot: &Lot,
        window: Window,
        page: u32,
    ) -> Result<Page<Row<T>>, PassError>
    where
        E: Endpoint<Request = UnPushedQuery, Response = Page<Row<T>>>,
    {
        // Never closed; and without it a lot would still have to be asked.
        let _place = self.asking.acquire().await;
        ask::<E, T>(lot, window, page).await
    }

    /// Merges records in one transaction; how many were new.
    async fn merge(
        &self,
        lot: &Lot,
        kind: RecordKind,
        records: Vec<Record>,
    ) -> Result<u64, StoreError> {
        // Never closed; and without it they would still have to be kept.
        let _place = self.merging.acquire().await;
        let (id, rules, now) = (lot.id.clone(), lot.rules.clone(), lot.peer.now());
        // Of all that was said of a record this is the last: nothing that has failed is pushed again (PUSH-2).
        // The clock of the lot may be ahead.
        let told = now + DEFAULT_WINDOW;
        let merged = self.store.write(move |db| {
            let mut new = 0;
            for record in records {
                let record = record.told(told);
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
    let asked = lot.peer.call::<E>(&query, lot.peer.now(), PAGE_TIMEOUT);
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
