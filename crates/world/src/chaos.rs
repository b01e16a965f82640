//! What goes wrong, and when.

use std::time::Duration;

use boshi_simulator::equipment::Fault;
use jiff::SignedDuration;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::IndexedRandom as _;
use rand::{Rng, RngExt as _};

use crate::network::Weather;
use crate::supplier::Crash;

/// One of both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Supplier,
    Property,
}

/// One thing that goes wrong, or is mended.
#[derive(Clone, Debug)]
pub(crate) enum Chaos {
    /// The way from that side to the other is like that.
    Weather(Side, Weather),
    /// A side ends in this way, and starts so much later.
    Crash(Side, Crash, Duration),
    /// The platform ends in this way in what it does by itself: a pass, a heartbeat, a command.
    CrashAlone(Crash, Duration),
    /// Somebody sets a side's clock.
    Clock(Side, SignedDuration),
    /// A side's clock is put right.
    Correct(Side),
    Fire(bool),
    /// Somebody at a barrier presses the button.
    ByHand(usize),
    Break(usize, Fault),
    /// The booth holds a barrier open, or restores it.
    Hold(usize, bool),
    /// Somebody at the platform gives a command.
    Order(usize, Ordered),
}

impl Chaos {
    /// Whether it puts something right.
    pub(crate) fn is_mended(&self) -> bool {
        matches!(
            self,
            Chaos::Weather(_, Weather::Fine)
                | Chaos::Correct(_)
                | Chaos::Fire(false)
                | Chaos::Break(_, Fault::None)
                | Chaos::Hold(_, false)
        )
    }
}

/// What somebody at the platform wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ordered {
    /// Open for the vehicle that stands there.
    Open,
    /// Open, whoever stands there.
    Force,
}

/// Everything that goes wrong within `span`.
pub(crate) fn plan(
    span: Duration,
    lanes: usize,
    random: &mut Xoshiro256PlusPlus,
) -> Vec<(Duration, Chaos)> {
    let mut plan = Vec::new();
    for side in [Side::Supplier, Side::Property] {
        weather(side, span, random, &mut plan);
        crashes(side, span, random, &mut plan);
        clocks(side, span, random, &mut plan);
    }
    for at in moments(span, HOUR, random) {
        let crash = *Crash::ALL.choose(random).expect("there are some");
        plan.push((at, Chaos::CrashAlone(crash, seconds(1..120, random))));
    }
    for at in moments(span, 3 * HOUR, random) {
        let ordered = [Ordered::Open, Ordered::Force];
        let ordered = *ordered.choose(random).expect("there are some");
        plan.push((at, Chaos::Order(random.random_range(0..lanes), ordered)));
    }
    lanes_fail(span, lanes, random, &mut plan);
    plan
}

type Plan = Vec<(Duration, Chaos)>;

fn weather(side: Side, span: Duration, random: &mut Xoshiro256PlusPlus, plan: &mut Plan) {
    for at in moments(span, 2 * HOUR, random) {
        let weather = *Weather::BAD.choose(random).expect("there are some");
        plan.push((at, Chaos::Weather(side, weather)));
        // Most are over in minutes; some last for hours, longer than the overlap of a pass.
        let lasts = match random.random_range(0..12) {
            0 => seconds(HOUR..5 * HOUR, random),
            _ => seconds(10..2_400, random),
        };
        plan.push((at + lasts, Chaos::Weather(side, Weather::Fine)));
    }
}

fn crashes(side: Side, span: Duration, random: &mut Xoshiro256PlusPlus, plan: &mut Plan) {
    let pause = match side {
        Side::Supplier => HOUR,
        Side::Property => 2 * HOUR,
    };
    for at in moments(span, pause, random) {
        let crash = *Crash::ALL.choose(random).expect("there are some");
        let away = match random.random_range(0..4) {
            0 => seconds(60..900, random),
            _ => seconds(1..10, random),
        };
        plan.push((at, Chaos::Crash(side, crash, away)));
    }
}

fn clocks(side: Side, span: Duration, random: &mut Xoshiro256PlusPlus, plan: &mut Plan) {
    for at in moments(span, 6 * HOUR, random) {
        let most = *[5, 120, 7_200].choose(random).expect("there are some");
        let step = random.random_range(-most..=most);
        let step = SignedDuration::from_secs(step);
        plan.push((at, Chaos::Clock(side, step)));
        plan.push((at + seconds(60..1_800, random), Chaos::Correct(side)));
    }
}

/// What goes wrong at the gates.
fn lanes_fail(span: Duration, lanes: usize, random: &mut Xoshiro256PlusPlus, plan: &mut Plan) {
    for at in moments(span, 12 * HOUR, random) {
        plan.push((at, Chaos::Fire(true)));
        plan.push((at + seconds(20..600, random), Chaos::Fire(false)));
    }
    for at in moments(span, 4 * HOUR, random) {
        plan.push((at, Chaos::ByHand(random.random_range(0..lanes))));
    }
    for at in moments(span, 6 * HOUR, random) {
        let lane = random.random_range(0..lanes);
        let faults = [
            Fault::Refuses("继电器无响应".to_owned()),
            Fault::Mute,
            Fault::Dead,
        ];
        let fault = faults.choose(random).expect("there are some").clone();
        plan.push((at, Chaos::Break(lane, fault)));
        let end = at + seconds(30..600, random);
        plan.push((end, Chaos::Break(lane, Fault::None)));
    }
    for at in moments(span, 6 * HOUR, random) {
        let lane = random.random_range(0..lanes);
        plan.push((at, Chaos::Hold(lane, true)));
        plan.push((at + seconds(30..1_200, random), Chaos::Hold(lane, false)));
    }
}

const HOUR: u64 = 60 * 60;

/// Moments with so many seconds between two of them, more or less.
fn moments(span: Duration, pause: u64, random: &mut dyn Rng) -> Vec<Duration> {
    let mut moments = Vec::new();
    let mut at = seconds(60..2 * pause, random);
    while at < span {
        moments.push(at);
        at += seconds(60..2 * pause, random);
    }
    moments
}

fn seconds(range: std::ops::Range<u64>, random: &mut dyn Rng) -> Duration {
    let millis = random.random_range(range.start * 1_000..range.end * 1_000);
    Duration::from_millis(millis)
}
