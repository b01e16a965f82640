//! A line with modules on it, which one task speaks on: an RS485 line behind a serial server or on a
//! serial port, or what stands between the network and several modules.
//!
//! Commands go before looks. Who does not answer holds up the others for as long as one answer may
//! take, and all who do not answer together get a part of the line at most ([`RESTS`]).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard, mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::frame::{Answer, Call, Peer};
use super::wire::{Answered, LinkError, Wire};
use crate::config::{self, Framing, SerialLine};
use crate::devices::health::{Health, STILL_THERE};
use crate::devices::stream;

/// Most questions that wait for a line: each of its modules has one at a time, and a few serve more
/// modules than an RS485 line carries.
const QUEUED: usize = 64;

/// After a module was waited for in vain, those that do not answer are left alone for so many times as
/// long: together they get a fifth of the line at most, however many they are.
const RESTS: u32 = 4;

/// How long a connection over which one module does not answer is kept for the sake of others that
/// did: as long as a module counts as there.
const CARRIES: Duration = STILL_THERE;

/// Where a module's worker asks; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Line {
    urgent: mpsc::Sender<Ask>,
    others: mpsc::Sender<Ask>,
    /// Who does not answer is tried one after the other, and not before then.
    tries: Arc<Mutex<Instant>>,
    is_shared: bool,
}

/// The task that speaks on a line.
#[derive(Debug)]
pub(super) struct Keeper {
    address: String,
    serial: SerialLine,
    framing: Framing,
    gap: Duration,
    urgent: mpsc::Receiver<Ask>,
    others: mpsc::Receiver<Ask>,
    wire: Option<Wire>,
    /// Counts the connections.
    connection: u64,
    /// When each unit answered last over this connection.
    heard: BTreeMap<u8, Instant>,
}

/// A question.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    pub(super) peer: Peer,
    pub(super) call: Call,
    /// Longest that the answer may take.
    pub(super) patience: Duration,
    /// Over which connection; whichever there is, when it is left out.
    pub(super) over: Option<u64>,
}

/// When a question is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// After those that were to be asked before.
    InTurn,
    /// Before those.
    Ahead,
    /// Before those, and not after that.
    Until(Instant),
}

/// A question, and who waits for the answer.
#[derive(Debug)]
struct Ask {
    question: Question,
    when: When,
    answer: oneshot::Sender<Told>,
}

/// What came of a question.
#[derive(Debug)]
pub(super) struct Told {
    /// Over which connection it was asked.
    pub(super) over: u64,
    /// The question as it was sent, if it was.
    pub(super) sent: Option<Vec<u8>>,
    pub(super) answer: Result<Answered, LinkError>,
}

/// Leave to try a module that does not answer.
#[derive(Debug)]
pub(super) struct Turn(Option<(OwnedMutexGuard<Instant>, Duration)>);

impl Turn {
    /// It is tried although others may be tried too.
    pub(super) const fn free() -> Turn {
        Turn(None)
    }

    /// It did not answer.
    pub(super) fn was_in_vain(self) {
        if let Some((mut next, rest)) = self.0 {
            *next = Instant::now() + rest;
        }
    }
}

impl Line {
    /// A line with so many modules, of which this is one, and the task that speaks on it.
    pub(super) fn of(module: &config::Modbus, modules: usize) -> (Line, Keeper) {
        let (serial, framing) = (module.line(), module.frames());
        let is_shared = modules > 1;
        // A serial server hands over at once what comes, and modules have to tell frames apart that
        // are not theirs.
        let gap = match (framing, is_shared) {
            (Framing::Rtu, true) => stream::silence(serial),
            (Framing::Rtu | Framing::Tcp, _) => stream::gap(&module.address, serial),
        };
        let (urgent, urgently) = mpsc::channel(QUEUED);
        let (others, otherwise) = mpsc::channel(QUEUED);
        let line = Line {
            urgent,
            others,
            tries: Arc::new(Mutex::new(Instant::now())),
            is_shared,
        };
        let keeper = Keeper {
            address: module.address.clone(),
            serial,
            framing,
            gap,
            urgent: urgently,
            others: otherwise,
            wire: None,
            connection: 0,
            heard: BTreeMap::new(),
        };
        (line, keeper)
    }

    /// Waits until a module that does not answer, and may take so long to, may be tried again.
    pub(super) async fn turn(&self, patience: Duration) -> Turn {
        if !self.is_shared {
            return Turn::free();
        }
        let next = Arc::clone(&self.tries).lock_owned().await;
        sleep_until(*next).await;
        Turn(Some((next, patience * RESTS)))
    }

    /// Asks; none when nobody speaks on the line any more.
    pub(super) async fn ask(&self, question: Question, when: When) -> Option<Told> {
        let (answer, answered) = oneshot::channel();
        let to = match when {
            When::InTurn => &self.others,
            When::Ahead | When::Until(_) => &self.urgent,
        };
        let ask = Ask {
            question,
            when,
            answer,
        };
        to.send(ask).await.ok()?;
        answered.await.ok()
    }
}

impl Keeper {
    /// Runs until nobody can ask any more.
    pub(super) async fn run(mut self) {
        loop {
            let ask = tokio::select! {
                biased;
                Some(ask) = self.urgent.recv() => ask,
                Some(ask) = self.others.recv() => ask,
                else => return,
            };
            // Who asked may have given up before it came to it.
            if !ask.answer.is_closed() {
                self.serve(ask).await;
            }
        }
    }

    async fn serve(&mut self, ask: Ask) {
        let Ask {
            question,
            when,
            answer,
        } = ask;
        let asked = self.asked(question, when).await;
        let (sent, came) = match asked {
            Ok((sent, came)) => (Some(sent), came),
            Err(error) => (None, Err(error)),
        };
        let drained = self.settles(question.peer.unit, &came);
        let told = Told {
            over: self.connection,
            sent,
            answer: came,
        };
        // Who asked may have given up meanwhile.
        let _ = answer.send(told);
        if drained
            && let Some(wire) = &mut self.wire
            && wire.drain().await.is_err()
        {
            self.wire = None;
        }
    }

    /// The question as it was sent, and what came of it; why it was not sent, if it was not.
    async fn asked(
        &mut self,
        question: Question,
        when: When,
    ) -> Result<(Vec<u8>, Result<Answered, LinkError>), LinkError> {
        let Question {
            peer,
            call,
            patience,
            over,
        } = question;
        let connection = self.connection;
        let wire = match (&mut self.wire, over) {
            (Some(wire), None) => wire,
            (Some(wire), Some(over)) if over == connection => wire,
            (Some(_) | None, Some(_)) => return Err(LinkError::Gone),
            (none, None) => {
                let (address, gap) = (&self.address, self.gap);
                let wire = Wire::open(address, self.serial, self.framing, gap).await?;
                self.connection += 1;
                self.heard.clear();
                none.insert(wire)
            }
        };
        if matches!(when, When::Until(end) if end <= Instant::now()) {
            return Err(LinkError::TooLate);
        }
        Ok(wire.ask(peer, call, patience).await)
    }

    /// Keeps the connection or gives it up. Returns whether it has to be drained.
    fn settles(&mut self, unit: u8, came: &Result<Answered, LinkError>) -> bool {
        let now = Instant::now();
        match came {
            Ok(_) => _ = self.heard.insert(unit, now),
            // It is the connection that says so, or nothing was sent over it.
            Err(LinkError::Absent | LinkError::TooLate | LinkError::Gone) => {}
            Err(error) if self.survives(error) && self.others_answer(unit, now) => return true,
            Err(_) => self.wire = None,
        }
        false
    }

    /// Whether what comes over the connection can make sense after that.
    fn survives(&self, error: &LinkError) -> bool {
        match (error, self.framing) {
            (LinkError::Silent, _) | (LinkError::Frame(_), Framing::Rtu) => true,
            (_, _) => false,
        }
    }

    fn others_answer(&self, unit: u8, now: Instant) -> bool {
        let mut others = self.heard.iter().filter(|(it, _)| **it != unit);
        others.any(|(_, heard)| now - *heard < CARRIES)
    }
}

/// One module on a line, until its connection ends.
#[derive(Debug)]
pub(super) struct Link {
    line: Line,
    peer: Peer,
    patience: Duration,
    over: Option<u64>,
    /// How each of the few questions about inputs and relays was answered last.
    latest: Vec<(Call, Answer)>,
}

impl Link {
    pub(super) fn new(line: &Line, peer: Peer, patience: Duration) -> Link {
        Link {
            line: line.clone(),
            peer,
            patience,
            over: None,
            latest: Vec::new(),
        }
    }

    /// Asks, once. After an error this link is of no use: what was asked last may have been done.
    pub(super) async fn ask(
        &mut self,
        call: Call,
        when: When,
        health: &Health,
    ) -> Result<Answer, LinkError> {
        let question = Question {
            peer: self.peer,
            call,
            patience: self.patience,
            over: self.over,
        };
        let told = self.line.ask(question, when).await;
        let Told { over, sent, answer } = told.ok_or(LinkError::Gone)?;
        self.over = Some(over);
        if let Some(sent) = sent {
            match &answer {
                Ok((answer, _)) if self.is_as_before(call, answer) => {
                    health.asked();
                    health.heard_again();
                }
                Ok((_, frame)) => {
                    health.sent(&sent);
                    health.heard(frame);
                }
                Err(_) => health.sent(&sent),
            }
        }
        Ok(answer?.0)
    }

    /// Whether it is a question that was answered the same the last time.
    fn is_as_before(&mut self, call: Call, answer: &Answer) -> bool {
        if !matches!(answer, Answer::Bits(_)) {
            return false;
        }
        if let Some((_, latest)) = self.latest.iter_mut().find(|(asked, _)| *asked == call) {
            return std::mem::replace(latest, answer.clone()) == *answer;
        }
        self.latest.push((call, answer.clone()));
        false
    }
}

#[cfg(test)]
mod tests;
