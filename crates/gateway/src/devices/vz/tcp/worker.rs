//! The task that owns the connection to a camera.

use std::sync::Arc;
use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use jiff::Timestamp;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::super::message::Seen;
use super::super::rs485::Bytes;
use super::super::{plate_event, reply};
use super::frame::{self, Frame, Word};
use super::history::{Came, History, Question};
use super::link::{End, Link, Sent};
use super::{SILENT, State};
use crate::config::{Confirm, PulseBy};
use crate::devices::controller::CommandError;
use crate::devices::event::{Event, Heartbeat};
use crate::devices::health::BEAT;
use crate::devices::order::{Order, Ordered, until_late};
use crate::devices::relays::Relays;
use crate::devices::teller::Teller;
use crate::reload::InForce;

/// Longest that a connection on the lot's own network may take.
const CONNECT: Duration = Duration::from_secs(2);

/// How often both sides say that they are there, as the maker's own program does.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// How much is read at once: a picture comes in some ten pieces.
const PIECE: usize = 32 * 1024;

/// Looks after one camera.
#[derive(Debug)]
pub(crate) struct Worker {
    seen: Arc<State>,
    orders: Ordered,
    serial: mpsc::Receiver<Bytes>,
    relays: Relays,
    /// What is fetched of the camera's memory, if that is wanted.
    history: Option<History>,
    in_force: InForce,
}

impl Worker {
    pub(super) fn new(
        seen: Arc<State>,
        orders: Ordered,
        serial: mpsc::Receiver<Bytes>,
        in_force: InForce,
    ) -> Worker {
        let barriers: Vec<_> = seen.config.barrier.iter().map(|it| it.relays()).collect();
        let within = Some(seen.config.history).filter(|it| !it.is_zero());
        Worker {
            history: within.map(History::new),
            relays: Relays::new(&barriers, PulseBy::Module),
            seen,
            orders,
            serial,
            in_force,
        }
    }

    /// Runs until nobody gives orders any more, and a little longer than `stop` at most.
    pub(crate) async fn run(mut self, teller: Teller, stop: CancellationToken) {
        until_late(self.serve(&teller), &stop).await;
    }

    async fn serve(&mut self, teller: &Teller) {
        loop {
            let end = self.connected(teller).await;
            if matches!(end, Err(End::Over)) {
                return;
            }
            if let Err(error) = end
                && self.seen.health.lost(&error.to_string())
            {
                let config = &self.seen.config;
                let (name, address) = (&config.name, &config.address);
                tracing::warn!(name, address, %error, "a camera is not there");
            }
            if !self.orders.refuse_while_away().await {
                return;
            }
        }
    }

    async fn connected(&mut self, teller: &Teller) -> Result<(), End> {
        let address = self.seen.config.address.clone();
        let stream = timeout(CONNECT, TcpStream::connect(&address)).await;
        let stream = stream
            .map_err(|_| End::ConnectSlow)?
            .map_err(End::Connect)?;
        stream.set_nodelay(true)?;
        let mut link = Link::new(stream);
        let end = self.talk(&mut link, teller).await;
        self.are_unknown(link.sent, "连接中断");
        end
    }

    async fn talk(&mut self, link: &mut Link, teller: &Teller) -> Result<(), End> {
        self.introduce(link, teller).await?;
        if let Some(history) = &mut self.history {
            history.begins();
        }
        let (poll, mut input) = (self.seen.config.poll, 0);
        let mut looks = interval(poll);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut heartbeats, mut beats) = (interval(HEARTBEAT), interval(BEAT));
        let mut piece = vec![0; PIECE];
        loop {
            tokio::select! {
                biased;
                order = self.orders.next() => match order {
                    Some(order) => self.obey(link, order).await?,
                    None => return Err(End::Over),
                },
                Some(bytes) = self.serial.recv() => self.pass_on(link, bytes).await?,
                _ = heartbeats.tick() => {
                    if link.heard.elapsed() > SILENT {
                        return Err(End::Silent);
                    }
                    link.write(&frame::heartbeat()).await?;
                }
                _ = beats.tick() => self.beat(teller).await,
                _ = looks.tick() => {
                    let overdue = link.overdue(Instant::now());
                    self.are_unknown(overdue, "相机未及时应答");
                    self.look(link, &mut input).await?;
                    self.fetch(link).await?;
                }
                // Last: a camera that never stops talking is kept alive and looked at all the same.
                read = link.stream.read(&mut piece) => {
                    match read? {
                        0 => return Err(End::Closed),
                        length => link.frames.push(&piece[..length]),
                    }
                    self.listen(link, teller).await?;
                }
            }
        }
    }

    /// It is the right camera, and tells what it reads; a hold in force is asserted again, since it
    /// may have lost its power.
    async fn introduce(&mut self, link: &mut Link, teller: &Teller) -> Result<(), End> {
        link.ask().await?;
        let mut piece = vec![0; PIECE];
        while link.answered == 0 {
            let read = timeout(self.seen.config.answer, link.stream.read(&mut piece)).await;
            match read.map_err(|_| End::Silent)?? {
                0 => return Err(End::Closed),
                length => link.frames.push(&piece[..length]),
            }
            self.listen(link, teller).await?;
        }
        link.tell(frame::subscribe).await?;
        for port in self.seen.rs485.ports() {
            link.tell(|id| frame::make_ready(port, id)).await?;
        }
        let barrier = self.seen.config.barrier.clone();
        if let Some(barrier) = barrier {
            let latch = barrier.hold.unwrap_or(barrier.open);
            if self.relays.found(latch, false, Instant::now()) {
                tracing::warn!(name = self.seen.config.name, "a hold is asserted again");
                let step = crate::devices::relays::Step::Close { relay: latch };
                let output = reply::output(step);
                link.tell(|id| frame::output(&output, id)).await?;
            }
        }
        self.seen.health.connected();
        let config = &self.seen.config;
        tracing::info!(
            name = config.name,
            address = config.address,
            "a camera is there"
        );
        Ok(())
    }

    async fn listen(&mut self, link: &mut Link, teller: &Teller) -> Result<(), End> {
        while let Some(frame) = link.frames.next()? {
            link.heard = Instant::now();
            let Frame::Json(payload) = frame else {
                self.seen.health.heard_again();
                continue;
            };
            match frame::word(&payload) {
                Ok(word) => {
                    self.note(link, &word, &payload);
                    self.hear(link, word, teller).await?;
                }
                Err(error) => {
                    self.seen.health.nonsense(&error.to_string(), &payload);
                    let name = &self.seen.config.name;
                    tracing::warn!(name, %error, "a camera says what cannot be read");
                }
            }
        }
        Ok(())
    }

    /// An input that is as it was, or an answer behind which nobody waits, is not worth keeping.
    fn note(&self, link: &Link, word: &Word, payload: &[u8]) {
        let health = &self.seen.health;
        let routine = match word {
            Word::Input { number, level } => self.seen.contacts.is_as_before(*number, *level),
            Word::Serial(_) => link.sent.is_empty() && link.answered > 0,
            Word::Plate(..) | Word::Newest(_) | Word::Refused(..) | Word::Other => false,
        };
        if routine {
            health.heard_again();
        } else {
            health.heard(payload);
        }
    }

    async fn hear(&mut self, link: &mut Link, word: Word, teller: &Teller) -> Result<(), End> {
        match word {
            Word::Serial(serial) => {
                let expected = self.seen.config.serial.as_ref();
                if let Some(expected) = expected.filter(|it| !it.eq_ignore_ascii_case(&serial)) {
                    return Err(End::Stranger(serial, expected.clone()));
                }
                link.answered = (link.answered + 1).min(link.asked);
                link.settle();
            }
            Word::Input { number, level } => {
                if let Some(event) = self.seen.contacts.see(number, level) {
                    teller.tell(event).await;
                }
            }
            Word::Plate(record, seen) => self.take(record, *seen, teller).await,
            Word::Newest(newest) => {
                if let Some(history) = &mut self.history {
                    history.newest_is(newest, Instant::now());
                }
            }
            Word::Refused(command, code) => {
                let of_history = ["get_record", "get_max_rec_id"].contains(&command.as_str());
                if let Some(history) = self.history.as_mut().filter(|_| of_history) {
                    history.refused();
                    return Ok(());
                }
                let why = format!("相机拒绝 {command}，代码 {code}");
                tracing::warn!(name = self.seen.config.name, why, "a camera refuses");
                self.seen.health.faulty(&why);
            }
            Word::Other => {}
        }
        Ok(())
    }

    /// A reading of this moment, or one from the camera's memory, which opens nothing.
    async fn take(&mut self, record: Option<i64>, mut seen: Seen, teller: &Teller) {
        if let Some(history) = &mut self.history {
            match history.came(record, seen.at, Timestamp::now()) {
                Came::Live => {}
                Came::History => seen.offline = true,
                Came::TooOld => return,
            }
        }
        let config = &self.seen.config;
        let event = plate_event(&config.name, &config.recognizer, seen);
        teller.tell(event).await;
    }

    /// Asks for what the camera has read while nobody was connected.
    async fn fetch(&mut self, link: &mut Link) -> Result<(), End> {
        let Some(history) = &mut self.history else {
            return Ok(());
        };
        match history.next(Instant::now()) {
            Ok(None) => Ok(()),
            Ok(Some(Question::Newest)) => link.tell(frame::ask_newest).await,
            Ok(Some(Question::Record(record))) => link.tell(|_| frame::ask_record(record)).await,
            Err(why) => {
                tracing::warn!(name = self.seen.config.name, why, "a camera's memory");
                self.seen.health.faulty(why);
                Ok(())
            }
        }
    }

    /// Asks for the inputs, each in its turn.
    async fn look(&self, link: &mut Link, latest: &mut usize) -> Result<(), End> {
        for _ in 0..self.seen.config.inputs.len() {
            let inputs = &self.seen.config.inputs;
            *latest = (*latest + 1) % inputs.len();
            let number = inputs[*latest].number;
            self.seen.health.asked();
            link.tell(|id| frame::ask_input(number, id)).await?;
        }
        Ok(())
    }

    async fn beat(&self, teller: &Teller) {
        let devices: Vec<DeviceNo> = self.seen.devices();
        teller.tell(Event::Heartbeat(Heartbeat { devices })).await;
    }

    async fn obey(&mut self, link: &mut Link, order: Order) -> Result<(), End> {
        let begun = self.orders.begin(order, &mut self.relays, &self.in_force);
        let Some((order, step)) = begun else {
            return Ok(());
        };
        let output = reply::output(step);
        // Nothing answers it: what answers the question behind it shows that it was read. Should
        // either fail to leave, it is unknown like all that was not answered.
        link.sent.push(Sent {
            question: link.asked + 1,
            output: Some((order.barrier, step)),
            until: Instant::now() + self.seen.config.answer,
            answer: order.answer,
            taken: self.taken(),
        });
        link.tell(|id| {
            let command = frame::output(&output, id);
            self.seen.health.sent(command.to_string().as_bytes());
            command
        })
        .await?;
        link.ask().await
    }

    /// Nothing shows whether the camera took these.
    fn are_unknown(&mut self, sent: Vec<Sent>, why: &str) {
        for sent in sent {
            if let Some((barrier, step)) = &sent.output {
                self.relays.unknown(barrier, *step, Instant::now());
            }
            let why = CommandError::Unknown(why.to_owned());
            // Who ordered may have given up.
            let _ = sent.answer.send(Err(why));
        }
    }

    /// Bytes for RS485, behind whatever was ordered.
    async fn pass_on(&mut self, link: &mut Link, bytes: Bytes) -> Result<(), End> {
        let Bytes {
            port,
            bytes,
            until,
            answer,
        } = bytes;
        let now = Instant::now();
        if until <= now || answer.is_closed() {
            return Ok(());
        }
        link.tell(|id| {
            let command = frame::serial(port, &bytes, id);
            self.seen.health.sent(command.to_string().as_bytes());
            command
        })
        .await?;
        link.ask().await?;
        link.sent.push(Sent {
            question: link.asked,
            output: None,
            until: now + self.seen.config.answer,
            answer,
            taken: Ok(()),
        });
        Ok(())
    }

    /// What it is worth that the camera took a command for its barrier.
    fn taken(&self) -> Result<(), CommandError> {
        let confirm = self.seen.config.barrier.as_ref().map(|it| it.confirm);
        super::super::taken(confirm.unwrap_or(Confirm::Arm))
    }
}
