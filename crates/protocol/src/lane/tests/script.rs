//! Random scripts: what may happen at a lane, in any order.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Plates that are read and named in scripts, one of them most of the time, so that what is read is
/// what is named.
const PLATES: [&str; 5] = [CAR, CAR, CAR, "粤B1234S", NEXT];

/// One thing that happens.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Time passes, and the lane is woken whenever it wants.
    Wait(u64),
    /// Time passes and nobody wakes the lane: the program is slow.
    Stall(u64),
    /// The wall clock is set by so many seconds.
    SetClock(i64),
    Trigger(Side, bool),
    TriggerUnseen(Side),
    Safety(bool),
    /// A contact changes its word after each of these times.
    TriggerBounces(Side, Vec<u64>),
    SafetyBounces(Vec<u64>),
    Read(Side, &'static str, u8),
    Replay(Side, &'static str),
    /// Comes onto the loop and is read.
    DriveUp(Side, &'static str),
    /// Over the anti-smash loop and away, with so much time between the edges.
    DriveThrough(Side, u64),
    /// A reply to one of the pushes so far, counted from the latest.
    Reply(usize, Verdict),
    /// A result of one of the acts so far, counted from the latest.
    Result(usize, bool),
    /// How the pushes, and the acts, are answered from now on, in turns.
    Platform(Vec<Answering<Verdict>>),
    Barrier(Vec<Answering<bool>>),
    Order(Option<Side>, Order, By),
    Type(Option<Side>, &'static str),
    Disown(&'static str),
    Fire(bool),
    Link(bool),
    /// Where the arm is seen, if it is.
    Arm(Option<Position>),
}

/// An answer after so many milliseconds, or none.
pub(super) type Answering<T> = Option<(u64, T)>;

fn sides() -> impl Strategy<Value = Side> {
    prop_oneof![3 => Just(Side::Entry), 2 => Just(Side::Exit)]
}

fn any_side() -> impl Strategy<Value = Option<Side>> {
    prop_oneof![2 => Just(None), 2 => Just(Some(Side::Entry)), 1 => Just(Some(Side::Exit))]
}

fn read_plates() -> impl Strategy<Value = &'static str> {
    let unreadable = "";
    prop_oneof![4 => plates(), 1 => Just(unreadable)]
}

fn plates() -> impl Strategy<Value = &'static str> {
    select(PLATES.to_vec())
}

fn verdicts() -> impl Strategy<Value = Verdict> {
    let refused = Verdict::MayNot {
        reason: "未缴费".to_owned(),
    };
    prop_oneof![
        3 => Just(Verdict::MayPass),
        2 => Just(refused),
        1 => Just(Verdict::Undeliverable),
    ]
}

fn delays() -> impl Strategy<Value = u64> {
    prop_oneof![3 => 0..400_u64, 1 => 0..12_000_u64]
}

fn answering<T: Clone + std::fmt::Debug + 'static>(
    answers: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Vec<Answering<T>>> {
    let one = prop_oneof![
        6 => (delays(), answers).prop_map(Some),
        1 => Just(None),
    ];
    vec(one, 1..4)
}

fn results() -> impl Strategy<Value = bool> {
    prop_oneof![4 => Just(true), 1 => Just(false)]
}

fn orders() -> impl Strategy<Value = Order> {
    let lift = read_plates().prop_map(|text| Order::Lift {
        plate: Plate::read(text).unwrap(),
    });
    prop_oneof![
        3 => lift,
        3 => Just(Order::ForceLift),
        2 => Just(Order::HoldOpen),
        2 => Just(Order::Restore),
    ]
}

fn who() -> impl Strategy<Value = By> {
    select(vec![By::Platform, By::Booth, By::Local])
}

fn bounces() -> impl Strategy<Value = Vec<u64>> {
    vec(1..300_u64, 1..5)
}

fn equipment() -> impl Strategy<Value = Step> {
    let position = select(vec![Position::Up, Position::Down]);
    prop_oneof![
        6 => (sides(), any::<bool>()).prop_map(|(side, pressed)| Step::Trigger(side, pressed)),
        1 => sides().prop_map(Step::TriggerUnseen),
        4 => any::<bool>().prop_map(Step::Safety),
        2 => (sides(), bounces()).prop_map(|(side, times)| Step::TriggerBounces(side, times)),
        1 => bounces().prop_map(Step::SafetyBounces),
        6 => (sides(), read_plates(), 0..=100_u8)
            .prop_map(|(side, plate, sure)| Step::Read(side, plate, sure)),
        1 => (sides(), read_plates()).prop_map(|(side, plate)| Step::Replay(side, plate)),
        10 => (sides(), plates()).prop_map(|(side, plate)| Step::DriveUp(side, plate)),
        8 => (sides(), 201..2_000_u64).prop_map(|(side, pace)| Step::DriveThrough(side, pace)),
        1 => any::<bool>().prop_map(Step::Fire),
        1 => any::<bool>().prop_map(Step::Link),
        2 => prop::option::weighted(0.8, position).prop_map(Step::Arm),
        1 => (-10_000..10_000_i64).prop_map(Step::SetClock),
    ]
}

fn people() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (any_side(), orders(), who()).prop_map(|(side, order, by)| Step::Order(side, order, by)),
        2 => (any_side(), plates()).prop_map(|(side, plate)| Step::Type(side, plate)),
        1 => plates().prop_map(Step::Disown),
    ]
}

fn answers() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0..6_usize, verdicts()).prop_map(|(back, verdict)| Step::Reply(back, verdict)),
        1 => (0..6_usize, any::<bool>()).prop_map(|(back, good)| Step::Result(back, good)),
        2 => answering(verdicts()).prop_map(Step::Platform),
        2 => answering(results()).prop_map(Step::Barrier),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    let long = || prop_oneof![4 => 0..1_000_u64, 4 => 0..6_000_u64, 1 => 0..80_000_u64];
    prop_oneof![
        12 => equipment(),
        3 => people(),
        3 => answers(),
        6 => long().prop_map(Step::Wait),
        1 => long().prop_map(Step::Stall),
    ]
}

/// Whatever may happen.
pub(super) fn scripts() -> impl Strategy<Value = Vec<Step>> {
    vec(steps(), 1..40)
}

/// Bounds around their defaults: what holds must not hang on one of them.
pub(super) fn timings() -> impl Strategy<Value = Timing> {
    (
        500..4_000_u64,
        500..5_000_u64,
        500..6_000_u64,
        1_000..40_000_u64,
        1_000..5_000_u64,
    )
        .prop_map(|(travel, act, follow_wait, passage, refused_poll)| Timing {
            travel: millis(travel),
            act: millis(act),
            follow_wait: millis(follow_wait),
            passage: millis(passage),
            refused_poll: millis(refused_poll),
            ..Timing::default()
        })
}

/// Lanes with a trigger loop, or without, for one way or for both.
pub(super) fn layouts(
    directions: impl Strategy<Value = Direction>,
    trigger_loop: bool,
) -> impl Strategy<Value = Layout> {
    let safety_loop = prop::bool::weighted(0.8);
    (directions, safety_loop, any::<bool>()).prop_map(
        move |(direction, safety_loop, limit_switch)| Layout {
            direction,
            barrier: device("arm"),
            trigger_loop,
            safety_loop,
            limit_switch,
        },
    )
}

pub(super) fn one_way() -> impl Strategy<Value = Direction> {
    let recognizer = device("camera");
    select(vec![
        Direction::Entry {
            recognizer: recognizer.clone(),
        },
        Direction::Exit { recognizer },
    ])
}

pub(super) fn both_ways() -> impl Strategy<Value = Direction> {
    Just(Direction::Mixed {
        entry: device("camera in"),
        exit: device("camera out"),
    })
}
