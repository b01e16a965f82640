//! What was commanded, and how it was answered (OPEN-7).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::super::super::*;
use super::barrier::{BarrierAccount, Came};
use super::vehicles::Vehicles;
use crate::moment::Tick;

/// Every command so far.
pub(super) struct Commands {
    travel: Duration,
    /// Longest wait for an answer while nothing disturbs it: the arm travels, the vehicle before
    /// is given its time, the barrier answers.
    longest: Duration,
    forbids_empty_plate: bool,
    accounts: BTreeMap<CommandId, Account>,
    unanswered: BTreeSet<CommandId>,
    /// When something last happened that a lift has to wait for anew.
    disturbed: Tick,
}

struct Account {
    /// `None`: a plate was typed.
    order: Option<Order>,
    given: Tick,
    act: Option<ActId>,
}

impl Commands {
    pub(super) fn new(timing: &Timing, forbids_empty_plate: bool) -> Commands {
        Commands {
            travel: timing.travel,
            longest: timing.travel + timing.follow_wait + timing.act + timing.debounce,
            forbids_empty_plate,
            accounts: BTreeMap::new(),
            unanswered: BTreeSet::new(),
            disturbed: Tick::ZERO,
        }
    }

    pub(super) fn given(&mut self, command: CommandId, order: Option<&Order>, now: Tick) {
        let account = Account {
            order: order.cloned(),
            given: now,
            act: None,
        };
        self.accounts.insert(command, account);
        self.unanswered.insert(command);
    }

    pub(super) fn disturbed(&mut self, now: Tick) {
        self.disturbed = now;
    }

    /// One command is the cause of at most one act.
    pub(super) fn drive(&mut self, act: ActId, motion: Motion, cause: &Cause, now: Tick) {
        if motion == Motion::Pulse {
            self.disturbed = now;
        }
        let Some(command) = command_of(cause) else {
            return;
        };
        let account = self.accounts.get_mut(&command).expect("a cause was given");
        let before = account.act.replace(act);
        assert_eq!(before, None, "{command:?} drives the barrier twice");
    }

    /// OPEN-1 to OPEN-5: the act is what the command ordered, and for the plate it named.
    pub(super) fn fits(&self, cause: &Cause, vehicles: &Vehicles) {
        let Some(command) = command_of(cause) else {
            return;
        };
        let order = self.accounts[&command].order.as_ref();
        let fits = match (cause, order) {
            (Cause::Commanded { record, .. }, Some(Order::Lift { plate: Some(plate) })) => {
                vehicles.plate_of(record) == Some(plate)
            }
            (Cause::Forced { .. }, Some(Order::Lift { plate: None })) => !self.forbids_empty_plate,
            (Cause::Forced { .. }, Some(Order::ForceLift))
            | (Cause::HoldOrdered { .. }, Some(Order::HoldOpen))
            | (Cause::RestoreOrdered { .. }, Some(Order::Restore)) => true,
            _ => false,
        };
        assert!(fits, "{cause:?} is not what {order:?} ordered");
    }

    pub(super) fn answered(
        &mut self,
        command: CommandId,
        answer: &Result<Done, OpenRefusal>,
        now: Tick,
        barrier: &BarrierAccount,
    ) {
        assert!(
            self.unanswered.remove(&command),
            "OPEN-7: {command:?} is answered twice"
        );
        let account = &self.accounts[&command];
        let ended = |came: Came| barrier.acts.values().any(|act| act.came == came);
        let holds = match answer {
            Ok(Done::Driven) => {
                let act = account.act.map(|act| barrier.acts[&act].came);
                act == Some(Came::Good)
            }
            Ok(Done::AlreadyUnderWay) => barrier.acts.values().any(|act| {
                let recent = account.given <= act.since || account.given < act.at + self.travel;
                act.came == Came::Good && recent
            }),
            Ok(Done::AlreadyOpen) => barrier.confirmed,
            Ok(Done::PlateTaken) => account.order.is_none(),
            Err(OpenRefusal::FireAlarm) => barrier.fire,
            Err(OpenRefusal::BarrierOffline) => barrier.is_lost,
            Err(OpenRefusal::BarrierFailed { .. }) => ended(Came::Failed),
            Err(OpenRefusal::EmptyPlateForbidden) => self.forbids_empty_plate,
            Err(OpenRefusal::PlatesDiffer { at_gate, asked }) => {
                let wanted = Order::Lift {
                    plate: Some(asked.clone()),
                };
                at_gate.as_ref() != Some(asked) && account.order == Some(wanted)
            }
            Err(OpenRefusal::BeingLetThrough) => account.order.is_none(),
            Err(OpenRefusal::NoVehicle | OpenRefusal::VehicleLeft) => true,
            Err(OpenRefusal::BarrierSilent | OpenRefusal::Busy) => true,
        };
        assert!(
            holds,
            "OPEN-7: {:?} at {now:?} is answered {answer:?}",
            account.order
        );
    }

    /// OPEN-7: an answer comes within bounds.
    pub(super) fn demands(&self, now: Tick) {
        for command in &self.unanswered {
            let account = &self.accounts[command];
            let limit = account.given.max(self.disturbed) + self.longest;
            assert!(
                now <= limit,
                "OPEN-7: {command:?} {:?} waits for ever",
                account.order
            );
        }
    }

    pub(super) fn quiet(&self) {
        assert!(
            self.unanswered.is_empty(),
            "OPEN-7: never answered: {:?}",
            self.unanswered
        );
    }
}

fn command_of(cause: &Cause) -> Option<CommandId> {
    match cause {
        Cause::Commanded { command, .. }
        | Cause::Forced { command, .. }
        | Cause::HoldOrdered { command, .. }
        | Cause::RestoreOrdered { command, .. } => Some(*command),
        Cause::MayPass { .. } | Cause::Blind { .. } => None,
        Cause::Fire | Cause::HoldAsserted => None,
    }
}
