//! The task that calls a camera to open.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{State, message};
use crate::config::{Confirm, PulseBy};
use crate::devices::caller::{Call, CallError, Caller};
use crate::devices::controller::CommandError;
use crate::devices::order::{Order, Ordered, until_late};
use crate::devices::relays::{Relays, Step};
use crate::reload::InForce;

/// Looks after one camera.
#[derive(Debug)]
pub(crate) struct Worker {
    seen: Arc<State>,
    caller: Caller,
    orders: Ordered,
    relays: Relays,
    in_force: InForce,
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
        let result = self.tell(&order, step).await;
        order.ends(result);
    }

    /// Tells the camera to open, once. That it says OK does not prove that the arm moved.
    async fn tell(&mut self, order: &Order, step: Step) -> Result<(), CommandError> {
        let Some(barrier) = &self.seen.config.barrier else {
            return Err(CommandError::NotDone("此相机没有道闸".to_owned()));
        };
        let confirm = barrier.confirm;
        let path = message::open_path(barrier.channel);
        self.seen.health.sent(path.as_bytes());
        let answer = self.caller.tell(Call::Get(&path), order.until).await;
        let taken = answer.and_then(|answer| {
            message::taken(answer.status, &answer.body).map_err(CallError::NotHeard)
        });
        if let Err(error) = &taken {
            self.seen.health.faulty(&error.to_string());
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
            Err(CallError::Unknown(why)) => Err(CommandError::Unknown(why)),
        }
    }
}
