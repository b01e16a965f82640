//! What is to be switched, and when: pulses that have to end, holds that have to last. No I/O.
//!
//! The relays of a module, and the outputs of a camera.

use std::collections::BTreeMap;
use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::Motion;
use tokio::time::Instant;

use crate::config::{PulseBy, RelayBarrier};

/// How long a relay that is found closed may stay so: a hold of an earlier run is asserted again
/// within that, and a pulse that the module times itself has ended.
const STRAY: Duration = Duration::from_secs(5);

/// Pause before a relay that could not be opened is tried again.
const OFF_AGAIN: Duration = Duration::from_millis(200);

/// Something to be done with one relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Closed for that long.
    Pulse { relay: u16, length: Duration },
    /// Closed until further notice.
    Close { relay: u16 },
    /// Open.
    Open { relay: u16 },
}

/// The relays of a module that open barriers.
#[derive(Debug)]
pub(super) struct Relays {
    gates: Vec<Gate>,
    pulse_by: PulseBy,
    /// Relays that have to be opened, and when.
    ends: BTreeMap<u16, Instant>,
}

#[derive(Debug)]
struct Gate {
    wired: RelayBarrier,
    held: bool,
    /// When it was opened last, as far as anybody knows.
    pulsed: Option<Instant>,
}

impl Step {
    pub(super) const fn relay(self) -> u16 {
        match self {
            Step::Pulse { relay, .. } | Step::Close { relay } | Step::Open { relay } => relay,
        }
    }

    /// How the relay is while that is so.
    pub(super) const fn closes(self) -> bool {
        match self {
            Step::Pulse { .. } | Step::Close { .. } => true,
            Step::Open { .. } => false,
        }
    }
}

impl Gate {
    fn latch(&self) -> u16 {
        self.wired.hold.unwrap_or(self.wired.open)
    }
}

impl Relays {
    pub(super) fn new(barriers: &[RelayBarrier], pulse_by: PulseBy) -> Relays {
        let gate = |wired: &RelayBarrier| Gate {
            wired: wired.clone(),
            held: false,
            pulsed: None,
        };
        Relays {
            gates: barriers.iter().map(gate).collect(),
            pulse_by,
            ends: BTreeMap::new(),
        }
    }

    /// Begins a motion; what is to be sent for it, or why it is not done. From here on it counts
    /// as begun, whatever becomes of what is sent: an arm is not told twice within `travel`.
    pub(super) fn begin(
        &mut self,
        barrier: &DeviceNo,
        motion: Motion,
        now: Instant,
        travel: Duration,
    ) -> Result<Step, String> {
        let mut gates = self.gates.iter_mut();
        let gate = gates.find(|it| it.wired.device == *barrier);
        let gate = gate.ok_or_else(|| format!("{barrier} 没有接在此模块上"))?;
        let latch = gate.latch();
        match motion {
            Motion::Pulse if gate.held => Err("道闸常开中，不再抬杆".to_owned()),
            Motion::Pulse if gate.pulsed.is_some_and(|last| now < last + travel) => {
                Err("道闸正在起落，不再次抬杆".to_owned())
            }
            Motion::Pulse => {
                gate.pulsed = Some(now);
                let (relay, length) = (gate.wired.open, gate.wired.pulse);
                if self.pulse_by == PulseBy::Gateway {
                    self.ends.insert(relay, now + length);
                }
                Ok(Step::Pulse { relay, length })
            }
            Motion::Hold => {
                gate.held = true;
                self.ends.remove(&latch);
                Ok(Step::Close { relay: latch })
            }
            Motion::Release => {
                gate.held = false;
                // Should it not be opened now, it will be.
                self.ends.insert(latch, now + OFF_AGAIN);
                Ok(Step::Open { relay: latch })
            }
        }
    }

    /// The module refused a step: nothing has changed by it.
    pub(super) fn refused(&mut self, barrier: &DeviceNo, step: Step) {
        let mut gates = self.gates.iter_mut();
        let Some(gate) = gates.find(|it| it.wired.device == *barrier) else {
            return;
        };
        match step {
            Step::Pulse { relay, .. } => {
                gate.pulsed = None;
                self.ends.remove(&relay);
            }
            Step::Close { .. } => gate.held = false,
            Step::Open { .. } => {}
        }
    }

    /// When the next relay has to be opened.
    pub(super) fn next_end(&self) -> Option<Instant> {
        self.ends.values().min().copied()
    }

    /// A relay that has to be opened now.
    pub(super) fn ending(&self, now: Instant) -> Option<u16> {
        let mut ends = self.ends.iter();
        ends.find(|(_, end)| **end <= now).map(|(relay, _)| *relay)
    }

    /// Every relay that has to be opened some time.
    pub(super) fn all_endings(&self) -> Vec<u16> {
        self.ends.keys().copied().collect()
    }

    /// A relay is open.
    pub(super) fn opened(&mut self, relay: u16) {
        self.ends.remove(&relay);
    }

    /// A relay could not be opened: it is tried again, for ever.
    pub(super) fn not_opened(&mut self, relay: u16, now: Instant) {
        self.ends.insert(relay, now + OFF_AGAIN);
    }

    /// The relays that opening depends on, each of which is to be looked at after a connection.
    pub(super) fn watched(&self) -> Vec<u16> {
        let gates = self.gates.iter();
        let relays = gates.flat_map(|it| [Some(it.wired.open), it.wired.hold]);
        relays.flatten().collect()
    }

    /// A relay was found closed or open after a connection. Returns whether a hold in force has to
    /// be asserted with it: a module that lost its power has forgotten it. One that is closed
    /// though nobody wants it is opened, unless a hold comes up in the meantime.
    pub(super) fn found(&mut self, relay: u16, closed: bool, now: Instant) -> bool {
        let held = self.gates.iter().any(|it| it.held && it.latch() == relay);
        if closed && !held {
            self.ends.entry(relay).or_insert(now + STRAY);
        }
        held && !closed
    }
}

#[cfg(test)]
mod tests {
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
        assert!(it.begin(&bar, Motion::Pulse, soon, TRAVEL).is_err());
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

    proptest! {
        /// Whatever is ordered and fails: a relay that no hold keeps closed is opened in the end.
        #[test]
        fn no_relay_stays_closed_without_a_hold(
            orders in proptest::collection::vec((0..3_u8, any::<bool>(), 0..4000_u64), 0..30),
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
                held = match motion {
                    Motion::Hold => true,
                    Motion::Release => false,
                    Motion::Pulse => held,
                };
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
}
