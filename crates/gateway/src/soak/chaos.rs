//! What goes wrong, and when.

use std::time::Duration;

use boshi_simulator::equipment::Fault;
use jiff::SignedDuration;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::IndexedRandom as _;
use rand::{Rng, RngExt as _};

use super::gateway::Crash;
use super::platform::Weather;

/// One thing that goes wrong, or is mended.
#[derive(Clone, Debug)]
pub(super) enum Chaos {
    Weather(Weather),
    /// The gateway ends in this way, and starts so much later.
    Crash(Crash, Duration),
    /// Somebody sets the machine's clock.
    Clock(SignedDuration),
    Fire(bool),
    /// Somebody at a barrier presses the button.
    ByHand(usize),
    Break(usize, Fault),
    /// The booth holds a barrier open, or restores it.
    Hold(usize, bool),
}

/// Everything that goes wrong within `span`.
pub(super) fn plan(
    span: Duration,
    lanes: usize,
    random: &mut Xoshiro256PlusPlus,
) -> Vec<(Duration, Chaos)> {
    let mut plan = Vec::new();
    let weathers = [
        Weather::Refusing,
        Weather::Silent,
        Weather::Failing,
        Weather::Deaf,
    ];
    for at in moments(span, 2 * HOUR, random) {
        let weather = *weathers.choose(random).expect("there are some");
        plan.push((at, Chaos::Weather(weather)));
        let end = at + seconds(10..2_400, random);
        plan.push((end, Chaos::Weather(Weather::Fine)));
    }
    for at in moments(span, HOUR, random) {
        let crash = [Crash::Now, Crash::BeforeCommit, Crash::AfterCommit];
        let crash = *crash.choose(random).expect("there are some");
        let away = match random.random_range(0..4) {
            0 => seconds(60..900, random),
            _ => seconds(1..10, random),
        };
        plan.push((at, Chaos::Crash(crash, away)));
    }
    for at in moments(span, 3 * HOUR, random) {
        let most = *[5, 250, 7_200].choose(random).expect("there are some");
        let step = random.random_range(-most..=most);
        plan.push((at, Chaos::Clock(SignedDuration::from_secs(step))));
    }
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
    plan
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
