//! Everything slow that a lot wants done, each beside it, each with its result coming back.

use std::time::Duration;

use boshi_protocol::delivery::Key;
use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::{ActId, Input as LaneInput, Layout, Motion, Position, Side, Sign};
use futures_util::FutureExt as _;
use tokio::sync::{mpsc, watch};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::handle::Timed;
use crate::clock::Clock;
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
    arms: Vec<watch::Sender<Arm>>,
    pusher: Pusher,
    results: Results,
    tasks: TaskTracker,
}

/// The way by which results come back, each with the moment of it; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Results {
    sender: mpsc::Sender<Timed<Input>>,
    clock: Clock,
}

impl Results {
    pub(super) fn new(sender: mpsc::Sender<Timed<Input>>, clock: Clock) -> Results {
        Results { sender, clock }
    }

    async fn give(&self, it: Input) {
        let at = self.clock.now();
        // The lot has stopped: the journal knows what is left to do.
        let _ = self.sender.send(Timed { at, it }).await;
    }
}

/// The arm of a lane, as the limit switches show it.
#[derive(Clone, Copy, Debug, Default)]
struct Arm {
    position: Option<Position>,
    /// Where it was seen last, though nothing may show it any more.
    latest: Option<Position>,
    /// How often it was told to be elsewhere than before.
    moves: u64,
}

impl Arm {
    fn is_at(&mut self, position: Position) {
        self.moves += u64::from(self.latest != Some(position));
        (self.position, self.latest) = (Some(position), Some(position));
    }
}

impl Outward {
    pub(crate) fn new(lanes: Vec<LaneEquipment>, pusher: Pusher, results: Results) -> Outward {
        Outward {
            arms: lanes.iter().map(|_| watch::Sender::default()).collect(),
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
                self.arms[lane.0].send_modify(|arm| arm.is_at(*position));
            }
            Input::Lane(lane, LaneInput::BarrierUnseen) => {
                self.arms[lane.0].send_modify(|arm| arm.position = None);
            }
            // What a check says may be older than what the arm has told since.
            Input::Checked { lane, contacts, .. } => {
                let seen = contacts.iter().find_map(|contact| match contact {
                    LaneInput::BarrierSeen(position) => Some(*position),
                    _ => None,
                });
                self.arms[lane.0].send_if_modified(|arm| {
                    let is_news = arm.position.is_none() && seen.is_some();
                    arm.position = arm.position.or(seen);
                    arm.latest = arm.latest.or(seen);
                    is_news
                });
            }
            _ => {}
        }
    }

    /// Drives a barrier. When nobody knows whether it moved, nothing comes back until the arm shows it:
    /// the lane waits for that as long as it does for any barrier, and says so (OPEN-7).
    pub(super) fn drive(&self, lane: LaneNo, act: ActId, motion: Motion) {
        let equipment = &self.lanes[lane.0];
        let controller = equipment.controller.clone();
        let barrier = equipment.layout.barrier.clone();
        let results = self.results.clone();
        let arm = self.arms[lane.0].subscribe();
        let moves = arm.borrow().moves;
        let mut driving = Box::pin(async move {
            let id = Uuid::now_v7().to_string();
            let done = controller.drive(&id, &barrier, motion).await;
            let Some(result) = shown(done, arm, moves, motion).await else {
                tracing::warn!(%barrier, ?motion, "nobody knows whether the barrier moved");
                return;
            };
            let done = LaneInput::ActDone { act, result };
            results.give(Input::Lane(lane, done)).await;
        });
        // Begun here, so that a device is told what was decided last after what was decided before.
        if driving.as_mut().now_or_never().is_none() {
            self.tasks.spawn(driving);
        }
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
            results.give(pushed).await;
        });
    }

    /// Reads records that are pushed soon. What cannot be read now is read when it is pushed.
    pub(super) fn fetch(&self, keys: Vec<Key>) {
        let (pusher, results) = (self.pusher.clone(), self.results.clone());
        self.tasks.spawn(async move {
            let letters = pusher.letters(keys).await.unwrap_or_else(|error| {
                tracing::error!(%error, "records that wait to be pushed cannot be read");
                Vec::new()
            });
            results.give(Input::Letters(letters)).await;
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
            results.give(checked).await;
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

/// What came of a drive, by what the device said or the arm shows; `None`: nobody knows.
///
/// Of a command that the device took, an arm that is where it was to go is enough. Of one that it may
/// not have taken only an arm that has moved since is, from `moves` on: it may still be up behind the
/// vehicle before, and be seen so once more by whoever had lost sight of it.
async fn shown(
    done: Result<(), CommandError>,
    mut arm: watch::Receiver<Arm>,
    moves: u64,
    motion: Motion,
) -> Option<Result<(), String>> {
    let is_taken = match done {
        Ok(()) => return Some(Ok(())),
        Err(CommandError::NotDone(reason)) => return Some(Err(reason)),
        Err(CommandError::Unknown(reason)) => {
            tracing::warn!(reason, "a barrier did not say whether it moved");
            false
        }
        Err(CommandError::Unconfirmed(_)) => true,
    };
    let wanted = match motion {
        Motion::Pulse | Motion::Hold => Position::Up,
        Motion::Release => Position::Down,
    };
    let shows = async {
        let is_there = |arm: &Arm| arm.position == Some(wanted);
        let shown = arm.wait_for(|arm| is_there(arm) && (is_taken || arm.moves != moves));
        shown.await.is_ok()
    };
    let shows = tokio::time::timeout(SLOWEST_ARM, shows).await;
    shows.unwrap_or_default().then_some(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UP: Option<Position> = Some(Position::Up);

    /// What a pulse has come to that was answered like this, the arm being up from before and
    /// telling this since.
    async fn pulsed(
        answer: CommandError,
        since: &[Option<Position>],
    ) -> Option<Result<(), String>> {
        let mut up = Arm::default();
        up.is_at(Position::Up);
        let (arm, seen) = watch::channel(up);
        let telling = async {
            for position in since {
                arm.send_modify(|arm| match position {
                    Some(position) => arm.is_at(*position),
                    None => arm.position = None,
                });
                tokio::task::yield_now().await;
            }
            arm.closed().await;
        };
        tokio::select! {
            biased;
            result = shown(Err(answer), seen, up.moves, Motion::Pulse) => result,
            () = telling => unreachable!("it is listened to until the result is there"),
        }
    }

    /// OPEN-7
    #[tokio::test(start_paused = true)]
    async fn an_arm_that_is_still_up_proves_only_a_command_that_was_taken() {
        let unknown = || CommandError::Unknown("超时".into());
        let unconfirmed = || CommandError::Unconfirmed("已收到".into());
        assert_eq!(pulsed(unconfirmed(), &[]).await, Some(Ok(())));
        assert_eq!(pulsed(unknown(), &[]).await, None);
        let down = Some(Position::Down);
        assert_eq!(pulsed(unknown(), &[down]).await, None);
        assert_eq!(pulsed(unknown(), &[None, UP]).await, None);
        let risen = [down, None, UP];
        assert_eq!(pulsed(unknown(), &risen).await, Some(Ok(())));
        let refused = CommandError::NotDone("无电".into());
        assert_eq!(pulsed(refused, &risen).await, Some(Err("无电".into())));
    }
}
