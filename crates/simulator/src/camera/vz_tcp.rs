//! A camera of 臻识 that is connected to, and can fail in the ways cameras do.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

use super::{Silence, VzHabits, VzOrder, VzPlate};

/// Most frames that wait for a connection; who reads so slowly is cut off.
const FRAMES_QUEUED: usize = 64;

/// Most orders that nobody has carried out.
const ORDERS_QUEUED: usize = 64;

/// Largest frame that the camera takes.
const MOST: usize = 1024 * 1024;

/// A camera that is connected to.
#[derive(Clone, Debug)]
pub struct VzTcpCamera {
    /// Where it listens.
    pub address: SocketAddr,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    serial: String,
    state: Mutex<State>,
    orders: mpsc::Sender<VzOrder>,
    cut: watch::Sender<u64>,
    silence: Silence,
}

#[derive(Debug, Default)]
struct State {
    inputs: [bool; 2],
    fault: VzTcpFault,
    habits: VzHabits,
    connections: u64,
    /// The picture of the latest reading, which is what it sees.
    latest: Option<Vec<u8>>,
    /// Those who want to be told of readings.
    subscribed: Vec<mpsc::Sender<Vec<u8>>>,
    /// Those who made RS485 ready.
    ready: Vec<mpsc::Sender<Vec<u8>>>,
    /// The frames of what it has in its memory, by their numbers.
    memory: BTreeMap<u64, Vec<u8>>,
    /// Which of those it was asked for.
    fetched: Vec<u64>,
}

/// How it fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VzTcpFault {
    /// It does not.
    #[default]
    None,
    /// It sends each byte alone.
    Dribbles,
    /// It obeys, but answers nothing any more except heartbeats.
    Mute,
    /// It answers nothing at all, heartbeats neither.
    Dead,
}

impl VzTcpCamera {
    /// A camera on this listener, within a runtime. What it is told to do comes out of the receiver.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn start(
        listener: TcpListener,
        serial: &str,
    ) -> std::io::Result<(VzTcpCamera, mpsc::Receiver<VzOrder>)> {
        let address = listener.local_addr()?;
        let (orders, ordered) = mpsc::channel(ORDERS_QUEUED);
        let inner = Arc::new(Inner {
            serial: serial.to_owned(),
            state: Mutex::default(),
            orders,
            cut: watch::Sender::new(0),
            silence: Silence::default(),
        });
        let serving = Arc::clone(&inner);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if serving.orders.is_closed() {
                    return;
                }
                serving.lock().connections += 1;
                let (inner, mut cuts) = (Arc::clone(&serving), serving.cut.subscribe());
                tokio::spawn(async move {
                    tokio::select! {
                        // Whoever has gone comes back.
                        _ = serve(stream, inner) => {}
                        _ = cuts.changed() => {}
                    }
                });
            }
        });
        Ok((VzTcpCamera { address, inner }, ordered))
    }

    /// Sets an input, from 0.
    pub fn input(&self, input: usize, level: bool) {
        if let Some(known) = self.inner.lock().inputs.get_mut(input) {
            *known = level;
        }
    }

    /// Tells a reading; false when nobody is connected who wants it.
    #[must_use]
    pub fn plate(&self, plate: &VzPlate) -> bool {
        let image = STANDARD.decode(&plate.image).unwrap_or_default();
        let habits = {
            let mut state = self.inner.lock();
            state.latest = Some(image);
            state.habits
        };
        let at = Timestamp::from_second(habits.second(plate.at)).unwrap_or(plate.at);
        let plate = VzPlate {
            at,
            ..plate.clone()
        };
        self.remembers(&plate);
        self.tell(&VzTcpCamera::composed(&plate))
    }

    /// How many bytes the picture of a reading may have: with it, the frame is as long as one may be.
    #[must_use]
    pub fn room(plate: &VzPlate) -> usize {
        MOST.saturating_sub(VzTcpCamera::said(plate, MOST).len() + 1)
    }

    /// Has it in its memory, as what it read while nobody was connected.
    pub fn remembers(&self, plate: &VzPlate) {
        let frame = VzTcpCamera::composed(plate);
        self.inner.lock().memory.insert(plate.number, frame);
    }

    /// Which records it was asked for, there or not.
    #[must_use]
    pub fn fetched(&self) -> Vec<u64> {
        self.inner.lock().fetched.clone()
    }

    /// The frame of a reading.
    #[must_use]
    pub fn composed(plate: &VzPlate) -> Vec<u8> {
        let image = STANDARD.decode(&plate.image).unwrap_or_default();
        let mut payload = VzTcpCamera::said(plate, image.len());
        payload.push(0);
        payload.extend(image);
        framed(0, 0, &payload)
    }

    /// What is said of a reading before its picture of so many bytes.
    fn said(plate: &VzPlate, picture: usize) -> Vec<u8> {
        let said = json!({
            "PlateResult": {
                "bright": 0, "carBright": 0, "carColor": 0, "colorType": plate.color,
                "colorValue": 0, "confidence": plate.confidence, "direction": 4,
                "license": plate.license,
                "location": {"RECT": {"bottom": 446, "left": 612, "right": 771, "top": 401}},
                "timeStamp": {"Timeval": {"sec": plate.at.as_second(), "usec": 0}},
                "timeUsed": 0, "triggerType": 8, "type": u8::from(plate.license != "_无_"),
            },
            "active_id": 0, "clipImgSize": 0, "cmd": "ivs_result", "fullImgSize": picture,
            "id": plate.number, "imageformat": "jpg",
        });
        gb2312(&said.to_string())
    }

    /// Sends a frame to whoever wants readings; false when nobody does.
    #[must_use]
    pub fn tell(&self, frame: &[u8]) -> bool {
        let mut state = self.inner.lock();
        state
            .subscribed
            .retain(|to| to.try_send(frame.to_vec()).is_ok());
        !state.subscribed.is_empty()
    }

    /// How it differs from others from now on.
    pub fn has(&self, habits: VzHabits) {
        self.inner.lock().habits = habits;
    }

    /// What keeps its answers to heartbeats back.
    #[must_use]
    pub fn silence(&self) -> Silence {
        Arc::clone(&self.inner.silence)
    }

    /// Has it fail from now on.
    pub fn fails(&self, fault: VzTcpFault) {
        self.inner.lock().fault = fault;
    }

    /// Cuts every connection.
    pub fn cut(&self) {
        self.inner.lock().subscribed.clear();
        self.inner.cut.send_modify(|cuts| *cuts += 1);
    }

    /// How often it was connected to.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.inner.lock().connections
    }

    /// Whether somebody wants to be told of readings.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        let state = self.inner.lock();
        state.subscribed.iter().any(|to| !to.is_closed())
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is answered to a command, if anything is.
    fn obey(&self, command: &Value, to: &mpsc::Sender<Vec<u8>>) -> Option<Value> {
        let number = |key: &str| command[key].as_u64().unwrap_or_default();
        let answer = match command["cmd"].as_str().unwrap_or_default() {
            "getsn" => json!({"cmd": "getsn", "id": command["id"], "value": self.serial}),
            "get_gpio_value" => {
                let gpio = number("gpio");
                let place = usize::try_from(gpio).unwrap_or(usize::MAX);
                let level = self.lock().inputs.get(place).copied();
                let value = u8::from(level.unwrap_or_default());
                json!({"cmd": "get_gpio_value", "gpio": gpio, "id": command["id"], "value": value})
            }
            "ivsresult" => {
                self.lock().subscribed.push(to.clone());
                json!({"cmd": "ivsresult", "id": command["id"], "state_code": 200})
            }
            "get_device_timestamp" => {
                let now = Timestamp::now().as_second();
                json!({"cmd": "get_device_timestamp", "id": command["id"], "timestamp": now})
            }
            "get_snapshot" => match &self.lock().latest {
                Some(image) => json!({
                    "cmd": "get_snapshot", "id": command["id"], "imgformat": "jpg",
                    "imgdata": STANDARD.encode(image),
                }),
                None => json!({"cmd": "get_snapshot", "id": command["id"], "state_code": 500}),
            },
            "get_max_rec_id" => {
                let newest = self.lock().memory.keys().next_back().copied();
                let newest = newest.unwrap_or_default();
                let id = &command["id"];
                json!({"cmd": "get_max_rec_id", "id": id, "state_code": 200, "max_id": newest})
            }
            "get_record" => return self.record(number("id"), to),
            "ioctl" => {
                let order = VzOrder::Output {
                    io: number("io"),
                    value: number("value"),
                    delay: number("delay"),
                };
                // A full queue is an output that does nothing.
                let _ = self.orders.try_send(order);
                return None;
            }
            "ttransmission" => return self.serial(command, to),
            other => json!({"cmd": other, "id": command["id"], "state_code": 404}),
        };
        (self.lock().fault != VzTcpFault::Mute).then_some(answer)
    }
}

impl Inner {
    /// A record goes out as a reading does; that there is none is said.
    fn record(&self, number: u64, to: &mpsc::Sender<Vec<u8>>) -> Option<Value> {
        let mut state = self.lock();
        state.fetched.push(number);
        let Some(frame) = state.memory.get(&number) else {
            return Some(json!({"cmd": "get_record", "id": number, "state_code": 404}));
        };
        // Who reads so slowly does not get it.
        let _ = to.try_send(frame.clone());
        None
    }

    /// What goes through it to RS485: only after it was made ready, and never answered.
    fn serial(&self, command: &Value, to: &mpsc::Sender<Vec<u8>>) -> Option<Value> {
        let mut state = self.lock();
        state.ready.retain(|known| !known.is_closed());
        match command["subcmd"].as_str().unwrap_or_default() {
            "init" => {
                let known = matches!(command["data"].as_str(), Some("rs485-1" | "rs485-2"));
                if known {
                    state.ready.push(to.clone());
                }
                let response = if known { "ok" } else { "failed" };
                let id = &command["id"];
                Some(json!({"cmd": "ttransmission", "id": id, "response": response}))
            }
            "send" if state.ready.iter().any(|known| known.same_channel(to)) => {
                let bytes = STANDARD.decode(command["data"].as_str().unwrap_or_default());
                let bytes = bytes.ok().filter(|it| command["datalen"] == it.len());
                if let Some(bytes) = bytes {
                    // A full queue is a line that nobody hears.
                    let _ = self.orders.try_send(VzOrder::Serial(bytes));
                }
                None
            }
            _ => None,
        }
    }
}

async fn serve(stream: TcpStream, inner: Arc<Inner>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut reading, writing) = stream.into_split();
    let (to, frames) = mpsc::channel(FRAMES_QUEUED);
    let writer = tokio::spawn(write(writing, frames, Arc::clone(&inner)));
    let read = read(&mut reading, &inner, &to).await;
    writer.abort();
    read
}

async fn read(
    stream: &mut OwnedReadHalf,
    inner: &Inner,
    to: &mpsc::Sender<Vec<u8>>,
) -> std::io::Result<()> {
    loop {
        let mut head = [0; 8];
        stream.read_exact(&mut head).await?;
        let [b'V', b'Z', kind, sequence, a, b, c, d] = head else {
            return Err(std::io::Error::other("no frame"));
        };
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        if length > MOST {
            return Err(std::io::Error::other("too long"));
        }
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).await?;
        let frame = if kind == 1 {
            let is_silent = inner.silence.load(Ordering::Relaxed);
            (!is_silent).then(|| framed(1, sequence, &[]))
        } else {
            let command: Value = serde_json::from_slice(&payload)?;
            let answer = inner.obey(&command, to);
            answer.map(|answer| framed(0, sequence, answer.to_string().as_bytes()))
        };
        if let Some(frame) = frame {
            let gone = |_| std::io::Error::other("not read");
            to.try_send(frame).map_err(gone)?;
        }
    }
}

async fn write(
    mut stream: OwnedWriteHalf,
    mut frames: mpsc::Receiver<Vec<u8>>,
    inner: Arc<Inner>,
) -> std::io::Result<()> {
    while let Some(frame) = frames.recv().await {
        let fault = inner.lock().fault;
        match fault {
            VzTcpFault::Dead => {}
            VzTcpFault::Dribbles => {
                for byte in frame {
                    stream.write_all(&[byte]).await?;
                    tokio::task::yield_now().await;
                }
            }
            VzTcpFault::None | VzTcpFault::Mute => stream.write_all(&frame).await?,
        }
    }
    Ok(())
}

fn framed(kind: u8, sequence: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let mut frame = vec![b'V', b'Z', kind, sequence];
    frame.extend(length.to_be_bytes());
    frame.extend(payload);
    frame
}

fn gb2312(text: &str) -> Vec<u8> {
    encoding_rs::GBK.encode(text).0.into_owned()
}
