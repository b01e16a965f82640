//! A gate camera of 海康 that is called over ISAPI, pushes what it reads, tells it in its alert
//! stream, and can fail in the ways cameras do.

mod document;
mod serve;

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use reqwest::header::CONTENT_TYPE;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

pub use self::document::HikNamespace;

use super::login::Login;
use super::{PushError, Silence};
use crate::lot::client;

/// Most orders that nobody has carried out.
const ORDERS_QUEUED: usize = 64;

/// Most words that wait for one who listens; who is so slow is cut off.
const WORDS_QUEUED: usize = 64;

/// How often the alert stream says that nothing happens, unless it is told otherwise.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Inputs of a camera.
const INPUTS: usize = 4;

/// A camera.
#[derive(Clone, Debug)]
pub struct HikCamera {
    /// Where it is called.
    pub address: SocketAddr,
    inner: Arc<Inner>,
    client: reqwest::Client,
}

/// A vehicle as the camera saw it.
#[derive(Clone, Debug)]
pub struct HikPlate {
    /// What was read; `无车牌` when nothing was.
    pub license: String,
    /// The word for its colour.
    pub color: String,
    /// How sure it is, 0 to 100.
    pub confidence: u8,
    /// When.
    pub at: Timestamp,
    /// Whether it comes from memory.
    pub is_replay: bool,
    /// A JPEG in base64.
    pub image: String,
}

/// What it was told to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HikOrder {
    /// With the barrier: `open`, `close`, `lock`, `unlock`.
    Gate(String),
    /// With an output, from 1: `high`, `low`, `pulse`.
    Output(u16, String),
}

/// Where the barrier is, as the camera knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HikGate {
    /// It has no signal.
    #[default]
    NoSignal,
    /// Down.
    Closed,
    /// Up.
    Open,
}

/// How it fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HikFault {
    /// It does not.
    #[default]
    None,
    /// Commands are carried out and never answered.
    Mute,
    /// Nothing is answered.
    Dead,
    /// Commands are answered well, and nothing happens.
    Idle,
    /// Commands are not supported.
    NotSupported,
    /// Commands are forbidden: the camera opens by itself.
    Forbidden,
    /// Commands are carried out and answered with code 0 in place of 1, as some do.
    CodeZero,
}

#[derive(Debug)]
struct Inner {
    serial: String,
    started: Instant,
    login: Mutex<Login>,
    state: Mutex<State>,
    orders: mpsc::Sender<HikOrder>,
    silence: Silence,
}

/// A piece of the alert stream, or its sudden end.
type Word = Result<Bytes, std::io::Error>;

#[derive(Debug, Default)]
struct State {
    inputs: [bool; INPUTS],
    gate: HikGate,
    /// Whether it does not know where the barrier is.
    has_no_signal: bool,
    fault: HikFault,
    /// How the next command fails, if that is otherwise.
    next: Option<HikFault>,
    namespace: HikNamespace,
    /// Whether the alert stream comes byte by byte.
    dribbles: bool,
    /// Where it pushes to, if it does.
    pushes_to: Option<String>,
    listeners: Vec<mpsc::Sender<Word>>,
    streams: u64,
    calls: u64,
    /// How often the alert stream says that nothing happens.
    heartbeat: Option<Duration>,
}

impl HikCamera {
    /// A camera on this listener, within a runtime. What it is told to do comes out of the receiver.
    ///
    /// # Errors
    /// When the listener has no address, or no client can be made.
    pub fn start(
        listener: TcpListener,
        serial: &str,
        user: &str,
        password: &str,
    ) -> std::io::Result<(HikCamera, mpsc::Receiver<HikOrder>)> {
        let address = listener.local_addr()?;
        let (orders, ordered) = mpsc::channel(ORDERS_QUEUED);
        let inner = Arc::new(Inner {
            serial: serial.to_owned(),
            started: Instant::now(),
            login: Mutex::new(Login::new(user, password)),
            state: Mutex::default(),
            orders,
            silence: Silence::default(),
        });
        let routes = serve::routes(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let beating = Arc::downgrade(&inner);
        tokio::spawn(async move {
            while let Some(inner) = beating.upgrade() {
                if !inner.silence.load(Ordering::Relaxed) {
                    inner.say(&document::heartbeat);
                }
                let pause = inner.lock().heartbeat.unwrap_or(HEARTBEAT);
                drop(inner);
                tokio::time::sleep(pause).await;
            }
        });
        let camera = HikCamera {
            address,
            inner,
            client: client().map_err(std::io::Error::other)?,
        };
        Ok((camera, ordered))
    }

    /// Sets an input, from 0, and tells in the alert stream that it has changed.
    pub fn input(&self, input: usize, level: bool) {
        if let Some(known) = self.inner.lock().inputs.get_mut(input) {
            *known = level;
        }
        self.inner
            .say(&|namespace| document::input(input + 1, level, namespace));
    }

    /// Sets where the barrier is.
    pub fn gate(&self, gate: HikGate) {
        self.inner.lock().gate = gate;
    }

    /// Whether it knows where that is.
    pub fn has_signal(&self, has: bool) {
        self.inner.lock().has_no_signal = !has;
    }

    /// How often its alert stream says that nothing happens from now on, once it has said so again.
    pub fn beats_every(&self, pause: Duration) {
        self.inner.lock().heartbeat = Some(pause);
    }

    /// What keeps those words back.
    #[must_use]
    pub fn silence(&self) -> Silence {
        Arc::clone(&self.inner.silence)
    }

    /// Has it push to `url` from now on, such as `http://127.0.0.1:8444/hik/KEY`.
    pub fn pushes_to(&self, url: &str) {
        self.inner.lock().pushes_to = Some(url.to_owned());
    }

    /// Which namespace its documents have from now on.
    pub fn writes(&self, namespace: HikNamespace) {
        self.inner.lock().namespace = namespace;
    }

    /// Tells a reading in the alert stream, as a rule without its picture; false when nobody listens.
    #[must_use]
    pub fn tell(&self, plate: &HikPlate) -> bool {
        self.inner
            .say(&|namespace| document::anpr(plate, namespace))
    }

    /// Pushes a reading where it was told to.
    ///
    /// # Errors
    /// [`PushError`]: a real camera pushes it again.
    pub async fn push(&self, plate: &HikPlate) -> Result<(), PushError> {
        self.push_raw(self.composed(plate), Self::FORM).await
    }

    /// The content type of what it pushes.
    pub const FORM: &str = "multipart/form-data; boundary=boundary";

    /// What it pushes of a reading, for whoever pushes it later.
    #[must_use]
    pub fn composed(&self, plate: &HikPlate) -> Vec<u8> {
        let namespace = self.inner.lock().namespace;
        let image = STANDARD.decode(&plate.image).unwrap_or_default();
        document::form(&document::anpr(plate, namespace), &image)
    }

    /// Pushes bytes as they are.
    ///
    /// # Errors
    /// [`PushError`].
    pub async fn push_raw(
        &self,
        body: impl Into<reqwest::Body>,
        content_type: &str,
    ) -> Result<(), PushError> {
        let url = self.inner.lock().pushes_to.clone();
        let url = url.ok_or_else(|| PushError::Unreachable("it pushes to nobody".to_owned()))?;
        let unreachable = |error: reqwest::Error| {
            let error = error.without_url();
            PushError::Unreachable(error.to_string())
        };
        let request = self.client.post(url).header(CONTENT_TYPE, content_type);
        let response = request.body(body).send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        if status == 200 {
            return Ok(());
        }
        let text = response.text().await.map_err(unreachable)?;
        Err(PushError::Refused(status, text.chars().take(200).collect()))
    }

    /// Has it fail from now on.
    pub fn fails(&self, fault: HikFault) {
        self.inner.lock().fault = fault;
    }

    /// Has the next command fail, and no other.
    pub fn fails_once(&self, fault: HikFault) {
        self.inner.lock().next = Some(fault);
    }

    /// Whether its alert stream comes byte by byte.
    pub fn dribbles(&self, dribbles: bool) {
        self.inner.lock().dribbles = dribbles;
    }

    /// Cuts every alert stream.
    pub fn cut(&self) {
        for listener in self.inner.lock().listeners.drain(..) {
            // Who does not read is cut off all the same.
            let _ = listener.try_send(Err(std::io::Error::other("cut")));
        }
    }

    /// A challenge is good for so many calls from now on.
    pub fn nonces_last(&self, calls: u32) {
        lock(&self.inner.login).nonces_last(calls);
    }

    /// Another password from now on.
    pub fn password_is(&self, password: &str) {
        lock(&self.inner.login).password_is(password);
    }

    /// How often somebody showed a wrong password.
    #[must_use]
    pub fn refusals(&self) -> u64 {
        lock(&self.inner.login).refusals()
    }

    /// How often a challenge was answered too late.
    #[must_use]
    pub fn stale(&self) -> u64 {
        lock(&self.inner.login).stale()
    }

    /// How many calls were let in.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.inner.lock().calls
    }

    /// How often its alert stream was opened.
    #[must_use]
    pub fn streams(&self) -> u64 {
        self.inner.lock().streams
    }

    /// Whether somebody listens to its alert stream.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        let state = self.inner.lock();
        state.listeners.iter().any(|to| !to.is_closed())
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Says something in every alert stream; false when there is none.
    fn say(&self, document: &dyn Fn(HikNamespace) -> String) -> bool {
        let mut state = self.lock();
        if state.fault == HikFault::Dead {
            return false;
        }
        let part = document::part(&document(state.namespace));
        let pieces: Vec<Bytes> = if state.dribbles {
            let bytes = part.as_bytes().chunks(1);
            bytes.map(Bytes::copy_from_slice).collect()
        } else {
            vec![part.into()]
        };
        state.listeners.retain(|to| {
            let mut pieces = pieces.iter();
            pieces.all(|piece| to.try_send(Ok(piece.clone())).is_ok())
        });
        !state.listeners.is_empty()
    }

    /// Somebody listens from now on.
    fn listen(&self) -> mpsc::Receiver<Word> {
        let mut state = self.lock();
        // A dribbling camera says thousands of words at once.
        let room = if state.dribbles {
            64 * 1024
        } else {
            WORDS_QUEUED
        };
        let (to, words) = mpsc::channel(room);
        state.listeners.push(to);
        state.streams += 1;
        words
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
