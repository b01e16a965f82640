//! The lot's MQTT broker, which the gateway is a client of: one connection a lot, shared by every
//! driver whose devices are reached through it (`docs/EQUIPMENT.md`).
//!
//! `frame` is the wire without I/O, `link` a connection, `worker` the task that owns it. A driver has
//! a [`Line`], by which it speaks and hears. Sessions are clean: nothing that was said while there was
//! no connection comes later, and nothing that could not be sent is sent later. A driver that reads
//! too slowly loses what it does not read, and holds up nobody else.

pub(in crate::devices) mod frame;
pub(crate) mod fuzzed;
mod link;
mod worker;

use std::sync::Arc;

use boshi_protocol::id::LotId;
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::link::SILENT;
use self::worker::Worker;
use super::controller::DeviceDriver;
use super::health::Health;
use super::outfit::{EquipError, Outfit};
use crate::config::{self, Equipment, Topic};

/// Most messages that wait for one driver, each perhaps with a picture; its teller keeps as many.
const MOST_HEARD: usize = 8;

/// Most messages that wait to be sent through one connection: each barrier has one at most, and each
/// camera a few questions.
const MOST_SAID: usize = 64;

/// What a driver hears.
#[derive(Debug)]
pub(in crate::devices) enum Heard {
    /// A message came under a topic of its own.
    Said(Said),
    /// There is a connection, and what is said is heard from now on.
    Up,
    /// The connection is lost, and why.
    Down(String),
}

/// A message under a topic.
#[derive(Clone, Debug)]
pub(in crate::devices) struct Said {
    pub(in crate::devices) topic: String,
    pub(in crate::devices) payload: Bytes,
    /// Whether the broker had kept it: it says nothing of now.
    pub(in crate::devices) retained: bool,
}

/// Why a message was not sent; then it never will be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::devices) enum Unsent {
    /// It has not left at all.
    #[error("{0}")]
    NotAtAll(String),
    /// It may have left.
    #[error("MQTT 连接在发送时中断")]
    Perhaps,
}

/// A message on its way out.
#[derive(Debug)]
struct Letter {
    topic: String,
    payload: Vec<u8>,
    /// Whether the broker is to acknowledge it.
    at_least_once: bool,
    /// After it, it must not leave any more.
    until: Instant,
    left: oneshot::Sender<Result<(), Unsent>>,
}

/// A driver's way to the broker, and back.
#[derive(Debug)]
pub(in crate::devices) struct Line {
    to: mpsc::Sender<Letter>,
    heard: mpsc::Receiver<Said>,
    connection: watch::Receiver<Connection>,
}

/// How the connection is.
#[derive(Clone, Debug)]
enum Connection {
    Up,
    Down(String),
}

/// A driver that hears what comes under its topics.
#[derive(Debug)]
struct Subscriber {
    topics: Vec<Topic>,
    to: mpsc::Sender<Said>,
    /// Whether it has been losing messages.
    sheds: bool,
}

/// The broker of a lot, from outside.
#[derive(Debug)]
struct Broker(Arc<State>);

/// What its worker has found out.
#[derive(Debug)]
struct State {
    config: config::Mqtt,
    health: Health,
}

/// A connection to a broker that is yet to be run, while drivers get their lines.
#[derive(Debug)]
pub(crate) struct Exchange {
    state: Arc<State>,
    to: mpsc::Sender<Letter>,
    letters: mpsc::Receiver<Letter>,
    subscribers: Vec<Subscriber>,
    connection: watch::Sender<Connection>,
}

impl Exchange {
    pub(crate) fn new(lot: &LotId, config: &config::Mqtt) -> Exchange {
        let mut config = config.clone();
        if config.client.is_empty() {
            config.client = format!("boshi-{lot}");
        }
        Exchange::of(config)
    }

    /// One of a client that has a name.
    pub(in crate::devices) fn of(config: config::Mqtt) -> Exchange {
        let (to, letters) = mpsc::channel(MOST_SAID);
        let state = State {
            config,
            health: Health::new(SILENT),
        };
        Exchange {
            state: Arc::new(state),
            to,
            letters,
            subscribers: Vec::new(),
            connection: watch::Sender::new(Connection::Down("尚未连接".to_owned())),
        }
    }

    /// A line for a driver that wants to hear what comes under `topics`.
    pub(in crate::devices) fn line(&mut self, topics: Vec<Topic>) -> Line {
        let (to, heard) = mpsc::channel(MOST_HEARD);
        self.subscribers.push(Subscriber {
            topics,
            to,
            sheds: false,
        });
        Line {
            to: self.to.clone(),
            heard,
            connection: self.connection.subscribe(),
        }
    }

    /// Looks after the connection until nobody has a line any more.
    pub(in crate::devices) async fn serve(self, stop: CancellationToken) {
        self.done().1.run(stop).await;
    }

    /// What shows how it stands, and the task, which is yet to run.
    fn done(self) -> (Broker, Worker) {
        let broker = Broker(Arc::clone(&self.state));
        let worker = Worker::new(self.state, self.letters, self.subscribers, self.connection);
        (broker, worker)
    }
}

/// The connection to the broker, when everybody has a line.
pub(crate) fn equip(outfit: &mut Outfit<'_>) -> Result<(), EquipError> {
    if let Some(exchange) = outfit.exchange.take() {
        let (broker, worker) = exchange.done();
        outfit.has(broker);
        outfit.starts(|it| it.spawn(worker.run(it.stop.clone())));
    }
    Ok(())
}

impl DeviceDriver for Broker {
    fn equipment(&self) -> &dyn Equipment {
        &self.0.config
    }

    fn health(&self) -> &Health {
        &self.0.health
    }

    fn way(&self) -> (&'static str, String) {
        ("mqtt", self.0.config.address.clone())
    }
}

impl Line {
    /// What is heard next; none when the connection is looked after by nobody any more.
    pub(in crate::devices) async fn hear(&mut self) -> Option<Heard> {
        tokio::select! {
            biased;
            changed = self.connection.changed() => {
                changed.ok()?;
                Some(match self.connection.borrow_and_update().clone() {
                    Connection::Up => Heard::Up,
                    Connection::Down(why) => Heard::Down(why),
                })
            }
            said = self.heard.recv() => said.map(Heard::Said),
        }
    }

    /// Sends a message, now or never. It has left when that succeeds, which does not say that anybody
    /// has heard it.
    pub(in crate::devices) async fn say(
        &self,
        topic: String,
        payload: Vec<u8>,
        at_least_once: bool,
        until: Instant,
    ) -> Result<(), Unsent> {
        let (left, has_left) = oneshot::channel();
        let letter = Letter {
            topic,
            payload,
            at_least_once,
            until,
            left,
        };
        let busy = |_| Unsent::NotAtAll("MQTT 待发消息过多".to_owned());
        self.to.try_send(letter).map_err(busy)?;
        has_left.await.unwrap_or(Err(Unsent::Perhaps))
    }
}

impl Subscriber {
    fn wants(&self, topic: &str) -> bool {
        self.topics.iter().any(|it| it.matched(topic).is_some())
    }

    /// Hands something over, unless the driver has too much already; true when that begins.
    fn hand_over(&mut self, said: Said) -> bool {
        let taken = self.to.try_send(said).is_ok();
        let begins = !taken && !self.sheds;
        self.sheds = !taken;
        begins
    }
}
