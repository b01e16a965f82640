//! Pulses that end, holds that last, and what nobody knows of.

use proptest::prelude::*;

use super::*;

const TRAVEL: Duration = Duration::from_secs(3);
const PULSE: Duration = Duration::from_millis(500);

fn relays(pulse_by: PulseBy, hold: Option<u16>) -> (Relays, DeviceNo) {
    let device = DeviceNo::new("BAR").unwrap();
    let barrier = RelayBarrier {
        device: device.clone(),
        open: 1,
        hold,
        pulse: PULSE,
    };
    (Relays::new(&[barrier], pulse_by), device)
}

#[test]
fn a_second_pulse_waits_for_the_travel_and_a_refused_one_does_not_count() {
    let (mut it, bar) = relays(PulseBy::Module, None);
    let now = Instant::now();
    let first = it.begin(&bar, Motion::Pulse, now, TRAVEL).unwrap();
    let soon = now + TRAVEL - Duration::from_millis(1);
    let refused = it.begin(&bar, Motion::Pulse, soon, TRAVEL);
    assert_eq!(refused, Err(Refusal::NotBefore(now + TRAVEL)));
    it.refused(&bar, first);
    assert!(it.begin(&bar, Motion::Pulse, soon, TRAVEL).is_ok());
    assert!(it.next_end().is_none(), "the module opens it itself");
}

#[test]
fn a_relay_found_closed_is_opened_unless_a_hold_comes_up() {
    let (mut it, bar) = relays(PulseBy::Gateway, None);
    let now = Instant::now();
    assert!(!it.found(1, true, now));
    assert_eq!(it.ending(now + STRAY), Some(1));
    it.begin(&bar, Motion::Hold, now, TRAVEL).unwrap();
    assert_eq!(it.ending(now + STRAY), None);
    assert!(it.begin(&bar, Motion::Pulse, now + TRAVEL, TRAVEL).is_err());
    assert!(it.found(1, false, now), "the module has forgotten the hold");
    it.begin(&bar, Motion::Release, now, TRAVEL).unwrap();
    assert!(!it.found(1, false, now));
}

/// OPEN-7: the lane went back to lifting, and each lift was refused while the arm was down.
#[test]
fn a_hold_that_nobody_knows_of_is_neither_asserted_nor_opened_and_yields_to_a_pulse() {
    for (hold, latch) in [(None, 1), (Some(2), 2)] {
        let (mut it, bar) = relays(PulseBy::Module, hold);
        let now = Instant::now();
        let close = it.begin(&bar, Motion::Hold, now, TRAVEL).unwrap();
        it.unknown(&bar, close, now);
        assert!(!it.found(latch, false, now), "the lane does not want it");
        assert!(!it.found(latch, true, now));
        assert_eq!(it.next_end(), None, "a fire may want it");
        let step = it.begin(&bar, Motion::Pulse, now, TRAVEL);
        let (relay, length) = (1, PULSE);
        assert_eq!(step, Ok(Step::Pulse { relay, length }));
        assert_eq!(it.ending(now + PULSE), Some(latch));
    }
}

#[test]
fn a_hold_in_force_that_is_told_again_unheard_stays_in_force() {
    let (mut it, bar) = relays(PulseBy::Module, None);
    let now = Instant::now();
    it.begin(&bar, Motion::Hold, now, TRAVEL).unwrap();
    let again = it.begin(&bar, Motion::Hold, now, TRAVEL).unwrap();
    it.unknown(&bar, again, now);
    assert!(it.found(1, false, now));
    it.refused(&bar, again);
    assert!(it.found(1, false, now), "nothing has changed");
}

/// The arm did not show it, so that the lane lifts for each vehicle again.
#[test]
fn a_hold_that_its_lane_does_not_believe_in_yields_to_a_pulse_in_the_end() {
    let (mut it, bar) = relays(PulseBy::Module, None);
    let now = Instant::now();
    it.begin(&bar, Motion::Hold, now, TRAVEL).unwrap();
    let early = it.begin(&bar, Motion::Pulse, now + SETTLED / 2, TRAVEL);
    assert!(matches!(early, Err(Refusal::Never(_))), "it may still hold");
    let step = it.begin(&bar, Motion::Pulse, now + SETTLED, TRAVEL);
    it.refused(&bar, step.unwrap());
    assert!(it.found(1, false, now), "nothing has changed");
    it.begin(&bar, Motion::Pulse, now + SETTLED, TRAVEL)
        .unwrap();
    assert!(!it.found(1, false, now));
}

#[test]
fn a_release_that_is_refused_leaves_the_hold_in_force() {
    let (mut it, bar) = relays(PulseBy::Gateway, None);
    let now = Instant::now();
    it.begin(&bar, Motion::Hold, now, TRAVEL).unwrap();
    let open = it.begin(&bar, Motion::Release, now, TRAVEL).unwrap();
    it.refused(&bar, open);
    assert_eq!(it.next_end(), None, "its lane goes on holding");
    assert!(it.found(1, false, now));
}

proptest! {
    /// Whatever is ordered and fails: a relay that no hold keeps closed is opened in the end.
    #[test]
    fn no_relay_stays_closed_without_a_hold(
        orders in proptest::collection::vec((0..3_u8, any::<bool>(), 0..9000_u64), 0..30),
        hold in prop_oneof![Just(None), Just(Some(2))]
    ) {
        let (mut it, bar) = relays(PulseBy::Gateway, hold);
        let mut closed = std::collections::BTreeSet::new();
        let (mut now, mut held) = (Instant::now(), false);
        for (motion, lost, pause) in orders {
            now += Duration::from_millis(pause);
            while let Some(relay) = it.ending(now) {
                closed.remove(&relay);
                it.opened(relay);
            }
            let motion = [Motion::Pulse, Motion::Hold, Motion::Release][usize::from(motion)];
            let Ok(step) = it.begin(&bar, motion, now, TRAVEL) else { continue };
            held = motion == Motion::Hold;
            if lost {
                it.unknown(&bar, step, now);
            }
            if step.closes() {
                closed.insert(step.relay());
            } else if !lost {
                closed.remove(&step.relay());
                it.opened(step.relay());
            }
        }
        while let Some(end) = it.next_end() {
            let relay = it.ending(end).unwrap();
            closed.remove(&relay);
            it.opened(relay);
        }
        let latch = hold.unwrap_or(1);
        let expected: Vec<u16> = held.then_some(latch).into_iter().collect();
        prop_assert_eq!(closed.into_iter().collect::<Vec<_>>(), expected);
    }
}
