//! Parking spaces, and what could not be pushed (PLACE-1, PLACE-2, UNPUSH-1, PAGE-1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use boshi_protocol::endpoint::{
    Place, PlaceQuery, UnPushedCrossing, UnPushedQuery, UnPushedRecognition,
};
use boshi_protocol::envelope::Answer;
use boshi_protocol::id::LotId;
use boshi_protocol::page::{Page, PageRequest};
use boshi_protocol::refusal::Refusal;
use boshi_protocol::time::WireTime;
use boshi_transport::serve::Call;
use jiff::{SignedDuration, Timestamp};

use super::{Served, unread};
use crate::journal::{self, JournalError};
use crate::push::picture_url;

impl Served {
    pub(super) async fn places(&self, lot: &LotId, query: PlaceQuery) -> Answer<Page<Place>> {
        let PlaceQuery {
            page,
            status,
            place,
        } = query;
        let found = self.journal.places(lot, status, place, page).await;
        match found {
            Ok((total, rows)) => {
                let mut places = Vec::with_capacity(rows.len());
                for row in rows {
                    places.push(self.place(row).await);
                }
                paged(page, Ok((total, places)))
            }
            Err(error) => paged(page, Err(error)),
        }
    }

    /// A space with its picture, in the base64 that the standard wants here. A picture that
    /// cannot be read costs the picture, not the space.
    async fn place(&self, row: journal::Place) -> Place {
        let image = match &row.image {
            Some(name) => self.pictures.read(name).await.unwrap_or_else(|error| {
                tracing::error!(%error, "a picture cannot be read");
                None
            }),
            None => None,
        };
        Place {
            place: row.place,
            status: row.status,
            image: image.map(|jpeg| STANDARD.encode(jpeg)).unwrap_or_default(),
            plate: row.plate,
        }
    }

    pub(super) async fn unpushed_crossings(
        &self,
        call: Call,
        query: UnPushedQuery,
    ) -> Answer<Page<UnPushedCrossing>> {
        let (begin, end) = match period(query.begin, query.end, call.received) {
            Ok(period) => period,
            Err(refusal) => return Answer::Refused(refusal),
        };
        let lot = &call.envelope.lot;
        let found = self.journal.unpushed_crossings(lot, begin, end, query.page);
        let rows = found.await.map(|(total, rows)| {
            let rows = rows.into_iter().map(|it| UnPushedCrossing {
                record: it.record,
                device: it.device,
                plate: it.plate,
                color: it.color,
                crossed_at: WireTime::from_timestamp(it.at),
            });
            (total, rows.collect())
        });
        paged(query.page, rows)
    }

    pub(super) async fn unpushed_recognitions(
        &self,
        call: Call,
        query: UnPushedQuery,
    ) -> Answer<Page<UnPushedRecognition>> {
        let (begin, end) = match period(query.begin, query.end, call.received) {
            Ok(period) => period,
            Err(refusal) => return Answer::Refused(refusal),
        };
        let lot = &call.envelope.lot;
        let found = self
            .journal
            .unpushed_recognitions(lot, begin, end, query.page);
        let rows = found.await.map(|(total, rows)| {
            let rows = rows.into_iter().map(|it| UnPushedRecognition {
                image: picture_url(&self.public_url, it.image.as_deref()),
                record: it.record,
                device: it.device,
                plate: it.plate,
                color: it.color,
                recognized_at: WireTime::from_timestamp(it.at),
            });
            (total, rows.collect())
        });
        paged(query.page, rows)
    }
}

/// The period asked for; without an end it is now, which may lie before its beginning (D-11).
/// The second of its end belongs to it, as a whole.
pub(super) fn period(
    begin: WireTime,
    end: Option<WireTime>,
    now: Timestamp,
) -> Result<(Timestamp, Timestamp), Refusal> {
    let end = end.unwrap_or_else(|| WireTime::from_timestamp(now));
    if end < begin {
        let sentence = "beginTime 晚于当前时间，且没有 endTime";
        return Err(Refusal::new("BAD_FIELD", sentence));
    }
    let last = SignedDuration::from_millis(999);
    Ok((begin.timestamp(), end.timestamp() + last))
}

fn paged<T>(page: PageRequest, rows: Result<(u64, Vec<T>), JournalError>) -> Answer<Page<T>> {
    match rows {
        Ok((total, rows)) => Answer::Accepted {
            note: page.note(),
            body: Page::answering(page, total, rows),
        },
        Err(error) => Answer::Refused(unread(&error)),
    }
}
