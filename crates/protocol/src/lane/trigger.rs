//! The loops: what their contacts say, what counts of it, and who comes and goes with it.

use std::time::Duration;

use super::alarm::{Occurrences, Watch};
use super::gate::Gate;
use super::layout::Side;
use super::loops::{Change, Loop};
use super::machine::Lane;
use super::stay::{Fate, Glimpse, Passer, Stay};
use super::timing::Timing;
use super::turn::Turn;
use super::vehicle::{Stage, Waiting};
use crate::code::AbnormalCode;
use crate::moment::{Moment, Tick};

impl Lane {
    /// The contact of a trigger loop says something.
    pub(super) fn trigger_contact(&mut self, turn: &mut Turn<'_>, side: Side, pressed: bool) {
        if self.find(side).is_none() || !self.layout.trigger_loop {
            return;
        }
        if self.at(side).trigger.is_none() {
            self.end_silence(turn, side, pressed);
        }
        let approach = self.at_mut(side);
        approach.told = true;
        approach.believed = None;
        if let Some(trigger) = &mut approach.trigger {
            trigger.feed(pressed, turn.now);
        }
        if let Stay::Approaching { waiting, .. } = &mut approach.stay
            && !pressed
            && matches!(waiting.stage, Stage::Cleared(_))
        {
            // It was not on the loop when the platform answered, as it seemed (RECOG-3).
            waiting.stage = Stage::Unasked;
        }
    }

    /// Who looks at the contact of a trigger loop has lost it. What it said last holds for whoever is there;
    /// that it is free is believed no longer than at the start, lest every vehicle be taken for one that
    /// never arrives.
    pub(super) fn trigger_unseen(&mut self, side: Side) {
        if self.find(side).is_some() {
            self.at_mut(side).told = false;
        }
    }

    /// A loop that has said nothing so far will: who is there and has not crossed presses it, as far as
    /// anybody knows.
    fn end_silence(&mut self, turn: &mut Turn<'_>, side: Side, pressed: bool) {
        let (stay, contact) = match self.take_stay(side) {
            stay @ Stay::Waiting(_) => (stay, Loop::pressed(turn.now)),
            Stay::Spent(spent) if spent.fate == Fate::Passing => {
                (Stay::Spent(spent), Loop::pressed(turn.now))
            }
            Stay::Spent(spent) => {
                self.moved_off(turn, side, &spent, turn.now);
                let glimpse = spent.candidate;
                (Stay::Free { glimpse }, Loop::free())
            }
            Stay::Dormant { waiting, .. } if pressed => {
                (self.reach(turn, waiting), Loop::pressed(turn.now))
            }
            Stay::Dormant { waiting, .. } => {
                self.depart(turn, waiting, turn.now);
                (Stay::Free { glimpse: None }, Loop::free())
            }
            stay @ (Stay::Free { .. } | Stay::Approaching { .. }) => (stay, Loop::free()),
            stay @ Stay::Unread { .. } => (stay, Loop::pressed(turn.now)),
            stay @ Stay::Suppressed { .. } => (stay, Loop::pressed(turn.now)),
        };
        let approach = self.at_mut(side);
        approach.stay = stay;
        approach.trigger = Some(contact);
    }

    /// The contact of the anti-smash loop says something.
    pub(super) fn safety_contact(&mut self, turn: &mut Turn<'_>, pressed: bool) {
        if let Some(safety) = &mut self.safety {
            safety.believed = None;
            safety.contact.feed(pressed, turn.now);
        }
    }

    pub(super) fn loops_due(&self) -> Option<Tick> {
        let triggers = self
            .approaches
            .iter()
            .filter_map(|approach| approach.trigger.as_ref());
        let contacts = triggers.chain(self.safety.iter().map(|safety| &safety.contact));
        let debounce = self.timing.debounce;
        let changes = contacts.filter_map(|contact| contact.settles_at(debounce));
        let watches = self.approaches.iter().filter_map(|approach| {
            let trigger = approach.trigger.as_ref()?;
            approach
                .pressed_long
                .due()
                .or_else(|| self.too_long_at(trigger))
        });
        let watched = self.safety.as_ref().and_then(|safety| {
            safety
                .pressed_long
                .due()
                .or_else(|| self.too_long_at(&safety.contact))
        });
        let believed = self.safety.as_ref().and_then(|safety| safety.believed);
        let triggers_believed = self
            .approaches
            .iter()
            .filter_map(|approach| approach.believed);
        let believed = believed.into_iter().chain(triggers_believed);
        changes.chain(watches).chain(watched).chain(believed).min()
    }

    fn too_long_at(&self, contact: &Loop) -> Option<Tick> {
        Some(contact.pressed_since()?.tick + self.timing.loop_alarm)
    }

    pub(super) fn loops_elapse(&mut self, turn: &mut Turn<'_>, at: Tick) {
        let debounce = self.timing.debounce;
        for &side in self.sides() {
            self.disbelieve_trigger(turn, side, at);
            let trigger = self.at_mut(side).trigger.as_mut();
            match trigger.and_then(|trigger| trigger.settle(at, debounce)) {
                None => {}
                Some(Change::Pressed(edge)) => self.pressed(turn, side, edge),
                Some(Change::Released(edge)) => self.released(turn, side, edge),
            }
            self.watch_trigger(turn, side, at);
        }
        if let Some(safety) = &mut self.safety {
            safety.disbelieve(at);
        }
        self.settle_safety(turn, at, debounce);
        self.watch_safety(turn, at);
    }

    fn settle_safety(&mut self, turn: &mut Turn<'_>, at: Tick, debounce: Duration) {
        let safety = self.safety.as_mut().map(|safety| &mut safety.contact);
        match safety.and_then(|contact| contact.settle(at, debounce)) {
            None => {}
            Some(Change::Pressed(edge)) => self.crossing(turn, edge),
            Some(Change::Released(edge)) => self.arm_is_free(turn, edge),
        }
    }

    /// What the contact of the anti-smash loop said last has lasted for `span`, whenever it was told.
    pub(super) fn safety_kept(&mut self, turn: &mut Turn<'_>, span: Duration) {
        if span >= self.timing.debounce {
            self.settle_safety(turn, turn.tick(), Duration::ZERO);
        }
    }

    fn watch_trigger(&mut self, turn: &mut Turn<'_>, side: Side, at: Tick) {
        let Some(approach) = self.approaches.iter_mut().find(|a| a.side == side) else {
            return;
        };
        let since = approach.trigger.as_ref().and_then(Loop::pressed_since);
        let long = &mut approach.pressed_long;
        watch_loop(turn, long, since, &mut self.occurrences, &self.timing, at);
    }

    fn watch_safety(&mut self, turn: &mut Turn<'_>, at: Tick) {
        let Some(safety) = &mut self.safety else {
            return;
        };
        let since = safety.contact.pressed_since();
        let long = &mut safety.pressed_long;
        watch_loop(turn, long, since, &mut self.occurrences, &self.timing, at);
    }

    /// Something pressed the anti-smash loop at `edge` for long enough. Who pressed a trigger loop
    /// before that was on it, though told in the same burst, in which nothing lasts as long as it did.
    pub(super) fn count_who_came_before(&mut self, turn: &mut Turn<'_>, edge: Tick) {
        for &side in self.sides() {
            let trigger = self.at_mut(side).trigger.as_mut();
            let before = trigger.filter(|trigger| {
                let press = trigger.unsettled_press();
                press.is_some_and(|press| press.tick <= edge)
            });
            let change = before.and_then(|trigger| trigger.settle(turn.tick(), Duration::ZERO));
            if let Some(Change::Pressed(edge)) = change {
                self.pressed(turn, side, edge);
            }
        }
    }

    /// Something came onto a trigger loop.
    fn pressed(&mut self, turn: &mut Turn<'_>, side: Side, edge: Moment) {
        let has_to_yield = self.has_to_yield(side);
        let passer = self.passer_over(side, edge.tick);
        let stay = match self.take_stay(side) {
            Stay::Free { glimpse } if has_to_yield || passer.is_some() => {
                Stay::Suppressed { passer, glimpse }
            }
            Stay::Free { glimpse } => self.arrive(turn, side, glimpse, edge),
            stay @ Stay::Approaching { .. } if stay.is_unseen() => stay,
            Stay::Approaching { waiting, .. } => self.reach(turn, waiting),
            // A loop that counts as pressed is not pressed again.
            stay @ (Stay::Unread { .. } | Stay::Waiting(_) | Stay::Dormant { .. }) => stay,
            stay @ (Stay::Spent(_) | Stay::Suppressed { .. }) => stay,
        };
        self.at_mut(side).stay = stay;
    }

    /// A vehicle is on the loop that has no recognition yet.
    pub(super) fn arrive(
        &mut self,
        turn: &mut Turn<'_>,
        side: Side,
        glimpse: Option<Glimpse>,
        edge: Moment,
    ) -> Stay {
        let window = self.timing.approach_window;
        match glimpse.filter(|glimpse| edge.tick <= glimpse.seen.tick + window) {
            Some(glimpse) if glimpse.sighting.plate.is_some() => {
                Stay::Waiting(self.recognize(turn, side, glimpse.sighting, glimpse.seen))
            }
            Some(_) | None => {
                let until = edge.tick + self.timing.read_grace;
                Stay::Unread {
                    until,
                    pressed: edge,
                    glimpse: None,
                }
            }
        }
    }

    /// A vehicle that was read before has reached the loop. What was decided while it pressed the
    /// contact holds, and who was refused is asked for again when it is time (RECOG-2).
    pub(super) fn reach(&mut self, turn: &mut Turn<'_>, waiting: Waiting) -> Stay {
        let normal = self.gate == Gate::Normal;
        Stay::Waiting(match waiting.stage {
            Stage::Asked => waiting,
            Stage::Cleared(_) | Stage::Refused { .. } if normal => waiting,
            Stage::Refused { .. } | Stage::Unasked | Stage::Cleared(_) => {
                self.take_up(turn, waiting)
            }
        })
    }

    /// Whatever was on a trigger loop has left it.
    pub(super) fn released(&mut self, turn: &mut Turn<'_>, side: Side, edge: Moment) {
        let glimpse = match self.take_stay(side) {
            Stay::Free { glimpse } => glimpse,
            Stay::Unread { .. } => {
                self.at_mut(side).unread_left = Some(edge.tick);
                None
            }
            Stay::Approaching { waiting, .. } | Stay::Dormant { waiting, .. } => {
                self.depart(turn, waiting, edge);
                None
            }
            Stay::Waiting(waiting) => {
                self.depart(turn, waiting, edge);
                None
            }
            Stay::Spent(spent) => {
                self.moved_off(turn, side, &spent, edge);
                spent.candidate
            }
            Stay::Suppressed { passer, glimpse } => {
                self.passed_over(side, passer.as_ref());
                glimpse
            }
        };
        self.at_mut(side).stay = Stay::Free { glimpse };
        self.show_idle(turn, side);
    }

    /// The passer that presses the loop of `side` since `edge`, if a passer does.
    fn passer_over(&self, side: Side, edge: Tick) -> Option<Passer> {
        let passer = self.leaves_over(side, edge);
        passer.map(|plate| Passer { plate })
    }
}

/// ABN-1: a loop that is pressed for too long, told again while it is (D-15).
fn watch_loop(
    turn: &mut Turn<'_>,
    pressed_long: &mut Watch,
    since: Option<Moment>,
    occurrences: &mut Occurrences,
    timing: &Timing,
    at: Tick,
) {
    let Some(since) = since else {
        return pressed_long.clear(turn);
    };
    if since.tick + timing.loop_alarm <= at {
        let every = timing.alarm_repeat;
        let tell = |turn: &mut Turn<'_>| {
            occurrences.tell(turn, AbnormalCode::LoopPressed, None, since.wall)
        };
        pressed_long.raise(turn, tell, Some(every));
        pressed_long.repeat(turn, at, every);
    }
}
