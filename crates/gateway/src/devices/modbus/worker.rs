//! The task that owns the connection to a module.

use std::collections::BTreeMap;
use std::sync::Arc;

use boshi_protocol::lane::Motion;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::frame::{Answer, Call};
use super::line::{Line, Link, Turn, When};
use super::lowering::Lowering;
use super::wire::LinkError;
use super::wiring::Wiring;
use crate::config;
use crate::devices::event::{Event, Heartbeat};
use crate::devices::health::{BEAT, Health};
use crate::devices::linked::Seen;
use crate::devices::order::{Order, Ordered, sleep_until, until_late};
use crate::devices::relays::Relays;
use crate::devices::teller::Teller;
use crate::reload::InForce;

/// Looks after one module.
#[derive(Debug)]
pub(crate) struct Worker {
    wiring: Wiring,
    line: Line,
    /// Whether it answered at the last attempt: then it is tried at once.
    was_there: bool,
    seen: Arc<Seen<config::Modbus>>,
    orders: Ordered,
    relays: Relays,
    /// Orders to open a relay of which nobody knows whether they were obeyed: it is told to until it
    /// is open, and then they were.
    releasing: BTreeMap<u16, Order>,
    lowering: Lowering,
    in_force: InForce,
}

/// Why a connection ends.
enum End {
    /// Nobody gives orders any more.
    Over,
    Lost(LinkError),
}

/// What is to be done next.
#[derive(Debug)]
enum Next {
    Order(Option<Order>),
    EndPulse,
    Beat,
    Look,
}

/// Looks, unless something has to be done meanwhile: a look waits for its turn on the line, and a command
/// for the same module does not wait for it. What the module then answers is passed over, and looked
/// for again.
async fn look(
    orders: &mut Ordered,
    end: Option<Instant>,
    link: &mut Link,
    call: Call,
    health: &Health,
) -> Result<Result<Answer, Next>, LinkError> {
    tokio::select! {
        biased;
        answer = link.ask(call, When::InTurn, health) => Ok(Ok(answer?)),
        order = orders.next() => Ok(Err(Next::Order(order))),
        () = sleep_until(end) => Ok(Err(Next::EndPulse)),
    }
}

impl Worker {
    pub(super) fn new(
        seen: Arc<Seen<config::Modbus>>,
        line: Line,
        orders: Ordered,
        in_force: InForce,
    ) -> Worker {
        let wiring = Wiring::of(&seen.config);
        Worker {
            wiring,
            line,
            was_there: true,
            orders,
            relays: Relays::new(&seen.config.barriers, wiring.pulse_by),
            releasing: BTreeMap::new(),
            lowering: Lowering::default(),
            seen,
            in_force,
        }
    }

    /// Runs until nobody gives orders any more, and a little longer than `stop` at most. No relay
    /// that a pulse has closed is left so.
    pub(crate) async fn run(mut self, teller: Teller, stop: CancellationToken) {
        until_late(self.serve(&teller), &stop).await;
        self.end_pulses().await;
    }

    async fn serve(&mut self, teller: &Teller) {
        loop {
            let turn = match self.was_there {
                true => Some(Turn::free()),
                false => {
                    let turn = self.line.turn(self.seen.config.answer);
                    self.orders.refuse_until(turn).await
                }
            };
            let Some(turn) = turn else { return };
            match self.connected(teller, turn).await {
                End::Over => return,
                End::Lost(error) => {
                    if self.seen.health.lost(&error.to_string()) {
                        let (name, address) = (&self.seen.config.name, &self.seen.config.address);
                        tracing::warn!(name, address, %error, "a module is not there");
                    }
                    for event in self.seen.contacts.are_lost() {
                        teller.tell(event).await;
                    }
                }
            }
            if !self.orders.refuse_while_away().await {
                return;
            }
        }
    }

    async fn connected(&mut self, teller: &Teller, turn: Turn) -> End {
        let mut link = self.open();
        match self.comes(&mut link, teller).await {
            Ok(()) => drop(turn),
            Err(error) => {
                self.was_there = false;
                turn.was_in_vain();
                return End::Lost(error);
            }
        }
        self.was_there = true;
        let ended = self.session(&mut link, teller).await;
        self.lowering.is_cut_off();
        match ended {
            Ok(()) => End::Over,
            Err(error) => End::Lost(error),
        }
    }

    /// How everything is, before anything is ordered.
    async fn comes(&mut self, link: &mut Link, teller: &Teller) -> Result<(), LinkError> {
        self.look_at_relays(link).await?;
        self.look_at_inputs(link, teller).await?;
        self.seen.health.connected();
        let (name, address) = (&self.seen.config.name, &self.seen.config.address);
        tracing::info!(name, address, "a module is there");
        Ok(())
    }

    /// Returns when nobody gives orders any more.
    async fn session(&mut self, link: &mut Link, teller: &Teller) -> Result<(), LinkError> {
        let mut looks = interval(self.seen.config.poll);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut beats = interval(BEAT);
        loop {
            let end = self.relays.next_end();
            let mut next = tokio::select! {
                biased;
                order = self.orders.next() => Next::Order(order),
                () = sleep_until(end) => Next::EndPulse,
                // Before the looks: those of a slow module are always due.
                _ = beats.tick() => Next::Beat,
                _ = looks.tick() => Next::Look,
            };
            if matches!(next, Next::Look) {
                let (call, health) = (self.inputs(), &self.seen.health);
                let looked = look(&mut self.orders, end, link, call, health).await?;
                next = match looked {
                    Ok(answer) => {
                        self.take_inputs(answer, teller).await?;
                        while let Some(order) =
                            self.lowering.next(&self.seen.contacts, Instant::now())
                        {
                            self.obey(link, order).await?;
                        }
                        continue;
                    }
                    Err(ahead) => ahead,
                };
            }
            match next {
                Next::Order(Some(order)) => self.take(link, order).await?,
                Next::Order(None) => return Ok(()),
                Next::EndPulse => self.end_pulse(link).await?,
                Next::Beat => self.beat(teller).await,
                Next::Look => {}
            }
        }
    }

    fn open(&self) -> Link {
        Link::new(&self.line, self.wiring.peer, self.seen.config.answer)
    }

    async fn beat(&self, teller: &Teller) {
        let devices = self.seen.devices();
        if !devices.is_empty() {
            teller.tell(Event::Heartbeat(Heartbeat { devices })).await;
        }
    }

    /// After a connection, a relay may be closed that nobody wants so, and a hold be forgotten.
    async fn look_at_relays(&mut self, link: &mut Link) -> Result<(), LinkError> {
        for relay in self.relays.watched() {
            let closed = self.is_closed(link, relay, When::InTurn).await?;
            if closed.is_some_and(|closed| self.relays.found(relay, closed, Instant::now())) {
                tracing::warn!(
                    relay,
                    name = self.seen.config.name,
                    "a hold is asserted again"
                );
                let call = self.wiring.switch(relay, true);
                link.ask(call, When::Ahead, &self.seen.health).await?;
            }
        }
        Ok(())
    }

    /// How a relay is; none when the module does not say.
    async fn is_closed(
        &self,
        link: &mut Link,
        relay: u16,
        when: When,
    ) -> Result<Option<bool>, LinkError> {
        let call = self.wiring.look(relay);
        Ok(match link.ask(call, when, &self.seen.health).await? {
            Answer::Bits(bits) => bits.first().copied(),
            Answer::Written | Answer::Exception(_) => None,
        })
    }

    async fn look_at_inputs(&mut self, link: &mut Link, teller: &Teller) -> Result<(), LinkError> {
        let call = self.inputs();
        let answer = link.ask(call, When::InTurn, &self.seen.health).await?;
        self.take_inputs(answer, teller).await
    }

    /// What is asked for the inputs. A module without any is looked at all the same, to know that it is
    /// there.
    fn inputs(&self) -> Call {
        let highest = self.seen.config.inputs.iter().map(|it| it.number).max();
        match highest {
            Some(count) => self.wiring.inputs(count),
            None => self.wiring.look(1),
        }
    }

    async fn take_inputs(&self, answer: Answer, teller: &Teller) -> Result<(), LinkError> {
        let levels = match answer {
            Answer::Bits(levels) => levels,
            Answer::Written => return Ok(()),
            Answer::Exception(code) => {
                let error = std::io::Error::other(format!("模块拒绝读取输入，异常码 {code:02}"));
                return Err(LinkError::Broken(error));
            }
        };
        // Of a module without inputs nothing is wired.
        for event in self.seen.contacts.see_all(&levels) {
            teller.tell(event).await;
        }
        Ok(())
    }

    /// Begins an order, or has it wait for a look under the arm.
    async fn take(&mut self, link: &mut Link, order: Order) -> Result<(), LinkError> {
        self.lowering.is_overtaken_by(&order);
        if order.motion == Motion::Release && self.relays.lowers(&order.barrier) {
            self.lowering.waits(order);
            return Ok(());
        }
        self.obey(link, order).await
    }

    async fn end_pulse(&mut self, link: &mut Link) -> Result<(), LinkError> {
        let Some(relay) = self.relays.ending(Instant::now()) else {
            return Ok(());
        };
        let call = self.wiring.switch(relay, false);
        match link.ask(call, When::Ahead, &self.seen.health).await? {
            Answer::Written => self.is_open(relay),
            Answer::Exception(_) | Answer::Bits(_) => {
                self.relays.not_opened(relay, Instant::now());
            }
        }
        Ok(())
    }

    /// The last thing that is done.
    async fn end_pulses(&mut self) {
        let closed = self.relays.all_endings();
        if closed.is_empty() {
            return;
        }
        let ending = async {
            let mut link = self.open();
            for relay in closed {
                let call: Call = self.wiring.switch(relay, false);
                link.ask(call, When::Ahead, &self.seen.health).await?;
            }
            Ok::<(), LinkError>(())
        };
        if let Err(error) = ending.await {
            tracing::error!(%error, name = self.seen.config.name, "a relay may have stayed closed");
        }
    }
}

mod switching;
#[cfg(test)]
mod tests;
