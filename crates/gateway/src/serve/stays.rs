//! Stays and payments (STAY-1, PAY-1, D-12).

use boshi_protocol::code::Money;
use boshi_protocol::endpoint::{
    PaidStay, PaymentQuery, Payments, Prepayment, Stay, StayQuery, Stays,
};
use boshi_protocol::envelope::Answer;
use boshi_protocol::id::LotId;
use boshi_protocol::refusal::Refusal;
use boshi_protocol::time::WireTime;
use boshi_transport::serve::Call;
use jiff::Timestamp;

use super::queries::period;
use super::{Served, unread};
use crate::journal::{JournalError, PaidFor, Payment, PaymentSearch, StayRow, StaySearch};
use crate::plate_part::PlatePart;
use crate::stays;

/// Most rows in one reply: the standard does not page these queries, so the period must be chosen.
const MOST_ROWS: u32 = 10_000;

impl Served {
    pub(super) async fn stays(&self, call: Call, query: StayQuery) -> Answer<Stays> {
        let (begin, end) = match period(query.begin, query.end, call.received) {
            Ok(period) => period,
            Err(refusal) => return Answer::Refused(refusal),
        };
        let search = StaySearch {
            begin,
            end,
            plate: PlatePart::read(&query.plate),
            record_type: query.record_type,
            most: MOST_ROWS,
        };
        let lot = &call.envelope.lot;
        let rows = bounded(self.journal.stays(lot, search).await);
        let now = call.received;
        answered(rows.map(|rows| {
            Stays {
                data: rows
                    .into_iter()
                    .filter_map(|row| stay(lot, row, now))
                    .collect(),
            }
        }))
    }

    pub(super) async fn paid_at_exit(
        &self,
        call: Call,
        query: PaymentQuery,
    ) -> Answer<Payments<PaidStay>> {
        let rows = self.paid(&call, PaidFor::Exit, query).await;
        let (lot, now) = (&call.envelope.lot, call.received);
        let paid = |(payment, stay)| paid_stay(lot, payment, stay, now);
        answered(rows.map(|rows| Payments {
            total_amount: sum(&rows),
            data: rows.into_iter().map(paid).collect(),
        }))
    }

    pub(super) async fn prepaid(
        &self,
        call: Call,
        query: PaymentQuery,
    ) -> Answer<Payments<Prepayment>> {
        let rows = self.paid(&call, PaidFor::Prepaid, query).await;
        answered(rows.map(|rows| {
            Payments {
                total_amount: sum(&rows),
                data: rows
                    .into_iter()
                    .map(|(payment, _)| prepayment(payment))
                    .collect(),
            }
        }))
    }

    async fn paid(
        &self,
        call: &Call,
        paid_for: PaidFor,
        query: PaymentQuery,
    ) -> Result<Vec<(Payment, Option<stays::Stay>)>, Refusal> {
        let (begin, end) = period(query.begin, query.end, call.received)?;
        let search = PaymentSearch {
            paid_for,
            begin,
            end,
            plate: PlatePart::read(query.plate.as_deref().unwrap_or_default()),
            most: MOST_ROWS,
        };
        bounded(self.journal.payments(&call.envelope.lot, search).await)
    }
}

fn answered<T>(rows: Result<T, Refusal>) -> Answer<T> {
    match rows {
        Ok(body) => Answer::done(body),
        Err(refusal) => Answer::Refused(refusal),
    }
}

/// What does not fit into one reply is refused rather than cut without a word.
fn bounded<T>(rows: Result<Vec<T>, JournalError>) -> Result<Vec<T>, Refusal> {
    let rows = rows.map_err(|error| unread(&error))?;
    if rows.len() > MOST_ROWS as usize {
        let sentence = format!("记录超过 {MOST_ROWS} 条，请缩短时间范围");
        return Err(Refusal::new("TOO_MANY", sentence));
    }
    Ok(rows)
}

/// A stay on the wire; one without a plate has none to be found by.
fn stay(lot: &LotId, row: StayRow, now: Timestamp) -> Option<Stay> {
    let minutes = minutes(&row.stay, now);
    Some(Stay {
        plate: row.plate?,
        record: row.stay.record().clone(),
        entered_at: wire(row.stay.entry.as_ref()),
        left_at: wire(row.stay.exit.as_ref()),
        minutes,
        amount: row.amount,
        lot: lot.clone(),
        entry: row.stay.entry.map(|passage| passage.device),
        exit: row.stay.exit.map(|passage| passage.device),
        status: row.status,
    })
}

fn paid_stay(lot: &LotId, payment: Payment, stay: Option<stays::Stay>, now: Timestamp) -> PaidStay {
    let exit = stay.as_ref().and_then(|stay| stay.exit.clone());
    let entry = stay.as_ref().and_then(|stay| stay.entry.clone());
    let passage = exit.as_ref().or(entry.as_ref());
    // A payment for no stay that was seen is named by itself.
    let record = passage.map_or(&payment.id, |passage| &passage.record);
    PaidStay {
        record: record.clone(),
        entered_at: wire(entry.as_ref()),
        left_at: wire(exit.as_ref()),
        minutes: stay.map_or(0, |stay| minutes(&stay, now)),
        lot: lot.clone(),
        entry: entry.map(|passage| passage.device),
        exit: exit.map(|passage| passage.device),
        payment: prepayment(payment),
    }
}

fn prepayment(payment: Payment) -> Prepayment {
    Prepayment {
        pay_id: payment.id.to_string(),
        plate: payment.plate,
        order: payment.order,
        merchant_order: payment.merchant_order,
        paid_at: WireTime::from_timestamp(payment.at),
        amount: payment.amount,
        pay_type: payment.pay_type,
    }
}

fn sum(rows: &[(Payment, Option<stays::Stay>)]) -> Money {
    let fen = rows.iter().map(|(payment, _)| payment.amount.fen());
    Money::from_fen(fen.sum())
}

fn wire(passage: Option<&stays::Passage>) -> Option<WireTime> {
    passage.map(|passage| WireTime::from_timestamp(passage.at))
}

/// How long a vehicle stood, in whole minutes; one that is inside stands until now.
fn minutes(stay: &stays::Stay, now: Timestamp) -> i64 {
    let Some(entry) = &stay.entry else {
        return 0;
    };
    let until = match stay.standing {
        stays::Standing::Open => now,
        stays::Standing::Closed | stays::Standing::Orphaned | stays::Standing::Superseded => {
            stay.exit.as_ref().map_or(entry.at, |exit| exit.at)
        }
    };
    until.duration_since(entry.at).as_mins().max(0)
}

#[cfg(test)]
mod tests {
    use boshi_protocol::id::{DeviceNo, RecordId};
    use boshi_protocol::lane::Side;

    use super::*;
    use crate::stays::{Passage, pair};

    fn minutes_at(now: i64, crossings: &[(Side, i64)]) -> Vec<i64> {
        let passages = crossings.iter().map(|(side, second)| Passage {
            record: RecordId::new(&second.to_string()).unwrap(),
            side: *side,
            device: DeviceNo::new("CAM").unwrap(),
            at: Timestamp::from_second(*second).unwrap(),
        });
        let now = Timestamp::from_second(now).unwrap();
        let stays = pair(passages.collect()).into_iter();
        stays.map(|stay| minutes(&stay, now)).collect()
    }

    /// STAY-1
    #[test]
    fn parking_time_is_whole_minutes_until_the_exit_or_until_now() {
        use Side::{Entry, Exit};
        for (crossings, expected) in [
            (vec![(Entry, 0), (Exit, 179)], vec![2]),
            (vec![(Entry, 0), (Exit, 180)], vec![3]),
            (vec![(Entry, 0)], vec![10]),
            (vec![(Entry, 900)], vec![0]),
            (vec![(Exit, 300)], vec![0]),
            (vec![(Entry, 0), (Entry, 60), (Exit, 120)], vec![0, 1]),
        ] {
            assert_eq!(minutes_at(600, &crossings), expected, "{crossings:?}");
        }
    }
}
