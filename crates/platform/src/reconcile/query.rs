//! The two queries of a pass, page by page, merged as they come.

use std::collections::HashSet;
use std::time::Duration;

use boshi_protocol::endpoint::{
    Endpoint, QueryUnPushCrossInfo, QueryUnPushRecognitionInfo, UnPushedQuery,
};
use boshi_protocol::envelope::Answer;
use boshi_protocol::id::RecordId;
use boshi_protocol::page::{MAX_PAGE_SIZE, Page, PageRequest};
use jiff::Timestamp;

use super::plan::Window;
use super::{Counts, MAX_PAGES, PassError, Reconciler};
use crate::lots::Lot;
use crate::store::record::keep;
use crate::store::{Record, RecordKind, StoreError};

/// Longest that a page may take: a hundred rows, from a busy gateway over a slow line.
const PAGE_TIMEOUT: Duration = Duration::from_secs(30);

impl Reconciler {
    /// Fetches and merges all of a window.
    pub(super) async fn fetch(&self, lot: &Lot, window: Window) -> Result<Counts, PassError> {
        let kind = RecordKind::Recognition;
        let recognitions = self.query::<QueryUnPushRecognitionInfo, _>(lot, window, kind);
        let (recognitions, new_recognitions) = recognitions.await?;
        let kind = RecordKind::Crossing;
        let crossings = self.query::<QueryUnPushCrossInfo, _>(lot, window, kind);
        let (crossings, new_crossings) = crossings.await?;
        Ok(Counts {
            recognitions,
            crossings,
            new: new_recognitions + new_crossings,
        })
    }

    /// All pages of one query; how many records came, and how many were new. A page that is empty
    /// or brings nothing that was not on the pages before is the last: the first is the standard's
    /// end (PAGE-1), the second a supplier that ignores `currentPage`.
    async fn query<E, T>(
        &self,
        lot: &Lot,
        window: Window,
        kind: RecordKind,
    ) -> Result<(u64, u64), PassError>
    where
        E: Endpoint<Request = UnPushedQuery, Response = Page<T>>,
        T: Into<Record>,
    {
        let (mut seen, mut new) = (HashSet::new(), 0);
        for page in 1..=MAX_PAGES {
            let answered = ask::<E, T>(lot, window, page).await?;
            if answered.total > u64::from(MAX_PAGES) * u64::from(MAX_PAGE_SIZE) {
                return Err(PassError::TooMany);
            }
            let fresh = unseen(answered.data, &mut seen);
            if fresh.is_empty() {
                return Ok((u64::try_from(seen.len()).unwrap_or(u64::MAX), new));
            }
            new += self.merge(lot, kind, fresh).await?;
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
        let id = lot.id.clone();
        let merged = self.store.write(move |db| {
            let mut new = 0;
            for record in records {
                new += u64::from(keep(db, kind, &id, record)?);
            }
            Ok(new)
        });
        merged.await
    }
}

async fn ask<E, T>(lot: &Lot, window: Window, page: u32) -> Result<Page<T>, PassError>
where
    E: Endpoint<Request = UnPushedQuery, Response = Page<T>>,
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

fn unseen<T: Into<Record>>(rows: Vec<T>, seen: &mut HashSet<RecordId>) -> Vec<Record> {
    let records = rows.into_iter().map(Into::into);
    records
        .filter(|record: &Record| seen.insert(record.uuid.clone()))
        .collect()
}
