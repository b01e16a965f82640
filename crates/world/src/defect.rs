//! Deliberate defects, put between the real parts and the world: what an oracle does not find when it is
//! there, it does not know when it is not.

use std::collections::{HashMap, HashSet};
use std::io;

use boshi_gateway::journal::Entry;
use boshi_gateway::lot::{Action, Input, Turn};
use boshi_protocol::delivery::{Fault, Kind, Outcome, Settled};
use boshi_protocol::lane;

use crate::image::Image;

/// Something that is wrong with one of the sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Defect {
    /// Lane: a barrier is told twice what it was to do once.
    DrivesTwice,
    /// Lane: a vehicle that leaves the trigger loop is still taken to stand there.
    KeepsPresence,
    /// Lane: a bounce of the anti-smash loop is a crossing.
    CountsBounces,
    /// Lane: a vehicle that may not pass is let through.
    OpensForRefused,
    /// Lane: a reading that is told when its vehicle has left is lost.
    ForgetsHistory,
    /// Delivery: an abnormality that does not get there is taken to be delivered.
    ForgetsAbnormalities,
    /// Delivery: a request that nobody answered is taken to be accepted.
    TakesSilenceForYes,
    /// Delivery: a push that has failed is not recorded as failed.
    ForgetsFailures,
    /// Journal: what is to be done is done before it is on disk.
    ActsBeforeWriting,
    /// Journal: what is to be written is written with what comes next.
    WritesLater,
    /// Journal: a start takes up nothing that is still to be pushed.
    EmptiesOutbox,
    /// Merge: the platform answers before its commit.
    AnswersBeforeCommit,
    /// Merge: a record that comes again is another one.
    HasNoKey,
    /// Merge: the checkpoint is moved before the pages are taken.
    MovesCheckpointEarly,
    /// Merge: queries for what could not be pushed are answered from an old copy.
    AsksAnOldCopy,
}

/// A side with a defect, or with none.
#[derive(Default)]
pub(crate) struct Spoiled {
    defect: Option<Defect>,
    held: Vec<Entry>,
    count: u64,
    before: Option<Image>,
    known: HashSet<String>,
    copies: HashMap<String, Vec<u8>>,
}

impl Spoiled {
    pub(crate) fn by(defect: Option<Defect>) -> Spoiled {
        Spoiled {
            defect,
            ..Spoiled::default()
        }
    }

    fn is(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    /// What the gateway takes up when it starts.
    pub(crate) fn recovered(&mut self, mut input: Input) -> Input {
        self.held.clear();
        if let (true, Input::Recover { records, .. }) = (self.is(Defect::EmptiesOutbox), &mut input)
        {
            records.clear();
        }
        input
    }

    /// What the gateway is told; nothing when that gets lost.
    pub(crate) fn told(&mut self, mut input: Input) -> Option<Input> {
        match &mut input {
            Input::Lane(_, lane::Input::TriggerLoop { pressed: false, .. })
                if self.is(Defect::KeepsPresence) =>
            {
                return None;
            }
            Input::Lane(_, lane::Input::SafetyKept(kept)) if self.is(Defect::CountsBounces) => {
                *kept = std::time::Duration::from_secs(5);
            }
            Input::Read {
                replayed_at: Some(_),
                ..
            } if self.is(Defect::ForgetsHistory) => return None,
            Input::Pushed { outcome, trace, .. } => match outcome {
                Outcome::Fault(_)
                    if self.is(Defect::ForgetsAbnormalities)
                        && trace.key.kind == Kind::Abnormality =>
                {
                    *outcome = Outcome::Accepted;
                }
                Outcome::Refused(_) if self.is(Defect::OpensForRefused) => {
                    *outcome = Outcome::Accepted;
                }
                Outcome::Fault(Fault::TimedOut) if self.is(Defect::TakesSilenceForYes) => {
                    *outcome = Outcome::Accepted;
                }
                Outcome::Accepted | Outcome::Refused(_) | Outcome::Fault(_) => {}
            },
            _ => {}
        }
        Some(input)
    }

    /// What the gateway writes.
    pub(crate) fn turn(&mut self, mut turn: Turn) -> Turn {
        if self.is(Defect::WritesLater) {
            std::mem::swap(&mut self.held, &mut turn.entries);
        }
        if self.is(Defect::ForgetsFailures) {
            for entry in &mut turn.entries {
                if let Entry::Settled(it) = entry
                    && matches!(it.settled, Settled::Failed { .. })
                {
                    it.settled = Settled::Delivered;
                }
            }
        }
        turn
    }

    /// Whether the gateway does what is to be done before it writes it down.
    pub(crate) fn acts_early(&self) -> bool {
        self.is(Defect::ActsBeforeWriting)
    }

    /// What the gateway does.
    pub(crate) fn actions(&self, mut actions: Vec<Action>) -> Vec<Action> {
        if self.is(Defect::DrivesTwice) {
            let drives = |action: &&Action| matches!(action, Action::Drive { .. });
            let again: Vec<_> = actions.iter().filter(drives).cloned().collect();
            actions.extend(again);
        }
        actions
    }

    /// What a query that the gateway has answered is answered with.
    pub(crate) fn replied(&mut self, path: &str, body: Vec<u8>) -> Vec<u8> {
        if self.is(Defect::AsksAnOldCopy) && path.starts_with("/queryUnPush") {
            return self.copies.entry(path.to_owned()).or_insert(body).clone();
        }
        body
    }

    /// What the platform is told.
    pub(crate) fn arrives(&mut self, path: &str, body: String) -> String {
        if !self.is(Defect::HasNoKey) || path != "/receiveCrossGate" {
            return body;
        }
        let name = "\"uuid\":\"";
        let Some(begin) = body.find(name).map(|at| at + name.len()) else {
            return body;
        };
        let id = body[begin..].split('"').next().unwrap_or_default();
        if self.known.insert(id.to_owned()) {
            return body;
        }
        self.count += 1;
        let another = format!("{id}-{}", self.count);
        body.replacen(id, &another, 1)
    }

    /// The platform is about to answer a request.
    pub(crate) fn about_to_serve(&mut self, image: impl FnOnce() -> io::Result<Image>) {
        if self.is(Defect::AnswersBeforeCommit) {
            self.before = image().ok();
        }
    }

    /// Whether the platform moves its checkpoint when a pass begins.
    pub(crate) fn moves_early(&self) -> bool {
        self.is(Defect::MovesCheckpointEarly)
    }

    /// What the platform leaves on its disk.
    pub(crate) fn left_by(&mut self, image: Image) -> Image {
        self.before.take().unwrap_or(image)
    }
}
