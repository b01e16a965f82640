//! The barrier's control: commands, the relay that switches, and what may be wrong with it.

use std::time::Duration;

use boshi_protocol::moment::Tick;

use super::fact::{ActId, Cause, Fact, Output};
use super::lane::Lane;

/// Most commands whose relay has not switched yet; a relay board has a handful of outputs.
const MAX_ACTS: usize = 16;

/// What the barrier is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Motion {
    /// Lift once.
    Open,
    /// Lift and stay up.
    Hold,
    /// Stay up no longer.
    Restore,
}

/// What is wrong with a barrier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// Its relay switches this much later.
    Slow(Duration),
    /// It does not move and says why.
    Refuses(String),
    /// It moves, but its answer gets lost.
    Mute,
    /// It neither moves nor answers.
    Dead,
}

impl Lane {
    pub(super) fn command(&mut self, act: ActId, motion: Motion, now: Tick) {
        if self.acts.len() >= MAX_ACTS {
            let result = Err("继电器忙".to_owned());
            return self.say(Output::Answered { act, result }, now);
        }
        let delay = match self.fault {
            Fault::Slow(delay) => delay,
            Fault::None | Fault::Refuses(_) | Fault::Mute | Fault::Dead => Duration::ZERO,
        };
        // One relay switches after the other: none overtakes a slower one before it.
        let last = self.acts.back().map_or(now, |(due, ..)| *due);
        let due = last.max(now + self.setup.timing.relay + delay);
        self.acts.push_back((due, act, motion));
    }

    /// The relay of the first command switches.
    pub(super) fn switch_relay(&mut self, at: Tick) {
        let Some((_, act, motion)) = self.acts.pop_front() else {
            return;
        };
        match &self.fault {
            Fault::Refuses(why) => {
                let result = Err(why.clone());
                self.say(Output::Answered { act, result }, at);
            }
            Fault::Dead => self.say(Output::Unanswered(act), at),
            Fault::Mute => {
                self.obey(act, motion, at);
                self.say(Output::Unanswered(act), at);
            }
            Fault::None | Fault::Slow(_) => {
                self.obey(act, motion, at);
                let result = Ok(());
                self.say(Output::Answered { act, result }, at);
            }
        }
    }

    fn obey(&mut self, act: ActId, motion: Motion, at: Tick) {
        let (lifts, cause) = match motion {
            Motion::Open => {
                self.unclaimed = true;
                (self.arm.open(at), Cause::Opened(act))
            }
            Motion::Hold => (self.arm.hold(at), Cause::Held(act)),
            Motion::Restore => {
                self.arm.restore(at);
                (false, Cause::Held(act))
            }
        };
        let lift = lifts.then(|| self.lifted(cause, at));
        self.fact(Fact::Commanded { act, motion, lift }, at);
    }
}
