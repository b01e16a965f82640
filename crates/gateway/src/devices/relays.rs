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

/// How long after a hold was told its lane may still hear that it is one: ten seconds for an answer,
/// and ten more for an arm that has to show it.
pub(super) const SETTLED: Duration = Duration::from_secs(20);

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
    hold: Hold,
    /// How it was before the last step, should that be refused.
    before: Hold,
    /// When it was opened last, as far as anybody knows.
    pulsed: Option<Instant>,
    /// Whether a hold of it has ended, and its arm is still to be lowered.
    is_to_lower: bool,
    /// When it was told to lower its arm last.
    lowered: Option<Instant>,
}

/// Whether a barrier is held open. A lane that lifts does not believe in a hold: so a pulse ends one
/// whose result the lane has had, or will never have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hold {
    No,
    /// It was told to be, and nothing spoke against it; the lane knows by then.
    Told {
        settled: Instant,
    },
    /// Nobody knows whether the device heard it; the lane knows that by then.
    Perhaps {
        settled: Instant,
    },
}

/// Why a motion does not begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It cannot be done.
    Never(String),
    /// The arm travels until then.
    NotBefore(Instant),
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

    fn becomes(&mut self, hold: Hold) {
        self.before = std::mem::replace(&mut self.hold, hold);
    }

    /// Until when it is being told to lower its arm: no other order goes out meanwhile, but a hold.
    fn lowers_until(&self, now: Instant) -> Option<Instant> {
        let end = self.lowered.map(|at| at + self.wired.pulse);
        end.filter(|it| now < *it)
    }

    /// Whether its lane may still take it for held.
    fn is_held(&self, now: Instant) -> bool {
        match self.hold {
            Hold::No => false,
            Hold::Told { settled } | Hold::Perhaps { settled } => now < settled,
        }
    }
}

impl Refusal {
    /// In words.
    pub(super) fn why(self) -> String {
        match self {
            Refusal::Never(why) => why,
            Refusal::NotBefore(_) => "道闸正在起落，不再次抬杆".to_owned(),
        }
    }
}

impl Relays {
    pub(super) fn new(barriers: &[RelayBarrier], pulse_by: PulseBy) -> Relays {
        let gate = |wired: &RelayBarrier| Gate {
            wired: wired.clone(),
            hold: Hold::No,
            before: Hold::No,
            pulsed: None,
            is_to_lower: false,
            lowered: None,
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
    ) -> Result<Step, Refusal> {
        let mut gates = self.gates.iter_mut();
        let gate = gates.find(|it| it.wired.device == *barrier);
        let gate = gate.ok_or_else(|| Refusal::Never(format!("{barrier} 没有接在此模块上")))?;
        let latch = gate.latch();
        match motion {
            Motion::Pulse => {
                if gate.is_held(now) {
                    return Err(Refusal::Never("道闸常开中，不再抬杆".to_owned()));
                }
                let travelled = gate.pulsed.map(|last| last + travel);
                let travelled = travelled.filter(|it| now < *it);
                if let Some(then) = travelled.max(gate.lowers_until(now)) {
                    return Err(Refusal::NotBefore(then));
                }
                gate.pulsed = Some(now);
                gate.is_to_lower = false;
                let (relay, length) = (gate.wired.open, gate.wired.pulse);
                if self.pulse_by == PulseBy::Gateway {
                    self.ends.insert(relay, now + length);
                }
                gate.becomes(Hold::No);
                if gate.before != Hold::No {
                    self.ends.insert(latch, now + length);
                }
                Ok(Step::Pulse { relay, length })
            }
            Motion::Hold => {
                if let (Some(close), Some(_)) = (gate.wired.close, gate.lowers_until(now)) {
                    self.ends.insert(close, now);
                }
                gate.is_to_lower = false;
                gate.becomes(Hold::Told {
                    settled: now + SETTLED,
                });
                self.ends.remove(&latch);
                Ok(Step::Close { relay: latch })
            }
            Motion::Release => {
                // An arm that nobody held is up for somebody.
                gate.is_to_lower |= gate.hold != Hold::No;
                gate.becomes(Hold::No);
                // Should it not be opened now, it will be.
                self.ends.insert(latch, now + OFF_AGAIN);
                Ok(Step::Open { relay: latch })
            }
        }
    }

    /// Whether the end of a hold lowers the arm of a barrier, which then stays up by itself.
    pub(super) fn lowers(&self, barrier: &DeviceNo) -> bool {
        let mut gates = self.gates.iter();
        gates.any(|it| it.wired.device == *barrier && it.wired.close.is_some())
    }

    /// Whether a barrier was held until it was told to be so no longer, and its arm was not lowered since:
    /// only then whoever closes it closes nothing onto a vehicle that it was lifted for.
    pub(super) fn is_to_lower(&self, barrier: &DeviceNo) -> bool {
        let mut gates = self.gates.iter();
        gates.any(|it| it.wired.device == *barrier && it.is_to_lower)
    }

    /// It has been told to lower its arm.
    pub(super) fn is_lowered(&mut self, barrier: &DeviceNo) {
        let mut gates = self.gates.iter_mut();
        if let Some(gate) = gates.find(|it| it.wired.device == *barrier) {
            gate.is_to_lower = false;
        }
    }

    /// The relay that held a barrier is open: what is to be sent to lower its arm, if it was held.
    pub(super) fn lower(&mut self, barrier: &DeviceNo, now: Instant) -> Option<Step> {
        let mut gates = self.gates.iter_mut();
        let gate = gates.find(|it| it.wired.device == *barrier && it.is_to_lower)?;
        let (relay, length) = (gate.wired.close?, gate.wired.pulse);
        gate.is_to_lower = false;
        gate.lowered = Some(now);
        if self.pulse_by == PulseBy::Gateway {
            self.ends.insert(relay, now + length);
        }
        Some(Step::Pulse { relay, length })
    }

    /// The module refused a step: nothing has changed by it.
    pub(super) fn refused(&mut self, barrier: &DeviceNo, step: Step) {
        let mut gates = self.gates.iter_mut();
        let Some(gate) = gates.find(|it| it.wired.device == *barrier) else {
            return;
        };
        if gate.wired.close == Some(step.relay()) {
            gate.lowered = None;
            gate.is_to_lower = true;
            self.ends.remove(&step.relay());
            return;
        }
        let was_held = gate.before != Hold::No;
        match step {
            Step::Pulse { relay, .. } => {
                gate.pulsed = None;
                self.ends.remove(&relay);
                if was_held {
                    self.ends.remove(&gate.latch());
                }
            }
            Step::Close { .. } => {}
            // One that nobody holds has to be open.
            Step::Open { .. } if !was_held => {}
            Step::Open { relay } => _ = self.ends.remove(&relay),
        }
        gate.hold = gate.before;
    }

    /// Nobody knows whether the device heard a step, and its lane will not know it after `settled`.
    /// A hold that was in force before goes on: its lane wants it whatever comes of this.
    pub(super) fn unknown(&mut self, barrier: &DeviceNo, step: Step, settled: Instant) {
        let mut gates = self.gates.iter_mut();
        let Some(gate) = gates.find(|it| it.wired.device == *barrier) else {
            return;
        };
        match step {
            Step::Close { .. } => {}
            // Another order to end the hold lowers the arm as well.
            Step::Pulse { relay, .. } if gate.wired.close == Some(relay) => {
                gate.is_to_lower = true;
                return;
            }
            Step::Pulse { .. } | Step::Open { .. } => return,
        }
        gate.hold = match (gate.hold, gate.before) {
            (Hold::Told { .. }, Hold::No | Hold::Perhaps { .. }) => Hold::Perhaps { settled },
            (hold, _) => hold,
        };
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
        let relays = gates.flat_map(|it| [Some(it.wired.open), it.wired.hold, it.wired.close]);
        relays.flatten().collect()
    }

    /// A relay was found closed or open after a connection. Returns whether a hold in force has to
    /// be asserted with it: a module that lost its power has forgotten it. One that is closed
    /// though nobody wants it is opened, unless a hold comes up in the meantime; one that lowers an arm
    /// at once. What perhaps holds is left as it is: its lane either tells it again or lifts.
    pub(super) fn found(&mut self, relay: u16, closed: bool, now: Instant) -> bool {
        if self.gates.iter().any(|it| it.wired.close == Some(relay)) {
            if closed {
                self.ends.insert(relay, now);
            }
            return false;
        }
        let mut gates = self.gates.iter_mut();
        match gates.find(|it| it.latch() == relay && it.hold != Hold::No) {
            None if closed => {
                self.ends.entry(relay).or_insert(now + STRAY);
                false
            }
            Some(gate) if !closed && matches!(gate.hold, Hold::Told { .. }) => {
                gate.becomes(gate.hold);
                true
            }
            None | Some(_) => false,
        }
    }
}

#[cfg(test)]
mod tests;
