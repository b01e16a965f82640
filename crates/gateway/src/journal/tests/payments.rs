//! Payments as the journal keeps them, and the stays that they are for.

use boshi_protocol::code::{Money, PayType, RecordType};
use boshi_protocol::lane::Side;

use super::super::{Kept, PaidFor, Payment, PaymentSearch, StayRow, StaySearch};
use super::*;
use crate::plate_part::PlatePart;

fn payment(id: &str, millis: i64, fen: i64) -> Payment {
    Payment {
        lot: lot(),
        id: record(id),
        paid_for: PaidFor::Exit,
        plate: Plate::read("粤B12345").unwrap(),
        order: "O".to_owned(),
        merchant_order: "M".to_owned(),
        at: at(millis),
        amount: Money::from_fen(fen),
        pay_type: PayType::Cash,
        stay: None,
    }
}

async fn passes(journal: &Journal, name: &str, side: Side, millis: i64) {
    let crossing = Crossing {
        side,
        ..crossing(name, millis)
    };
    journal
        .write(vec![Entry::Crossing(crossing)])
        .await
        .unwrap();
}

async fn stays(journal: &Journal) -> Vec<StayRow> {
    let search = StaySearch {
        begin: at(0),
        end: at(99_000),
        plate: PlatePart::default(),
        record_type: RecordType::Either,
        most: 10,
    };
    journal.stays(&lot(), search).await.unwrap()
}

/// PAY-1
#[tokio::test]
async fn of_two_payments_told_at_once_under_one_number_only_one_is_kept() {
    let dir = TempDir::new().unwrap();
    let journal = journal(&dir);
    for round in 0..20 {
        let id = format!("P-{round}");
        let (one, other) = (payment(&id, 1, 100), payment(&id, 1, 200));
        let (one, other) = tokio::join!(journal.keep_payment(one), journal.keep_payment(other));
        let answers = [one.unwrap(), other.unwrap()];
        let contradicted = answers.iter().filter(|kept| **kept == Kept::Contradicts);
        assert_eq!(contradicted.count(), 1, "{answers:?}");
    }
}

/// PAY-1, STAY-1
#[tokio::test]
async fn what_was_paid_stays_with_a_stay_whose_entry_is_told_late() {
    let dir = TempDir::new().unwrap();
    let journal = journal(&dir);
    passes(&journal, "exit", Side::Exit, 9_000).await;
    let kept = journal.keep_payment(payment("P", 9_000, 1250)).await;
    assert_eq!(kept.unwrap(), Kept::New(Some(record("exit"))));
    passes(&journal, "entry", Side::Entry, 1_000).await;
    let stays = stays(&journal).await;
    assert_eq!(stays.len(), 1, "{stays:?}");
    assert_eq!(stays[0].stay.record(), &record("entry"));
    assert_eq!(stays[0].amount.to_string(), "12.50");
    let search = PaymentSearch {
        paid_for: PaidFor::Exit,
        begin: at(0),
        end: at(99_000),
        plate: PlatePart::default(),
        most: 10,
    };
    let payments = journal.payments(&lot(), search).await.unwrap();
    assert_eq!(payments[0].1.as_ref(), Some(&stays[0].stay));
}

/// PAY-1: who pays while still on the loop names the recognition that will be his exit.
#[tokio::test]
async fn a_payment_may_name_the_exit_before_the_vehicle_crosses_there() {
    let dir = TempDir::new().unwrap();
    let journal = journal(&dir);
    let named = Payment {
        stay: Some(record("exit")),
        ..payment("P", 8_000, 500)
    };
    journal.keep_payment(named).await.unwrap();
    passes(&journal, "entry", Side::Entry, 1_000).await;
    passes(&journal, "exit", Side::Exit, 9_000).await;
    assert_eq!(stays(&journal).await[0].amount.to_string(), "5.00");
}

/// PAY-1
#[tokio::test]
async fn a_payment_told_late_is_for_the_stay_in_which_it_was_made() {
    let dir = TempDir::new().unwrap();
    let journal = journal(&dir);
    for (name, side, millis) in [
        ("first", Side::Entry, 1_000),
        ("left", Side::Exit, 2_000),
        ("second", Side::Entry, 5_000),
    ] {
        passes(&journal, name, side, millis).await;
    }
    for (id, millis, stay) in [("A", 2_000, "first"), ("B", 6_000, "second")] {
        let kept = journal.keep_payment(payment(id, millis, 1)).await.unwrap();
        assert_eq!(kept, Kept::New(Some(record(stay))), "{id}");
    }
}

/// PAY-1: who pays from home has no stay yet, and who comes days later pays anew.
#[tokio::test]
async fn a_payment_before_its_stay_is_for_the_stay_that_comes_within_a_day() {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let dir = TempDir::new().unwrap();
    let journal = journal(&dir);
    for (id, millis) in [("long-ago", 999), ("today", 1_000), ("just-now", DAY)] {
        let kept = journal.keep_payment(payment(id, millis, 100)).await;
        assert_eq!(kept.unwrap(), Kept::New(None), "{id}");
    }
    let other = Payment {
        plate: Plate::read("粤B54321").unwrap(),
        ..payment("other", DAY, 100)
    };
    journal.keep_payment(other).await.unwrap();
    passes(&journal, "entry", Side::Entry, DAY + 1_000).await;
    passes(&journal, "exit", Side::Exit, DAY + 5_000).await;
    passes(&journal, "again", Side::Entry, DAY + 9_000).await;
    for (id, stay) in [
        ("long-ago", None),
        ("today", Some("entry")),
        ("just-now", Some("entry")),
        ("other", None),
    ] {
        let kept = journal.payment(&lot(), &record(id)).await.unwrap();
        assert_eq!(kept.unwrap().stay, stay.map(record), "{id}");
    }
    let told = payment("today", 1_000, 100);
    assert_eq!(journal.keep_payment(told).await.unwrap(), Kept::Again);
}

/// PAY-1: a payment goes with what it was for.
#[tokio::test]
async fn a_payment_is_kept_as_long_as_the_stay_that_it_was_for() {
    let dir = TempDir::new().unwrap();
    let journal = journal(&dir);
    passes(&journal, "entry", Side::Entry, 1_000).await;
    journal.keep_payment(payment("P", 2_000, 1)).await.unwrap();
    passes(&journal, "exit", Side::Exit, 9_000).await;
    for (before, found) in [(5_000, true), (10_000, false)] {
        journal.forget(&lot(), outworn(before)).await.unwrap();
        let kept = journal.payment(&lot(), &record("P")).await.unwrap();
        assert_eq!(kept.is_some(), found, "before {before}");
    }
}
