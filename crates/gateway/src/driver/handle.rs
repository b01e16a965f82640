//! How the rest of the gateway reaches a lot.

use std::time::Duration;

use boshi_protocol::code::OpenMode;
use boshi_protocol::delivery::{Depth, Network};
use boshi_protocol::id::{DeviceNo, LotId};
use boshi_protocol::lane::{
    Board, By, CommandId, Done, Input as LaneInput, OpenRefusal, Order, Side,
};
use boshi_protocol::moment::Moment;
use boshi_protocol::plate::Plate;
use jiff::Timestamp;
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::clock::Clock;
use crate::journal::{Command, Entry};
use crate::lot::{DeviceState, Happening, Input, LaneNo, Lot};
use crate::monitor::Counts;

/// Longest wait for a place in a lot's queue; after it the sender is told to come again.
const QUEUE_PATIENCE: Duration = Duration::from_secs(2);

/// The lot is busy or has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the lot is busy or has ended")]
pub(crate) struct Busy;

/// Why a command has no answer of its gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unanswered {
    /// It was not taken: nothing moved.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The lot ended while it was carried out: nobody knows what moved.
    #[error("the lot ended before it answered")]
    Interrupted,
}

/// What the gate says to a command.
pub(crate) type Answered = Result<Done, OpenRefusal>;

/// A command of the platform as it came, to be known again after a restart (D-5).
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// SHA-256 of the request's body.
    pub(crate) digest: [u8; 32],
    /// The recognizer it names.
    pub(crate) device: DeviceNo,
    pub(crate) mode: OpenMode,
    pub(crate) plate: Option<Plate>,
    pub(crate) at: Timestamp,
}

/// Something, and when it happened: a lot may have no time for it for a while, its disk being slow.
#[derive(Debug)]
pub(crate) struct Timed<T> {
    pub(crate) at: Moment,
    pub(crate) it: T,
}

/// What a lot is sent.
pub(crate) enum Message {
    Input {
        input: Input,
        /// Who waits until it is taken and written, if anybody does.
        taken: Option<oneshot::Sender<()>>,
    },
    Command {
        order: Commanded,
        received: Option<Received>,
        answer: oneshot::Sender<Answered>,
    },
    Snapshot {
        answer: oneshot::Sender<Snapshot>,
    },
}

/// What somebody wants of a gate.
pub(crate) enum Commanded {
    Gate {
        lane: LaneNo,
        side: Option<Side>,
        order: Order,
        by: By,
    },
    Typed {
        lane: LaneNo,
        side: Option<Side>,
        plate: Plate,
    },
}

/// A lot as people may see it.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    /// Each lane with its name and gate.
    pub(crate) lanes: Vec<(String, String, Board)>,
    pub(crate) devices: Vec<DeviceState>,
    pub(crate) outbox: Depth,
    pub(crate) network: Network,
    /// Entries that the disk would not take.
    pub(crate) unwritten: usize,
    /// What happened since the start.
    pub(crate) counts: Counts,
    /// When it was so.
    pub(crate) now: Moment,
}

/// A lot, from outside; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Handle {
    messages: mpsc::Sender<Timed<Message>>,
    happenings: broadcast::Sender<Happening>,
    clock: Clock,
}

impl Handle {
    pub(super) fn new(
        messages: mpsc::Sender<Timed<Message>>,
        happenings: broadcast::Sender<Happening>,
        clock: Clock,
    ) -> Handle {
        Handle {
            messages,
            happenings,
            clock,
        }
    }

    /// A lot that nobody drives, but may be watched.
    #[cfg(test)]
    pub(crate) fn of_nobody() -> Handle {
        Handle::new(mpsc::channel(1).0, broadcast::channel(16).0, Clock::start())
    }

    /// Tells the lot of something that happens now; returns when it is taken and written.
    pub(crate) async fn tell(&self, input: Input) -> Result<(), Busy> {
        let answered = self.hand_over(input, self.clock.now()).await?;
        answered.await.map_err(|_| Busy)
    }

    /// Tells the lot of something that happened at that moment; returns when it is going to hear it,
    /// with what is told when it is taken and written.
    pub(crate) async fn hand_over(
        &self,
        input: Input,
        at: Moment,
    ) -> Result<oneshot::Receiver<()>, Busy> {
        let (taken, answered) = oneshot::channel();
        let taken = Some(taken);
        self.send(at, Message::Input { input, taken }).await?;
        Ok(answered)
    }

    /// As [`hand_over`](Handle::hand_over), of something for which nobody waits.
    pub(crate) async fn post(&self, input: Input, at: Moment) -> Result<(), Busy> {
        let taken = None;
        self.send(at, Message::Input { input, taken }).await
    }

    /// The booth commands a gate; returns when the barrier has done it, or will not.
    pub(crate) async fn command(&self, lane: LaneNo, order: Order) -> Result<Answered, Unanswered> {
        let order = Commanded::Gate {
            lane,
            side: None,
            order,
            by: By::Booth,
        };
        self.order(order, None).await
    }

    /// The platform commands a gate; returns when the barrier has done it, or will not (OPEN-7).
    pub(crate) async fn obey(
        &self,
        lane: LaneNo,
        side: Side,
        received: Received,
    ) -> Result<Answered, Unanswered> {
        let order = Commanded::Gate {
            lane,
            side: Some(side),
            order: Order::of(received.mode, received.plate.clone()),
            by: By::Platform,
        };
        self.order(order, Some(received)).await
    }

    /// Types in the plate of the vehicle that waits.
    pub(crate) async fn type_plate(
        &self,
        lane: LaneNo,
        side: Option<Side>,
        plate: Plate,
    ) -> Result<Answered, Unanswered> {
        let order = Commanded::Typed { lane, side, plate };
        self.order(order, None).await
    }

    /// What the lot looks like now.
    pub(crate) async fn snapshot(&self) -> Result<Snapshot, Busy> {
        let (answer, answered) = oneshot::channel();
        let now = self.clock.now();
        self.send(now, Message::Snapshot { answer }).await?;
        answered.await.map_err(|_| Busy)
    }

    /// What happens from now on.
    pub(crate) fn watch(&self) -> broadcast::Receiver<Happening> {
        self.happenings.subscribe()
    }

    /// Tells those who watch of something that does not concern the lot's own state.
    pub(crate) fn announce(&self, happening: Happening) {
        // Nobody may be watching.
        let _ = self.happenings.send(happening);
    }

    async fn order(
        &self,
        order: Commanded,
        received: Option<Received>,
    ) -> Result<Answered, Unanswered> {
        let (answer, answered) = oneshot::channel();
        let message = Message::Command {
            order,
            received,
            answer,
        };
        self.send(self.clock.now(), message).await?;
        answered.await.map_err(|_| Unanswered::Interrupted)
    }

    async fn send(&self, at: Moment, it: Message) -> Result<(), Busy> {
        let message = Timed { at, it };
        let sending = self.messages.send_timeout(message, QUEUE_PATIENCE);
        sending.await.map_err(|_| Busy)
    }
}

impl<T> Timed<T> {
    /// The same moment, of something made of what happened.
    pub(crate) fn map<U>(self, make: impl FnOnce(T) -> U) -> Timed<U> {
        Timed {
            at: self.at,
            it: make(self.it),
        }
    }
}

impl Commanded {
    pub(super) fn into_input(self, command: CommandId) -> (LaneNo, LaneInput) {
        match self {
            Commanded::Gate {
                lane,
                side,
                order,
                by,
            } => (
                lane,
                LaneInput::Command {
                    command,
                    side,
                    order,
                    by,
                },
            ),
            Commanded::Typed { lane, side, plate } => (
                lane,
                LaneInput::TypedPlate {
                    command,
                    side,
                    plate,
                },
            ),
        }
    }
}

impl Received {
    pub(super) fn into_entry(self, lot: LotId) -> Entry {
        Entry::Command(Command {
            lot,
            digest: self.digest,
            device: self.device,
            mode: self.mode.as_str().to_owned(),
            plate: self.plate,
            at: self.at,
        })
    }
}

impl Snapshot {
    pub(super) fn of(lot: &Lot, now: Moment, unwritten: usize, counts: &Counts) -> Snapshot {
        let lanes = lot.boards();
        Snapshot {
            lanes: lanes
                .map(|(name, gate, board)| (name.to_owned(), gate.to_owned(), board))
                .collect(),
            devices: lot.devices(),
            outbox: lot.outbox(),
            network: lot.network(),
            unwritten,
            counts: counts.clone(),
            now,
        }
    }
}
