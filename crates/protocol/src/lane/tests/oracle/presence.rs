//! Who is there, from the raw contacts and readings.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use super::super::super::*;
use crate::id::RecordId;
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
    /// With the time of the edge, and whether it was the first that the loop told of.
    Left(Side, Tick, bool),
    /// Who was read must have reached the loop, which says nothing at all.
    Silent(Side),
}

/// The loops of a lane and its readings.
pub(super) struct Presence {
    debounce: Duration,
    loop_alarm: Duration,
    view: Duration,
    approach_window: Duration,
    sides: BTreeMap<Side, Spot>,
    safety: Option<Contact>,
    /// Presses of the anti-smash loop that no crossing was told of yet.
    presses: VecDeque<Timestamp>,
}

/// A side from which vehicles come.
struct Spot {
    has_loop: bool,
    /// Its trigger loop, if it has one that is not silent.
    contact: Option<Contact>,
    /// The loop has said something, and has not been lost since.
    told: bool,
    /// When a silence ended.
    spoke: Option<Tick>,
    read: Option<Tick>,
    /// When who was read last must have reached the loop.
    reached: Option<Tick>,
    /// Who was read and recognized, while the loop has said nothing.
    unheard: Option<RecordId>,
}

impl Spot {
    fn new(has_loop: bool) -> Spot {
        Spot {
            has_loop,
            contact: has_loop.then(Contact::free),
            told: false,
            spoke: None,
            read: None,
            reached: None,
            unheard: None,
        }
    }

    /// Whether a loop that has said nothing so far says nothing although somebody must have reached it.
    fn falls_silent(&mut self, now: Tick) -> bool {
        let reached = self.reached.filter(|at| *at <= now);
        let is_free = self.contact.as_ref().is_some_and(|it| !it.counts);
        let unheard = !self.told && self.unheard.is_some() && is_free;
        let silent = unheard && reached.is_some();
        if silent {
            self.contact = None;
            self.read = reached;
        }
        silent
    }
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

    /// One that says its first word: who has been there unheard has pressed it.
    fn silent(now: Moment) -> Contact {
        Contact {
            says: true,
            since: now,
            counts: true,
            counted_since: now.tick,
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
        let spot = |side: &Side| (*side, Spot::new(layout.trigger_loop));
        Presence {
            debounce: timing.debounce,
            loop_alarm: timing.loop_alarm,
            view: timing.presence,
            approach_window: timing.approach_window,
            sides: layout.sides().iter().map(spot).collect(),
            safety: layout.safety_loop.then(Contact::free),
            presses: VecDeque::new(),
        }
    }

    /// Returns whether that ends a silence.
    pub(super) fn trigger(&mut self, side: Side, pressed: bool, now: Moment) -> bool {
        let Some(spot) = self.sides.get_mut(&side).filter(|spot| spot.has_loop) else {
            return false;
        };
        let was_silent = spot.contact.is_none();
        spot.spoke = was_silent.then_some(now.tick).or(spot.spoke);
        spot.told = true;
        let contact = spot.contact.get_or_insert_with(|| Contact::silent(now));
        contact.feed(pressed, now);
        was_silent
    }

    /// What it said of nobody being there is worth no more than before its first word.
    pub(super) fn trigger_unseen(&mut self, side: Side) {
        if let Some(spot) = self.sides.get_mut(&side) {
            spot.told = false;
        }
    }

    pub(super) fn safety(&mut self, pressed: bool, now: Moment) {
        if let Some(contact) = &mut self.safety {
            contact.feed(pressed, now);
        }
    }

    pub(super) fn read(&mut self, side: Side, now: Tick) {
        if let Some(spot) = self.sides.get_mut(&side) {
            spot.read = Some(now);
            spot.reached = Some(now + self.approach_window);
        }
    }

    pub(super) fn recognized(&mut self, recognition: &Recognition) {
        if let Some(spot) = self.sides.get_mut(&recognition.side)
            && recognition.origin == Origin::Arrival
        {
            spot.unheard = Some(recognition.record.clone());
        }
    }

    pub(super) fn settled(&mut self, record: &RecordId) {
        for spot in self.sides.values_mut() {
            spot.unheard.take_if(|unheard| unheard == record);
        }
    }

    /// A person who types a plate sees the vehicle.
    pub(super) fn typed(&mut self, side: Option<Side>, now: Tick) {
        for (other, spot) in &mut self.sides {
            if side.is_none_or(|side| side == *other) {
                spot.read = Some(now);
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
        let shift = |(side, spot): (&Side, &mut Spot)| {
            if spot.falls_silent(now) {
                return Some(Shift::Silent(*side));
            }
            let contact = spot.contact.as_mut()?;
            let came = contact.settle(now, debounce).then_some(contact.counts)?;
            // Whoever was read before has been on it by now.
            spot.unheard = None;
            Some(if came {
                Shift::Came(*side)
            } else {
                let edge = contact.counted_since;
                Shift::Left(*side, edge, spot.spoke == Some(edge))
            })
        };
        self.sides.iter_mut().filter_map(shift).collect()
    }

    /// Whether a trigger loop counts as pressed and says so this instant; without a loop, whether
    /// the recognizer has seen somebody lately.
    pub(super) fn is_there(&self, side: Side, now: Tick) -> bool {
        let Spot { contact, read, .. } = &self.sides[&side];
        match (contact, read) {
            (Some(contact), _) => contact.says && contact.counts,
            (None, Some(read)) => now <= *read + self.view,
            (None, None) => false,
        }
    }

    /// Whether a trigger loop counts as pressed; without a loop nothing says that it does not.
    pub(super) fn is_on_loop(&self, side: Side) -> bool {
        let contact = self.sides[&side].contact.as_ref();
        contact.is_none_or(|contact| contact.counts)
    }

    /// Whether there is a loop, and not a silent one.
    pub(super) fn has_loop(&self, side: Side) -> bool {
        self.sides[&side].contact.is_some()
    }

    pub(super) fn was_just_read(&self, side: Side, now: Tick) -> bool {
        self.sides[&side].read == Some(now)
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
        let contacts = self.sides.values().filter_map(|spot| spot.contact.as_ref());
        let contacts = contacts.chain(&self.safety);
        contacts
            .filter(|contact| contact.counts && contact.counted_since + self.loop_alarm <= now)
            .count()
    }
}
