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
        close: None,
        pulse: PULSE,
    };
    (Relays::new(&[barrier], pulse_by), device)
}

/// The relays of a barrier that stays up after a hold, until its relay 3 lowers the arm.
fn that_stay_up(pulse_by: PulseBy) -> (Relays, DeviceNo) {
    let (mut it, bar) = relays(pulse_by, Some(2));
    it.gates[0].wired.close = Some(3);
    (it, bar)
}

const LOWERS: Step = Step::Pulse {
    relay: 3,
    length: PULSE,
};

/// OPEN-2: the arm of a barrier that nobody held is up for somebody.
#[test]
fn an_arm_is_lowered_once_after_a_hold_and_never_without_one() {
    let (mut it, bar) = that_stay_up(PulseBy::Module);
    let now = Instant::now();
    it.begin(&bar, Motion::Pulse, now, TRAVEL).unwrap();
    it.begin(&bar, Motion::Release, now, TRAVEL).unwrap();
    assert_eq!(it.lower(&bar, now), None);
    it.begin(&bar, Motion::Hold, now, TRAVEL).unwrap();
    it.begin(&bar, Motion::Release, now, TRAVEL).unwrap();
    assert_eq!(it.lower(&bar, now), Some(LOWERS));
    assert_eq!(it.lower(&bar, now), None);
}

/// OPEN-7: who orders it once more has seen that the arm is still up.
#[test]
fn an_arm_that_may_not_have_been_lowered_is_lowered_by_the_next_order() {
    for is_refused in [true, false] {
        let (mut it, bar) = that_stay_up(PulseBy::Gateway);
        let now = Instant::now();
        it.begin(&bar, Motion::Hold, now, TRAVEL).unwrap();
        it.begin(&bar, Motion::Release, now, TRAVEL).unwrap();
        let step = it.lower(&bar, now).unwrap();
        match is_refused {
            true => it.refused(&bar, step),
            false => it.unknown(&bar, step, now),
        }
        it.begin(&bar, Motion::Release, now, TRAVEL).unwrap();
        assert!(!it.found(2, false, now), "it is held no longer");
        assert_eq!(it.lower(&bar, now), Some(LOWERS));
    }
}

/// OPEN-1: what lowers the arm and what lifts it are never closed together for longer than it takes to
/// open the one.
#[test]
fn a_lift_waits_until_nothing_lowers_the_arm_and_a_hold_ends_that() {
    for pulse_by in [PulseBy::Gateway, PulseBy::Module] {
        let (mut it, bar) = that_stay_up(pulse_by);
        let now = Instant::now();
        it.begin(&bar, Motion::Hold, now, TRAVEL).unwrap();
        it.begin(&bar, Motion::Release, now, TRAVEL).unwrap();
        it.opened(2);
        it.lower(&bar, now).unwrap();
        let lift = it.begin(&bar, Motion::Pulse, now, TRAVEL);
        assert_eq!(lift, Err(Refusal::NotBefore(now + PULSE)));
        it.begin(&bar, Motion::Hold, now, TRAVEL).unwrap();
        assert_eq!(it.ending(now), Some(3));
    }
}

#[test]
fn a_relay_that_lowers_an_arm_and_is_found_closed_is_opened_at_once() {
    let (mut it, _) = that_stay_up(PulseBy::Module);
    let now = Instant::now();
    assert!(it.watched().contains(&3));
    assert!(!it.found(3, true, now));
    assert_eq!(it.ending(now), Some(3));
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
