//! The task that calls a camera to open, to keep open, and to close.

use std::sync::Arc;
use std::time::Duration;

use boshi_protocol::lane::Motion;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{State, message};
use crate::config::{Confirm, PulseBy};
use crate::devices::caller::{Answer, Call, CallError, Caller};
use crate::devices::controller::CommandError;
use crate::devices::order::{Order, Ordered, until_late};
use crate::devices::relays::{Relays, SETTLED, Step};
use crate::devices::unheld;
use crate::reload::InForce;

/// How long after a hold another one shows that it was none: the arm was not seen up, or came down again.
/// Longer than a lane waits for the arm (`act`) and until it holds again in a fire (`fire_reassert`), or
/// than an arm that was lifted once stays up.
const DISPROVED: Duration = Duration::from_secs(60);

/// Looks after one camera.
#[derive(Debug)]
pub(crate) struct Worker {
    seen: Arc<State>,
    caller: Caller,
    orders: Ordered,
    relays: Relays,
    in_force: InForce,
    /// When it took the word to keep the arm up, if it was told nothing else since.
    held: Option<Instant>,
}

impl Worker {
    pub(super) fn new(
        seen: Arc<State>,
        caller: Caller,
        orders: Ordered,
        in_force: InForce,
    ) -> Worker {
        let barriers: Vec<_> = seen.config.barrier.iter().map(|it| it.relays()).collect();
        Worker {
            relays: Relays::new(&barriers, PulseBy::Module),
            seen,
            caller,
            orders,
            in_force,
            held: None,
        }
    }

    /// Runs until nobody gives orders any more, and a little longer than `stop` at most.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let serving = async {
            while let Some(order) = self.orders.next().await {
                self.obey(order).await;
            }
        };
        until_late(serving, &stop).await;
    }

    async fn obey(&mut self, order: Order) {
        let begun = self.orders.begin(order, &mut self.relays, &self.in_force);
        let Some((order, step)) = begun else {
            return;
        };
        let held = self.held.take();
        let result = match step {
            Step::Close { .. } => self.hold(&order, step, held).await,
            Step::Pulse { .. } | Step::Open { .. } => self.tell(&order, step).await,
        };
        order.ends(result);
    }

    /// Has the arm kept up, by a word of which nobody knows that it does that.
    async fn hold(
        &mut self,
        order: &Order,
        step: Step,
        held: Option<Instant>,
    ) -> Result<(), CommandError> {
        if let Some(held) = held.filter(|held| held.elapsed() < DISPROVED) {
            // Some barriers reverse when they are told again while they move.
            let travelled = held + self.in_force.borrow().timing.travel;
            if order.until <= travelled {
                self.held = Some(held);
                let why = "道闸正在起落，不再次抬杆".to_owned();
                return Err(CommandError::NotDone(why));
            }
            tokio::time::sleep_until(travelled).await;
            let why = "道闸没有因上次的指令保持抬起".to_owned();
            return Err(self.lift_at_least(order, why).await);
        }
        let told = self.tell(order, step).await;
        if let Err(CommandError::NotDone(why)) = told {
            return Err(self.lift_at_least(order, why).await);
        }
        self.held = Some(Instant::now());
        told
    }

    /// A camera that does not keep the arm up lifts it at least, while the order stands: a lane that has to
    /// hold in a fire says so again and again.
    async fn lift_at_least(&mut self, order: &Order, why: String) -> CommandError {
        let travel = self.in_force.borrow().timing.travel;
        let (barrier, now) = (&order.barrier, Instant::now());
        // Nothing is held, whatever it was told.
        let released = self.relays.begin(barrier, Motion::Release, now, travel);
        let pulse = |_| self.relays.begin(barrier, Motion::Pulse, now, travel);
        let begun = released.and_then(pulse);
        let pulse = match begun {
            Ok(step) => self.tell(order, step).await,
            Err(refusal) => Err(CommandError::NotDone(refusal.why())),
        };
        let lifted = unheld::lifted(pulse);
        CommandError::NotDone(format!("常开未执行（{why}），{lifted}"))
    }

    /// Tells the camera what to do, once. That it says OK does not prove that the arm moved. An arm that
    /// nobody has held is not closed: it is up for somebody (OPEN-2).
    async fn tell(&mut self, order: &Order, step: Step) -> Result<(), CommandError> {
        let Some(barrier) = &self.seen.config.barrier else {
            return Err(CommandError::NotDone("此相机没有道闸".to_owned()));
        };
        let confirm = barrier.confirm;
        let (path, closes) = match step {
            Step::Pulse { .. } => (message::open_path(barrier.channel), false),
            Step::Close { .. } => (message::hold_path(barrier.channel), false),
            Step::Open { .. } => (message::CLOSE_PATH.to_owned(), true),
        };
        if closes && !self.relays.is_to_lower(&order.barrier) {
            return Ok(());
        }
        self.seen.health.sent(path.as_bytes());
        let call = if closes {
            Call::Post(&path, message::CLOSE_BODY)
        } else {
            Call::Get(&path)
        };
        let answer = self.caller.tell(call, order.until).await;
        let taken = answer.and_then(|answer| is_taken(&answer, closes));
        if let Err(error) = &taken {
            self.seen.health.faulty(&error.to_string());
        }
        if taken.is_ok() {
            self.relays.is_lowered(&order.barrier);
        }
        match taken {
            Ok(()) if confirm == Confirm::Taken => Ok(()),
            Ok(()) => {
                let why = "相机已执行，等待到位信号证实".to_owned();
                Err(CommandError::Unconfirmed(why))
            }
            Err(CallError::NotHeard(why)) => {
                self.relays.refused(&order.barrier, step);
                Err(CommandError::NotDone(why))
            }
            Err(CallError::Unknown(why)) => {
                // The arm may still show it.
                let settled = Instant::now() + SETTLED;
                self.relays.unknown(&order.barrier, step, settled);
                Err(CommandError::Unknown(why))
            }
        }
    }
}

/// What is not well answered has not happened.
fn is_taken(answer: &Answer, closes: bool) -> Result<(), CallError> {
    let taken = if closes {
        message::closed(answer.status, &answer.body)
    } else {
        message::taken(answer.status, &answer.body)
    };
    taken.map_err(CallError::NotHeard)
}
