//! One side of the barrier: its recognizer, its trigger loop, and who is there.

use super::alarm::Watch;
use super::effect::Sign;
use super::layout::Side;
use super::loops::Loop;
use super::sighting::Sighting;
use super::timing::Timing;
use super::vehicle::{Vehicle, Waiting};
use crate::id::{DeviceNo, RecordId};
use crate::moment::{Moment, Tick};
use crate::plate::Plate;

/// One side of the barrier from which vehicles come.
#[derive(Clone, Debug)]
pub(super) struct Approach {
    pub(super) side: Side,
    pub(super) recognizer: DeviceNo,
    /// The trigger loop; `None` where there is none, or none that anybody has told of for as long as a
    /// vehicle takes to reach it.
    pub(super) trigger: Option<Loop>,
    /// Whether the contact of the trigger loop has said anything in this run, since it was lost last.
    pub(super) told: bool,
    /// Until when a press that was taken over from an earlier run is believed.
    pub(super) believed: Option<Tick>,
    pub(super) pressed_long: Watch,
    pub(super) stay: Stay,
    /// The vehicle that left last after it was let through: late frames of it are no new vehicle.
    pub(super) echo: Option<Echo>,
    /// When a vehicle left last that nobody had read.
    pub(super) unread_left: Option<Tick>,
    /// When a vehicle crossed last whose plate nobody knew.
    pub(super) nameless: Option<Tick>,
    pub(super) sign: Sign,
}

/// Plates that are not to be taken for a new vehicle's for a moment.
#[derive(Clone, Debug)]
pub(super) struct Echo {
    pub(super) plates: Vec<Plate>,
    pub(super) until: Tick,
}

/// Who is in front of the barrier. With a trigger loop one press of it is one stay.
#[derive(Clone, Debug)]
pub(super) enum Stay {
    /// Nobody.
    Free {
        /// A reading that a vehicle on the loop would be given.
        glimpse: Option<Glimpse>,
    },
    /// A vehicle that was read and has not reached the loop.
    Approaching {
        waiting: Waiting,
        /// When it is taken to have turned away.
        until: Tick,
    },
    /// A vehicle on the loop that has not been read.
    Unread {
        /// When it is reported with an empty plate.
        until: Tick,
        /// When it came.
        pressed: Moment,
        /// What the recognizer saw without a plate.
        glimpse: Option<Sighting>,
    },
    /// A vehicle on the loop, or without one in front of the recognizer, that may not pass yet.
    Waiting(Waiting),
    /// Without a loop: a vehicle that was not read for a while and may still be the same when it
    /// is read again.
    Dormant {
        waiting: Waiting,
        /// When it is taken to have left.
        until: Tick,
    },
    /// The vehicle of this stay has been let through or has crossed; whatever presses the loop
    /// now is not asked for without a reading of its own.
    Spent(Spent),
    /// In a mixed lane: the loop is pressed while the other side has the lane.
    Suppressed {
        /// What presses it, if that is the vehicle of the other side on its way out.
        passer: Option<Passer>,
        /// What was read meanwhile.
        glimpse: Option<Glimpse>,
    },
}

impl Stay {
    /// Whether it is that of a vehicle which only an earlier run has read.
    pub(super) fn is_unseen(&self) -> bool {
        match self {
            Stay::Approaching { waiting, .. } | Stay::Waiting(waiting) => waiting.vehicle.unseen,
            Stay::Dormant { waiting, .. } => waiting.vehicle.unseen,
            Stay::Free { .. } | Stay::Unread { .. } => false,
            Stay::Spent(_) | Stay::Suppressed { .. } => false,
        }
    }
}

/// A reading that has no vehicle yet.
#[derive(Clone, Debug)]
pub(super) struct Glimpse {
    pub(super) sighting: Sighting,
    pub(super) seen: Moment,
}

impl Glimpse {
    /// What is known after another reading.
    pub(super) fn add(earlier: Option<Glimpse>, sighting: Sighting, seen: Moment) -> Glimpse {
        match earlier {
            None => Glimpse { sighting, seen },
            Some(earlier) => Glimpse {
                sighting: earlier.sighting.merge(sighting),
                seen,
            },
        }
    }
}

/// A vehicle on its way out over the far loop.
#[derive(Clone, Debug)]
pub(super) struct Passer {
    pub(super) plate: Option<Plate>,
}

/// A stay whose vehicle has been let through or has crossed.
#[derive(Clone, Debug)]
pub(super) struct Spent {
    /// Its vehicle, if it was recognized in this stay.
    pub(super) record: Option<RecordId>,
    /// Its plate, then what that was taken for.
    pub(super) plates: Vec<Plate>,
    pub(super) fate: Fate,
    /// When it was read last; should it have to wait again, this is what tells that it is there.
    pub(super) read_at: Tick,
    /// What has been read of the vehicle behind it.
    pub(super) candidate: Option<Glimpse>,
    /// Without a trigger loop: when its plate means a new vehicle again.
    pub(super) forget: Tick,
}

/// What became of the vehicle of a spent stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was let through and has not crossed.
    Passing,
    /// It crossed.
    Crossed,
    /// It was let through, did not cross, and its chance is over: the arm is down again.
    Stayed,
}

impl Spent {
    /// The stay of `vehicle`, or of one that was never recognized.
    pub(super) fn of(vehicle: Option<&Vehicle>, fate: Fate, read_at: Tick, forget: Tick) -> Spent {
        let record = vehicle.map(|vehicle| vehicle.record.clone());
        let plates = vehicle
            .into_iter()
            .flat_map(Vehicle::plates)
            .cloned()
            .collect();
        Spent {
            record,
            plates,
            fate,
            read_at,
            candidate: None,
            forget,
        }
    }

    /// The plate of its vehicle, if it could be read.
    pub(super) fn plate(&self) -> Option<&Plate> {
        self.plates.first()
    }
}

impl Approach {
    pub(super) fn new(side: Side, recognizer: DeviceNo, trigger_loop: bool) -> Approach {
        Approach {
            side,
            recognizer,
            trigger: trigger_loop.then(Loop::free),
            told: false,
            believed: None,
            pressed_long: Watch::Quiet,
            stay: Stay::Free { glimpse: None },
            echo: None,
            unread_left: None,
            nameless: None,
            sign: Sign::Idle,
        }
    }

    /// Whether something presses the loop; without a loop nothing says that it does not.
    pub(super) fn is_pressed(&self) -> bool {
        self.trigger.as_ref().is_none_or(Loop::is_pressed)
    }

    /// As [`Approach::is_pressed`], and the contact has not let go for an instant.
    pub(super) fn is_firmly_pressed(&self) -> bool {
        self.trigger.as_ref().is_none_or(Loop::is_firmly_pressed)
    }

    /// Whether the contact of the loop is pressed, and that does not count yet.
    pub(super) fn is_about_to_count(&self) -> bool {
        let trigger = self.trigger.as_ref();
        trigger.is_some_and(|trigger| trigger.unsettled_press().is_some())
    }

    /// What is there when whoever was taken to be is not: somebody unread, if the loop is pressed.
    pub(super) fn emptied(&self, now: Moment, timing: &Timing) -> Stay {
        if self.trigger.as_ref().is_some_and(Loop::is_pressed) {
            Stay::Unread {
                until: now.tick + timing.read_grace,
                pressed: now,
                glimpse: None,
            }
        } else {
            Stay::Free { glimpse: None }
        }
    }

    /// Whether somebody is on the loop who has not been read.
    pub(super) fn is_unread(&self) -> bool {
        match &self.stay {
            Stay::Unread { .. } => true,
            Stay::Free { .. } | Stay::Approaching { .. } | Stay::Waiting(_) => false,
            Stay::Dormant { .. } | Stay::Spent(_) | Stay::Suppressed { .. } => false,
        }
    }

    /// Whether one that nobody had read left so lately that it may press the next loop at `edge`.
    pub(super) fn has_left_unread(&self, edge: Tick, timing: &Timing) -> bool {
        let within = |left: Tick| left <= edge && edge < left + timing.between_loops();
        self.unread_left.is_some_and(within)
    }

    /// The vehicle that waits here, on the spot.
    pub(super) fn waiting(&self) -> Option<&Waiting> {
        match &self.stay {
            Stay::Waiting(waiting) => Some(waiting),
            Stay::Free { .. } | Stay::Approaching { .. } | Stay::Unread { .. } => None,
            Stay::Dormant { .. } | Stay::Spent(_) | Stay::Suppressed { .. } => None,
        }
    }

    /// The stay whose vehicle has been let through.
    pub(super) fn spent(&self) -> Option<&Spent> {
        match &self.stay {
            Stay::Spent(spent) => Some(spent),
            Stay::Free { .. } | Stay::Approaching { .. } | Stay::Unread { .. } => None,
            Stay::Waiting(_) | Stay::Dormant { .. } | Stay::Suppressed { .. } => None,
        }
    }

    /// As [`Approach::spent`].
    pub(super) fn spent_mut(&mut self) -> Option<&mut Spent> {
        match &mut self.stay {
            Stay::Spent(spent) => Some(spent),
            Stay::Free { .. } | Stay::Approaching { .. } | Stay::Unread { .. } => None,
            Stay::Waiting(_) | Stay::Dormant { .. } | Stay::Suppressed { .. } => None,
        }
    }

    /// The recognition that has not been settled and whose vehicle has not been let through.
    pub(super) fn open(&self) -> Option<&Waiting> {
        match &self.stay {
            Stay::Approaching { waiting, .. }
            | Stay::Waiting(waiting)
            | Stay::Dormant { waiting, .. } => Some(waiting),
            Stay::Free { .. } | Stay::Unread { .. } => None,
            Stay::Spent(_) | Stay::Suppressed { .. } => None,
        }
    }

    /// As [`Approach::open`].
    pub(super) fn open_mut(&mut self) -> Option<&mut Waiting> {
        match &mut self.stay {
            Stay::Approaching { waiting, .. }
            | Stay::Waiting(waiting)
            | Stay::Dormant { waiting, .. } => Some(waiting),
            Stay::Free { .. } | Stay::Unread { .. } => None,
            Stay::Spent(_) | Stay::Suppressed { .. } => None,
        }
    }

    /// Whether the vehicle of `record` has been let through and still stands on the loop.
    pub(super) fn is_left_by(&self, record: &RecordId) -> bool {
        let spent = self.spent().filter(|spent| spent.fate == Fate::Passing);
        spent.is_some_and(|spent| spent.record.as_ref() == Some(record))
    }

    /// Whether a vehicle here has the lane, so that the other side of a mixed lane has to wait.
    /// A loop that is pressed for long without a plate may be stuck, and has not.
    pub(super) fn has_the_lane(&self) -> bool {
        match &self.stay {
            Stay::Approaching { .. } | Stay::Unread { .. } => true,
            Stay::Waiting(waiting) => {
                waiting.vehicle.plate().is_some() || self.pressed_long.is_quiet()
            }
            Stay::Spent(spent) => spent.fate == Fate::Passing || spent.candidate.is_some(),
            Stay::Free { .. } | Stay::Dormant { .. } | Stay::Suppressed { .. } => false,
        }
    }
}
