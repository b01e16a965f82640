//! What a lot has wanted so far.

use boshi_protocol::delivery::{Kind, Settled};
use boshi_protocol::moment::Moment;

use super::scene::{Scene, Step};
use crate::journal::{Abnormality, Entry};
use crate::lot::{Action, LaneNo, Push, What};

impl Scene {
    pub(super) fn wrote(&self) -> impl Iterator<Item = &Entry> {
        self.log.iter().filter_map(|(_, step)| match step {
            Step::Write(entry) => Some(entry),
            Step::Do(_) => None,
        })
    }

    pub(super) fn did(&self) -> impl Iterator<Item = &Action> {
        self.log.iter().filter_map(|(_, step)| match step {
            Step::Do(action) => Some(action),
            Step::Write(_) => None,
        })
    }

    /// What of the entries `pick` wants.
    pub(super) fn written<'a, T>(&'a self, pick: impl Fn(&'a Entry) -> Option<T>) -> Vec<T> {
        self.wrote().filter_map(pick).collect()
    }

    /// What was pushed, and when, in that order.
    pub(super) fn pushes(&self) -> Vec<(Moment, &Push)> {
        let pushes = self.log.iter().filter_map(|(at, step)| match step {
            Step::Do(Action::Push(push)) => Some((*at, push)),
            Step::Do(_) | Step::Write(_) => None,
        });
        pushes.collect()
    }

    pub(super) fn pushed(&self, kind: Kind) -> Vec<(Moment, &Push)> {
        let mut pushes = self.pushes();
        pushes.retain(|(_, push)| push.key.kind == kind);
        pushes
    }

    /// How often a barrier was driven.
    pub(super) fn drives(&self, lane: LaneNo) -> usize {
        let of_lane = |action: &&Action| match action {
            Action::Drive { lane: its, .. } => *its == lane,
            _ => false,
        };
        self.did().filter(of_lane).count()
    }

    /// Why barriers were driven.
    pub(super) fn causes(&self) -> Vec<&str> {
        self.written(|entry| match entry {
            Entry::Lift(it) => Some(it.cause.as_str()),
            _ => None,
        })
    }

    /// What became of the pushes of a kind, after how many attempts, and why.
    pub(super) fn settled(&self, kind: Kind) -> Vec<String> {
        self.written(|entry| match entry {
            Entry::Settled(it) if it.key.kind == kind => Some(match &it.settled {
                Settled::Delivered => format!("delivered {}", it.attempts),
                Settled::Failed { reason } => format!("failed {} {reason}", it.attempts),
            }),
            _ => None,
        })
    }

    /// How recognitions ended.
    pub(super) fn outcomes(&self) -> Vec<&str> {
        self.written(|entry| match entry {
            Entry::Outcome { outcome, .. } => Some(outcome.as_str()),
            _ => None,
        })
    }

    pub(super) fn abnormal(&self) -> Vec<&Abnormality> {
        self.written(|entry| match entry {
            Entry::Abnormality(it) => Some(it),
            _ => None,
        })
    }

    pub(super) fn told(&self) -> impl Iterator<Item = &What> {
        self.did().filter_map(|action| match action {
            Action::Tell(happening) => Some(&happening.what),
            _ => None,
        })
    }
}
