//! Orders to a barrier behind a connection that a task of its own holds.

use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::Motion;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::controller::CommandError;
use super::relays::{Relays, Step};
use crate::reload::InForce;

/// Most orders that wait for one connection: each barrier behind it has one at most.
const QUEUED: usize = 16;

/// Longest that the answer to an order is awaited: longer than a lane does, so that a late answer
/// is still heard.
const LATE_ANSWER: Duration = Duration::from_secs(10);

/// Pause before a connection that failed is tried again.
const AGAIN: Duration = Duration::from_millis(500);

/// Longest that a task goes on after the gateway was told to stop: as long as a lot may take.
const STOPPING: Duration = Duration::from_secs(5);

/// Works until nobody gives orders any more, and a little longer than `stop` at most.
pub(in crate::devices) async fn until_late(
    work: impl Future<Output = ()>,
    stop: &CancellationToken,
) {
    let late = async {
        stop.cancelled().await;
        tokio::time::sleep(STOPPING).await;
    };
    tokio::select! {
        () = work => {}
        () = late => {}
    }
}

/// What a barrier is to do.
#[derive(Debug)]
pub(in crate::devices) struct Order {
    pub(in crate::devices) barrier: DeviceNo,
    pub(in crate::devices) motion: Motion,
    /// After it, whoever ordered has given the barrier up: it must not move any more.
    pub(in crate::devices) until: Instant,
    pub(in crate::devices) answer: oneshot::Sender<Result<(), CommandError>>,
}

impl Order {
    /// Begins it, unless it is too late or cannot be done; what is to be sent for it.
    pub(in crate::devices) fn begin(
        &self,
        relays: &mut Relays,
        in_force: &InForce,
    ) -> Result<Step, CommandError> {
        let now = Instant::now();
        if self.until <= now || self.answer.is_closed() {
            return Err(CommandError::NotDone("指令已过时".to_owned()));
        }
        let travel = in_force.borrow().timing.travel;
        let step = relays.begin(&self.barrier, self.motion, now, travel);
        step.map_err(CommandError::NotDone)
    }

    /// Says what has come of it; who ordered may have given up.
    pub(in crate::devices) fn ends(self, result: Result<(), CommandError>) {
        let _ = self.answer.send(result);
    }
}

/// Where orders are given; cheap to clone.
#[derive(Clone, Debug)]
pub(in crate::devices) struct Orders {
    to: mpsc::Sender<Order>,
    in_force: InForce,
    who: &'static str,
}

/// Where the task that holds the connection takes them.
#[derive(Debug)]
pub(in crate::devices) struct Ordered {
    from: mpsc::Receiver<Order>,
    who: &'static str,
}

impl Orders {
    /// Both ends; `who` is behind the connection, for people.
    pub(in crate::devices) fn new(who: &'static str, in_force: InForce) -> (Orders, Ordered) {
        let (to, from) = mpsc::channel(QUEUED);
        (Orders { to, in_force, who }, Ordered { from, who })
    }

    /// Has a barrier driven, once.
    pub(in crate::devices) async fn give(
        &self,
        barrier: &DeviceNo,
        motion: Motion,
    ) -> Result<(), CommandError> {
        let who = self.who;
        let (answer, answered) = oneshot::channel();
        let order = Order {
            barrier: barrier.clone(),
            motion,
            until: Instant::now() + self.in_force.borrow().timing.act / 3 * 2,
            answer,
        };
        let sent = self.to.try_send(order);
        sent.map_err(|_| CommandError::NotDone(format!("{who}忙")))?;
        match tokio::time::timeout(LATE_ANSWER, answered).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) => Err(CommandError::Unknown(format!("{who}未应答"))),
        }
    }
}

impl Ordered {
    /// The next order; none when nobody orders any more.
    pub(in crate::devices) async fn next(&mut self) -> Option<Order> {
        self.from.recv().await
    }

    /// Refuses what is ordered until it is time to connect again; false when nobody orders any more.
    pub(in crate::devices) async fn refuse_while_away(&mut self) -> bool {
        let again = Instant::now() + AGAIN;
        loop {
            match tokio::time::timeout_at(again, self.next()).await {
                Err(_) => return true,
                Ok(None) => return false,
                Ok(Some(order)) => {
                    let error = CommandError::NotDone(format!("{}未连接", self.who));
                    // Who ordered may have given up.
                    let _ = order.answer.send(Err(error));
                }
            }
        }
    }
}
