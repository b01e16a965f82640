//! Payments, as toll software and pay stations tell them, to the fen (PAY-1).

use boshi_protocol::code::{Money, PayType};
use boshi_protocol::id::LotId;
use boshi_protocol::plate::Plate;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};

use super::read::all;
use super::stay::{latest_of, stay};
use super::{Journal, JournalError, column};
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
    pub id: String,
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
    /// The stay it is for, by its name.
    pub stay: Option<String>,
}

/// What became of a payment that was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is kept, for this stay.
    New(Option<String>),
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
    /// A part of the plate, normalised; empty for all.
    pub plate: String,
    /// Most rows.
    pub most: u32,
}

impl Journal {
    /// Keeps a payment, once (PAY-1). One that names no stay is for the latest of its plate.
    ///
    /// # Errors
    /// [`JournalError`] when it cannot be written.
    pub async fn keep_payment(&self, payment: Payment) -> std::result::Result<Kept, JournalError> {
        let known = self.payment(&payment.lot, &payment.id).await?;
        if let Some(mut known) = known {
            if payment.stay.is_none() {
                known.stay = None;
            }
            return Ok(if known == payment {
                Kept::Again
            } else {
                Kept::Contradicts
            });
        }
        let (lot, id) = (payment.lot.clone(), payment.id.clone());
        self.write(vec![super::Entry::Payment(payment)]).await?;
        let kept = self.payment(&lot, &id).await?;
        Ok(Kept::New(kept.and_then(|kept| kept.stay)))
    }

    /// The payment of that number.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn payment(
        &self,
        lot: &LotId,
        id: &str,
    ) -> std::result::Result<Option<Payment>, JournalError> {
        let (lot, id) = (lot.clone(), id.to_owned());
        let sql = format!("SELECT {COLUMNS} FROM payment WHERE lot = ?1 AND id = ?2");
        self.read(move |from| {
            let values = params![lot.as_str(), id];
            from.prepare_cached(&sql)?
                .query_row(values, payment)
                .optional()
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
             FROM payment LEFT JOIN stay ON stay.lot = payment.lot AND stay.record = payment.stay \
             WHERE payment.lot = ?1 AND paid_for = ?2 AND at BETWEEN ?3 AND ?4 \
             AND instr(coalesce(payment.plate, ''), ?5) > 0 ORDER BY at, id LIMIT ?6"
        );
        self.read(move |from| {
            let values = params![
                lot.as_str(),
                word(search.paid_for),
                search.begin.as_millisecond(),
                search.end.as_millisecond(),
                search.plate,
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

pub(super) fn insert(to: &Connection, it: &Payment) -> Result<()> {
    let stay = match (&it.stay, &it.plate) {
        (Some(stay), _) => Some(stay.clone()),
        (None, Some(plate)) => latest_of(to, &it.lot, plate)?,
        (None, None) => None,
    };
    to.prepare_cached(
        "INSERT INTO payment (lot, id, paid_for, plate, order_no, merchant_order_no, at, fen, \
         pay_type, stay) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING",
    )?
    .execute(params![
        it.lot.as_str(),
        it.id,
        word(it.paid_for),
        it.plate.as_ref().map(Plate::as_str),
        it.order,
        it.merchant_order,
        it.at.as_millisecond(),
        it.amount.fen(),
        it.pay_type.as_str(),
        stay,
    ])?;
    Ok(())
}

fn payment(row: &Row<'_>) -> Result<Payment> {
    let paid_for: String = row.get(2)?;
    let pay_type: String = row.get(8)?;
    let fen: i64 = row.get(7)?;
    Ok(Payment {
        lot: column::id(row, 0)?,
        id: row.get(1)?,
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
        stay: row.get(9)?,
    })
}

const fn word(paid_for: PaidFor) -> &'static str {
    match paid_for {
        PaidFor::Prepaid => "prepaid",
        PaidFor::Exit => "exit",
    }
}
