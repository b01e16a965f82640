//! Everything slow that a lot wants done, each beside it, each with its result coming back.

use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::{ActId, Input as LaneInput, Layout, Motion, Position, Side, Sign};
use tokio::sync::{mpsc, watch};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::devices::{Checked, CommandError, Controller, contact};
use crate::display::Display;
use crate::lot::{Input, LaneNo, Push};
use crate::push::Pusher;

/// What stands around a lane.
pub(crate) struct LaneEquipment {
    pub(crate) controller: Controller,
    pub(crate) layout: Layout,
    /// What a check asks for.
    pub(crate) devices: Vec<DeviceNo>,
    pub(crate) displays: Vec<(Side, Display)>,
}

/// Longest that an arm is awaited which has to show that a command was obeyed: longer than a lane
/// waits, so that a slow arm still explains itself.
const SLOWEST_ARM: Duration = Duration::from_secs(10);

/// The world around a lot.
pub(crate) struct Outward {
    lanes: Vec<LaneEquipment>,
    /// Where the arm of each lane was seen last.
    arms: Vec<watch::Sender<Option<Position>>>,
    pusher: Pusher,
    results: mpsc::Sender<Input>,
    tasks: TaskTracker,
}

impl Outward {
    pub(crate) fn new(
        lanes: Vec<LaneEquipment>,
        pusher: Pusher,
        results: mpsc::Sender<Input>,
    ) -> Outward {
        Outward {
            arms: lanes.iter().map(|_| watch::channel(None).0).collect(),
            lanes,
            pusher,
            results,
            tasks: TaskTracker::new(),
        }
    }

    /// Something is about to be told to the lot.
    pub(super) fn notice(&self, input: &Input) {
        match input {
            Input::Lane(lane, LaneInput::BarrierSeen(position)) => {
                self.arms[lane.0].send_replace(Some(*position));
            }
            // What a check says may be older than what the arm has told since.
            Input::Checked { lane, contacts, .. } => {
                let seen = contacts.iter().find_map(|contact| match contact {
                    LaneInput::BarrierSeen(position) => Some(*position),
                    _ => None,
                });
                self.arms[lane.0].send_if_modified(|arm| {
                    let is_news = arm.is_none() && seen.is_some();
                    *arm = arm.or(seen);
                    is_news
                });
            }
            _ => {}
        }
    }

    /// Drives a barrier. When nobody knows whether it moved, nothing comes back: the lane waits for
    /// the arm to show it, as long as it does for any barrier, and says so (OPEN-7).
    pub(super) fn drive(&self, lane: LaneNo, act: ActId, motion: Motion) {
        let equipment = &self.lanes[lane.0];
        let controller = equipment.controller.clone();
        let barrier = equipment.layout.barrier.clone();
        let results = self.results.clone();
        let mut arm = self.arms[lane.0].subscribe();
        self.tasks.spawn(async move {
            let id = Uuid::now_v7().to_string();
            let result = match controller.drive(&id, &barrier, motion).await {
                Ok(()) => Ok(()),
                Err(CommandError::NotDone(reason)) => Err(reason),
                Err(CommandError::Unknown(reason)) => {
                    tracing::warn!(%barrier, reason, "nobody knows whether the barrier moved");
                    return;
                }
                Err(CommandError::Unconfirmed(reason)) => {
                    let wanted = match motion {
                        Motion::Pulse | Motion::Hold => Position::Up,
                        Motion::Release => Position::Down,
                    };
                    let shown = arm.wait_for(|position| *position == Some(wanted));
                    let Ok(Ok(_)) = tokio::time::timeout(SLOWEST_ARM, shown).await else {
                        tracing::warn!(%barrier, reason, "the arm has not shown it");
                        return;
                    };
                    Ok(())
                }
            };
            let done = LaneInput::ActDone { act, result };
            give(&results, Input::Lane(lane, done)).await;
        });
    }

    pub(super) fn push(&self, push: Push) {
        let (pusher, results) = (self.pusher.clone(), self.results.clone());
        self.tasks.spawn(async move {
            let attempt = push.attempt;
            let (outcome, trace) = pusher.push(push).await;
            let pushed = Input::Pushed {
                attempt,
                outcome,
                trace,
            };
            give(&results, pushed).await;
        });
    }

    pub(super) fn show(&self, lane: LaneNo, side: Side, sign: Sign) {
        let mut displays = self.lanes[lane.0].displays.iter();
        if let Some((_, display)) = displays.find(|(of, _)| *of == side) {
            display.sign(sign);
        }
    }

    pub(super) fn check(&self, lane: LaneNo) {
        let equipment = &self.lanes[lane.0];
        let (controller, devices) = (equipment.controller.clone(), equipment.devices.clone());
        let layout = equipment.layout.clone();
        let results = self.results.clone();
        self.tasks.spawn(async move {
            let id = Uuid::now_v7().to_string();
            let Checked { online, state } = controller.check(&id, &devices).await;
            let contacts = state.iter().filter_map(|event| contact(&layout, event));
            let contacts = contacts.collect();
            let checked = Input::Checked {
                lane,
                online,
                contacts,
            };
            give(&results, checked).await;
        });
    }

    /// Whether everything that was begun has ended.
    pub(super) fn is_idle(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Returns when everything that was begun has ended.
    pub(super) async fn ended(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn give(results: &mpsc::Sender<Input>, input: Input) {
    // The lot has stopped: the journal knows what is left to do.
    let _ = results.send(input).await;
}
