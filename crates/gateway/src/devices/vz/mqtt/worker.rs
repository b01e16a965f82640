//! The task that hears a camera through the broker, and speaks to it.

use std::sync::Arc;
use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::Position;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::super::rs485::Bytes;
use super::super::{plate_event, reply, taken};
use super::envelope::{self, OUTPUT, SERIAL, Word};
use super::{State, placed};
use crate::config::{Confirm, PulseBy, Topic};
use crate::devices::controller::CommandError;
use crate::devices::event::{ArmEvent, Event, Heartbeat};
use crate::devices::health::BEAT;
use crate::devices::mqtt::{Heard, Line, Said, Unsent};
use crate::devices::order::{Order, Ordered, until_late};
use crate::devices::relays::{Relays, Step};
use crate::devices::teller::Teller;
use crate::reload::InForce;

/// How often it is looked whether an answer is overdue, or the camera is: a small part of what a
/// command may take.
const LOOK: Duration = Duration::from_millis(200);

/// Looks after one camera.
#[derive(Debug)]
pub(crate) struct Worker {
    seen: Arc<State>,
    orders: Ordered,
    serial: mpsc::Receiver<Bytes>,
    line: Line,
    relays: Relays,
    in_force: InForce,
    sent: Vec<Sent>,
    /// Whether it was heard since the connection is there, and not too long ago.
    is_there: bool,
}

/// A command that was sent, and is not answered yet.
#[derive(Debug)]
struct Sent {
    id: String,
    /// Which output of whose it drives, if it does.
    output: Option<(DeviceNo, Step)>,
    until: Instant,
    answer: oneshot::Sender<Result<(), CommandError>>,
    /// What its answer says when the camera took it.
    taken: Result<(), CommandError>,
}

impl Worker {
    pub(super) fn new(
        seen: Arc<State>,
        (orders, serial): (Ordered, mpsc::Receiver<Bytes>),
        line: Line,
        in_force: InForce,
    ) -> Worker {
        let barriers: Vec<_> = seen.config.barrier.iter().map(|it| it.relays()).collect();
        Worker {
            relays: Relays::new(&barriers, PulseBy::Module),
            seen,
            orders,
            serial,
            line,
            in_force,
            sent: Vec::new(),
            is_there: false,
        }
    }

    /// Runs until nobody gives orders any more, and a little longer than `stop` at most.
    pub(crate) async fn run(mut self, teller: Teller, stop: CancellationToken) {
        until_late(self.serve(&teller), &stop).await;
    }

    async fn serve(&mut self, teller: &Teller) {
        let (mut looks, mut beats) = (interval(LOOK), interval(BEAT));
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                order = self.orders.next() => match order {
                    Some(order) => self.obey(order).await,
                    None => return,
                },
                Some(bytes) = self.serial.recv() => self.pass_on(bytes).await,
                _ = looks.tick() => self.look(),
                _ = beats.tick() => if self.is_there {
                    let devices = self.seen.devices();
                    teller.tell(Event::Heartbeat(Heartbeat { devices })).await;
                },
                heard = self.line.hear() => match heard {
                    Some(Heard::Up) => self.lost("与 MQTT 服务器的连接已重建"),
                    Some(Heard::Down(why)) => self.lost(&why),
                    Some(Heard::Said(said)) => self.hear(said, teller).await,
                    None => return,
                },
            }
        }
    }

    /// Whatever was under way is unknown, and the camera has to be heard again.
    fn lost(&mut self, why: &str) {
        for sent in std::mem::take(&mut self.sent) {
            self.is_unknown(sent, why);
        }
        if std::mem::replace(&mut self.is_there, false) && self.seen.health.lost(why) {
            let name = &self.seen.config.name;
            tracing::warn!(name, why, "a camera is not there");
        }
    }

    fn is_unknown(&mut self, sent: Sent, why: &str) {
        if let Some((barrier, step)) = &sent.output {
            self.relays.unknown(barrier, *step, Instant::now());
        }
        // Who ordered may have given up.
        let _ = sent.answer.send(Err(CommandError::Unknown(why.to_owned())));
    }

    /// Commands that nothing answers are unknown, and a camera that says nothing is lost.
    fn look(&mut self) {
        let now = Instant::now();
        let overdue: Vec<Sent> = self.sent.extract_if(.., |it| it.until <= now).collect();
        for sent in overdue {
            self.is_unknown(sent, "相机未及时应答");
        }
        let health = &self.seen.health;
        if self.is_there && !health.answers() {
            self.is_there = false;
            let name = &self.seen.config.name;
            if health.lost("心跳中断") {
                tracing::warn!(name, "a camera says nothing any more");
            }
        }
    }

    async fn hear(&mut self, said: Said, teller: &Teller) {
        let config = &self.seen.config;
        let (up, reply) = (&config.up, &config.reply);
        let own = |topic: &Topic| topic.with("sn", &config.serial);
        let (is_reply, named) = placed(&own(up), &own(reply), &said.topic);
        let heard = match envelope::read(&said.payload, named.as_deref(), is_reply, config.clock) {
            Ok(heard) => heard,
            Err(error) => {
                let why = format!("{}：{error}", said.topic);
                self.seen.health.nonsense(&why, &said.payload);
                tracing::warn!(name = config.name, why, "a camera says what cannot be read");
                return;
            }
        };
        let serial = heard.serial.as_deref();
        if let Some(serial) = serial.filter(|it| !it.eq_ignore_ascii_case(&config.serial)) {
            // Where cameras share a topic, each is heard by all.
            if up.holes().any(|hole| hole == "sn") {
                let why = format!("{}：序列号 {serial} 不是 {}", said.topic, config.serial);
                self.seen.health.faulty(&why);
                tracing::warn!(name = config.name, why, "another camera speaks here");
            }
            return;
        }
        if said.retained {
            return self.kept(heard.word, teller).await;
        }
        match heard.word {
            Word::Beat => self.seen.health.heard_again(),
            _ => self.seen.health.heard(&said.payload),
        }
        if !self.is_there {
            self.is_there = true;
            self.seen.health.connected();
            tracing::info!(name = config.name, "a camera is there");
            self.hold_again().await;
        }
        self.understand(heard.word, teller).await;
    }

    /// What the broker kept is of another time: a reading goes into the history, if it is not there
    /// yet, and never opens; how inputs and gates were is of no use.
    async fn kept(&self, word: Word, teller: &Teller) {
        let config = &self.seen.config;
        if let Word::Plate(mut seen) = word {
            seen.offline = true;
            teller
                .tell(plate_event(&config.name, &config.recognizer, *seen))
                .await;
        } else {
            tracing::debug!(
                name = config.name,
                "a message that the broker kept is left out"
            );
        }
    }

    async fn understand(&mut self, word: Word, teller: &Teller) {
        let config = &self.seen.config;
        match word {
            Word::Plate(seen) => {
                let event = plate_event(&config.name, &config.recognizer, *seen);
                teller.tell(event).await;
            }
            Word::Input { number, level } => {
                if let Some(event) = self.seen.contacts.see(number, level) {
                    teller.tell(event).await;
                }
            }
            Word::Gate { open } => {
                let barrier = config.barrier.as_ref().filter(|_| config.gate_status);
                if let Some(barrier) = barrier {
                    let position = if open { Position::Up } else { Position::Down };
                    let device = barrier.device.clone();
                    teller
                        .tell(Event::Arm(ArmEvent::at(device, position)))
                        .await;
                }
            }
            Word::Serial { port, bytes } => self.seen.rs485.heard(port, bytes),
            Word::Answer { id, refused } => self.answered(&id, refused),
            Word::Beat => {}
            Word::Other(other) => {
                tracing::debug!(name = config.name, other, "a camera says what is of no use");
            }
        }
    }

    /// A command that is answered once more, or too late, waits for nothing any more.
    fn answered(&mut self, id: &str, refused: Option<String>) {
        let Some(place) = self.sent.iter().position(|it| it.id == id) else {
            return;
        };
        let sent = self.sent.swap_remove(place);
        let result = match refused {
            None => sent.taken,
            Some(why) => {
                self.seen.health.faulty(&why);
                if let Some((barrier, step)) = &sent.output {
                    self.relays.refused(barrier, *step);
                }
                Err(CommandError::NotDone(why))
            }
        };
        let _ = sent.answer.send(result);
    }

    async fn obey(&mut self, order: Order) {
        if !self.is_there || !self.seen.health.answers() {
            return order.ends(Err(CommandError::NotDone("相机未连接".to_owned())));
        }
        let begun = self.orders.begin(order, &mut self.relays, &self.in_force);
        let Some((order, step)) = begun else {
            return;
        };
        let until = Instant::now() + self.seen.config.answer;
        match self.say(OUTPUT, &reply::output(step), order.until).await {
            Ok(id) => {
                let confirm = self.seen.config.barrier.as_ref().map(|it| it.confirm);
                self.sent.push(Sent {
                    id,
                    output: Some((order.barrier, step)),
                    until,
                    answer: order.answer,
                    taken: taken(confirm.unwrap_or(Confirm::Arm)),
                });
            }
            Err(Unsent::NotAtAll(why)) => {
                self.relays.refused(&order.barrier, step);
                order.ends(Err(CommandError::NotDone(why)));
            }
            Err(error @ Unsent::Perhaps) => {
                self.relays.unknown(&order.barrier, step, Instant::now());
                order.ends(Err(CommandError::Unknown(error.to_string())));
            }
        }
    }

    /// Bytes for RS485, behind whatever was ordered.
    async fn pass_on(&mut self, bytes: Bytes) {
        let Bytes {
            port,
            bytes,
            until,
            answer,
        } = bytes;
        let body = json!({"interval": 0, "serialData": [reply::serial(port, &bytes)]});
        let unsent = match self.say(SERIAL, &body, until).await {
            Ok(id) => {
                self.sent.push(Sent {
                    id,
                    output: None,
                    until,
                    answer,
                    taken: Ok(()),
                });
                return;
            }
            Err(Unsent::NotAtAll(why)) => CommandError::NotDone(why),
            Err(error @ Unsent::Perhaps) => CommandError::Unknown(error.to_string()),
        };
        // Who wanted them sent may have given up.
        let _ = answer.send(Err(unsent));
    }

    /// Has the camera do something, once, until then or never; the id of that comes back.
    async fn say(&self, name: &str, body: &Value, until: Instant) -> Result<String, Unsent> {
        let config = &self.seen.config;
        // Unlike any other, so that no answer that comes again is taken for that to a later command.
        let id = Uuid::now_v7().simple().to_string();
        let second = Timestamp::now().as_second();
        let command = envelope::command(&id, &config.serial, name, body, second);
        let topic = config.down.with("sn", &config.serial).with("name", name);
        let payload = command.to_string().into_bytes();
        self.seen.health.sent(&payload);
        let at_least_once = config.command_qos > 0;
        let said = self.line.say(topic.filter(), payload, at_least_once, until);
        said.await.map(|()| id)
    }

    /// A hold in force is asserted again: a camera that was not there may have lost its power.
    async fn hold_again(&mut self) {
        let Some(barrier) = self.seen.config.barrier.clone() else {
            return;
        };
        let relay = barrier.hold.unwrap_or(barrier.open);
        let now = Instant::now();
        if !self.relays.found(relay, false, now) {
            return;
        }
        let name = &self.seen.config.name;
        tracing::warn!(name, "a hold is asserted again");
        let until = now + self.seen.config.answer;
        let output = reply::output(Step::Close { relay });
        if let Err(error) = self.say(OUTPUT, &output, until).await {
            tracing::warn!(name, %error, "a hold could not be asserted again");
            // The next word of the camera is another chance.
            self.is_there = false;
        }
    }
}
