//! The test bench: everything that a case may use.

mod acting;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
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
use crate::draft::Draft;
use crate::hands::{Act, Hands, Sight, Undone};
use crate::http::client::{Fault, reach, send};
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
    /// What undoes the acts that were done and not undone, with the plate that they were about.
    pending: Mutex<BTreeMap<Act, String>>,
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

    /// Whether the judged side can be reached at all, before anything is asked of it.
    ///
    /// # Errors
    /// Why it cannot.
    pub async fn reach(&self) -> Result<(), Fault> {
        let within = self.setting.timing.reply;
        reach(&*self.network, &self.setting.target, within).await
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
