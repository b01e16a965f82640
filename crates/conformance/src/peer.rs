//! The scripted peer: the side that the kit plays, which answers as a case wants it to.

mod reaction;

pub use self::reaction::Reaction;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::BufReader;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::book::Book;
use crate::http::server::read_request;
use crate::http::{Request, Response};
use crate::net::{Connection, Listener, Network};

/// Longest that the kit tries to have its own address back after it closed its door.
const REOPENING: Duration = Duration::from_secs(10);

/// Pause between two tries.
const TRY_AGAIN: Duration = Duration::from_millis(50);

/// What the side that the kit plays answers when no case wants anything else.
pub type Manners = Arc<dyn Fn(&Request) -> Response + Send + Sync>;

/// A peer that listens until it is dropped.
pub struct Peer {
    shared: Arc<Shared>,
    door: watch::Sender<bool>,
    is_open: watch::Receiver<bool>,
    serving: JoinHandle<()>,
}

struct Shared {
    book: Arc<Book>,
    plans: Mutex<HashMap<String, Plan>>,
    manners: Manners,
}

/// What a case wants of the requests to one path.
struct Plan {
    first: VecDeque<Reaction>,
    then: Option<Reaction>,
}

impl Peer {
    /// Listens on the network's own address.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn listen(
        network: Arc<dyn Network>,
        book: Arc<Book>,
        manners: Manners,
    ) -> io::Result<Peer> {
        let listener = network.listen().await?;
        let shared = Arc::new(Shared {
            book,
            plans: Mutex::default(),
            manners,
        });
        let (door, wanted) = watch::channel(true);
        let (told, is_open) = watch::channel(true);
        let serving = serve(network, listener, Arc::clone(&shared), wanted, told);
        Ok(Peer {
            shared,
            door,
            is_open,
            serving: tokio::spawn(serving),
        })
    }

    /// The next requests to `path` are met by `first`, one each, and all later ones by `then`, or
    /// with good manners if there is none.
    pub fn plan(&self, path: &str, first: Vec<Reaction>, then: Option<Reaction>) {
        let plan = Plan {
            first: first.into(),
            then,
        };
        self.shared.plans().insert(path.to_owned(), plan);
    }

    /// Good manners again, with an open door.
    pub async fn behave(&self) {
        self.shared.plans().clear();
        self.open(true).await;
    }

    /// Opens the door, or closes it: then connections are refused and those that there are end.
    pub async fn open(&self, wanted: bool) {
        self.door.send_replace(wanted);
        let mut is_open = self.is_open.clone();
        let done = is_open.wait_for(|open| *open == wanted);
        // A port that somebody else has taken meanwhile shows as pushes that do not come.
        let _ = tokio::time::timeout(REOPENING, done).await;
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Shared {
    fn plans(&self) -> MutexGuard<'_, HashMap<String, Plan>> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reaction(&self, request: &Request) -> Reaction {
        let mut plans = self.plans();
        let plan = plans
            .iter_mut()
            .find(|(path, _)| request.path.ends_with(path.as_str()));
        let planned = plan.and_then(|(_, plan)| plan.first.pop_front().or(plan.then.clone()));
        planned.unwrap_or_else(|| Reaction::Answer((self.manners)(request)))
    }
}

async fn serve(
    network: Arc<dyn Network>,
    listener: Box<dyn Listener>,
    shared: Arc<Shared>,
    mut wanted: watch::Receiver<bool>,
    told: watch::Sender<bool>,
) {
    let mut listening = Some(listener);
    let mut connections = JoinSet::new();
    loop {
        let is_wanted = *wanted.borrow_and_update();
        match (&mut listening, is_wanted) {
            (Some(_), false) => {
                listening = None;
                connections.shutdown().await;
            }
            (None, true) => listening = network.listen().await.ok(),
            (Some(_), true) | (None, false) => {}
        }
        told.send_replace(listening.is_some());
        tokio::select! {
            changed = wanted.changed() => if changed.is_err() { return },
            accepted = next(&mut listening, is_wanted) => if let Some(connection) = accepted {
                connections.spawn(converse(connection, Arc::clone(&shared)));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// The next connection; without a listener, the time to try for one again, if one is wanted.
async fn next(
    listening: &mut Option<Box<dyn Listener>>,
    is_wanted: bool,
) -> Option<Box<dyn Connection>> {
    match listening {
        Some(listener) => listener.accept().await.ok(),
        None if is_wanted => {
            tokio::time::sleep(TRY_AGAIN).await;
            None
        }
        None => std::future::pending().await,
    }
}

async fn converse(connection: Box<dyn Connection>, shared: Arc<Shared>) {
    let mut stream = BufReader::new(connection);
    while let Ok(Some(request)) = read_request(&mut stream).await {
        let reaction = shared.reaction(&request);
        let number = shared.book.begin(true, request);
        let (response, note) = (reaction.response(), reaction.note());
        // Whoever hangs up on a peer that hangs is written down as well.
        let ended = Ended(&shared.book, number, note);
        let goes_on = reaction.carry_out(&mut stream).await;
        ended.now(response);
        if !goes_on {
            return;
        }
    }
}

/// An exchange that is written down as ended, also when its connection is given up.
struct Ended<'a>(&'a Book, Option<usize>, Option<crate::text::Text>);

impl Ended<'_> {
    fn now(mut self, response: Option<Response>) {
        self.0.end(self.1.take(), response, self.2.take());
    }
}

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        if self.1.is_some() {
            self.0.end(self.1.take(), None, self.2.take());
        }
    }
}
