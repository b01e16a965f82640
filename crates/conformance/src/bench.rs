//! The test bench: everything that a case may use.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::book::{Book, Exchange};
use crate::case::{Side, Stop};
use crate::clock::{Clock, wire_time};
use crate::config::{About, Devices, Plates, Timing};
use crate::draft::{self, Draft};
use crate::endpoint::OPEN_GATE;
use crate::hands::{self, Act, Hands, Sight, Undone};
use crate::http::client::send;
use crate::manners::Missed;
use crate::net::{Address, Later, Network};
use crate::peer::Peer;
use crate::reply::Reply;
use crate::token::Signer;

/// Pause between two looks at something that is to come about.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Another lot of another supplier.
#[derive(Clone, Debug)]
pub struct OtherLot {
    /// Its `parkingLotId`.
    pub lot: String,
    /// What its requests are signed with.
    pub signer: Signer,
}

/// What is set up for a run.
pub struct Setting {
    /// Which side is judged.
    pub side: Side,
    /// Where it listens.
    pub target: Address,
    /// `parkingLotId`.
    pub lot: String,
    /// What requests are signed with.
    pub signer: Signer,
    /// Another lot of another supplier.
    pub other: Option<OtherLot>,
    /// The lot's devices.
    pub devices: Devices,
    /// The vehicles.
    pub plates: Plates,
    /// What may take how long.
    pub timing: Timing,
    /// What makes the run's own numbers: the same for the same requests.
    pub seed: u64,
    /// What the report says of the judged product.
    pub about: About,
}

/// Everything that a case may use.
pub struct Bench {
    /// What is set up.
    pub setting: Setting,
    /// The kit's clock.
    pub clock: Clock,
    /// Every exchange so far.
    pub book: Arc<Book>,
    /// The side that the kit plays.
    pub peer: Peer,
    /// Who acts and looks.
    pub hands: Box<dyn Hands>,
    /// How the judged side is reached.
    pub network: Arc<dyn Network>,
    /// What the kit says it could not push when it plays a supplier.
    pub missed: Missed,
    /// The outage that cases look at, once there was one.
    pub outage: OnceCell<Result<Outage, Stop>>,
    /// How long a vehicle waited while every push hung, once one has.
    pub hanging: OnceCell<Result<Option<Duration>, Stop>>,
    /// The failed pushes that cases look at, once there were any.
    pub failed: OnceCell<Result<FailedPush, Stop>>,
    vehicle_is_there: AtomicBool,
    /// When devices were put back, by the act that loses them.
    put_back: Mutex<BTreeMap<Act, Instant>>,
    /// What undoes the acts that were done and not undone.
    pending: Mutex<BTreeSet<Act>>,
    numbers: AtomicU64,
}

/// A vehicle of which nothing could be pushed.
#[derive(Clone, Debug)]
pub struct FailedPush {
    /// What was exchanged before has a lower number.
    pub mark: usize,
    /// The first attempt of its recognition.
    pub recognition: Exchange,
    /// How often it was tried while everything failed.
    pub recognition_attempts: usize,
    /// How often it was pushed afterwards.
    pub recognition_later: usize,
    /// How many `uuid`s the vehicle had.
    pub uuids: usize,
    /// The first attempt of its crossing, if there was one.
    pub crossing: Option<Exchange>,
    /// How often it was tried while everything failed.
    pub crossing_attempts: Option<usize>,
    /// How often it was pushed afterwards.
    pub crossing_later: usize,
    /// How long it waited until the barrier lifted, if it did and somebody looked.
    pub released: Option<Duration>,
}

/// A time in which the kit could not be reached, or answered nothing useful.
#[derive(Clone, Debug)]
pub struct Outage {
    /// What was exchanged before has a lower number.
    pub mark: usize,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// What was exchanged since has this number or a higher one.
    pub after: usize,
}

impl Bench {
    /// A bench on which nothing has happened.
    pub fn new(
        setting: Setting,
        clock: Clock,
        book: Arc<Book>,
        peer: Peer,
        hands: Box<dyn Hands>,
        network: Arc<dyn Network>,
        missed: Missed,
    ) -> Bench {
        Bench {
            setting,
            clock,
            book,
            peer,
            hands,
            network,
            missed,
            outage: OnceCell::new(),
            hanging: OnceCell::new(),
            failed: OnceCell::new(),
            vehicle_is_there: AtomicBool::new(false),
            put_back: Mutex::default(),
            pending: Mutex::default(),
            numbers: AtomicU64::new(0),
        }
    }

    /// What may take how long.
    pub fn timing(&self) -> &Timing {
        &self.setting.timing
    }

    /// The time now, as it stands on the wire.
    pub fn time(&self) -> String {
        wire_time(self.clock.now())
    }

    /// A number that this run has not had yet.
    pub fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// A `uuid` that nobody has had yet: it begins with the seed and the time of the start.
    pub fn uuid(&self) -> String {
        let start = (self.clock.now() - self.clock.elapsed()).as_millisecond();
        let (seed, number) = (self.setting.seed, self.number());
        format!("conform-{seed}-{start}-{number}")
    }

    /// A complete request to `path`, signed now, with `own` fields beside the envelope.
    pub fn draft(&self, path: &str, own: Map<String, Value>) -> Draft {
        self.draft_of(
            &self.setting.lot,
            &self.setting.signer,
            &self.time(),
            path,
            own,
        )
    }

    /// The same for a lot, a signer and a time of one's choice.
    pub fn draft_of(
        &self,
        lot: &str,
        signer: &Signer,
        time: &str,
        path: &str,
        own: Map<String, Value>,
    ) -> Draft {
        let mut fields = Map::new();
        fields.insert("version".to_owned(), "1.0".into());
        fields.insert("token".to_owned(), signer.token(time).into());
        if self.setting.side == Side::Platform {
            fields.insert("appId".to_owned(), signer.app_id.clone().into());
        }
        fields.insert("parkingLotId".to_owned(), lot.into());
        fields.insert("time".to_owned(), time.into());
        fields.extend(own);
        Draft::new(path, fields)
    }

    /// What `make` makes, once it is no longer, byte for byte, what was sent before: times on the
    /// wire have whole seconds, and the same command again may rightly move nothing (D-5).
    pub async fn anew(&self, make: impl Fn() -> Draft) -> Draft {
        loop {
            let draft = make();
            let body = draft.written().body;
            let same = |it: &Exchange| {
                !it.incoming && it.request.body == body && it.request.path == draft.path
            };
            if self.book.since(0, same).is_empty() {
                return draft;
            }
            let into_the_second = self.clock.now().subsec_nanosecond().unsigned_abs();
            let left =
                Duration::from_secs(1).saturating_sub(Duration::from_nanos(into_the_second.into()));
            tokio::time::sleep(left.max(LOOK_AGAIN)).await;
        }
    }

    /// Sends a request and waits for the reply.
    pub async fn send(&self, draft: &Draft) -> Reply {
        let request = draft.written();
        let number = self.book.begin(false, request.clone());
        let within = self.setting.timing.reply;
        let result = send(&*self.network, &self.setting.target, &request, within).await;
        let note = result
            .as_ref()
            .err()
            .map(|fault| crate::text::Text::same(fault.to_string()));
        self.book.end(number, result.clone().ok(), note);
        Reply(result)
    }

    /// Sends a complete request.
    pub async fn call(&self, path: &str, own: Map<String, Value>) -> Reply {
        self.send(&self.draft(path, own)).await
    }

    /// Sends all of them at the same time.
    pub async fn at_once(&self, drafts: &[Draft]) -> Vec<Reply> {
        let mut under_way: Vec<Later<'_, Reply>> = Vec::new();
        for draft in drafts {
            under_way.push(Box::pin(self.send(draft)));
        }
        let mut replies = Vec::with_capacity(drafts.len());
        std::future::poll_fn(|context| {
            under_way.retain_mut(|sending| match sending.as_mut().poll(context) {
                Poll::Ready(reply) => {
                    replies.push(reply);
                    false
                }
                Poll::Pending => true,
            });
            if under_way.is_empty() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        replies
    }

    /// Has something done.
    ///
    /// # Errors
    /// Skips the case when it was not.
    pub async fn act(&self, act: Act, plate: &str) -> Result<(), Stop> {
        self.give_time_to_notice(act).await;
        self.pending().extend(act.undone_by());
        let lasting = self.setting.timing.loop_alarm + self.setting.timing.tolerance;
        let about = hands::About {
            plate: plate.to_owned(),
            number: self.number(),
            lasting,
        };
        let done = self.hands.act(act, &about).await;
        match act {
            Act::VehicleArrives | Act::VehicleStays => {
                self.vehicle_is_there.store(true, Ordering::Relaxed);
            }
            Act::VehicleLeaves | Act::VehicleCrosses => {
                self.vehicle_is_there.store(false, Ordering::Relaxed);
            }
            _ => {}
        }
        if done.is_ok() {
            self.pending().remove(&act);
        }
        if let Some(loses) = act.undoes() {
            let mut put_back = self.put_back.lock().unwrap_or_else(PoisonError::into_inner);
            put_back.insert(loses, Instant::now());
        }
        done.map_err(undone)
    }

    /// A device that was put back is not lost again before the other side may have noticed.
    async fn give_time_to_notice(&self, act: Act) {
        let put_back = {
            let put_back = self.put_back.lock().unwrap_or_else(PoisonError::into_inner);
            put_back.get(&act).copied()
        };
        if let Some(put_back) = put_back {
            let timing = &self.setting.timing;
            tokio::time::sleep_until(put_back + timing.device_check + timing.tolerance).await;
        }
    }

    /// Good manners again, and an empty lane, whatever a case left behind.
    pub async fn tidy(&self) {
        self.peer.behave().await;
        if self.vehicle_is_there.load(Ordering::Relaxed) {
            let plate = &self.setting.plates.allowed;
            // A vehicle that cannot leave shows in the next case.
            let _ = self.act(Act::VehicleLeaves, plate).await;
            tokio::time::sleep(self.setting.timing.settle).await;
        }
    }

    /// Leaves the judged side as it was found, when a run is broken off: an empty lane, a barrier
    /// that is not held open, and devices put back where that needs no person. What a person has to
    /// put back is returned.
    pub async fn leave_as_found(&self) -> Vec<hands::Act> {
        self.peer.behave().await;
        if self.setting.side == Side::Supplier && self.has_sent_a_hold() {
            let restore = draft::object(serde_json::json!({
                "deviceNo": self.setting.devices.recognizer, "plateNumber": "", "openMode": "1",
            }));
            let restore = self.anew(|| self.draft(OPEN_GATE, restore.clone())).await;
            self.send(&restore).await;
        }
        let mut left: Vec<Act> = self.pending().iter().copied().collect();
        if self.vehicle_is_there.load(Ordering::Relaxed) {
            left.push(Act::VehicleLeaves);
        }
        let mut for_a_person = Vec::new();
        for act in left {
            let about = hands::About {
                plate: self.setting.plates.allowed.clone(),
                number: self.number(),
                ..hands::About::default()
            };
            if !self.hands.acts_by_itself(act) || self.hands.act(act, &about).await.is_err() {
                for_a_person.push(act);
            }
        }
        for_a_person
    }

    /// Whether the last hold was not restored.
    fn has_sent_a_hold(&self) -> bool {
        let orders = self
            .book
            .since(0, |it| !it.incoming && it.request.path == OPEN_GATE);
        let last = orders
            .iter()
            .rev()
            .map(|it| it.text("openMode"))
            .find(|mode| ["0", "1"].contains(&mode.as_str()));
        last.as_deref() == Some("0")
    }

    fn pending(&self) -> MutexGuard<'_, BTreeSet<Act>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks.
    ///
    /// # Errors
    /// Skips the case when nothing could be seen.
    pub async fn see(&self, sight: Sight) -> Result<String, Stop> {
        self.hands.see(sight).await.map_err(undone)
    }

    /// How often the barrier has been driven up before something happens. A person is not asked:
    /// the later question is how often it was since the case began.
    ///
    /// # Errors
    /// Skips the case when that could not be seen.
    pub async fn lifts_before(&self) -> Result<u64, Stop> {
        if self.hands.looks_by_itself(Sight::Lifts) {
            return self.lifts().await;
        }
        Ok(0)
    }

    /// How often the barrier has been driven up so far.
    ///
    /// # Errors
    /// Skips the case when that could not be seen.
    pub async fn lifts(&self) -> Result<u64, Stop> {
        let seen = self.see(Sight::Lifts).await?;
        let number = seen.trim().parse();
        number.map_err(|_| undone(Undone(format!("lifts: {seen:?} 不是数字 (no number)"))))
    }

    /// Waits until the barrier has lifted as often as `wanted`, for `within` at most, and says how
    /// often it has.
    ///
    /// # Errors
    /// Skips the case when that could not be seen.
    pub async fn lifts_within(&self, wanted: u64, within: Duration) -> Result<u64, Stop> {
        if !self.hands.looks_by_itself(Sight::Lifts) {
            // A person is asked once, when it must have happened.
            tokio::time::sleep(within).await;
            return self.lifts().await;
        }
        let deadline = Instant::now() + within;
        loop {
            let lifts = self.lifts().await?;
            if lifts >= wanted || Instant::now() >= deadline {
                return Ok(lifts);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// The first request to `path` from `mark` on that fits.
    ///
    /// # Errors
    /// When none comes within `within`.
    pub async fn came(
        &self,
        mark: usize,
        path: &str,
        within: Duration,
        fits: impl Fn(&Exchange) -> bool,
    ) -> Result<Exchange, Stop> {
        let wanted = |exchange: &Exchange| exchange.came_to(path) && fits(exchange);
        let came = self.book.wait(mark, 1, within, wanted).await;
        came.into_iter().next().ok_or_else(|| {
            let seconds = within.as_secs_f64();
            Stop::unmet(
                format!("{seconds} 秒内没有收到 {path}"),
                format!("no {path} within {seconds} s"),
            )
        })
    }

    /// Lets time go by in which something might come that should not.
    pub async fn watch(&self) {
        tokio::time::sleep(self.setting.timing.quiet).await;
    }
}

fn undone(undone: Undone) -> Stop {
    Stop::skipped(undone.0.clone(), undone.0)
}
