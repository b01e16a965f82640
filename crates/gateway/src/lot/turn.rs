//! One turn of a lot: what it is given to work with, and what it wants written and done.

use std::collections::{HashSet, VecDeque};

use boshi_protocol::delivery::{self, Key};
use boshi_protocol::id::RecordId;
use boshi_protocol::lane;
use boshi_protocol::moment::Moment;

use super::action::Action;
use super::input::LaneNo;
use crate::journal::Entry;

/// What one input has led to.
#[derive(Debug, Default)]
pub struct Turn {
    /// What has to be on disk before anything is done.
    pub entries: Vec<Entry>,
    /// What is to be done then, in this order.
    pub actions: Vec<Action>,
}

impl Turn {
    /// What came of the next input, behind this: one transaction for both.
    pub(crate) fn append(&mut self, next: Turn) {
        self.entries.extend(next.entries);
        self.actions.extend(next.actions);
    }

    /// Takes out what need not wait until the rest is on disk (D-18): what is only read, and the
    /// requests for records of which nothing is left to be written. Whatever came of earlier
    /// requests is written meanwhile; should that be lost, a record is pushed once more, which its
    /// key bears.
    pub(crate) fn take_at_once(&mut self) -> Vec<Action> {
        let unwritten: HashSet<Key> = self.entries.iter().filter_map(Entry::record).collect();
        let actions = std::mem::take(&mut self.actions);
        let mut at_once = Vec::new();
        for action in actions {
            match &action {
                Action::Push(push) if unwritten.contains(&push.key) => {
                    self.actions.push(action);
                }
                Action::Push(_) | Action::Fetch(_) => at_once.push(action),
                _ => self.actions.push(action),
            }
        }
        at_once
    }
}

/// What one part of the lot has for another.
#[derive(Debug)]
pub(super) enum Work {
    Lane(LaneNo, lane::Input),
    Deliver(delivery::Input),
}

/// A turn under way.
pub(super) struct Working<'a> {
    pub(super) now: Moment,
    ids: &'a mut dyn FnMut() -> RecordId,
    queue: VecDeque<Work>,
    turn: Turn,
}

impl<'a> Working<'a> {
    pub(super) fn new(now: Moment, ids: &'a mut dyn FnMut() -> RecordId) -> Working<'a> {
        Working {
            now,
            ids,
            queue: VecDeque::new(),
            turn: Turn::default(),
        }
    }

    pub(super) fn ids(&mut self) -> &mut dyn FnMut() -> RecordId {
        self.ids
    }

    pub(super) fn new_id(&mut self) -> RecordId {
        (self.ids)()
    }

    pub(super) fn queue(&mut self, work: Work) {
        self.queue.push_back(work);
    }

    pub(super) fn next_work(&mut self) -> Option<Work> {
        self.queue.pop_front()
    }

    pub(super) fn write(&mut self, entry: Entry) {
        self.turn.entries.push(entry);
    }

    pub(super) fn act(&mut self, action: Action) {
        self.turn.actions.push(action);
    }

    pub(super) fn into_turn(self) -> Turn {
        self.turn
    }
}
