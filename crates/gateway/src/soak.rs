//! Two days of a car park in some seconds: the real lot, recovery and journal, on virtual time,
//! between simulated lanes and a simulated platform that fail in every way.
//!
//! The same seed is the same run. `BOSHI_SOAK_SEEDS=1-200` plays these.

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

/// Chooses which seeds are played.
const SEEDS_VARIABLE: &str = "BOSHI_SOAK_SEEDS";

/// D-14, D-17, D-18, UNPUSH-1, CROSS-1, RECOG-3: whatever fails and whenever, each vehicle is
/// accounted for afterwards.
#[test]
fn after_two_days_of_outages_crashes_and_clock_jumps_every_vehicle_is_accounted_for() {
    let seeds = std::env::var(SEEDS_VARIABLE).ok();
    let seeds = seeds.unwrap_or_else(|| "1-1".to_owned());
    let bounds = seeds.split_once('-').expect("seeds as 1-200");
    let number = |text: &str| -> u64 { text.parse().expect("a number") };
    for seed in number(bounds.0)..=number(bounds.1) {
        World::new(seed).run(SPAN).settle();
    }
}
