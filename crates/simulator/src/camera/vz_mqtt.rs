//! A camera of 臻识 that is a client of an MQTT broker, and can fail in the ways cameras do.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, QoS};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Silence, VzHabits, VzOrder, VzPlate};

/// Most messages that wait for a connection.
const QUEUED: usize = 64;

/// Largest message: a picture of some megabytes in base64.
const MOST: usize = 16 * 1024 * 1024;

/// Pause before a broker that is not there is looked for again.
const AGAIN: Duration = Duration::from_millis(100);

/// What it sees: the beginning of a JPEG, in base64.
const PICTURE: &str = "/9j/4AAQ";

/// Texts are filled up with zeros to that many bytes before they are written in base64.
const TEXT_BYTES: usize = 16;

/// A camera that speaks through a broker; it ends with its last copy.
#[derive(Clone, Debug)]
pub struct VzMqttCamera {
    inner: Arc<Inner>,
    _end: Arc<DropGuard>,
}

#[derive(Debug)]
struct Inner {
    serial: String,
    client: AsyncClient,
    orders: mpsc::Sender<VzOrder>,
    state: Mutex<State>,
    silence: Silence,
}

#[derive(Debug, Default)]
struct State {
    fault: VzMqttFault,
    /// How the next command for an output fails, if that is otherwise.
    next: Option<VzMqttFault>,
    habits: VzHabits,
    is_connected: bool,
    messages: u64,
}

/// How it fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VzMqttFault {
    /// It does not.
    #[default]
    None,
    /// It obeys, but answers nothing.
    Mute,
    /// It does not obey, and says so.
    Refuses,
    /// It obeys, and answers each command twice.
    Stutters,
    /// It neither obeys nor says anything, signs of life neither.
    Dead,
}

impl VzMqttCamera {
    /// A camera of a broker, within a runtime, which says that it is there every `heartbeat`. What it
    /// is told to do comes out of the receiver.
    #[must_use]
    pub fn start(
        broker: SocketAddr,
        serial: &str,
        heartbeat: Duration,
    ) -> (VzMqttCamera, mpsc::Receiver<VzOrder>) {
        let mut options = MqttOptions::new(serial, broker.ip().to_string(), broker.port());
        options.set_max_packet_size(MOST, MOST);
        let (client, events) = AsyncClient::new(options, QUEUED);
        let (orders, ordered) = mpsc::channel(QUEUED);
        let inner = Arc::new(Inner {
            serial: serial.to_owned(),
            client,
            orders,
            state: Mutex::default(),
            silence: Silence::default(),
        });
        let end = CancellationToken::new();
        let (running, stop) = (Arc::clone(&inner), end.clone());
        tokio::spawn(stop.run_until_cancelled_owned(running.run(events)));
        let (beating, stop) = (Arc::clone(&inner), end.clone());
        tokio::spawn(stop.run_until_cancelled_owned(beating.beat(heartbeat)));
        let _end = Arc::new(end.drop_guard());
        (VzMqttCamera { inner, _end }, ordered)
    }

    /// Sets an input, from 0; false when that cannot be told.
    #[must_use]
    pub fn input(&self, source: u8, level: bool) -> bool {
        let inner = &self.inner;
        let result = json!({"TriggerResult": {"source": source, "value": u8::from(level)}});
        let input = json!({
            "deviceName": coded("入口1"), "ipaddr": "192.168.1.101", "serialno": inner.serial,
            "result": result,
        });
        inner.say("gpio_in", &json!({"body": {"AlarmGioIn": input}}))
    }

    /// Tells a reading; false when it cannot be told.
    #[must_use]
    pub fn plate(&self, plate: &VzPlate) -> bool {
        self.inner.say("ivs_result", &self.inner.reading(plate))
    }

    /// The message of a reading as it is said, for whoever says it otherwise than a camera does.
    #[must_use]
    pub fn message(&self, plate: &VzPlate) -> Vec<u8> {
        let reading = self.inner.reading(plate);
        self.inner
            .envelope("ivs_result", &reading)
            .to_string()
            .into()
    }

    /// Tells what has come over RS485, from 0, as over HTTP.
    #[must_use]
    pub fn serial(&self, channel: u8, bytes: &[u8]) -> bool {
        let data = json!({
            "channel": 0, "serialno": self.inner.serial, "serialChannel": channel,
            "data": STANDARD.encode(bytes), "dataLen": bytes.len(),
        });
        self.inner
            .say("serial_data", &json!({"body": {"SerialData": data}}))
    }

    /// Tells how its gate is.
    #[must_use]
    pub fn gate(&self, open: bool) -> bool {
        let body = json!({
            "gate_ctrl_id": 1, "gate_status": u8::from(open), "connect_status": 1, "enable": 1,
        });
        self.inner.say("barr_gate_status", &json!({"body": body}))
    }

    /// How it differs from others from now on.
    pub fn has(&self, habits: VzHabits) {
        self.inner.lock().habits = habits;
    }

    /// What keeps its signs of life back.
    #[must_use]
    pub fn silence(&self) -> Silence {
        Arc::clone(&self.inner.silence)
    }

    /// Has it fail from now on.
    pub fn fails(&self, fault: VzMqttFault) {
        self.inner.lock().fault = fault;
    }

    /// Has the next command for an output fail, and no other.
    pub fn fails_once(&self, fault: VzMqttFault) {
        self.inner.lock().next = Some(fault);
    }

    /// Whether the broker has it, and gives it its commands.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.inner.lock().is_connected
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(self: Arc<Self>, mut events: EventLoop) {
        let commands = format!("device/{}/message/down/+", self.serial);
        loop {
            match events.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    // A queue that is full has it tried again with the next connection.
                    let _ = self.client.try_subscribe(&commands, QoS::AtLeastOnce);
                }
                Ok(Event::Incoming(Packet::SubAck(_))) => self.lock().is_connected = true,
                Ok(Event::Incoming(Packet::Publish(said))) => self.obey(&said.payload),
                Ok(_) => {}
                Err(error) => {
                    self.lock().is_connected = false;
                    tracing::debug!(%error, "a camera's broker is not there");
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }

    async fn beat(self: Arc<Self>, pause: Duration) {
        let mut beats = tokio::time::interval(pause);
        loop {
            beats.tick().await;
            if self.lock().is_connected && !self.silence.load(Ordering::Relaxed) {
                let body = json!({"timestamp": Timestamp::now().as_second()});
                self.say("keep_alive", &json!({"body": body}));
            }
        }
    }

    fn obey(&self, command: &[u8]) {
        let Ok(command) = serde_json::from_slice::<Value>(command) else {
            return;
        };
        let (name, body) = (&command["name"], &command["payload"]["body"]);
        let fault = {
            let mut state = self.lock();
            let next = (name == "gpio_out").then(|| state.next.take()).flatten();
            next.unwrap_or(state.fault)
        };
        if fault == VzMqttFault::Dead {
            return;
        }
        let orders = orders(name, body).filter(|_| fault != VzMqttFault::Refuses);
        let known = orders.is_some();
        for order in orders.into_iter().flatten() {
            // A full queue is an output that does nothing.
            let _ = self.orders.try_send(order);
        }
        let times = match fault {
            VzMqttFault::None | VzMqttFault::Refuses => 1,
            VzMqttFault::Stutters => 2,
            VzMqttFault::Mute | VzMqttFault::Dead => 0,
        };
        let answer = json!({
            "id": command["id"], "sn": self.serial, "name": name, "version": "1.0",
            "code": if known { 200 } else { 400 }, "timestamp": Timestamp::now().as_second(),
            "payload": null,
        });
        let name = name.as_str().unwrap_or_default();
        let topic = format!("device/{}/message/down/{name}/reply", self.serial);
        for _ in 0..times {
            self.publish(&topic, answer.to_string());
        }
        if known && times > 0 && name == "snapshot" {
            let body = json!({"state_code": 200, "imageformat": "jpg", "image_content": PICTURE});
            self.say(name, &json!({"body": body}));
        }
    }

    fn say(&self, name: &str, payload: &Value) -> bool {
        if self.lock().fault == VzMqttFault::Dead {
            return false;
        }
        let topic = format!("device/{}/message/up/{name}", self.serial);
        self.publish(&topic, self.envelope(name, payload).to_string())
    }

    fn publish(&self, topic: &str, message: String) -> bool {
        self.lock().is_connected
            && self
                .client
                .try_publish(topic, QoS::AtLeastOnce, false, message)
                .is_ok()
    }

    fn envelope(&self, name: &str, payload: &Value) -> Value {
        let mut state = self.lock();
        state.messages += 1;
        json!({
            "id": format!("m{}", state.messages), "bv": 16771, "sn": self.serial, "name": name,
            "version": "1.0", "timestamp": Timestamp::now().as_second(), "payload": payload,
        })
    }

    fn reading(&self, plate: &VzPlate) -> Value {
        let habits = self.lock().habits;
        let second = habits.second(plate.at);
        let pos = json!({"left": 612, "top": 401, "right": 771, "bottom": 446});
        let license = if habits.writes_plain {
            plate.license.clone()
        } else {
            coded(&plate.license)
        };
        let kind = u8::from(plate.license != "_无_");
        let result = json!({
            "license": license, "colorType": plate.color, "type": kind,
            "confidence": plate.confidence, "direction": 4, "triggerType": 8, "carColor": 0,
            "is_fake_plate": 0, "isoffline": u8::from(plate.is_offline), "plateid": plate.number,
            "unique_id": format!("{}_{second}000", self.serial), "start_time": second * 1000,
            "imagePath": "", "full_image_content": habits.image(&plate.image), "small_image_content": "",
            "plates": [{"color": plate.color, "type": kind, "license": license, "pos": pos}],
            "location": {"RECT": pos},
            "timeStamp": {"Timeval": {"sec": second, "usec": 218_000}},
        });
        json!({"AlarmInfoPlate": {
            "channel": 0, "deviceName": coded("入口1"), "ipaddr": "192.168.1.101",
            "serialno": self.serial, "rule_id": 1, "user_data": "",
            "result": {"PlateResult": result},
        }})
    }
}

/// What a command has the camera do; none when it is not known.
fn orders(name: &Value, body: &Value) -> Option<Vec<VzOrder>> {
    let number = |key: &str| body[key].as_u64().unwrap_or_default();
    match name.as_str()? {
        "gpio_out" => Some(vec![VzOrder::Output {
            io: number("io"),
            value: number("value"),
            delay: number("delay"),
        }]),
        "get_device_timestamp" | "snapshot" => Some(Vec::new()),
        "serial_data" => body["serialData"].as_array()?.iter().map(serial).collect(),
        _ => None,
    }
}

/// Bytes for RS485, if they are as long as they should be.
fn serial(told: &Value) -> Option<VzOrder> {
    let bytes = STANDARD.decode(told["data"].as_str()?).ok()?;
    (told["dataLen"] == bytes.len()).then_some(VzOrder::Serial(bytes))
}

/// A text as the camera writes it: filled up with zeros, in base64.
fn coded(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(bytes.len().max(TEXT_BYTES), 0);
    STANDARD.encode(bytes)
}
