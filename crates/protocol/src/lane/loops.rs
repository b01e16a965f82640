//! A loop in the ground: its contact bounces, and it may be pressed for too long.

use std::time::Duration;

use jiff::Timestamp;

use crate::moment::{Moment, Tick};

/// A loop whose state counts only once it has lasted.
#[derive(Clone, Debug)]
pub(super) struct Loop {
    /// What the contact says, and since when.
    contact: Contact,
    /// What counts, and since when it does (the edge, not the end of the debouncing).
    steady: Contact,
}

#[derive(Clone, Copy, Debug)]
struct Contact {
    pressed: bool,
    since: Moment,
}

/// A change that counts, with the moment of its edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Something came onto the loop.
    Pressed(Moment),
    /// It left.
    Released(Moment),
}

impl Loop {
    /// A loop that nothing presses, as every loop is taken to be until it says otherwise, or a vehicle
    /// that was read must have reached it.
    pub(super) fn free() -> Loop {
        let start = Moment {
            tick: Tick::ZERO,
            wall: Timestamp::UNIX_EPOCH,
        };
        let contact = Contact {
            pressed: false,
            since: start,
        };
        Loop {
            contact,
            steady: contact,
        }
    }

    /// A loop that counts as pressed since `since`.
    pub(super) fn pressed(since: Moment) -> Loop {
        let contact = Contact {
            pressed: true,
            since,
        };
        Loop {
            contact,
            steady: contact,
        }
    }

    /// Since when the contact is pressed, while that does not count yet.
    pub(super) fn unsettled_press(&self) -> Option<Moment> {
        let unsettled = self.contact.pressed && !self.steady.pressed;
        unsettled.then_some(self.contact.since)
    }

    /// The contact says something, perhaps what it said before.
    pub(super) fn feed(&mut self, pressed: bool, now: Moment) {
        if self.contact.pressed != pressed {
            self.contact = Contact {
                pressed,
                since: now,
            };
        }
    }

    /// The change that has come to count by `now`.
    pub(super) fn settle(&mut self, now: Tick, debounce: Duration) -> Option<Change> {
        if self.settles_at(debounce)? > now {
            return None;
        }
        self.steady = self.contact;
        let edge = self.steady.since;
        Some(if self.steady.pressed {
            Change::Pressed(edge)
        } else {
            Change::Released(edge)
        })
    }

    /// When the contact's state will count, if it does not yet.
    pub(super) fn settles_at(&self, debounce: Duration) -> Option<Tick> {
        let differs = self.contact.pressed != self.steady.pressed;
        differs.then(|| self.contact.since.tick + debounce)
    }

    /// Whether something presses the loop, as far as that counts.
    pub(super) fn is_pressed(&self) -> bool {
        self.steady.pressed
    }

    /// Whether nothing presses the loop, not even for too short a time to count.
    pub(super) fn is_clear(&self) -> bool {
        !self.steady.pressed && !self.contact.pressed
    }

    /// Whether something presses it and the contact has not let go for an instant since it counts.
    pub(super) fn is_firmly_pressed(&self) -> bool {
        self.steady.pressed && self.contact.pressed
    }

    /// Since when it is pressed, if it is.
    pub(super) fn pressed_since(&self) -> Option<Moment> {
        self.steady.pressed.then_some(self.steady.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEBOUNCE: Duration = Duration::from_millis(200);

    fn at(millis: u64) -> Moment {
        Moment {
            tick: Tick::ZERO,
            wall: Timestamp::UNIX_EPOCH,
        }
        .later(Duration::from_millis(millis))
    }

    #[test]
    fn a_state_counts_once_it_has_lasted_and_then_from_its_edge() {
        let mut trigger = Loop::free();
        trigger.feed(true, at(1000));
        assert_eq!(trigger.settle(at(1199).tick, DEBOUNCE), None);
        assert_eq!(
            trigger.settle(at(1200).tick, DEBOUNCE),
            Some(Change::Pressed(at(1000)))
        );
        assert_eq!(trigger.settles_at(DEBOUNCE), None);
    }

    #[test]
    fn a_bounce_is_no_change() {
        let mut trigger = Loop::free();
        trigger.feed(true, at(1000));
        trigger.feed(false, at(1050));
        assert_eq!(trigger.settle(at(9000).tick, DEBOUNCE), None);
    }

    #[test]
    fn the_same_word_again_does_not_begin_the_wait_anew() {
        let mut trigger = Loop::free();
        trigger.feed(true, at(1000));
        trigger.feed(true, at(1150));
        assert_eq!(
            trigger.settle(at(1200).tick, DEBOUNCE),
            Some(Change::Pressed(at(1000)))
        );
    }
}
