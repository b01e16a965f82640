//! The task that asks a camera and tells it: its inputs and the state of its barrier in turns, and
//! every order.

use std::sync::Arc;

use boshi_protocol::lane::Position;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::isapi::{self, GateStatus};
use super::{State, unconfirmed};
use crate::config::{Confirm, HikBarrier, PulseBy};
use crate::devices::caller::{Answer, Call, CallError, Caller};
use crate::devices::controller::CommandError;
use crate::devices::event::{ArmEvent, Event, Heartbeat};
use crate::devices::health::BEAT;
use crate::devices::order::{Order, Ordered, until_late};
use crate::devices::relays::{Relays, SETTLED, Step};
use crate::devices::teller::Teller;
use crate::reload::InForce;

/// How many questions in a row may fail before a camera is lost.
const MISSES: u32 = 3;

/// Looks after one camera.
#[derive(Debug)]
pub(crate) struct Worker {
    seen: Arc<State>,
    caller: Caller,
    orders: Ordered,
    relays: Relays,
    in_force: InForce,
    /// The end that the arm was told to be at last.
    arm: Option<Position>,
    misses: u32,
}

/// Something that is asked for again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Input(u16),
    Gate(u16),
    Alive,
}

/// Why a camera is lost.
enum End {
    /// Nobody gives orders any more.
    Over,
    Lost(String),
}

impl Worker {
    pub(super) fn new(
        seen: Arc<State>,
        caller: Caller,
        orders: Ordered,
        in_force: InForce,
    ) -> Worker {
        let barriers: Vec<_> = seen.config.barrier.iter().map(HikBarrier::relays).collect();
        Worker {
            relays: Relays::new(&barriers, PulseBy::Module),
            seen,
            caller,
            orders,
            in_force,
            arm: None,
            misses: 0,
        }
    }

    /// Runs until nobody gives orders any more, and a little longer than `stop` at most.
    pub(crate) async fn run(mut self, teller: Teller, stop: CancellationToken) {
        until_late(self.serve(&teller), &stop).await;
    }

    async fn serve(&mut self, teller: &Teller) {
        loop {
            match self.there(teller).await {
                End::Over => return,
                End::Lost(why) => {
                    self.arm = None;
                    self.seen.unreachable();
                    if self.seen.health.lost(&why) {
                        let config = &self.seen.config;
                        let (name, address) = (&config.name, &config.address);
                        tracing::warn!(name, address, why, "a camera is not there");
                    }
                }
            }
            if !self.orders.refuse_while_away().await {
                return;
            }
        }
    }

    async fn there(&mut self, teller: &Teller) -> End {
        if let Err(why) = self.introduce().await {
            return End::Lost(why);
        }
        self.misses = 0;
        let looks = self.looks();
        let mut ticks = interval(self.seen.config.asks());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut beats, mut next) = (interval(BEAT), 0);
        loop {
            tokio::select! {
                biased;
                order = self.orders.next() => match order {
                    Some(order) => self.obey(order).await,
                    None => return End::Over,
                },
                _ = beats.tick() => self.beat(teller).await,
                input = self.seen.nudged() => {
                    if let Err(why) = self.look(Look::Input(input), teller).await {
                        return End::Lost(why);
                    }
                }
                _ = ticks.tick() => {
                    let look = looks[next % looks.len()];
                    next += 1;
                    if let Err(why) = self.look(look, teller).await {
                        return End::Lost(why);
                    }
                }
            }
        }
    }

    /// It is the right camera; a hold in force is asserted again, since it may have lost its power.
    async fn introduce(&mut self) -> Result<(), String> {
        let answer = self.ask(isapi::DEVICE_INFO).await;
        let answer = answer.map_err(|error| error.to_string())?;
        let info = match answer.status {
            200 => isapi::device_info(&answer.body)?,
            status => return Err(isapi::refusal(&format!("HTTP {status}"), None)),
        };
        let config = &self.seen.config;
        if let Some(expected) = &config.serial {
            let serial = info.serial.as_deref().unwrap_or_default();
            if !serial.eq_ignore_ascii_case(expected) {
                return Err(format!("序列号 {serial:?} 不是 {expected:?}"));
            }
        }
        self.seen.reachable();
        self.seen.health.connected();
        self.seen.health.heard(&answer.body);
        let (name, address) = (&config.name, &config.address);
        let (model, firmware) = (info.model, info.firmware);
        tracing::info!(name, address, ?model, ?firmware, "a camera is there");
        self.hold_again().await;
        Ok(())
    }

    async fn hold_again(&mut self) {
        let Some(barrier) = self.seen.config.barrier.clone() else {
            return;
        };
        let relay = barrier.relays().open;
        if !self.relays.found(relay, false, Instant::now()) {
            return;
        }
        let name = &self.seen.config.name;
        tracing::warn!(name, "a hold is asserted again");
        let step = Step::Close { relay };
        let until = Instant::now() + self.seen.config.answer;
        match self.tell(&barrier, step, until).await {
            Ok(()) | Err(CommandError::Unconfirmed(_)) => {}
            Err(CommandError::NotDone(why) | CommandError::Unknown(why)) => {
                let name = &self.seen.config.name;
                tracing::error!(name, why, "a hold may not be in force");
            }
        }
    }

    fn looks(&self) -> Vec<Look> {
        let config = &self.seen.config;
        let inputs = config.inputs.iter().map(|it| Look::Input(it.number));
        let gates = config.barrier.iter().filter(|it| it.status);
        let gates = gates.map(|it| Look::Gate(it.channel));
        let looks: Vec<Look> = inputs.chain(gates).collect();
        if looks.is_empty() {
            vec![Look::Alive]
        } else {
            looks
        }
    }

    /// Looks at one thing. What the camera refuses or cannot say is a fault, and no loss of it.
    async fn look(&mut self, look: Look, teller: &Teller) -> Result<(), String> {
        let path = match look {
            Look::Input(number) => isapi::input_path(number),
            Look::Gate(channel) => isapi::gate_path(channel),
            Look::Alive => isapi::DEVICE_INFO.to_owned(),
        };
        let answer = match self.ask(&path).await {
            Ok(answer) => answer,
            Err(error) => {
                self.misses += 1;
                let why = error.to_string();
                self.seen.health.faulty(&why);
                return if self.misses < MISSES {
                    Ok(())
                } else {
                    Err(why)
                };
            }
        };
        self.misses = 0;
        self.seen.reachable();
        self.seen.health.heard_again();
        let told = if answer.status == 200 {
            self.told(look, &answer.body)
        } else {
            Err(isapi::refusal(
                &format!("HTTP {} {path}", answer.status),
                None,
            ))
        };
        match told {
            Ok(Some(event)) => teller.tell(event).await,
            Ok(None) => {}
            Err(why) => self.seen.complains(&why),
        }
        Ok(())
    }

    /// What an answer is worth telling.
    fn told(&mut self, look: Look, body: &[u8]) -> Result<Option<Event>, String> {
        match look {
            Look::Input(number) => Ok(self.seen.contacts.see(number, isapi::level(body)?)),
            Look::Gate(_) => match isapi::gate_status(body)? {
                GateStatus::NoSignal => {
                    self.seen.gate_is(None);
                    self.seen.complains("相机没有道闸的到位信号");
                    let barrier = self.seen.config.barrier.as_ref();
                    let lost = barrier.zip(self.arm.take());
                    Ok(lost.map(|(barrier, position)| {
                        Event::Arm(ArmEvent::unseen_since(barrier.device.clone(), position))
                    }))
                }
                GateStatus::At(position) => Ok(self.arm_at(position)),
            },
            Look::Alive => isapi::device_info(body).map(|_| None),
        }
    }

    fn arm_at(&mut self, position: Position) -> Option<Event> {
        self.seen.gate_is(Some(position));
        if self.arm == Some(position) {
            return None;
        }
        self.arm = Some(position);
        let device = self.seen.config.barrier.as_ref()?.device.clone();
        Some(Event::Arm(ArmEvent::at(device, position)))
    }

    async fn ask(&mut self, path: &str) -> Result<Answer, CallError> {
        self.seen.health.asked();
        self.caller.get(path).await
    }

    async fn beat(&self, teller: &Teller) {
        let devices = self.seen.answering();
        teller.tell(Event::Heartbeat(Heartbeat { devices })).await;
    }

    async fn obey(&mut self, order: Order) {
        let barrier = self.seen.config.barrier.clone();
        let Some(barrier) = barrier.filter(|it| it.device == order.barrier) else {
            let other = format!("{} 没有接在此相机上", order.barrier);
            return order.ends(Err(CommandError::NotDone(other)));
        };
        let begun = self.orders.begin(order, &mut self.relays, &self.in_force);
        let Some((order, step)) = begun else {
            return;
        };
        let result = self.tell(&barrier, step, order.until).await;
        order.ends(result);
    }

    /// Tells a step, each of its commands once. From the first one on that may have been heard, only
    /// the barrier's own state can say what has come of it.
    async fn tell(
        &mut self,
        barrier: &HikBarrier,
        step: Step,
        until: Instant,
    ) -> Result<(), CommandError> {
        let mut until = until;
        let was_held = self.relays.is_to_lower(&barrier.device);
        let commands = isapi::commands(barrier, step, was_held);
        for (place, command) in commands.iter().enumerate() {
            self.seen.health.sent(command.shown().as_bytes());
            let call = Call::Put(&command.path, &command.body);
            let why = match self.caller.tell(call, until).await {
                Ok(answer) => {
                    self.seen.health.heard(&answer.body);
                    match isapi::taken(answer.status, &answer.body) {
                        Ok(()) => {
                            // The rest belongs to it.
                            until += self.seen.config.answer;
                            continue;
                        }
                        Err(why) => CallError::NotHeard(why),
                    }
                }
                Err(error) => error,
            };
            self.seen.health.faulty(&why.to_string());
            return Err(self.failed(barrier, step, why, place == 0));
        }
        self.relays.is_lowered(&barrier.device);
        match barrier.confirm {
            // Where nothing was held, the arm may be where it is to be.
            _ if matches!(step, Step::Open { .. }) && !was_held => Ok(()),
            Confirm::Taken => Ok(()),
            Confirm::Arm => Err(unconfirmed("相机已执行")),
        }
    }

    /// What it means that a command of a step, perhaps its first, did not succeed.
    fn failed(
        &mut self,
        barrier: &HikBarrier,
        step: Step,
        why: CallError,
        is_first: bool,
    ) -> CommandError {
        let now = Instant::now();
        let (settled, error) = match why {
            CallError::NotHeard(why) if is_first => {
                self.relays.refused(&barrier.device, step);
                return CommandError::NotDone(why);
            }
            CallError::NotHeard(why) => {
                let why = format!("只完成了一部分：{why}");
                (now, CommandError::Unknown(why))
            }
            // The arm may still show it.
            CallError::Unknown(why) if barrier.status || barrier.confirm == Confirm::Arm => {
                (now + SETTLED, CommandError::Unknown(why))
            }
            CallError::Unknown(why) => (now, CommandError::Unknown(why)),
        };
        self.relays.unknown(&barrier.device, step, settled);
        error
    }
}
