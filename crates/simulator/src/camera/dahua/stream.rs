//! What a camera tells in its stream of events: texts of lines, the picture behind each, and that it is
//! there as often as whoever listens wants.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Query, State as Extracted};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream;
use tokio::sync::mpsc;
use tokio::time::Interval;

use super::{Asked, DahuaCamera, DahuaFault, DahuaPlate, Inner, lock};

/// Most words that wait for one who listens; who is so slow is cut off.
const WORDS_QUEUED: usize = 64;

/// The same for one who is told byte by byte: some hundreds of bytes of a text at once.
const BYTES_QUEUED: usize = 64 * 1024;

/// How long the pieces of a picture are, in bytes, where texts come byte by byte: some hundreds of
/// pieces, whose ends fall everywhere.
const PICTURE_PIECE_BYTES: usize = 97;

/// A piece of the stream, or its sudden end.
type Word = Result<Bytes, std::io::Error>;

/// Who listens.
#[derive(Debug, Default)]
pub(super) struct Streams {
    listeners: Vec<mpsc::Sender<Word>>,
    opened: u64,
    dribbles: bool,
}

impl DahuaCamera {
    /// Tells a reading in every stream, with its picture behind it if it has one; false when nobody
    /// listens.
    #[must_use]
    pub fn tell(&self, plate: &DahuaPlate) -> bool {
        let (text, picture) = (text(plate), picture(plate));
        let dribbles = lock(&self.inner.state).streams.dribbles;
        let mut words = pieces(&text, if dribbles { 1 } else { usize::MAX });
        let length = if dribbles {
            PICTURE_PIECE_BYTES
        } else {
            usize::MAX
        };
        words.extend(pieces(&picture, length));
        self.say(&words)
    }

    /// Tells a reading, and only the first half of its picture; false when nobody listens.
    #[must_use]
    pub fn tell_half(&self, plate: &DahuaPlate) -> bool {
        let (text, picture) = (text(plate), picture(plate));
        let half = &picture[..picture.len() / 2];
        self.say(&[text.into(), Bytes::copy_from_slice(half)])
    }

    /// Says a text in every stream, whatever it is; false when nobody listens.
    #[must_use]
    pub fn say_text(&self, text: &str) -> bool {
        self.say(&[part("text/plain", text.as_bytes()).into()])
    }

    /// Cuts every stream.
    pub fn cut(&self) {
        for listener in lock(&self.inner.state).streams.listeners.drain(..) {
            // Who does not read is cut off all the same.
            let _ = listener.try_send(Err(std::io::Error::other("cut")));
        }
    }

    /// Whether what it tells comes byte by byte, and pictures in small pieces; of streams that are opened
    /// from now on.
    pub fn dribbles(&self, dribbles: bool) {
        lock(&self.inner.state).streams.dribbles = dribbles;
    }

    /// How often its stream was opened.
    #[must_use]
    pub fn streams(&self) -> u64 {
        lock(&self.inner.state).streams.opened
    }

    /// Whether somebody listens to its stream.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        let state = lock(&self.inner.state);
        state.streams.listeners.iter().any(|to| !to.is_closed())
    }

    fn say(&self, words: &[Bytes]) -> bool {
        let mut state = lock(&self.inner.state);
        if state.fault == DahuaFault::Dead {
            return false;
        }
        state.streams.listeners.retain(|to| {
            let mut words = words.iter();
            words.all(|word| to.try_send(Ok(word.clone())).is_ok())
        });
        !state.streams.listeners.is_empty()
    }
}

impl Streams {
    /// Somebody listens from now on.
    fn open(&mut self) -> mpsc::Receiver<Word> {
        let room = if self.dribbles {
            BYTES_QUEUED
        } else {
            WORDS_QUEUED
        };
        let (to, words) = mpsc::channel(room);
        self.listeners.push(to);
        self.opened += 1;
        words
    }
}

/// The lines of a reading.
fn text(plate: &DahuaPlate) -> Vec<u8> {
    let at = plate.at;
    let lines = [
        "Code=TrafficJunction".to_owned(),
        "EventBaseInfo.Action=Pulse".to_owned(),
        format!("UTC={}", at.as_second()),
        format!("UTCMS={}", at.subsec_millisecond()),
        "CountInGroup=1".to_owned(),
        "IndexInGroup=1".to_owned(),
        "Lane=1".to_owned(),
        format!("TrafficCar.PlateNumber={}", plate.license),
        format!("TrafficCar.PlateColor={}", plate.color),
        "TrafficCar.PlateType=Normal".to_owned(),
        "TrafficCar.VehicleColor=White".to_owned(),
        "CommInfo.ParkType=1".to_owned(),
    ];
    let lines: String = lines
        .iter()
        .map(|line| format!("Events[0].{line}\r\n"))
        .collect();
    part("text/plain", lines.as_bytes())
}

/// Its picture; nothing when it has none.
fn picture(plate: &DahuaPlate) -> Vec<u8> {
    let image = STANDARD.decode(&plate.image).unwrap_or_default();
    if image.is_empty() {
        return image;
    }
    part("image/jpeg", &image)
}

fn part(kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "--myboundary\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body, b"\r\n"].concat()
}

fn pieces(bytes: &[u8], length: usize) -> Vec<Bytes> {
    bytes.chunks(length).map(Bytes::copy_from_slice).collect()
}

/// One stream on its way to who listens.
struct Telling {
    inner: Arc<Inner>,
    words: mpsc::Receiver<Word>,
    beats: Interval,
}

impl Telling {
    /// What is said next; nothing when it ends.
    async fn next(&mut self) -> Option<Word> {
        loop {
            tokio::select! {
                biased;
                word = self.words.recv() => return word,
                _ = self.beats.tick() => {}
            }
            let is_dead = lock(&self.inner.state).fault == DahuaFault::Dead;
            if !is_dead && !self.inner.silence.load(Ordering::Relaxed) {
                return Some(Ok(part("text/plain", b"Heartbeat").into()));
            }
        }
    }
}

/// Never ends by itself.
pub(super) async fn serve(
    Extracted(inner): Extracted<Arc<Inner>>,
    Query(asked): Asked,
) -> Response {
    let is_asked = |key: &str, value: &str| asked.get(key).is_some_and(|it| it == value);
    let is_stream = is_asked("action", "attachFileProc")
        && is_asked("Flags[0]", "Event")
        && is_asked("Events", "[TrafficJunction]");
    let seconds = asked.get("heartbeat").and_then(|it| it.parse().ok());
    let Some(seconds) = seconds.filter(|it| is_stream && (1..=60).contains(it)) else {
        return (StatusCode::BAD_REQUEST, "Error").into_response();
    };
    let words = lock(&inner.state).streams.open();
    let telling = Telling {
        inner,
        words,
        beats: tokio::time::interval(Duration::from_secs(seconds)),
    };
    let body = stream::unfold(telling, async |mut telling| {
        let word = telling.next().await?;
        Some((word, telling))
    });
    let kind = "multipart/x-mixed-replace; boundary=myboundary";
    ([(header::CONTENT_TYPE, kind)], Body::from_stream(body)).into_response()
}
