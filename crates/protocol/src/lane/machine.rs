//! The lane: its state, how an input reaches it, and when it wants to be woken.

use std::collections::VecDeque;

use super::alarm::{Occurrences, Watch};
use super::barrier::{Barrier, Credit};
use super::crossing::UnderArm;
use super::effect::{Effect, Sign};
use super::gate::Gate;
use super::input::{Input, Reading};
use super::layout::{Layout, Side};
use super::loops::Loop;
use super::passage::{Leaving, Passing};
use super::record::{Origin, Outcome};
use super::sides::Wake;
use super::stay::{Approach, Stay};
use super::timing::Timing;
use super::turn::Turn;
use super::vehicle::Vehicle;
use crate::id::{DeviceNo, RecordId};
use crate::moment::{Moment, Tick};

/// Most steps in which a lane catches up with the time. Each step settles at least one of a few
/// dozen waits, so that a lane which needs more than this would be spinning.
const MAX_STEPS: usize = 1000;

/// The state of one lane; see the [module](super) for what it does.
#[derive(Clone, Debug)]
pub struct Lane {
    pub(super) layout: Layout,
    pub(super) timing: Timing,
    pub(super) forbids_empty_plate: bool,
    pub(super) approaches: Vec<Approach>,
    pub(super) safety: Option<Safety>,
    /// Vehicles that were let through and have not crossed, in the order of their lifts.
    pub(super) passing: VecDeque<Passing>,
    /// Vehicles that have just left the loop without having been let through.
    pub(super) leaving: VecDeque<Leaving>,
    pub(super) credit: Option<Credit>,
    pub(super) barrier: Barrier,
    pub(super) gate: Gate,
    pub(super) wake: Option<Wake>,
    /// The side from which the last vehicle crossed of which that is known.
    pub(super) crossed_from: Option<Side>,
    pub(super) arm_stuck: Watch,
    /// Since when the limit switch says "up" although nobody has to cross.
    pub(super) needlessly_up: Option<Moment>,
    pub(super) occurrences: Occurrences,
    last: Tick,
}

/// The anti-smash loop and what is on it.
#[derive(Clone, Debug)]
pub(super) struct Safety {
    pub(super) contact: Loop,
    pub(super) pressed_long: Watch,
    pub(super) under_arm: UnderArm,
    /// Until when a press that was taken over from an earlier run is believed.
    pub(super) believed: Option<Tick>,
}

impl Lane {
    /// A lane that knows of nobody, with its barrier in normal operation.
    pub fn new(layout: Layout, timing: Timing) -> Lane {
        let approach = |side: &Side| {
            let recognizer = layout.recognizer(*side)?.clone();
            Some(Approach::new(*side, recognizer, layout.trigger_loop))
        };
        let approaches = layout.sides().iter().filter_map(approach).collect();
        Lane {
            approaches,
            safety: layout.safety_loop.then(Safety::free),
            layout,
            timing,
            forbids_empty_plate: false,
            passing: VecDeque::new(),
            leaving: VecDeque::new(),
            credit: None,
            barrier: Barrier::default(),
            gate: Gate::Normal,
            wake: None,
            crossed_from: None,
            arm_stuck: Watch::Quiet,
            needlessly_up: None,
            occurrences: Occurrences::default(),
            last: Tick::ZERO,
        }
    }

    /// Whether the lot refuses a command in normal mode without a plate, which OPEN-5 would take
    /// for a forced one.
    #[must_use]
    pub fn forbidding_empty_plates(self, forbid: bool) -> Lane {
        Lane {
            forbids_empty_plate: forbid,
            ..self
        }
    }

    /// Waits as `timing` wants it from now on. What is waited for until a fixed time is waited for until
    /// then; what counts from when something began counts anew.
    pub fn set_timing(&mut self, timing: Timing) {
        self.timing = timing;
    }

    /// Tells the lane of an input and carries out what the time since the last one has brought.
    ///
    /// `ids` makes a record id that nobody else has; it is called once for each new recognition.
    pub fn handle(
        &mut self,
        input: Input,
        now: Moment,
        ids: &mut dyn FnMut() -> RecordId,
    ) -> Vec<Effect> {
        self.last = self.last.max(now.tick);
        let mut turn = Turn::new(
            Moment {
                tick: self.last,
                ..now
            },
            ids,
        );
        self.catch_up(&mut turn);
        self.apply(&mut turn, input);
        self.follow_up(&mut turn);
        self.catch_up(&mut turn);
        self.lift_who_may(&mut turn);
        self.watch_arm(&mut turn);
        turn.into_effects()
    }

    /// When the lane wants [`Input::Tick`], unless another input comes before.
    pub fn deadline(&self) -> Option<Tick> {
        self.due().into_iter().chain(self.lifts_due()).min()
    }

    /// When the next wait is over. Lifts are none of them: whoever wakes the lane late must not
    /// have it drive the barrier for what was true then, but for what is now.
    fn due(&self) -> Option<Tick> {
        [
            self.loops_due(),
            self.stays_due(),
            self.passages_due(),
            self.barrier_due(),
            self.sides_due(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn apply(&mut self, turn: &mut Turn<'_>, input: Input) {
        match input {
            Input::Tick => {}
            Input::Read(reading) => self.read(turn, reading),
            Input::Waited(it) => self.resume_waiting(turn, it),
            Input::Replayed { reading, at } => self.replayed(turn, reading, at),
            Input::TriggerLoop { side, pressed } => self.trigger_contact(turn, side, pressed),
            Input::TriggerUnseen { side } => self.trigger_unseen(side),
            Input::SafetyLoop { pressed } => self.safety_contact(turn, pressed),
            Input::SafetyKept(span) => self.safety_kept(turn, span),
            Input::BarrierSeen(position) => self.arm_seen(turn, position),
            Input::BarrierUnseen => self.barrier.seen = None,
            Input::BarrierLink { up } => self.link_changed(turn, up),
            Input::Fire { on } => self.fire(turn, on),
            Input::Verdict { ask, verdict } => self.verdict(turn, &ask, verdict),
            Input::ActDone { act, result } => self.act_done(turn, act, result),
            Input::Command {
                command,
                side,
                order,
                by,
            } => {
                self.command(turn, command, side, order, by);
            }
            Input::TypedPlate {
                command,
                side,
                plate,
            } => {
                self.typed_plate(turn, command, side, plate);
            }
            Input::Disown { plate } => self.disown(turn, &plate),
        }
    }

    /// Lets everything happen that was due before now, in the order in which it was.
    fn catch_up(&mut self, turn: &mut Turn<'_>) {
        for _ in 0..MAX_STEPS {
            let Some(due) = self.due().filter(|due| *due <= turn.tick()) else {
                return;
            };
            self.loops_elapse(turn, due);
            self.stays_elapse(turn, due);
            self.passages_elapse(turn, due);
            self.barrier_elapse(turn, due);
            self.sides_elapse(due);
            self.follow_up(turn);
        }
    }

    /// What has become possible by what just happened.
    fn follow_up(&mut self, turn: &mut Turn<'_>) {
        self.promote_candidates(turn);
        self.yield_lane(turn);
        self.watch_arm(turn);
    }

    /// What was read while nobody listened, or of somebody who was gone by then: history.
    pub(super) fn replayed(&mut self, turn: &mut Turn<'_>, reading: Reading, at: jiff::Timestamp) {
        let Some(recognizer) = self.layout.recognizer(reading.side).cloned() else {
            return;
        };
        let sighting = reading.sighting.into_read();
        let vehicle = Vehicle::new(turn.new_record(), reading.side, sighting, at);
        let recognition = vehicle.recognition(recognizer, Origin::Replay);
        turn.emit(Effect::Recognized {
            recognition,
            ask: None,
        });
        turn.settle(&vehicle, Outcome::Replayed, turn.now.wall);
    }

    /// The side, if vehicles come from there.
    pub(super) fn find(&self, side: Side) -> Option<&Approach> {
        self.approaches
            .iter()
            .find(|approach| approach.side == side)
    }

    /// The side of something that came from it.
    pub(super) fn at(&self, side: Side) -> &Approach {
        self.find(side)
            .expect("vehicles come from the sides of the lane")
    }

    /// As [`Lane::at`].
    pub(super) fn at_mut(&mut self, side: Side) -> &mut Approach {
        let mut approaches = self.approaches.iter_mut();
        approaches
            .find(|a| a.side == side)
            .expect("vehicles come from the sides of the lane")
    }

    /// The sides from which vehicles come.
    pub(super) fn sides(&self) -> &'static [Side] {
        self.layout.sides()
    }

    pub(super) fn take_stay(&mut self, side: Side) -> Stay {
        std::mem::replace(&mut self.at_mut(side).stay, Stay::Free { glimpse: None })
    }

    pub(super) fn recognizer(&self, side: Side) -> DeviceNo {
        self.at(side).recognizer.clone()
    }

    /// Shows `sign`, unless it is shown already.
    pub(super) fn show(&mut self, turn: &mut Turn<'_>, side: Side, sign: Sign) {
        let approach = self.at_mut(side);
        if approach.sign != sign {
            approach.sign = sign.clone();
            turn.emit(Effect::Show { side, sign });
        }
    }

    /// Empties the display of a side where nobody is any more.
    pub(super) fn show_idle(&mut self, turn: &mut Turn<'_>, side: Side) {
        self.show(turn, side, Sign::Idle);
    }
}

impl Safety {
    fn free() -> Safety {
        let under_arm = UnderArm::Nobody;
        Safety {
            contact: Loop::free(),
            pressed_long: Watch::Quiet,
            under_arm,
            believed: None,
        }
    }
}
