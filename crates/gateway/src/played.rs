//! A gateway whose time, network and equipment somebody plays.
//!
//! Its lot, journal, pushes and endpoints are those of the program. Only what decides when something
//! is done is not: a turn is thought and carried out when the player says so, and what it wants done
//! in the world is for the player to do.

#[cfg(test)]
mod effort;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use boshi_protocol::freshness::Freshness;
use boshi_protocol::id::RecordId;
use boshi_protocol::lane::Reading;
use boshi_transport::call::{Peer, PeerSettings, Shared};
use boshi_transport::played::{Wire, serve};
use futures_util::future::select_all;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

pub use crate::clock::PlayedTime;
use crate::clock::{Clock, SkewWatch};
use crate::config::{self, Config};
use crate::driver::{Core, Message, Timed};
use crate::journal::{Journal, JournalError, ToldAgain};
use crate::lot::{Action, Input, LaneNo, Lot, Push, Rules, Turn};
use crate::pictures::Pictures;
use crate::push::Pusher;
use crate::replay::Replays;
use crate::serve::{Door, Served, ServedLot, router};
use crate::start::StartError;
use crate::start::recover::{TakenUp, recover};

/// Nobody connects anywhere.
const CONNECT: Duration = Duration::from_secs(2);

/// A gateway with one lot.
pub struct Played {
    lot: config::Lot,
    core: Core,
    messages: mpsc::Receiver<Timed<Message>>,
    router: Router,
    pusher: Pusher,
}

/// A request that is being answered.
pub struct Serving(JoinHandle<(u16, Vec<u8>)>);

/// What a request that is being answered comes to next.
pub enum Step {
    /// The lot is told something, and has thought about it.
    Turn(Turn, Told),
    /// The answer, status and body.
    Answered(u16, Vec<u8>),
}

/// Whoever told the lot something, and waits until that is on disk.
pub struct Told(Option<oneshot::Sender<()>>);

impl Told {
    /// It is on disk.
    pub fn is_on_disk(self) {
        if let Some(told) = self.0 {
            // It may have gone away.
            let _ = told.send(());
        }
    }
}

impl Played {
    /// Starts on what the run before has left in the folder that `config` names. What it took up is
    /// the first input.
    ///
    /// # Errors
    /// [`StartError`]
    pub async fn start(
        config: &Config,
        wire: Arc<dyn Wire>,
        time: PlayedTime,
        ids: Box<dyn FnMut() -> RecordId + Send>,
    ) -> Result<(Played, Input), StartError> {
        let lot = &config.lots[0];
        let journal = Journal::open(&config.journal())?;
        let (_, wall) = time.get();
        let taken_up = recover(lot, &journal, &config.timing.of_lane(), wall).await?;
        let gates = journal.gates(&lot.id).await?;
        let machine = Lot::new(lot, Rules::of(config)?, &gates);
        let (core, messages, handle) =
            Core::new(machine, Clock::played(time), journal.clone(), ids);
        let settings = PeerSettings {
            base_url: config.platform.base_url.clone(),
            lot: lot.id.clone(),
            credentials: config.platform.credentials()?,
            ca_pem: None,
            connect_timeout: CONNECT,
        };
        let peer = Peer::sharing(settings, &Shared::played(wire))?;
        let skew = Arc::new(SkewWatch::new(lot.id.clone(), config.clock.window));
        let skews = HashMap::from([(lot.id.clone(), Arc::clone(&skew))]);
        let freshness = Freshness::within(config.clock.window);
        let door = Door::new(config.platform.credentials()?, freshness, skews);
        let orders = Replays::new(config.clock.window);
        orders.recall(journal.commands_since(wall - orders.keeps_for()).await?);
        let pictures = Pictures::open(&config.data).map_err(|_| JournalError::Closed)?;
        let served = ServedLot {
            configured: lot.clone(),
            driver: handle,
            displays: Vec::new(),
        };
        let served = Served {
            lots: HashMap::from([(lot.id.clone(), served)]),
            journal: journal.clone(),
            pictures,
            public_url: config.public_url.clone(),
            orders,
            texts: Replays::new(config.clock.window),
        };
        let pusher = Pusher {
            lot: lot.id.clone(),
            peer: peer.clone(),
            journal,
            public_url: config.public_url.clone(),
            clock: skew,
        };
        let played = Played {
            lot: lot.clone(),
            core,
            messages,
            router: router(Arc::new(door.by_the_clock_of(peer)), Arc::new(served)),
            pusher,
        };
        let TakenUp {
            records,
            pressed,
            passing,
            waiting,
            ..
        } = taken_up;
        let recovered = Input::Recover {
            records,
            pressed,
            passing,
            waiting,
        };
        Ok((played, recovered))
    }

    /// What the lot makes of an input.
    pub fn think(&mut self, input: Input) -> Turn {
        self.core.think(input)
    }

    /// Writes what a turn has to say; returns what is to be done in the world.
    pub async fn carry_out(&mut self, turn: Turn) -> Vec<Action> {
        let actions = self.core.carry_out(turn).await;
        // However long the disk takes, no time goes by.
        self.core.flush().await;
        actions
    }

    /// When it wants to be told that time has passed, after its start.
    pub fn deadline(&self) -> Option<Duration> {
        self.core.deadline().map(|tick| tick.since_start())
    }

    /// How many commands are being carried out.
    pub fn commands(&self) -> usize {
        self.core.waiting()
    }

    /// Makes a request to the platform; what came of it is the input for the lot.
    pub fn push(&self, push: Push) -> impl Future<Output = Input> + Send + 'static + use<> {
        let pusher = self.pusher.clone();
        async move {
            let attempt = push.attempt;
            let (outcome, trace) = pusher.push(push).await;
            Input::Pushed {
                attempt,
                outcome,
                trace,
            }
        }
    }

    /// Whether what a recognizer tells of what was over `at` then was taken already.
    pub async fn has_seen(
        &self,
        event: &str,
        lane: LaneNo,
        reading: &Reading,
        at: Timestamp,
    ) -> bool {
        let layout = self.lot.lanes[lane.0].layout();
        let Some(device) = layout.recognizer(reading.side) else {
            return false;
        };
        let told = ToldAgain {
            event: event.to_owned(),
            device: device.clone(),
            plate: reading.sighting.plate.clone(),
            at,
        };
        let seen = self.pusher.journal.seen(&self.lot.id, told).await;
        seen.is_ok_and(|seen| seen)
    }

    /// Begins to answer a request.
    pub fn serve(&self, path: String, body: String) -> Serving {
        let router = self.router.clone();
        Serving(tokio::spawn(
            async move { serve(router, &path, body).await },
        ))
    }

    /// Which of several requests is answered first; at least one must not wait for a barrier.
    pub async fn first_of(&self, servings: Vec<&mut Serving>) -> (usize, u16, Vec<u8>) {
        let servings = servings.into_iter().map(|serving| &mut serving.0);
        let (answered, place, _) = select_all(servings).await;
        let (status, body) = answered.expect("it is neither aborted nor does it panic");
        (place, status, body)
    }

    /// Goes on answering a request; not to be called while the lot carries out the command in it.
    pub async fn step(&mut self, serving: &mut Serving) -> Step {
        tokio::select! {
            biased;
            Some(message) = self.messages.recv() => {
                let (turn, told) = self.core.admit(message);
                Step::Turn(turn, Told(told))
            }
            answered = &mut serving.0 => {
                let (status, body) = answered.expect("it is neither aborted nor does it panic");
                Step::Answered(status, body)
            }
        }
    }
}
