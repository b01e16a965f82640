//! Worlds that were found, and defects that have to be.

use std::time::Duration;

use boshi_world::{DAY, Defect, play};
use clap::ValueEnum as _;

/// Seeds within which each defect has to be found.
const FOUND_WITHIN: u64 = 4;

/// A world that is long enough for most defects.
const HALF_A_DAY: Duration = Duration::from_secs(12 * 60 * 60);

/// D-13, D-14, D-18, D-19, CROSS-1, RECOG-3: whatever fails and whenever, each vehicle is accounted for.
#[test]
fn in_two_days_of_a_world_that_fails_nothing_is_lost_and_nothing_is_invented() {
    let report = play(1, 2 * DAY, None);
    assert!(report.wrong.is_empty(), "{}", report.wrong.join("\n"));
    assert!(report.crossings > 1_000, "{report}");
    let [gateway, platform] = report.crashes;
    assert!(gateway > 20 && platform > 10, "{report}");
    assert!(report.accidents > 500 && report.passes > 100, "{report}");
}

#[test]
fn the_same_seed_is_the_same_world() {
    let (once, again) = (play(7, DAY / 4, None), play(7, DAY / 4, None));
    assert_eq!(once.digest, again.digest);
    assert_ne!(once.digest, play(8, DAY / 4, None).digest);
}

/// What the oracle does not find when it is there, it does not know when it is not.
#[test]
fn each_defect_is_found_and_its_story_told() {
    let missed: Vec<Defect> = Defect::value_variants()
        .iter()
        .filter(|defect| {
            let mut seeds = 1..=FOUND_WITHIN;
            !seeds.any(|seed| !play(seed, HALF_A_DAY, Some(**defect)).wrong.is_empty())
        })
        .copied()
        .collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
}
