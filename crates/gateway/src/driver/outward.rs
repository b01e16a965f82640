//! Everything slow that a lot wants done, each beside it, each with its result coming back.

use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::{ActId, Input as LaneInput, Layout, Motion, Side, Sign};
use tokio::sync::mpsc;
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

/// The world around a lot.
pub(crate) struct Outward {
    lanes: Vec<LaneEquipment>,
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
            lanes,
            pusher,
            results,
            tasks: TaskTracker::new(),
        }
    }

    /// Drives a barrier. When nobody knows whether it moved, nothing comes back: the lane waits as
    /// long as it does for any barrier, and says so (OPEN-7).
    pub(super) fn drive(&self, lane: LaneNo, act: ActId, motion: Motion) {
        let equipment = &self.lanes[lane.0];
        let controller = equipment.controller.clone();
        let barrier = equipment.layout.barrier.clone();
        let results = self.results.clone();
        self.tasks.spawn(async move {
            let id = Uuid::now_v7().to_string();
            let result = match controller.drive(&id, &barrier, motion).await {
                Ok(()) => Ok(()),
                Err(CommandError::NotDone(reason)) => Err(reason),
                Err(CommandError::Unknown(reason)) => {
                    tracing::warn!(%barrier, reason, "nobody knows whether the barrier moved");
                    return;
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
