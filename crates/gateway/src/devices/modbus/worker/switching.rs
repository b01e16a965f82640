//! What relays are told, once each, and what came of it (OPEN-7).

use boshi_protocol::id::DeviceNo;
use tokio::time::Instant;

use super::Worker;
use crate::devices::controller::CommandError;
use crate::devices::modbus::frame::Answer;
use crate::devices::modbus::line::{Link, When};
use crate::devices::modbus::wire::LinkError;
use crate::devices::order::Order;
use crate::devices::relays::Step;

impl Worker {
    /// Has an order carried out; an error when the connection is lost.
    pub(super) async fn obey(&mut self, link: &mut Link, order: Order) -> Result<(), LinkError> {
        let begun = self.orders.begin(order, &mut self.relays, &self.in_force);
        let Some((order, step)) = begun else {
            return Ok(());
        };
        if step.closes() {
            // Whoever ordered it to be opened has changed their mind.
            self.releasing.remove(&step.relay());
        }
        let (mut result, mut ended) = self.switch(link, &order, step).await;
        let mut latest = step;
        if result.is_ok() && !step.closes() {
            self.is_open(step.relay());
            if let Some(lowers) = self.relays.lower(&order.barrier, Instant::now()) {
                latest = lowers;
                (result, ended) = match ended {
                    Ok(()) => self.switch(link, &order, lowers).await,
                    Err(error) => (self.unsent(&order.barrier, lowers, &error), Err(error)),
                };
            }
        }
        if let Err(CommandError::Unknown(_)) = result {
            if !latest.closes() {
                self.releasing.insert(latest.relay(), order);
                return ended;
            }
            let now = Instant::now();
            self.relays.unknown(&order.barrier, latest, now);
        }
        order.ends(result);
        ended
    }

    /// Has a relay switched, once: what came of it, and whether the connection goes on.
    async fn switch(
        &mut self,
        link: &mut Link,
        order: &Order,
        step: Step,
    ) -> (Result<(), CommandError>, Result<(), LinkError>) {
        let call = match step {
            Step::Pulse { relay, length } => self.wiring.pulse(relay, length),
            Step::Close { relay } | Step::Open { relay } => {
                self.wiring.switch(relay, step.closes())
            }
        };
        let when = When::Until(order.until);
        match link.ask(call, when, &self.seen.health).await {
            Ok(answer) => (self.took(&order.barrier, step, &answer), Ok(())),
            Err(error) if error.is_unsent() => {
                let result = self.unsent(&order.barrier, step, &error);
                // That its time was up says nothing of the module.
                let ended = match error {
                    LinkError::TooLate => Ok(()),
                    error => Err(error),
                };
                (result, ended)
            }
            Err(error) => (self.read_back(step, &error).await, Err(error)),
        }
    }

    /// A step never left: nothing has changed by it.
    fn unsent(
        &mut self,
        barrier: &DeviceNo,
        step: Step,
        error: &LinkError,
    ) -> Result<(), CommandError> {
        self.relays.refused(barrier, step);
        Err(CommandError::NotDone(format!("继电器模块{error}")))
    }

    fn took(
        &mut self,
        barrier: &DeviceNo,
        step: Step,
        answer: &Answer,
    ) -> Result<(), CommandError> {
        match answer {
            Answer::Written => Ok(()),
            Answer::Exception(code) => {
                self.relays.refused(barrier, step);
                let why = format!("继电器模块拒绝，异常码 {code:02}");
                Err(CommandError::NotDone(why))
            }
            Answer::Bits(_) => Err(CommandError::Unknown("继电器模块答非所问".to_owned())),
        }
    }

    /// Nobody answered: the relay itself is asked how it is, over a connection of its own. It is
    /// never told again; one that is not as wanted may have been so, or may still become so.
    async fn read_back(&self, step: Step, error: &LinkError) -> Result<(), CommandError> {
        let mut link = self.open();
        match self.is_closed(&mut link, step.relay(), When::Ahead).await {
            Ok(Some(closed)) if closed == step.closes() => Ok(()),
            Ok(Some(_) | None) | Err(_) => {
                let why = format!("继电器模块{error}，回读未能证实");
                Err(CommandError::Unknown(why))
            }
        }
    }

    /// A relay is open, as whoever waits for it is told.
    pub(super) fn is_open(&mut self, relay: u16) {
        self.relays.opened(relay);
        if let Some(order) = self.releasing.remove(&relay) {
            order.ends(Ok(()));
        }
    }
}
