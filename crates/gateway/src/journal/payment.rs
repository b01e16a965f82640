//! Payments, as toll software and pay stations tell them, to the fen (PAY-1).

use boshi_protocol::code::{Money, PayType};
use boshi_protocol::id::{LotId, RecordId};
use boshi_protocol::plate::Plate;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};

use super::read::all;
use super::stay::{paid_at, stay};
use super::{Entry, Journal, JournalError, column};
use crate::plate_part::PlatePart;
use crate::stays::Stay;

/// When a payment was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaidFor {
    /// Before driving to the exit.
    Prepaid,
    /// At the exit.
    Exit,
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The lot.
    pub lot: LotId,
    /// The number that the toll software gave it; the same is the same payment.
    pub id: RecordId,
    /// Before driving to the exit, or there.
    pub paid_for: PaidFor,
    /// For which vehicle.
    pub plate: Option<Plate>,
    /// Number of the order.
    pub order: String,
    /// Number of the merchant's order.
    pub merchant_order: String,
    /// When.
    pub at: Timestamp,
    /// How much.
    pub amount: Money,
    /// In which way.
    pub pay_type: PayType,
    /// The stay it is for, by the recognition at its entry or at its exit.
    pub stay: Option<RecordId>,
}

/// What became of a payment that was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is kept, for this stay.
    New(Option<RecordId>),
    /// The same was told before.
    Again,
    /// Another one was told under its number.
    Contradicts,
}

/// Which payments are looked for.
#[derive(Clone, Debug)]
pub struct PaymentSearch {
    /// Before driving to the exit, or there.
    pub paid_for: PaidFor,
    /// From this time on.
    pub begin: Timestamp,
    /// Up to and including this time.
    pub end: Timestamp,
    /// A part of the plate.
    pub plate: PlatePart,
    /// Most rows.
    pub most: u32,
}

impl Journal {
    /// Keeps a payment, once (PAY-1). One that names no stay is for the latest of its plate.
    ///
    /// # Errors
    /// [`JournalError`] when it cannot be written.
    pub async fn keep_payment(&self, payment: Payment) -> std::result::Result<Kept, JournalError> {
        let (lot, id) = (payment.lot.clone(), payment.id.clone());
        let known = self.payment(&lot, &id).await?;
        let repeated = known.is_some();
        let kept = match known {
            Some(known) => Some(known),
            // Somebody else may write under the same number meanwhile: what counts is what is kept.
            None => {
                self.write(vec![Entry::Payment(payment.clone())]).await?;
                self.payment(&lot, &id).await?
            }
        };
        let stay = kept.as_ref().and_then(|kept| kept.stay.clone());
        let told = Payment {
            stay: payment.stay.clone().or_else(|| stay.clone()),
            ..payment
        };
        Ok(match kept {
            Some(kept) if kept != told => Kept::Contradicts,
            Some(_) if repeated => Kept::Again,
            Some(_) | None => Kept::New(stay),
        })
    }

    /// The payment of that number.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn payment(
        &self,
        lot: &LotId,
        id: &RecordId,
    ) -> std::result::Result<Option<Payment>, JournalError> {
        let (lot, id) = (lot.clone(), id.clone());
        let sql = format!("SELECT {COLUMNS} FROM payment WHERE lot = ?1 AND id = ?2");
        self.read(move |from| {
            let values = params![lot.as_str(), id.as_str()];
            from.prepare_cached(&sql)?
                .query_row(values, payment)
                .optional()
        })
        .await
    }

    /// The latest payments, newest first, of plates that hold `plate`.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn latest_payments(
        &self,
        lot: &LotId,
        plate: PlatePart,
        most: u32,
    ) -> std::result::Result<Vec<Payment>, JournalError> {
        let lot = lot.clone();
        let sql = format!(
            "SELECT {COLUMNS} FROM payment WHERE lot = ?1 AND instr(coalesce(plate, ''), ?2) > 0 \
             ORDER BY at DESC, id DESC LIMIT ?3"
        );
        self.read(move |from| {
            let values = params![lot.as_str(), plate.as_str(), most];
            all(from, &sql, values, payment)
        })
        .await
    }

    /// The payments that match, by their time, each with its stay, and one more than `most` when
    /// there are more.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn payments(
        &self,
        lot: &LotId,
        search: PaymentSearch,
    ) -> std::result::Result<Vec<(Payment, Option<Stay>)>, JournalError> {
        let lot = lot.clone();
        let sql = format!(
            "SELECT {COLUMNS}, standing, entry, entry_device, entry_at, exit, exit_device, exit_at \
             FROM payment LEFT JOIN stay ON stay.lot = payment.lot AND stay.record = coalesce( \
             (SELECT record FROM stay AS it \
              WHERE it.lot = payment.lot AND it.entry = payment.stay), \
             (SELECT record FROM stay AS it \
              WHERE it.lot = payment.lot AND it.exit = payment.stay)) \
             WHERE payment.lot = ?1 AND paid_for = ?2 AND at BETWEEN ?3 AND ?4 \
             AND instr(coalesce(payment.plate, ''), ?5) > 0 ORDER BY at, id LIMIT ?6"
        );
        self.read(move |from| {
            let values = params![
                lot.as_str(),
                word(search.paid_for),
                search.begin.as_millisecond(),
                search.end.as_millisecond(),
                search.plate.as_str(),
                search.most + 1,
            ];
            all(from, &sql, values, |row| {
                let standing: Option<String> = row.get(10)?;
                let stay = standing.map(|_| stay(row, 10)).transpose()?;
                Ok((payment(row)?, stay))
            })
        })
        .await
    }
}

const COLUMNS: &str = "payment.lot, id, paid_for, payment.plate, order_no, merchant_order_no, at, \
     fen, pay_type, payment.stay";

/// How long before its stay begins a payment may be made: who pays from home comes the same day.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// Payments of a plate that were made before there was a stay for them are for the stay of the
/// crossing at `at`, or whichever was nearest then.
pub(super) fn link(to: &Connection, lot: &LotId, plate: &Plate, at: Timestamp) -> Result<()> {
    let since = at.checked_sub(AHEAD).unwrap_or(Timestamp::MIN);
    let sql = "SELECT id, at FROM payment INDEXED BY payment_of_no_stay \
               WHERE lot = ?1 AND plate = ?2 AND at >= ?3 AND stay IS NULL";
    let values = params![lot.as_str(), plate.as_str(), since.as_millisecond()];
    let payments: Vec<(String, Timestamp)> = all(to, sql, values, |row| {
        Ok((row.get(0)?, column::time(row, 1)?))
    })?;
    for (id, at) in payments {
        let stay = paid_at(to, lot, plate, at)?;
        to.prepare_cached("UPDATE payment SET stay = ?3 WHERE lot = ?1 AND id = ?2")?
            .execute(params![
                lot.as_str(),
                id,
                stay.as_ref().map(RecordId::as_str)
            ])?;
    }
    Ok(())
}

pub(super) fn insert(to: &Connection, it: &Payment) -> Result<()> {
    let stay = match (&it.stay, &it.plate) {
        (Some(stay), _) => Some(stay.clone()),
        (None, Some(plate)) => paid_at(to, &it.lot, plate, it.at)?,
        (None, None) => None,
    };
    to.prepare_cached(
        "INSERT INTO payment (lot, id, paid_for, plate, order_no, merchant_order_no, at, fen, \
         pay_type, stay) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING",
    )?
    .execute(params![
        it.lot.as_str(),
        it.id.as_str(),
        word(it.paid_for),
        it.plate.as_ref().map(Plate::as_str),
        it.order,
        it.merchant_order,
        it.at.as_millisecond(),
        it.amount.fen(),
        it.pay_type.as_str(),
        stay.as_ref().map(RecordId::as_str),
    ])?;
    Ok(())
}

fn payment(row: &Row<'_>) -> Result<Payment> {
    let paid_for: String = row.get(2)?;
    let pay_type: String = row.get(8)?;
    let fen: i64 = row.get(7)?;
    Ok(Payment {
        lot: column::id(row, 0)?,
        id: column::id(row, 1)?,
        paid_for: match paid_for.as_str() {
            "prepaid" => PaidFor::Prepaid,
            "exit" => PaidFor::Exit,
            other => return Err(column::unreadable(2, &other)),
        },
        plate: column::plate(row, 3)?,
        order: row.get(4)?,
        merchant_order: row.get(5)?,
        at: column::time(row, 6)?,
        amount: Money::from_fen(fen),
        pay_type: PayType::parse(&pay_type).ok_or_else(|| column::unreadable(8, &pay_type))?,
        stay: column::optional_id(row, 9)?,
    })
}

const fn word(paid_for: PaidFor) -> &'static str {
    match paid_for {
        PaidFor::Prepaid => "prepaid",
        PaidFor::Exit => "exit",
    }
}
