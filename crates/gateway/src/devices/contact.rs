//! A contact that a driver looks at: a loop's detector, a limit switch, the fire alarm.

use std::sync::{Mutex, MutexGuard, PoisonError};

use boshi_protocol::id::DeviceNo;

use super::event::{ArmEvent, Event, FireEvent, LoopEvent, SafetyEvent};
use crate::config::{Input, Role};

/// One contact, with what is known of it.
#[derive(Debug)]
struct Contact {
    wired: Input,
    /// How many looks in a row must show a new state before it counts.
    looks: u8,
    /// How it is; none before it has been seen for long enough.
    settled: Option<bool>,
    /// What the latest looks have shown, and how many of them in a row.
    run: (bool, u8),
}

/// The contacts on the inputs of one device.
#[derive(Debug)]
pub(super) struct Contacts(Mutex<Vec<Contact>>);

impl Contacts {
    pub(super) fn new(inputs: &[Input], looks: u8) -> Contacts {
        let inputs = inputs.iter().cloned();
        let contacts = inputs.map(|input| Contact::new(input, looks));
        Contacts(Mutex::new(contacts.collect()))
    }

    /// An input was looked at; what that is worth telling.
    pub(super) fn see(&self, number: u16, level: bool) -> Option<Event> {
        let mut contacts = self.lock();
        let contact = contacts.iter_mut().find(|it| it.number() == number)?;
        contact.see(level)
    }

    /// All were looked at, the first input first; what that is worth telling.
    pub(super) fn see_all(&self, levels: &[bool]) -> Vec<Event> {
        let mut contacts = self.lock();
        let seen = contacts.iter_mut().filter_map(|contact| {
            let level = levels.get(usize::from(contact.number()) - 1)?;
            contact.see(*level)
        });
        seen.collect()
    }

    /// Whether the latest look at an input has shown this level too, or nothing is wired to it.
    pub(super) fn is_as_before(&self, number: u16, level: bool) -> bool {
        let contacts = self.lock();
        let contact = contacts.iter().find(|it| it.number() == number);
        contact.is_none_or(|it| it.was_seen(level))
    }

    /// Whether the latest looks have all shown that nothing presses a barrier's anti-smash loop, often
    /// enough for that to count; not so when none is wired here.
    pub(super) fn is_free_under(&self, barrier: &DeviceNo) -> bool {
        let contacts = self.lock();
        let mut loops = contacts.iter().filter(|it| {
            it.wired.role == Role::SafetyLoop && it.wired.device.as_ref() == Some(barrier)
        });
        loops.next().is_some_and(Contact::is_free)
    }

    /// Nobody can look at them for now; what that is worth telling.
    pub(super) fn are_lost(&self) -> Vec<Event> {
        let mut contacts = self.lock();
        contacts.iter_mut().filter_map(Contact::is_lost).collect()
    }

    /// How they are now, for whoever asks.
    pub(super) fn state(&self) -> Vec<Event> {
        self.lock().iter().filter_map(Contact::state).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Contact>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contact {
    fn new(wired: Input, looks: u8) -> Contact {
        Contact {
            wired,
            looks,
            settled: None,
            run: (false, 0),
        }
    }

    /// The input's number, as printed on the device.
    fn number(&self) -> u16 {
        self.wired.number
    }

    /// Whether the latest look has shown this level too.
    fn was_seen(&self, level: bool) -> bool {
        let (shown, looks) = self.run;
        looks > 0 && shown == (level != self.wired.invert)
    }

    /// Nobody can look at it for now: what is worth telling. How it was counts no more, but for what is
    /// told once: a press of the anti-smash loop and the fire alarm, which is over when it is seen to be.
    fn is_lost(&mut self) -> Option<Event> {
        let end = match self.wired.role {
            Role::SafetyLoop | Role::Fire => return None,
            Role::TriggerLoop => None,
            Role::ArmUp | Role::ArmDown => Some(self.wired.role.end()?),
        };
        self.run = (false, 0);
        let pressed = self.settled.take()?;
        let device = self.wired.device.clone()?;
        Some(match end {
            Some(end) => Event::Arm(ArmEvent::unseen_since(device, end)),
            None => Event::TriggerLoop(LoopEvent {
                device,
                pressed,
                is_unseen: true,
            }),
        })
    }

    /// Whether nothing presses it, as the latest looks say too.
    fn is_free(&self) -> bool {
        self.settled == Some(false) && !self.run.0
    }

    /// The contact was looked at; what that is worth telling.
    fn see(&mut self, level: bool) -> Option<Event> {
        let on = level != self.wired.invert;
        let (shown, looks) = self.run;
        let looks = if shown == on { looks } else { 0 };
        self.run = (on, looks.saturating_add(1));
        if self.run.1 < self.looks || self.settled == Some(on) {
            return None;
        }
        self.settled = Some(on);
        self.told(on)
    }

    /// How it is now, for whoever asks; nothing of an anti-smash loop, whose press is a crossing
    /// and told once.
    fn state(&self) -> Option<Event> {
        match self.wired.role {
            Role::SafetyLoop => None,
            Role::TriggerLoop | Role::ArmUp | Role::ArmDown | Role::Fire => {
                self.told(self.settled?)
            }
        }
    }

    fn told(&self, on: bool) -> Option<Event> {
        if self.wired.role == Role::Fire {
            return Some(Event::Fire(FireEvent { on }));
        }
        let device = self.wired.device.clone()?;
        let pressed = on;
        match self.wired.role {
            Role::TriggerLoop => Some(Event::TriggerLoop(LoopEvent {
                device,
                pressed,
                is_unseen: false,
            })),
            Role::SafetyLoop => Some(Event::SafetyLoop(SafetyEvent {
                device,
                pressed,
                after_ms: None,
            })),
            // An arm that has left its end is somewhere, which is no position.
            Role::ArmUp | Role::ArmDown => Some(Event::Arm(ArmEvent {
                has_left: !on,
                ..ArmEvent::at(device, self.wired.role.end()?)
            })),
            Role::Fire => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use boshi_protocol::lane::Position;
    use proptest::prelude::*;

    use super::*;

    fn contact(role: Role, invert: bool, looks: u8) -> Contact {
        let device = Some(DeviceNo::new("D").unwrap());
        let wired = Input {
            number: 1,
            role,
            device,
            invert,
        };
        Contact::new(wired, looks)
    }

    fn pressed(event: Option<Event>) -> Option<bool> {
        match event? {
            Event::TriggerLoop(it) => Some(it.pressed),
            Event::SafetyLoop(it) => Some(it.pressed),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_bounce_is_no_press_and_a_press_is_told_once() {
        let mut it = contact(Role::TriggerLoop, false, 2);
        let looks = [false, false, true, false, true, true, true, false, false];
        let told: Vec<_> = looks.map(|level| pressed(it.see(level))).into();
        let mut expected = vec![None; 9];
        (expected[1], expected[5], expected[8]) = (Some(false), Some(true), Some(false));
        assert_eq!(told, expected);
    }

    #[test]
    fn a_normally_closed_contact_is_pressed_when_it_opens() {
        let mut it = contact(Role::SafetyLoop, true, 1);
        assert_eq!(pressed(it.see(true)), Some(false));
        assert_eq!(pressed(it.see(false)), Some(true));
        assert!(it.state().is_none(), "a crossing is told once");
    }

    #[test]
    fn an_arm_that_leaves_its_end_is_nowhere() {
        let mut it = contact(Role::ArmUp, false, 1);
        let Some(Event::Arm(arm)) = it.see(true) else {
            panic!("an arm that is up is told");
        };
        assert_eq!(arm.position, Position::Up);
        let left = [it.see(false), it.state()];
        for told in left {
            assert!(matches!(told, Some(Event::Arm(arm)) if arm.has_left));
        }
    }

    proptest! {
        /// Against what "so many looks in a row" means, counted anew each time.
        #[test]
        fn a_state_counts_exactly_when_it_was_seen_so_often_in_a_row(
            levels in proptest::collection::vec(any::<bool>(), 0..60), looks in 1_u8..5
        ) {
            let mut it = contact(Role::TriggerLoop, false, looks);
            let mut settled = None;
            for end in 0..levels.len() {
                let run = levels[..=end].iter().rev().take_while(|level| **level == levels[end]);
                let counts = run.count() >= usize::from(looks);
                let expected = (counts && settled != Some(levels[end])).then_some(levels[end]);
                prop_assert_eq!(pressed(it.see(levels[end])), expected);
                settled = expected.or(settled);
            }
        }
    }
}
