//! A press of the anti-smash loop that does not count yet.
//!
//! A loop counts once it has kept its state for a while. Who is told of a press and has to answer
//! for it, also if its program ends in that while, asks what the press will mean if it lasts.

use std::time::Duration;

use super::crossing::UnderArm;
use super::effect::Effect;
use super::input::Input;
use super::loops::Loop;
use super::machine::{Lane, Safety};
use super::record::{Abnormal, Crossing, Outcome, Recognition};
use crate::id::RecordId;
use crate::moment::{Moment, Tick};

/// How long a press that was taken over from an earlier run is believed without another word of the
/// contact: whoever tells of it again after a restart does so within seconds. A contact of which
/// nobody tells that it let go must not hide the next crossing.
pub(super) const BELIEVED: Duration = Duration::from_secs(10);

/// What a press of the anti-smash loop means, if it lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreseen {
    /// The recognition that the crossing is given, if it has none (D-14).
    pub recognition: Option<Recognition>,
    /// The crossing.
    pub crossing: Crossing,
    /// How the passage ends.
    pub outcome: Outcome,
    /// What is wrong with it.
    pub abnormal: Option<Abnormal>,
}

impl Lane {
    /// Since when the contact of the anti-smash loop is pressed, while that does not count yet.
    pub fn unsettled_press(&self) -> Option<Tick> {
        let contact = &self.safety.as_ref()?.contact;
        contact.unsettled_press().map(|edge| edge.tick)
    }

    /// Whether the anti-smash loop is pressed by what has crossed, and its contact says so.
    pub fn is_crossed_on_loop(&self) -> bool {
        let safety = self.safety.as_ref();
        safety.is_some_and(|safety| safety.contact.is_firmly_pressed())
    }

    /// What such a press will mean, if it lasts and nothing else happens meanwhile. `ids` makes a
    /// record id that nobody else has.
    pub fn foresee(&self, ids: &mut dyn FnMut() -> RecordId) -> Option<Foreseen> {
        let contact = &self.safety.as_ref()?.contact;
        let settled = contact.unsettled_press()?.later(self.timing.debounce);
        let effects = self.clone().handle(Input::Tick, settled, ids);
        let crossing = effects.iter().find_map(|effect| match effect {
            Effect::Crossed(crossing) => Some(crossing.clone()),
            _ => None,
        })?;
        let mut foreseen = Foreseen {
            recognition: None,
            crossing,
            outcome: Outcome::Unexplained,
            abnormal: None,
        };
        for effect in effects {
            foreseen.note(effect);
        }
        Some(foreseen)
    }

    /// Before the program was started anew, something pressed the anti-smash loop, and that crossing
    /// is told already: it is none when the contact says so again.
    pub fn resume_pressed(&mut self, now: Moment) {
        if let Some(safety) = &mut self.safety {
            safety.contact = Loop::pressed(now);
            safety.under_arm = UnderArm::Vehicle { arm_up: true };
            safety.believed = Some(now.tick + BELIEVED);
        }
    }
}

impl Foreseen {
    fn note(&mut self, effect: Effect) {
        match effect {
            Effect::Recognized { recognition, .. }
                if recognition.record == self.crossing.record =>
            {
                self.recognition = Some(recognition);
            }
            Effect::Settled {
                record, outcome, ..
            } if record == self.crossing.record => self.outcome = outcome,
            Effect::Abnormal(abnormal) if abnormal.code.is_of_a_crossing() => {
                self.abnormal = Some(abnormal);
            }
            _ => {}
        }
    }
}

impl Safety {
    /// What was taken over and not told again is forgotten.
    pub(super) fn disbelieve(&mut self, at: Tick) {
        if self.believed.take_if(|until| *until <= at).is_some() {
            self.contact = Loop::free();
            self.under_arm = UnderArm::Nobody;
        }
    }
}
