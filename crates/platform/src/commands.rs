//! Commands to gates and displays. Each is on disk before it is sent, is sent once, never again,
//! and has an end: executed, refused in the lot's words, or unknown. One that waited too long for the
//! disk is not sent, and that is its end.
//!
//! The same command given again while one is under way is the same one, and shares its end: an
//! operator who clicks twice opens once. It is not once the barrier was told otherwise in between: a
//! hold after a restore is a new one. Commands never wait for each other.

use schemars::JsonSchema;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use boshi_protocol::code::OpenMode;
use boshi_protocol::endpoint::{Endpoint, OpenGate, ReceiveOpenGate, ReceiveShowMsg, ShowMsg};
use boshi_protocol::envelope::Answer;
use boshi_protocol::id::{DeviceNo, LotId};
use boshi_protocol::plate::Plate;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::counts::Counts;
use crate::lots::Lot;
use crate::store::{Store, StoreError, command};

/// Longest that a command may wait for the disk before it is sent: whoever it was given for has driven
/// on by then, and the barrier would lift for whoever stands there now.
const ASKED_WITHIN: Duration = Duration::from_millis(1500);

/// What is said of a command that waited for longer.
const TOO_LATE: &str = "等待保存过久，命令没有发出";

/// The pause before it is tried again to write down how a command ended: a full queue is written within
/// that. Each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest of them: a broken disk is not to fill the log.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Drive a barrier (OPEN-1 to OPEN-4).
    Open(OpenGate),
    /// Show a text (SHOW-1).
    Show(ShowMsg),
}

/// A command, and who wants it why.
#[derive(Clone, Debug)]
pub struct Order {
    /// What is to be done.
    pub act: Act,
    /// Who wants it.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// How far a command has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "CommandState")]
pub enum State {
    /// It is under way.
    Asked,
    /// The lot says that it was done (OPEN-7, SHOW-2).
    Executed,
    /// It was not: the lot says so, or it waited too long for the disk to be sent.
    Refused,
    /// Nobody knows: the lot did not answer (D-2).
    Unknown,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Its name.
    pub id: Uuid,
    /// Never [`State::Asked`].
    pub state: State,
    /// What the lot said, or why nobody knows.
    pub said: String,
}

/// The command was not sent: it could not be written down, or the process is stopping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("命令未能保存，因此没有发出")]
pub struct NotSent;

type Told = watch::Receiver<Option<Result<End, NotSent>>>;
/// Where a command goes.
type Place = (LotId, DeviceNo);
/// What is under way to each device, and can be joined.
type UnderWay = Mutex<HashMap<Place, Vec<(Act, Told)>>>;

/// Gives commands.
#[derive(Clone)]
pub struct Commands {
    store: Store,
    deadline: Duration,
    asked_within: Duration,
    counts: Counts,
    under_way: Arc<UnderWay>,
    tasks: TaskTracker,
    /// No command is given any more.
    closing: CancellationToken,
}

impl Commands {
    /// Commands that are written to `store` and answered within `deadline` or not at all.
    pub fn new(store: Store, deadline: Duration, counts: Counts) -> Commands {
        Commands {
            store,
            deadline,
            asked_within: ASKED_WITHIN,
            counts,
            under_way: Arc::default(),
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
        }
    }

    /// The same with all the time that a run takes whose time is not the machine's.
    pub(crate) fn patient(self) -> Commands {
        let asked_within = Duration::MAX;
        Commands {
            asked_within,
            ..self
        }
    }

    /// Gives `order` to `lot` and waits for its end; goes on to that also when nobody waits.
    ///
    /// # Errors
    /// [`NotSent`], and then nothing was.
    pub async fn give(&self, lot: &Arc<Lot>, order: Order) -> Result<End, NotSent> {
        let mut told = self.join_or_start(lot, order);
        let ended = told.wait_for(Option::is_some).await;
        ended.map_or(Err(NotSent), |end| end.clone().unwrap_or(Err(NotSent)))
    }

    /// Gives up on what was sent by a process that has died since; how many commands that is.
    ///
    /// # Errors
    /// What the database said.
    pub async fn give_up_old(&self, now: Timestamp) -> Result<usize, StoreError> {
        self.store.write(move |db| command::give_up(db, now)).await
    }

    /// Returns when no command is under way any more: within the deadline once none is given. How one
    /// ended is tried to be written once more, and not after that.
    pub async fn finished(&self) {
        self.closing.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn join_or_start(&self, lot: &Arc<Lot>, order: Order) -> Told {
        let place = (lot.id.clone(), order.act.device().clone());
        let mut under_way = lock(&self.under_way);
        let here = under_way.entry(place.clone()).or_default();
        let mut same = here.iter().filter(|(act, _)| *act == order.act);
        if let Some((_, told)) = same.find(|(_, told)| told.has_changed().is_ok()) {
            return told.clone();
        }
        here.retain(|(act, told)| told.has_changed().is_ok() && !act.is_overtaken_by(&order.act));
        let (tell, told) = watch::channel(None);
        here.push((order.act.clone(), told.clone()));
        let (commands, lot, given) = (self.clone(), Arc::clone(lot), Instant::now());
        let own = told.clone();
        self.tasks.spawn(async move {
            let end = commands.carry_out(&lot, order, given).await;
            let at = lot.peer.now();
            let is_kept = match &end {
                Ok(end) => commands.keep(&lot.id, end, at).await,
                Err(NotSent) => true,
            };
            commands.is_over(&place, &own);
            tell.send_replace(Some(end.clone()));
            if let (false, Ok(end)) = (is_kept, end) {
                commands.keep_later(&lot.id, &end, at).await;
            }
        });
        told
    }

    /// Nobody joins the command any more that tells `own`.
    fn is_over(&self, place: &Place, own: &Told) {
        let mut under_way = lock(&self.under_way);
        if let Some(here) = under_way.get_mut(place) {
            here.retain(|(_, told)| !told.same_channel(own));
            if here.is_empty() {
                under_way.remove(place);
            }
        }
    }

    async fn carry_out(&self, lot: &Lot, order: Order, given: Instant) -> Result<End, NotSent> {
        let id = Uuid::now_v7();
        let (name, written, now) = (lot.id.clone(), order.clone(), lot.peer.now());
        let asked = self
            .store
            .write(move |db| command::ask(db, &name, id, &written, now));
        if let Err(error) = asked.await {
            tracing::error!(lot = %lot.id, %error, "a command could not be written down");
            return Err(NotSent);
        }
        let end = match &order.act {
            _ if given.elapsed() > self.asked_within => End {
                id,
                state: State::Refused,
                said: TOO_LATE.to_owned(),
            },
            Act::Open(open) => self.call::<ReceiveOpenGate>(lot, id, open).await,
            Act::Show(show) => self.call::<ReceiveShowMsg>(lot, id, show).await,
        };
        self.counts.command(&order.act, end.state);
        Ok(end)
    }

    /// Writes down that a command ended so at `at`; whether that went well.
    async fn keep(&self, lot: &LotId, end: &End, at: Timestamp) -> bool {
        let (name, written) = (lot.clone(), end.clone());
        let kept = self
            .store
            .write(move |db| command::end(db, &name, written.id, &written, at));
        let kept = kept.await;
        if let Err(error) = &kept {
            tracing::error!(%lot, id = %end.id, %error, "the end of a command could not be kept");
        }
        kept.is_ok()
    }

    /// The operator has been told the end; the records are told when that can be done, or once more
    /// before the process stops. If that fails as well, the row says unknown from the next start on.
    async fn keep_later(&self, lot: &LotId, end: &End, at: Timestamp) {
        let mut pause = FIRST_PAUSE;
        loop {
            let waited = tokio::time::sleep(pause);
            let is_last = self.closing.run_until_cancelled(waited).await.is_none();
            if self.keep(lot, end, at).await || is_last {
                return;
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    async fn call<E: Endpoint<Response = ()>>(
        &self,
        lot: &Lot,
        id: Uuid,
        request: &E::Request,
    ) -> End {
        let called = lot.peer.call::<E>(request, lot.peer.now(), self.deadline);
        let (state, said) = match called.await {
            Ok(Answer::Accepted { note, .. }) => (State::Executed, note),
            Ok(Answer::Refused(refusal)) => (State::Refused, refusal.to_string()),
            Err(fault) => (
                State::Unknown,
                format!("{fault}：不知道设备是否已动作，请查看现场"),
            ),
        };
        End { id, state, said }
    }
}

impl Act {
    /// The device meant.
    pub fn device(&self) -> &DeviceNo {
        match self {
            Act::Open(open) => &open.device,
            Act::Show(show) => &show.device,
        }
    }

    /// What is to be done, in the word of the operators' interface.
    pub fn what(&self) -> &'static str {
        match self {
            Act::Open(open) => mode_word(open.mode),
            Act::Show(_) => "show",
        }
    }

    /// The vehicle meant.
    pub fn plate(&self) -> Option<&str> {
        match self {
            Act::Open(open) => open.plate.as_ref().map(Plate::as_str),
            Act::Show(_) => None,
        }
    }

    /// The text to show, its lines one below the other.
    pub fn text(&self) -> Option<String> {
        match self {
            Act::Open(_) => None,
            Act::Show(show) => {
                let lines: Vec<_> = show.lines.iter().map(|line| line.text.as_str()).collect();
                Some(lines.join("\n"))
            }
        }
    }

    /// Whether this says nothing of the barrier any more once `newer` was given: it runs on, and
    /// whoever gives it again means something new.
    fn is_overtaken_by(&self, newer: &Act) -> bool {
        matches!((self, newer), (Act::Open(older), Act::Open(newer)) if older != newer)
    }
}

impl State {
    /// The word of the operators' interface.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Asked => "asked",
            State::Executed => "executed",
            State::Refused => "refused",
            State::Unknown => "unknown",
        }
    }
}

/// The words of the operators' interface for the four modes (OPEN-1 to OPEN-4).
pub fn mode_word(mode: OpenMode) -> &'static str {
    match mode {
        OpenMode::Normal => "normal",
        OpenMode::Forced => "forced",
        OpenMode::HoldOpen => "hold",
        OpenMode::Restore => "restore",
    }
}

fn lock(under_way: &UnderWay) -> MutexGuard<'_, HashMap<Place, Vec<(Act, Told)>>> {
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}
