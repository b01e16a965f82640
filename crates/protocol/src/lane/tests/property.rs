//! Whatever happens at a lane in whatever order, it keeps to the rules of the [`Oracle`].

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::play::Play;
use super::script::{both_ways, layouts, one_way, scripts, timings};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    /// RECOG-1, RECOG-2, RECOG-3, OPEN-1, OPEN-2, OPEN-3, OPEN-4, OPEN-5, OPEN-6, OPEN-7, CROSS-1,
    /// CROSS-2, D-14, D-15, ABN-1, PUSH-3
    #[test]
    fn a_lane_for_one_way_keeps_to_the_rules(
        layout in layouts(one_way(), true),
        timing in timings(),
        forbids in any::<bool>(),
        script in scripts(),
    ) {
        Play::run(layout, timing, forbids, script);
    }

    /// As above.
    #[test]
    fn a_lane_for_both_ways_keeps_to_the_rules(
        layout in layouts(both_ways(), true),
        timing in timings(),
        forbids in any::<bool>(),
        script in scripts(),
    ) {
        Play::run(layout, timing, forbids, script);
    }

    /// As above, with presence known from readings only.
    #[test]
    fn a_lane_without_a_trigger_loop_keeps_to_the_rules(
        layout in prop_oneof![
            3 => layouts(one_way(), false).boxed(),
            2 => layouts(both_ways(), false).boxed(),
        ],
        timing in timings(),
        forbids in any::<bool>(),
        script in scripts(),
    ) {
        Play::run(layout, timing, forbids, script);
    }
}

/// Scripts within which everything that can happen must be seen.
const ENOUGH: usize = 3000;

/// What an oracle never gets to see it does not judge: the scripts reach every cause of an act,
/// every answer, every abnormality and every ending.
#[test]
fn the_scripts_reach_everything_that_can_happen_at_a_lane() {
    let layouts = prop_oneof![
        3 => layouts(one_way(), true).boxed(),
        2 => layouts(both_ways(), true).boxed(),
        1 => layouts(one_way(), false).boxed(),
    ];
    let stories = (layouts, timings(), any::<bool>(), scripts());
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    let missing = |seen: &BTreeSet<String>| -> Vec<&str> {
        let unseen = |name: &&str| !seen.contains(*name);
        EVERYTHING.iter().copied().filter(unseen).collect()
    };
    for _ in 0..ENOUGH {
        if missing(&seen).is_empty() {
            return;
        }
        let (layout, timing, forbids, script) = stories.new_tree(&mut runner).unwrap().current();
        let oracle = Play::run(layout, timing, forbids, script);
        seen.extend(oracle.seen().iter().cloned());
    }
    panic!("never seen: {:?}", missing(&seen));
}

const EVERYTHING: &[&str] = &[
    "Pulse MayPass",
    "Pulse Blind",
    "Pulse Commanded",
    "Pulse Forced",
    "Hold HoldOrdered",
    "Hold Fire",
    "Hold HoldAsserted",
    "Release RestoreOrdered",
    "answered Driven",
    "answered AlreadyUnderWay",
    "answered AlreadyOpen",
    "answered PlateTaken",
    "refused NoVehicle",
    "refused VehicleLeft",
    "refused PlatesDiffer",
    "refused BeingLetThrough",
    "refused BarrierFailed",
    "refused BarrierSilent",
    "refused BarrierOffline",
    "refused FireAlarm",
    "refused EmptyPlateForbidden",
    "refused Busy",
    "abnormal 1302",
    "abnormal 1401",
    "abnormal 1501",
    "abnormal 1502",
    "settled Crossed",
    "settled ReleasedBlind",
    "settled Commanded",
    "settled Forced",
    "settled HeldOpen",
    "settled ByHand",
    "settled Tailgated",
    "settled Unexplained",
    "settled OpenedNotCrossed",
    "settled BackedOut",
    "settled NeverArrived",
    "settled LetThrough",
    "settled Replayed",
    "settled Crosstalk",
];
