//! Any value of every request and reply.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::code::{AbnormalCode, CrossStatus, PayType, PlaceStatus};
use crate::id::{Id, RecordId};
use crate::page::MAX_PAGE_SIZE;
use crate::plate::PlateColor;
use crate::time::WireTime;

fn ids<K: 'static>() -> impl Strategy<Value = Id<K>> {
    let text = prop_oneof!["[A-Za-z0-9_-]{1,20}", "[1-9][0-9]{0,17}", "东区[0-9]{1,3}"];
    text.prop_map(|text| Id::new(&text).unwrap())
}

fn times() -> impl Strategy<Value = WireTime> {
    // From 1970 to 2100.
    (0..4_102_444_800_i64)
        .prop_map(|second| WireTime::from_timestamp(Timestamp::from_second(second).unwrap()))
}

fn periods() -> impl Strategy<Value = (WireTime, Option<WireTime>)> {
    (times(), option::of(times())).prop_map(|(one, other)| match other {
        Some(other) => (one.min(other), Some(one.max(other))),
        None => (one, None),
    })
}

fn plates() -> impl Strategy<Value = Option<Plate>> {
    let text = prop_oneof!["[京粤闽沪][A-Z][A-HJ-NP-Z0-9]{5,6}", "[1-9][0-9]{3,6}", ""];
    text.prop_map(|text| Plate::read(&text).unwrap())
}

fn known_plates() -> impl Strategy<Value = Plate> {
    plates().prop_filter_map("a plate", |plate| plate)
}

fn colors() -> impl Strategy<Value = PlateColor> {
    let words = ["blue", "yellow", "black", "white", "green", "other"];
    select(words.to_vec()).prop_map(|word| PlateColor::parse(word).unwrap())
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,20}",
        " {0,3}[临停 ]{0,6}",
        "[0-9]{1,9}",
        Just(String::new())
    ]
}

fn trimmed() -> impl Strategy<Value = String> {
    texts().prop_map(|text| text.trim().to_owned())
}

fn amounts() -> impl Strategy<Value = Money> {
    (-1_000_000..100_000_000_i64).prop_map(Money::from_fen)
}

fn pages() -> impl Strategy<Value = PageRequest> {
    (1..=MAX_PAGE_SIZE, 1..10_000_u32).prop_map(|(size, current)| PageRequest {
        size,
        current,
        capped: false,
    })
}

fn paged<T: Clone + std::fmt::Debug>(
    rows: impl Strategy<Value = T>,
) -> impl Strategy<Value = Page<T>> {
    (pages(), 0..1_000_000_u64, vec(rows, 0..4))
        .prop_map(|(page, total, data)| Page::answering(page, total, data))
}

pub(super) fn plate_numbers() -> impl Strategy<Value = PlateNumber> {
    let reliability = option::of(0..=100_u8);
    (
        ids(),
        ids(),
        times(),
        texts(),
        plates(),
        colors(),
        reliability,
    )
        .prop_map(
            |(device, record, recognized_at, image, plate, color, reliability)| PlateNumber {
                device,
                record,
                recognized_at,
                image,
                plate,
                color,
                reliability,
            },
        )
}

pub(super) fn cross_gates() -> impl Strategy<Value = CrossGate> {
    (ids(), ids(), plates(), colors(), times()).prop_map(
        |(device, record, plate, color, crossed_at)| CrossGate {
            device,
            record,
            plate,
            color,
            crossed_at,
        },
    )
}

pub(super) fn abnormals() -> impl Strategy<Value = Abnormal> {
    let codes = "[1-9][0-9]{3}".prop_map(|code| AbnormalCode::read(&code));
    (codes, option::of(ids()), texts()).prop_map(|(code, device, msg)| Abnormal {
        code,
        device,
        msg,
    })
}

pub(super) fn open_gates() -> impl Strategy<Value = OpenGate> {
    (ids(), plates(), select(OpenMode::ALL.to_vec())).prop_map(|(device, plate, mode)| OpenGate {
        device,
        plate,
        mode,
    })
}

pub(super) fn show_msgs() -> impl Strategy<Value = ShowMsg> {
    let line = (texts(), select(Alignment::ALL.to_vec()))
        .prop_map(|(text, alignment)| Line { text, alignment });
    (ids(), vec(line, 0..4)).prop_map(|(device, lines)| ShowMsg { device, lines })
}

pub(super) fn place_queries() -> impl Strategy<Value = PlaceQuery> {
    let status = option::of(select(PlaceStatus::ALL.to_vec()));
    (pages(), status, option::of(ids())).prop_map(|(page, status, place)| PlaceQuery {
        page,
        status,
        place,
    })
}

pub(super) fn places() -> impl Strategy<Value = Page<Place>> {
    let status = select(PlaceStatus::ALL.to_vec());
    let place = (ids(), status, "[A-Za-z0-9+/]{0,12}", plates());
    paged(place.prop_map(|(place, status, image, plate)| Place {
        place,
        status,
        image,
        plate,
    }))
}

pub(super) fn unpushed_queries() -> impl Strategy<Value = UnPushedQuery> {
    (pages(), periods()).prop_map(|(page, (begin, end))| UnPushedQuery { page, begin, end })
}

pub(super) fn unpushed_crossings() -> impl Strategy<Value = Page<UnPushedCrossing>> {
    let row = (ids(), ids(), plates(), colors(), times());
    paged(row.prop_map(
        |(record, device, plate, color, crossed_at)| UnPushedCrossing {
            record,
            device,
            plate,
            color,
            crossed_at,
        },
    ))
}

pub(super) fn unpushed_recognitions() -> impl Strategy<Value = Page<UnPushedRecognition>> {
    let row = (ids(), ids(), plates(), colors(), times(), texts());
    paged(
        row.prop_map(
            |(record, device, plate, color, recognized_at, image)| UnPushedRecognition {
                record,
                device,
                plate,
                color,
                recognized_at,
                image,
            },
        ),
    )
}

pub(super) fn stay_queries() -> impl Strategy<Value = StayQuery> {
    (periods(), trimmed(), select(RecordType::ALL.to_vec())).prop_map(
        |((begin, end), plate, record_type)| StayQuery {
            begin,
            end,
            plate,
            record_type,
        },
    )
}

type Passages = (Option<WireTime>, Option<WireTime>, i64, LotId);

fn passages() -> impl Strategy<Value = Passages> {
    (
        option::of(times()),
        option::of(times()),
        0..1_000_000_i64,
        ids(),
    )
}

pub(super) fn stays() -> impl Strategy<Value = Stays> {
    let status = select(CrossStatus::ALL.to_vec());
    let gates = (option::of(ids()), option::of(ids()));
    let stay = (ids(), known_plates(), passages(), gates, amounts(), status).prop_map(
        |(record, plate, (entered_at, left_at, minutes, lot), (entry, exit), amount, status)| {
            Stay {
                record,
                plate,
                entered_at,
                left_at,
                minutes,
                amount,
                lot,
                entry,
                exit,
                status,
            }
        },
    );
    vec(stay, 0..4).prop_map(|data| Stays { data })
}

pub(super) fn payment_queries() -> impl Strategy<Value = PaymentQuery> {
    let plate = option::of(trimmed().prop_filter("some of a plate", |text| !text.is_empty()));
    (periods(), plate).prop_map(|((begin, end), plate)| PaymentQuery { begin, end, plate })
}

fn payments<T: std::fmt::Debug>(
    rows: impl Strategy<Value = T>,
) -> impl Strategy<Value = Payments<T>> {
    (amounts(), vec(rows, 0..4)).prop_map(|(total_amount, data)| Payments { total_amount, data })
}

fn prepayment() -> impl Strategy<Value = Prepayment> {
    let ways = select(PayType::ALL.to_vec());
    (
        texts(),
        plates(),
        texts(),
        texts(),
        times(),
        amounts(),
        ways,
    )
        .prop_map(
            |(pay_id, plate, order, merchant_order, paid_at, amount, pay_type)| Prepayment {
                pay_id,
                plate,
                order,
                merchant_order,
                paid_at,
                amount,
                pay_type,
            },
        )
}

pub(super) fn prepayments() -> impl Strategy<Value = Payments<Prepayment>> {
    payments(prepayment())
}

pub(super) fn paid_stays() -> impl Strategy<Value = Payments<PaidStay>> {
    let records = ids::<crate::id::kind::Record>();
    let gates = (option::of(ids()), option::of(ids()));
    let paid = (prepayment(), records, passages(), gates).prop_map(
        |(payment, record, (entered_at, left_at, minutes, lot), (entry, exit))| PaidStay {
            payment,
            record: RecordId::clone(&record),
            entered_at,
            left_at,
            minutes,
            lot,
            entry,
            exit,
        },
    );
    payments(paid)
}
