//! Who is there, from the raw contacts and readings.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use super::super::super::*;
use crate::moment::{Moment, Tick};

/// A contact that counts once it has kept its word for the time of the debouncing.
struct Contact {
    says: bool,
    since: Moment,
    counts: bool,
    counted_since: Tick,
}

/// Something that came to count on a trigger loop.
pub(super) enum Shift {
    Came(Side),
    /// With the time of the edge.
    Left(Side, Tick),
}

/// The loops of a lane and its readings.
pub(super) struct Presence {
    debounce: Duration,
    loop_alarm: Duration,
    view: Duration,
    /// Each side with its trigger loop, if it has one, and its last reading.
    sides: BTreeMap<Side, (Option<Contact>, Option<Tick>)>,
    safety: Option<Contact>,
    /// Presses of the anti-smash loop that no crossing was told of yet.
    presses: VecDeque<Timestamp>,
}

impl Contact {
    fn free() -> Contact {
        let since = Moment {
            tick: Tick::ZERO,
            wall: Timestamp::UNIX_EPOCH,
        };
        Contact {
            says: false,
            since,
            counts: false,
            counted_since: Tick::ZERO,
        }
    }

    fn feed(&mut self, pressed: bool, now: Moment) {
        if self.says != pressed {
            (self.says, self.since) = (pressed, now);
        }
    }

    fn settle(&mut self, now: Tick, debounce: Duration) -> bool {
        let changes = self.says != self.counts && self.since.tick + debounce <= now;
        if changes {
            (self.counts, self.counted_since) = (self.says, self.since.tick);
        }
        changes
    }
}

impl Presence {
    pub(super) fn new(layout: &Layout, timing: &Timing) -> Presence {
        let contact = || layout.trigger_loop.then(Contact::free);
        Presence {
            debounce: timing.debounce,
            loop_alarm: timing.loop_alarm,
            view: timing.presence,
            sides: layout
                .sides()
                .iter()
                .map(|side| (*side, (contact(), None)))
                .collect(),
            safety: layout.safety_loop.then(Contact::free),
            presses: VecDeque::new(),
        }
    }

    pub(super) fn trigger(&mut self, side: Side, pressed: bool, now: Moment) {
        if let Some((Some(contact), _)) = self.sides.get_mut(&side) {
            contact.feed(pressed, now);
        }
    }

    pub(super) fn safety(&mut self, pressed: bool, now: Moment) {
        if let Some(contact) = &mut self.safety {
            contact.feed(pressed, now);
        }
    }

    pub(super) fn read(&mut self, side: Side, now: Tick) {
        if let Some((_, read)) = self.sides.get_mut(&side) {
            *read = Some(now);
        }
    }

    /// A person who types a plate sees the vehicle.
    pub(super) fn typed(&mut self, side: Option<Side>, now: Tick) {
        for (other, (_, read)) in &mut self.sides {
            if side.is_none_or(|side| side == *other) {
                *read = Some(now);
            }
        }
    }

    /// What has come to count by `now`.
    pub(super) fn settle(&mut self, now: Tick) -> Vec<Shift> {
        if let Some(contact) = &mut self.safety
            && contact.settle(now, self.debounce)
            && contact.counts
        {
            self.presses.push_back(contact.since.wall);
        }
        let debounce = self.debounce;
        let shift = |(side, (contact, _)): (&Side, &mut (Option<Contact>, Option<Tick>))| {
            let contact = contact.as_mut()?;
            let came = contact.settle(now, debounce).then_some(contact.counts)?;
            Some(if came {
                Shift::Came(*side)
            } else {
                Shift::Left(*side, contact.counted_since)
            })
        };
        self.sides.iter_mut().filter_map(shift).collect()
    }

    /// Whether a trigger loop counts as pressed and says so this instant; without a loop, whether
    /// the recognizer has seen somebody lately.
    pub(super) fn is_there(&self, side: Side, now: Tick) -> bool {
        match &self.sides[&side] {
            (Some(contact), _) => contact.says && contact.counts,
            (None, Some(read)) => now <= *read + self.view,
            (None, None) => false,
        }
    }

    /// Whether a trigger loop counts as pressed; without a loop nothing says that it does not.
    pub(super) fn is_on_loop(&self, side: Side) -> bool {
        let contact = self.sides[&side].0.as_ref();
        contact.is_none_or(|contact| contact.counts)
    }

    pub(super) fn has_loop(&self, side: Side) -> bool {
        self.sides[&side].0.is_some()
    }

    pub(super) fn was_just_read(&self, side: Side, now: Tick) -> bool {
        self.sides[&side].1 == Some(now)
    }

    /// CROSS-1, CROSS-2: a crossing is the oldest press that has none, with the time of its edge.
    pub(super) fn crossed(&mut self, crossing: &Crossing) {
        let press = self.presses.pop_front();
        assert_eq!(press, Some(crossing.at), "CROSS-1, CROSS-2: {crossing:?}");
    }

    pub(super) fn demands(&self) {
        assert!(
            self.presses.is_empty(),
            "CROSS-1: no crossing for {:?}",
            self.presses
        );
    }

    /// ABN-1: how many loops have been pressed for longer than is normal.
    pub(super) fn pressed_too_long(&self, now: Tick) -> usize {
        let contacts = self
            .sides
            .values()
            .filter_map(|(contact, _)| contact.as_ref());
        let contacts = contacts.chain(&self.safety);
        contacts
            .filter(|contact| contact.counts && contact.counted_since + self.loop_alarm <= now)
            .count()
    }
}
