//! Two days of a car park in some seconds: the real lot, recovery and journal, on virtual time,
//! between simulated lanes and a simulated platform that fail in every way.
//!
//! The same seed is the same run. `BOSHI_SOAK_SEEDS=200` plays as many more.

mod account;
mod chaos;
mod gateway;
mod platform;
mod road;
mod world;

use std::time::Duration;

use self::world::World;

/// How long a run goes on.
const SPAN: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// Chooses how many seeds are played.
const SEEDS_VARIABLE: &str = "BOSHI_SOAK_SEEDS";

/// D-14, D-17, D-18, UNPUSH-1, CROSS-1, RECOG-3: whatever fails and whenever, each vehicle is
/// accounted for afterwards.
#[test]
fn after_two_days_of_outages_crashes_and_clock_jumps_every_vehicle_is_accounted_for() {
    let seeds = std::env::var(SEEDS_VARIABLE).ok();
    let seeds: u64 = seeds.map_or(1, |seeds| seeds.parse().expect("a number of seeds"));
    for seed in 1..=seeds {
        World::new(seed).run(SPAN).settle();
    }
}
