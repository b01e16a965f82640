//! What a driver tells of its devices, handed to the lot in order, each until it is taken.
//!
//! What comes with pictures goes by itself: while one is being kept, a loop is heard.

use std::sync::Arc;
use std::time::Duration;

use boshi_protocol::id::LotId;
use boshi_protocol::moment::Moment;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::event::Event;
use super::intake::{Intake, Untaken};
use super::receipt::Receipt;
use crate::clock::Clock;

/// Pause before an event that the lot could not take is offered again.
const AGAIN: Duration = Duration::from_millis(200);

/// How many events of one driver wait for the lot at most; a driver that has more waits itself.
/// Each may have a picture of some megabytes.
const EVENTS_QUEUED: usize = 16;

/// Where a driver puts its events; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Teller {
    pictured: mpsc::Sender<Told>,
    others: mpsc::Sender<Told>,
    clock: Clock,
}

/// An event, when it was told, and who waits until it is taken, if anybody does.
#[derive(Debug)]
struct Told {
    event: Event,
    at: Moment,
    taken: Option<oneshot::Sender<Result<Receipt, Untaken>>>,
}

impl Teller {
    /// A teller, and its task, which is yet to run.
    pub(crate) fn new(
        intake: Arc<Intake>,
        lot: LotId,
        stop: CancellationToken,
    ) -> (Teller, impl Future<Output = ()> + Send + 'static) {
        let (pictured, with_pictures) = mpsc::channel(EVENTS_QUEUED);
        let (others, without) = mpsc::channel(EVENTS_QUEUED);
        let clock = intake.clock.clone();
        let task = async move {
            let telling = async {
                tokio::join!(
                    hand_over(&intake, &lot, with_pictures),
                    hand_over(&intake, &lot, without)
                )
            };
            stop.run_until_cancelled(telling).await;
        };
        let teller = Teller {
            pictured,
            others,
            clock,
        };
        (teller, task)
    }

    /// Tells an event, after those of its kind that were told before.
    pub(crate) async fn tell(&self, event: Event) {
        // Nobody listens any more: the gateway is stopping.
        let _ = self.put(event, None).await;
    }

    /// As [`tell`](Teller::tell), and waits until it is taken; later means never by this run, which is
    /// stopping. It is taken also if nobody waits any more.
    pub(crate) async fn tell_whole(&self, event: Event) -> Result<(), Untaken> {
        let (taken, answer) = oneshot::channel();
        let taken = Some(taken);
        self.put(event, taken).await.map_err(|_| Untaken::Later)?;
        let receipt = answer.await.map_err(|_| Untaken::Later)??;
        receipt.written().await.map_err(|_| Untaken::Later)
    }

    /// It counts from now on, however long the lot has no time for it.
    async fn put(
        &self,
        event: Event,
        taken: Option<oneshot::Sender<Result<Receipt, Untaken>>>,
    ) -> Result<(), mpsc::error::SendError<Told>> {
        let at = self.clock.now();
        let to = match &event {
            Event::Plate(_) | Event::Place(_) => &self.pictured,
            _ => &self.others,
        };
        to.send(Told { event, at, taken }).await
    }
}

async fn hand_over(intake: &Intake, lot: &LotId, mut waiting: mpsc::Receiver<Told>) {
    while let Some(Told { event, at, taken }) = waiting.recv().await {
        let result = loop {
            match intake.told(lot, event.clone(), at).await {
                Ok(receipt) => break Ok(receipt),
                Err(Untaken::Never(why)) => {
                    tracing::error!(%lot, why, "a driver told what no lane can take");
                    break Err(Untaken::Never(why));
                }
                Err(Untaken::Later) => tokio::time::sleep(AGAIN).await,
            }
        };
        if let Some(taken) = taken {
            // Who told may have gone.
            let _ = taken.send(result);
        }
    }
}
