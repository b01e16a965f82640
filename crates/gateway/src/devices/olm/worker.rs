//! The task that owns a line with boards on it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::Seen;
use super::frame::{CONNECT, Frame};
use super::job::{Wanted, What, away, overtaken, too_old};
use super::link::{Heard, Link, LinkError};
use super::queue::{Job, Queue, Urgency};
use super::screen::{Need, Screen, TURN};
use crate::config::SerialLine;
use crate::devices::controller::CommandError;
use crate::devices::event::{Event, Heartbeat};
use crate::devices::health::BEAT;
use crate::devices::teller::Teller;
use crate::devices::vz::rs485::Rs485;

/// Pause before a line that failed is tried again.
const AGAIN: Duration = Duration::from_millis(500);

/// Pause before a board that was busy is tried again.
const BUSY: Duration = Duration::from_millis(200);

/// How long a board may be busy with the same message.
const BUSY_FOR: Duration = Duration::from_secs(2);

/// What a board says that has taken what it was told.
pub(super) const TAKEN: u8 = 0;

/// Looks after one line.
#[derive(Debug)]
pub(crate) struct Worker {
    way: Way,
    boards: Vec<(Arc<Seen>, Screen)>,
    wanted: mpsc::Receiver<Wanted>,
    queue: Queue<What>,
}

/// How a line is reached.
#[derive(Debug)]
pub(super) enum Way {
    /// A serial server, or a serial port.
    Address(String, SerialLine),
    /// A camera; taken when the line is opened, which is once.
    Camera(Option<Rs485>),
}

/// Why a line ends.
enum End {
    /// Nobody wants anything any more.
    Over,
    Lost(LinkError),
}

impl From<LinkError> for End {
    fn from(error: LinkError) -> End {
        End::Lost(error)
    }
}

impl Worker {
    pub(super) fn new(way: Way, boards: Vec<Arc<Seen>>, wanted: mpsc::Receiver<Wanted>) -> Worker {
        let now = Instant::now();
        let boards = boards.into_iter().map(|seen| {
            let screen = Screen::new(seen.awaits, seen.config.spaces, now);
            (seen, screen)
        });
        Worker {
            way,
            boards: boards.collect(),
            wanted,
            queue: Queue::default(),
        }
    }

    /// Runs until `stop`. `inside` is how many vehicles are in the lot, once it is known.
    pub(crate) async fn run(
        mut self,
        teller: Teller,
        inside: watch::Receiver<Option<u64>>,
        stop: CancellationToken,
    ) {
        stop.run_until_cancelled(self.serve(&teller, inside)).await;
    }

    async fn serve(&mut self, teller: &Teller, mut inside: watch::Receiver<Option<u64>>) {
        loop {
            let error = match self.session(teller, &mut inside).await {
                Ok(()) | Err(End::Over) => return,
                Err(End::Lost(error)) => error,
            };
            let now = Instant::now();
            for (seen, screen) in &mut self.boards {
                seen.reached.store(false, Ordering::Relaxed);
                screen.opened(false, now);
                if seen.health.lost(&error.to_string()) {
                    let name = &seen.config.name;
                    tracing::warn!(name, at = seen.at(), %error, "a display board is not there");
                }
            }
            for what in self.queue.drain() {
                what.ends(Err(away()));
            }
            if !self.refuse_while_away().await {
                return;
            }
        }
    }

    /// Takes what the lanes say until it is time to try again; false when nobody wants anything any
    /// more.
    async fn refuse_while_away(&mut self) -> bool {
        let again = Instant::now() + AGAIN;
        loop {
            match tokio::time::timeout_at(again, self.wanted.recv()).await {
                Err(_) => return true,
                Ok(None) => return false,
                Ok(Some(wanted)) => self.take(wanted),
            }
        }
    }

    async fn session(
        &mut self,
        teller: &Teller,
        inside: &mut watch::Receiver<Option<u64>>,
    ) -> Result<(), End> {
        let mut link = match &mut self.way {
            Way::Address(address, line) => Link::open(address, *line).await?,
            // A camera that is gone does not come back: the gateway is stopping.
            Way::Camera(camera) => Link::through(camera.take().ok_or(End::Over)?),
        };
        let mut beat_at = Instant::now();
        for (seen, screen) in &mut self.boards {
            seen.reached.store(true, Ordering::Relaxed);
            screen.opened(true, beat_at);
            if !seen.awaits {
                seen.health.connected();
            }
        }
        loop {
            self.take_waiting()?;
            let now = Instant::now();
            if beat_at <= now {
                beat_at = now + BEAT;
                self.beat(teller).await;
            }
            let vehicles = *inside.borrow_and_update();
            self.fill(vehicles, now);
            if let Some(job) = self.queue.next(now) {
                self.tell(&mut link, job).await?;
                continue;
            }
            if let Some(board) = self.silent_for_long(now) {
                self.ask(&mut link, board).await?;
                continue;
            }
            let wakes = self.wakes(beat_at);
            tokio::select! {
                biased;
                wanted = self.wanted.recv() => match wanted {
                    Some(wanted) => self.take(wanted),
                    None => return Err(End::Over),
                },
                Ok(()) = inside.changed() => {}
                () = sleep_until(wakes) => {}
                end = link.idle() => end?,
            }
        }
    }

    fn take_waiting(&mut self) -> Result<(), End> {
        loop {
            match self.wanted.try_recv() {
                Ok(wanted) => self.take(wanted),
                Err(mpsc::error::TryRecvError::Empty) => return Ok(()),
                Err(mpsc::error::TryRecvError::Disconnected) => return Err(End::Over),
            }
        }
    }

    fn take(&mut self, wanted: Wanted) {
        let Wanted {
            board,
            shown,
            until,
            answer,
        } = wanted;
        let (_, screen) = &mut self.boards[board];
        screen.wants(&shown);
        if !screen.is_there() {
            // Who wanted it may have given up.
            let _ = answer.send(Err(away()));
            return;
        }
        let now = Instant::now();
        let job = Job {
            board,
            urgency: shown.urgency,
            from: now,
            until,
            what: What::Page {
                shown,
                page: 0,
                answer: Some(answer),
            },
        };
        if let Some(before) = self.queue.push(job) {
            before.ends(Err(overtaken()));
        }
    }

    /// What the boards need themselves; what is too old goes.
    fn fill(&mut self, inside: Option<u64>, now: Instant) {
        for what in self.queue.expired(now) {
            what.ends(Err(too_old()));
        }
        for (board, (_, screen)) in self.boards.iter().enumerate() {
            if self.queue.has(board) {
                continue;
            }
            let (urgency, what) = match screen.needs(inside, now) {
                None => continue,
                Some(Need::Spaces(free)) => (Urgency::Spaces, What::Spaces(free)),
                Some(Need::Page(shown, page)) => {
                    let (urgency, answer) = (shown.urgency, None);
                    let what = What::Page {
                        shown,
                        page,
                        answer,
                    };
                    (urgency, what)
                }
            };
            let (from, until) = (now, now + TURN);
            let job = Job {
                board,
                urgency,
                from,
                until,
                what,
            };
            self.queue.push(job);
        }
    }

    async fn tell(&mut self, link: &mut Link, mut job: Job<What>) -> Result<(), End> {
        let (seen, screen) = &mut self.boards[job.board];
        if !screen.is_there() || job.what.is_given_up() {
            job.what.ends(Err(away()));
            return Ok(());
        }
        let frame = job.what.frame(&seen.config);
        seen.health.sent(&frame.encode());
        let heard = match link.ask(&frame, &seen.config, seen.awaits).await {
            Ok(heard) => heard,
            Err(error) => {
                job.what.ends(Err(CommandError::Unknown(error.to_string())));
                return Err(End::Lost(error));
            }
        };
        let now = Instant::now();
        match heard {
            Heard::Answer(data) => {
                seen.health.heard(&frame.answered(&data).encode());
                screen.answered(now);
                match data.first().copied().unwrap_or_default() {
                    TAKEN => job.what.was_taken(screen, Ok(()), now),
                    code => {
                        seen.health.faulty(&format!("显示屏应答 {code:02X}"));
                        job.from = now + BUSY;
                        job.until = job.until.min(now + BUSY_FOR);
                        self.busy(job, code, now);
                    }
                }
            }
            Heard::Silent => {
                let (why, name) = ("显示屏未及时应答", &seen.config.name);
                if screen.silent(false, now) && seen.health.lost(why) {
                    tracing::warn!(name, "a display board does not answer");
                }
                job.what.ends(Err(CommandError::Unknown(why.to_owned())));
            }
            Heard::NotTold(error) => {
                seen.health.faulty(&error.to_string());
                screen.refused(now);
                job.what.ends(Err(error));
            }
            Heard::Told => {
                let why = "此显示屏不应答，是否显示无从得知".to_owned();
                let unknown = Err(CommandError::Unknown(why));
                job.what.was_taken(screen, unknown, now);
            }
        }
        Ok(())
    }

    /// A board did not take what it was told: once more, unless that is too late by then.
    fn busy(&mut self, job: Job<What>, code: u8, now: Instant) {
        let (_, screen) = &mut self.boards[job.board];
        if let What::Spaces(free) = job.what {
            // It may not know what that is; another number is told again.
            screen.told_spaces(free);
            return;
        }
        screen.refused(now);
        if job.from < job.until {
            if let Some(what) = self.queue.put_back(job) {
                what.ends(Err(overtaken()));
            }
            return;
        }
        let why = format!("显示屏忙或拒绝，应答 {code:02X}");
        job.what.ends(Err(CommandError::NotDone(why)));
    }

    /// The board that has to be asked whether it is there.
    fn silent_for_long(&self, now: Instant) -> Option<usize> {
        let due = |screen: &Screen| screen.asks_at().is_some_and(|at| at <= now);
        let boards = self.boards.iter().enumerate();
        let mut due = boards.filter(|(_, (_, screen))| due(screen));
        // One that was there before is wanted sooner than one that may be gone for good.
        let first = due.clone().find(|(_, (_, screen))| screen.is_there());
        first.or(due.next()).map(|(board, _)| board)
    }

    async fn ask(&mut self, link: &mut Link, board: usize) -> Result<(), End> {
        let (seen, screen) = &mut self.boards[board];
        let question = Frame {
            address: seen.config.unit,
            command: CONNECT,
            data: seen.config.password.clone().into_bytes(),
        };
        seen.health.asked();
        let heard = link.ask(&question, &seen.config, true).await?;
        let (name, now) = (&seen.config.name, Instant::now());
        let Heard::Answer(data) = heard else {
            if screen.silent(true, now) {
                tracing::warn!(name, "a display board does not answer");
            }
            seen.health.lost("显示屏未及时应答");
            return Ok(());
        };
        if screen.answered(now) {
            seen.health.connected();
            tracing::info!(name, at = seen.at(), "a display board is there");
        }
        seen.health.heard_again();
        // It shows text all the same.
        if data.first() != Some(&TAKEN) {
            seen.health.faulty("显示屏的连接口令不符");
        }
        Ok(())
    }

    async fn beat(&self, teller: &Teller) {
        let there = self.boards.iter();
        let there = there.filter(|(seen, screen)| seen.awaits && screen.is_there());
        let devices: Vec<_> = there.map(|(seen, _)| seen.config.display.clone()).collect();
        if !devices.is_empty() {
            teller.tell(Event::Heartbeat(Heartbeat { devices })).await;
        }
    }

    fn wakes(&self, beat_at: Instant) -> Instant {
        let boards = self.boards.iter();
        let boards = boards.flat_map(|(_, screen)| [screen.asks_at(), screen.needs_at()]);
        let waiting = boards.flatten().chain(self.queue.wakes());
        waiting.min().map_or(beat_at, |at| at.min(beat_at))
    }
}
