//! What a lane may do and what it must, judged from outside.
//!
//! The oracle hears every input and sees every effect. It knows the standard's rules and nothing
//! of the lane's states: who is there it takes from the raw contacts and readings, what may be
//! driven from the replies and orders, and it panics with the rule that was broken.

mod alarms;
mod barrier;
mod commands;
mod presence;
mod vehicles;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::time::Duration;

use self::alarms::Alarms;
use self::barrier::BarrierAccount;
use self::commands::Commands;
use self::presence::{Presence, Shift};
use self::vehicles::Vehicles;
use super::super::*;
use crate::id::RecordId;
use crate::moment::{Moment, Tick};

/// Everything that is known from outside about one lane.
pub(super) struct Oracle {
    now: Moment,
    presence: Presence,
    barrier: BarrierAccount,
    vehicles: Vehicles,
    commands: Commands,
    alarms: Alarms,
    read_grace: Duration,
    is_mixed: bool,
    /// Since when, plus the time for reading, a trigger loop is pressed by who is not recognized.
    unread: BTreeMap<Side, Tick>,
    /// The vehicle of a lift that is confirmed in this turn, after it was given up.
    confirmed_late: Option<RecordId>,
    seen: BTreeSet<String>,
}

impl Oracle {
    pub(super) fn new(layout: &Layout, timing: &Timing, forbids_empty_plate: bool) -> Oracle {
        Oracle {
            now: Moment {
                tick: Tick::ZERO,
                wall: jiff::Timestamp::UNIX_EPOCH,
            },
            presence: Presence::new(layout, timing),
            barrier: BarrierAccount::new(timing),
            vehicles: Vehicles::new(timing),
            commands: Commands::new(timing, forbids_empty_plate),
            alarms: Alarms::new(timing),
            unread: BTreeMap::new(),
            read_grace: timing.read_grace,
            is_mixed: layout.is_mixed(),
            confirmed_late: None,
            seen: BTreeSet::new(),
        }
    }

    /// An input is about to be told to the lane.
    pub(super) fn hears(&mut self, input: &Input, now: Moment) {
        self.now = now;
        self.confirmed_late = None;
        self.barrier.begin_turn(now.tick);
        self.settle_loops();
        match input {
            Input::Tick | Input::Replayed { .. } => {}
            // Not among the steps of a play.
            Input::SafetyKept(_) | Input::Waited(_) => {}
            // Whoever stands there has not been read yet.
            Input::Disown { .. } => self.unread.clear(),
            Input::Read(reading) => self.presence.read(reading.side, now.tick),
            Input::TriggerLoop { side, pressed } => {
                if self.presence.trigger(*side, *pressed, now) && *pressed {
                    self.vehicles.came(*side);
                }
                self.commands.disturbed(now.tick);
            }
            Input::TriggerUnseen { side } => self.presence.trigger_unseen(*side),
            Input::SafetyLoop { pressed } => self.presence.safety(*pressed, now),
            Input::BarrierSeen(_) | Input::BarrierUnseen => {}
            Input::BarrierLink { up } => self.barrier.link(*up),
            Input::Fire { on } => self.barrier.fire_contact(*on),
            Input::Verdict { ask, verdict } => {
                let (presence, barrier) = (&self.presence, &self.barrier);
                self.vehicles
                    .replied(ask, verdict, now.tick, presence, barrier);
            }
            Input::ActDone { act, result } => {
                self.confirmed_late = self.barrier.answered(*act, result);
            }
            Input::Command { command, order, .. } => {
                self.commands.given(*command, Some(order), now.tick);
                self.vehicles.people_interfere();
            }
            Input::TypedPlate { command, side, .. } => {
                self.commands.given(*command, None, now.tick);
                self.presence.typed(*side, now.tick);
                self.vehicles.people_interfere();
            }
        }
        self.settle_loops();
        self.barrier.input_applied();
    }

    fn settle_loops(&mut self) {
        for shift in self.presence.settle(self.now.tick) {
            match shift {
                Shift::Came(side) => {
                    if !self.vehicles.came(side) && !self.is_mixed {
                        self.unread.insert(side, self.now.tick + self.read_grace);
                    }
                }
                Shift::Silent(side) => {
                    self.vehicles.came(side);
                }
                Shift::Left(side, edge, ends_silence) => {
                    self.vehicles.left(side, edge, ends_silence);
                    self.unread.remove(&side);
                }
            }
        }
    }

    /// What the lane wanted done about it.
    pub(super) fn sees(&mut self, effects: &[Effect]) {
        for effect in effects {
            self.sees_one(effect);
        }
        if let Some(record) = &self.confirmed_late {
            self.vehicles.let_through_after_all(record);
        }
        self.demands();
    }

    fn sees_one(&mut self, effect: &Effect) {
        self.seen.extend(name_of(effect));
        let now = self.now;
        let held = self.barrier.was_held_throughout();
        match effect {
            Effect::Recognized { recognition, ask } => {
                self.vehicles.recognized(recognition, now);
                self.presence.recognized(recognition);
                self.unread.remove(&recognition.side);
                self.asked(ask.as_ref());
                let heard = recognition.origin != Origin::Arrival || ask.is_some();
                let normal = self.barrier.was_normal_throughout();
                assert!(heard || !normal, "nobody was asked about {recognition:?}");
            }
            Effect::Amended { recognition, ask } => {
                self.vehicles.amended(recognition);
                self.asked(ask.as_ref());
            }
            Effect::AskAgain { ask } => {
                let (presence, barrier) = (&self.presence, &self.barrier);
                self.vehicles
                    .may_ask_again(ask, now.tick, presence, barrier);
                self.asked(Some(ask));
            }
            Effect::Crossed(crossing) => {
                self.presence.crossed(crossing);
                self.vehicles.crossed(crossing, now.tick, &self.barrier);
            }
            Effect::Settled {
                record, outcome, ..
            } => {
                self.vehicles.settled(record, *outcome);
                self.presence.settled(record);
            }
            Effect::Abnormal(abnormal) => self.alarms.told(abnormal, now.tick),
            Effect::AbnormalCleared { occurrence, .. } => self.alarms.cleared(*occurrence),
            Effect::Drive { act, motion, cause } => {
                assert!(
                    *motion != Motion::Pulse || !held,
                    "OPEN-6: a pulse while held open"
                );
                self.barrier.driven(*act, *motion, cause, now.tick);
                self.commands.drive(*act, *motion, cause, now.tick);
                self.vehicles
                    .driven(*act, *motion, cause, now.tick, &self.presence);
                self.commands.fits(cause, &self.vehicles);
            }
            Effect::Answer { command, answer } => {
                self.commands
                    .answered(*command, answer, now.tick, &self.barrier);
            }
            Effect::LiftSeen { .. } | Effect::Show { .. } => {}
        }
    }

    fn asked(&mut self, ask: Option<&AskId>) {
        let Some(ask) = ask else { return };
        let held = self.barrier.was_held_throughout();
        assert!(!held, "OPEN-6: asked for {ask} while held open");
        self.vehicles.asked(ask, self.now.tick);
    }

    /// What must have been done by now.
    fn demands(&mut self) {
        let now = self.now.tick;
        self.presence.demands();
        for (side, due) in &self.unread {
            let overdue = *due <= now && self.presence.is_there(*side, now);
            assert!(!overdue, "who stands at {side:?} is never recognized");
        }
        self.barrier.demands(now);
        self.vehicles.demands(now, &self.presence, &self.barrier);
        self.commands.demands(now);
        self.alarms.demands(self.presence.pressed_too_long(now));
    }

    /// Nothing has happened for long and nothing presses a loop: all accounts are closed.
    pub(super) fn quiet(&self) {
        self.vehicles.quiet();
        self.commands.quiet();
    }

    /// Every outcome, cause, answer and abnormality so far by its name.
    pub(super) fn seen(&self) -> &BTreeSet<String> {
        &self.seen
    }
}

fn name_of(effect: &Effect) -> Option<String> {
    let first_word = |thing: &dyn Debug| {
        let text = format!("{thing:?}");
        let end = text
            .find(|c: char| !c.is_alphanumeric())
            .unwrap_or(text.len());
        text[..end].to_owned()
    };
    match effect {
        Effect::Settled { outcome, .. } => Some(format!("settled {outcome:?}")),
        Effect::Drive { motion, cause, .. } => Some(format!("{motion:?} {}", first_word(cause))),
        Effect::Answer {
            answer: Ok(done), ..
        } => Some(format!("answered {done:?}")),
        Effect::Answer {
            answer: Err(refusal),
            ..
        } => Some(format!("refused {}", first_word(refusal))),
        Effect::Abnormal(abnormal) => Some(format!("abnormal {}", abnormal.code)),
        Effect::Recognized { .. } | Effect::Amended { .. } | Effect::AskAgain { .. } => None,
        Effect::Crossed(_) | Effect::AbnormalCleared { .. } => None,
        Effect::LiftSeen { .. } | Effect::Show { .. } => None,
    }
}
