//! The task that owns the connection to a broker.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};
use tokio_util::sync::CancellationToken;

use super::frame::{self, Message, Packet};
use super::link::{End, Link, PING, SILENT};
use super::{Connection, Letter, Said, State, Subscriber, Unsent};
use crate::config::Topic;
use crate::devices::order::until_late;

/// Pause before a connection that failed is tried again.
const AGAIN: Duration = Duration::from_millis(500);

/// Looks after the connection to one broker.
#[derive(Debug)]
pub(crate) struct Worker {
    state: Arc<State>,
    letters: mpsc::Receiver<Letter>,
    subscribers: Vec<Subscriber>,
    connection: watch::Sender<Connection>,
    /// What is subscribed to, each once.
    filters: Vec<String>,
}

impl Worker {
    pub(super) fn new(
        state: Arc<State>,
        letters: mpsc::Receiver<Letter>,
        subscribers: Vec<Subscriber>,
        connection: watch::Sender<Connection>,
    ) -> Worker {
        let topics = subscribers.iter().flat_map(|it| &it.topics);
        let mut filters: Vec<String> = topics.map(Topic::filter).collect();
        filters.sort();
        filters.dedup();
        Worker {
            state,
            letters,
            subscribers,
            connection,
            filters,
        }
    }

    /// Runs until nobody has anything to say any more, and a little longer than `stop` at most.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        until_late(self.serve(), &stop).await;
    }

    async fn serve(&mut self) {
        loop {
            let Err(end) = self.connected().await else {
                return;
            };
            let why = end.to_string();
            if self.state.health.lost(&why) {
                let address = &self.state.config.address;
                tracing::warn!(address, why, "the MQTT broker is not there");
            }
            let why = format!("MQTT 服务器：{why}");
            self.connection.send_replace(Connection::Down(why.clone()));
            if !self.refuse_while_away(&why).await {
                return;
            }
        }
    }

    /// Refuses what is to be sent until it is time to connect again; false when nobody has anything
    /// to say any more.
    async fn refuse_while_away(&mut self, why: &str) -> bool {
        let again = Instant::now() + AGAIN;
        loop {
            match timeout_at(again, self.letters.recv()).await {
                Err(_) => return true,
                Ok(None) => return false,
                // Who wrote it may have given up.
                Ok(Some(it)) => _ = it.left.send(Err(Unsent::NotAtAll(why.to_owned()))),
            }
        }
    }

    async fn connected(&mut self) -> Result<(), End> {
        let mut link = Link::open(&self.state.config).await?;
        let id = link.next_id();
        if !self.filters.is_empty() {
            link.write(&frame::subscribe(id, &self.filters)).await?;
        }
        let mut pings = interval(PING);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                letter = self.letters.recv() => match letter {
                    Some(letter) => self.send(&mut link, letter).await?,
                    None => {
                        // It goes in any case.
                        let _ = link.write(&frame::disconnect()).await;
                        return Ok(());
                    }
                },
                _ = pings.tick() => {
                    if link.heard.elapsed() > SILENT {
                        return Err(End::Silent);
                    }
                    link.write(&frame::ping()).await?;
                }
                // Last: a broker that never stops talking is spoken to all the same.
                read = link.stream.read_buf(link.frames.room()) => {
                    if read? == 0 {
                        return Err(End::Closed);
                    }
                    link.heard = Instant::now();
                    while let Some(packet) = link.frames.next()? {
                        self.hear(&mut link, packet).await?;
                    }
                }
            }
        }
    }

    async fn send(&self, link: &mut Link, letter: Letter) -> Result<(), End> {
        if letter.until <= Instant::now() || letter.left.is_closed() {
            let late = Unsent::NotAtAll("指令已过时".to_owned());
            let _ = letter.left.send(Err(late));
            return Ok(());
        }
        let id = letter.at_least_once.then(|| link.next_id());
        let bytes = frame::publish(&letter.topic, &letter.payload, id);
        self.state.health.asked();
        // Should it not leave whole, the answer is dropped, which makes it unknown.
        link.write(&bytes).await?;
        let _ = letter.left.send(Ok(()));
        Ok(())
    }

    async fn hear(&mut self, link: &mut Link, packet: Packet) -> Result<(), End> {
        // What is said is kept with the device that says it.
        self.state.health.heard_again();
        match packet {
            Packet::Subscribed(served) => self.subscribed(&served),
            Packet::Message(message) => {
                if let Some(id) = message.id {
                    link.write(&frame::arrived(id)).await?;
                }
                self.hand_over(message);
                Ok(())
            }
            Packet::TooLarge(message, length) => {
                if let Some(id) = message.id {
                    link.write(&frame::arrived(id)).await?;
                }
                let why = format!(
                    "{} 的消息 {length} 字节，最多 {}",
                    message.topic,
                    frame::MOST
                );
                tracing::warn!(why, "a message over MQTT is too large");
                self.state.health.faulty(&why);
                Ok(())
            }
            Packet::Pong | Packet::Arrived => Ok(()),
            Packet::Connected(_) => Err(End::Unexpected),
        }
    }

    fn subscribed(&mut self, served: &[bool]) -> Result<(), End> {
        let mut answers = self.filters.iter().zip(served);
        if let Some((filter, _)) = answers.find(|(_, served)| !**served) {
            return Err(End::Unsubscribed(filter.clone()));
        }
        if served.len() != self.filters.len() {
            return Err(End::Unexpected);
        }
        self.state.health.connected();
        let address = &self.state.config.address;
        tracing::info!(address, "the MQTT broker is there");
        self.connection.send_replace(Connection::Up);
        Ok(())
    }

    fn hand_over(&mut self, message: Message) {
        let Message {
            topic,
            payload,
            retained,
            ..
        } = message;
        for subscriber in &mut self.subscribers {
            if !subscriber.wants(&topic) {
                continue;
            }
            let said = Said {
                topic: topic.clone(),
                payload: payload.clone(),
                retained,
            };
            if subscriber.hand_over(said) {
                let why = format!("{topic} 的消息来得太快，有的被丢弃");
                tracing::warn!(why, "a device says too much over MQTT");
                self.state.health.faulty(&why);
            }
        }
    }
}
