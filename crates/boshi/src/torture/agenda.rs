//! What goes wrong and when: the same for the same seed.

use std::time::Duration;

use boshi_simulator::cable::Cut;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use super::disk::Failing;

/// Usual time between two cuts of the network.
const BETWEEN_CUTS: Duration = Duration::from_secs(6);

/// Usual time between two orders of somebody at the platform.
const BETWEEN_ORDERS: Duration = Duration::from_secs(3);

/// After what it waits for, a kill comes so much later at most: while that is dealt with.
const IN_THE_MIDST: Duration = Duration::from_millis(40);

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Victims {
    Platform,
    Gateway,
    Both,
}

/// What a kill waits for, so that it comes while something is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Upon {
    /// For nothing.
    AnyMoment,
    /// A vehicle is read: it is being decided on.
    Reading,
    /// An arm lifts.
    Lift,
    /// An anti-smash loop is pressed: a crossing is being written down.
    Press,
}

/// A SIGKILL.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kill {
    pub(super) at: Duration,
    pub(super) victims: Victims,
    pub(super) upon: Upon,
    /// How long after what it waited for.
    pub(super) later: Duration,
    /// How long until it is started again.
    pub(super) away: Duration,
}

/// A side's disk, or its file descriptors, fail for a while.
#[derive(Clone, Copy, Debug)]
pub(super) struct Disk {
    pub(super) at: Duration,
    /// Of the gateway; otherwise of the platform.
    pub(super) of_gateway: bool,
    pub(super) failing: Failing,
    pub(super) lasts: Duration,
}

/// A cut of the network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outage {
    pub(super) at: Duration,
    /// Whether the way to the platform, and that to the gateway.
    pub(super) cables: [bool; 2],
    pub(super) cut: Cut,
    pub(super) lasts: Duration,
}

/// Somebody at the platform opens a gate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) at: Duration,
    pub(super) lane: usize,
}

/// Somebody sets a side's clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClockStep {
    pub(super) at: Duration,
    /// Of the gateway; otherwise of the platform.
    pub(super) of_gateway: bool,
    /// By how much it is off from then on.
    pub(super) seconds: i64,
}

/// Everything that goes wrong.
pub(super) struct Agenda {
    pub(super) kills: Vec<Kill>,
    pub(super) clocks: Vec<ClockStep>,
    pub(super) disks: Vec<Disk>,
    pub(super) outages: Vec<Outage>,
    pub(super) orders: Vec<Order>,
}

impl Agenda {
    /// So many kills, failures of disks and settings of clocks within `span`, and what belongs to them, in
    /// a lot of so many lanes.
    pub(super) fn new(
        seed: u64,
        span: Duration,
        [kills, disks, clocks]: [usize; 3],
        lanes: usize,
    ) -> Agenda {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut moments = |count: usize| {
            let all = (0..count).map(|_| span.mul_f64(random.random()));
            let mut all: Vec<Duration> = all.collect();
            all.sort_unstable();
            all
        };
        let (kills, disks, clocks) = (moments(kills), moments(disks), moments(clocks));
        let disks: Vec<Disk> = disks.into_iter().map(|at| disk(at, &mut random)).collect();
        // What a gateway keeps in its memory while its disk fails goes with it.
        let spared = !disks.is_empty();
        let kills = kills.into_iter().map(|at| kill(at, spared, &mut random));
        let kills = kills.collect();
        let clocks = clocks.into_iter().map(|at| clock(at, &mut random));
        Agenda {
            clocks: clocks.collect(),
            kills,
            disks,
            outages: moments_about(BETWEEN_CUTS, span, &mut random, outage),
            orders: moments_about(BETWEEN_ORDERS, span, &mut random, |at, random| Order {
                at,
                lane: random.random_range(0..lanes),
            }),
        }
    }
}

/// A kill, which spares the gateway if it is to be `spared`.
fn kill(at: Duration, spared: bool, random: &mut Xoshiro256PlusPlus) -> Kill {
    use Victims::{Both, Gateway, Platform};
    let victims = [
        Platform, Platform, Platform, Gateway, Gateway, Gateway, Both,
    ];
    let upon = [Upon::AnyMoment, Upon::Reading, Upon::Lift, Upon::Press];
    let away = if random.random_bool(0.2) {
        4_000
    } else {
        1_000
    };
    Kill {
        at,
        victims: match *victims.choose(random).expect("there are some") {
            _ if spared => Platform,
            victims => victims,
        },
        upon: *upon.choose(random).expect("there are some"),
        later: IN_THE_MIDST.mul_f64(random.random()),
        away: Duration::from_millis(random.random_range(0..away)),
    }
}

fn disk(at: Duration, random: &mut Xoshiro256PlusPlus) -> Disk {
    Disk {
        at,
        of_gateway: random.random_bool(0.5),
        failing: *Failing::ALL.choose(random).expect("there are some"),
        lasts: Duration::from_millis(random.random_range(200..4_000)),
    }
}

/// Off by less than a request may be, or by more; or right again.
fn clock(at: Duration, random: &mut Xoshiro256PlusPlus) -> ClockStep {
    let most = *[0, 5, 120, 7_200].choose(random).expect("there are some");
    ClockStep {
        at,
        of_gateway: random.random_bool(0.5),
        seconds: random.random_range(-most..=most),
    }
}

fn outage(at: Duration, random: &mut Xoshiro256PlusPlus) -> Outage {
    let cables = [[true, false], [false, true], [true, true]];
    let longest = if random.random_bool(0.25) {
        8_000
    } else {
        1_500
    };
    Outage {
        at,
        cables: *cables.choose(random).expect("there are some"),
        cut: *[Cut::Refused, Cut::Silent].choose(random).expect("both"),
        lasts: Duration::from_millis(random.random_range(100..longest)),
    }
}

fn moments_about<T>(
    pause: Duration,
    span: Duration,
    random: &mut Xoshiro256PlusPlus,
    what: impl Fn(Duration, &mut Xoshiro256PlusPlus) -> T,
) -> Vec<T> {
    let mut all = Vec::new();
    let mut at = Duration::ZERO;
    loop {
        at += pause.mul_f64(random.random_range(0.2..1.8));
        if at >= span {
            return all;
        }
        all.push(what(at, random));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_goes_wrong_in_the_same_way_and_everything_comes_up() {
        let span = Duration::from_secs(600);
        let told = |seed| {
            let Agenda {
                clocks,
                kills,
                disks,
                outages,
                orders,
            } = Agenda::new(seed, span, [200, 0, 0], 5);
            assert!(disks.is_empty() && clocks.is_empty());
            format!("{kills:?}\n{outages:?}\n{orders:?}")
        };
        assert_eq!(told(1), told(1));
        assert_ne!(told(1), told(2));
        for word in [
            "Platform",
            "Gateway",
            "Both",
            "AnyMoment",
            "Reading",
            "Lift",
            "Press",
            "Refused",
            "Silent",
            "[true, false]",
            "[false, true]",
            "[true, true]",
            "lane: 4",
        ] {
            assert!(told(1).contains(word), "{word}");
        }
        let kills = Agenda::new(1, span, [200, 0, 0], 5).kills;
        assert_eq!(kills.len(), 200);
        assert!(kills.iter().all(|kill| kill.at < span));
    }

    #[test]
    fn while_disks_fail_no_gateway_is_killed() {
        let agenda = Agenda::new(1, Duration::from_secs(600), [50, 50, 0], 5);
        let spared = |kill: &Kill| kill.victims == Victims::Platform;
        assert!(agenda.kills.iter().all(spared));
        let told = format!("{:?}", agenda.disks);
        for word in ["Full", "ReadOnly", "Syncs", "Descriptors", "true", "false"] {
            assert!(told.contains(word), "{word}");
        }
    }

    #[test]
    fn clocks_are_set_back_and_forward_by_little_and_by_much_on_either_side() {
        let clocks = Agenda::new(1, Duration::from_secs(600), [0, 0, 50], 5).clocks;
        assert_eq!(clocks.len(), 50);
        for of_gateway in [false, true] {
            for [least, most] in [[-7_200, -301], [-300, -1], [0, 0], [1, 300], [301, 7_200]] {
                let is_one = |it: &ClockStep| {
                    it.of_gateway == of_gateway && (least..=most).contains(&it.seconds)
                };
                assert!(clocks.iter().any(is_one), "{of_gateway} {least} {most}");
            }
        }
    }
}
