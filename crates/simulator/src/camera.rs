//! Cameras that speak their makers' protocols to a gateway, one request at a time: what they push,
//! and what they are told in the answers.
//!
//! [`VzCamera`] is one of 臻识 (VZ) or 芊熠 (QY) over HTTP, [`VzTcpCamera`] one of 臻识 over TCP,
//! [`VzMqttCamera`] one over MQTT, [`HikCamera`] one of 海康 that speaks ISAPI,
//! [`DahuaCamera`] one of 大华. They are written from the makers' documents, not from the gateway's code.

mod dahua;
mod hik;
mod login;
mod vz_mqtt;
mod vz_tcp;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

pub use self::dahua::{DahuaCamera, DahuaFault, DahuaOrder, DahuaPlate};
pub use self::hik::{HikCamera, HikFault, HikGate, HikNamespace, HikOrder, HikPlate};
pub use self::vz_mqtt::{VzMqttCamera, VzMqttFault};
pub use self::vz_tcp::{VzTcpCamera, VzTcpFault};

use crate::lot::{GatewayError, client};

/// How far China's time is ahead of Greenwich's, in seconds.
const CHINA_AHEAD: i64 = 8 * 3600;

/// Characters in a line of base64 that has lines.
const LINE: usize = 76;

/// A camera of 臻识 or one that speaks nearly the same.
#[derive(Clone, Debug)]
pub struct VzCamera {
    client: Client,
    url: String,
    /// Its serial number.
    pub serial: String,
    /// Whether it speaks the dialect of 芊熠 (QY).
    pub is_qy: bool,
    /// How it differs from others.
    pub habits: VzHabits,
    /// Keeps it from asking.
    pub silence: Silence,
}

/// What keeps a camera's signs of life back while it is true.
pub type Silence = Arc<AtomicBool>;

/// How a camera of 臻识 or 芊熠 differs from others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VzHabits {
    /// Whether its base64 has line breaks.
    pub breaks_lines: bool,
    /// Whether it pushes in GBK.
    pub writes_gbk: bool,
    /// Whether its clock shows China's time as that of Greenwich.
    pub is_ahead: bool,
    /// Whether its texts are plain, where others write base64.
    pub writes_plain: bool,
}

impl VzHabits {
    /// A second as its clock has it.
    fn second(self, at: Timestamp) -> i64 {
        let ahead = if self.is_ahead { CHINA_AHEAD } else { 0 };
        at.as_second() + ahead
    }

    /// A picture as it writes it.
    fn image(self, image: &str) -> String {
        if !self.breaks_lines {
            return image.to_owned();
        }
        let lines: Vec<&str> = image
            .as_bytes()
            .chunks(LINE)
            .map(|line| str::from_utf8(line).unwrap_or_default())
            .collect();
        lines.join("\r\n")
    }
}

/// A vehicle as the camera saw it.
#[derive(Clone, Debug)]
pub struct VzPlate {
    /// The camera's number of the reading.
    pub number: u64,
    /// What was read; `_无_` when nothing was.
    pub license: String,
    /// Its colour as the maker numbers it.
    pub color: u8,
    /// How sure it is, 1 to 100.
    pub confidence: u8,
    /// When.
    pub at: Timestamp,
    /// Whether it comes from memory.
    pub is_offline: bool,
    /// A JPEG in base64.
    pub image: String,
}

/// What an answer tells the camera to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VzOrder {
    /// The word that opens.
    Open,
    /// An output, from 0: 0 open, 1 closed, 2 closed for a while.
    Output {
        /// Which.
        io: u64,
        /// What.
        value: u64,
        /// For how many milliseconds.
        delay: u64,
    },
    /// Bytes for RS485.
    Serial(Vec<u8>),
}

/// An answer as the camera takes it.
#[derive(Clone, Debug, Default)]
pub struct VzAnswer {
    /// What it is told to do.
    pub orders: Vec<VzOrder>,
    /// Whether it may stop sending what it pushed.
    pub stops: bool,
    /// Whether it may go on with what is in its memory.
    pub goes_on: bool,
}

/// Why a push was of no use.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// Nobody there, or no answer.
    #[error("{0}")]
    Unreachable(String),
    /// It was refused, in these words.
    #[error("HTTP {0} {1}")]
    Refused(u16, String),
}

impl VzCamera {
    /// A camera that pushes to `url`, such as `http://127.0.0.1:8444/vz/KEY`.
    ///
    /// # Errors
    /// [`GatewayError`] when no client can be made.
    pub fn new(url: &str, serial: &str) -> Result<VzCamera, GatewayError> {
        Ok(VzCamera {
            client: client()?,
            url: url.to_owned(),
            serial: serial.to_owned(),
            is_qy: false,
            habits: VzHabits::default(),
            silence: Silence::default(),
        })
    }

    /// Pushes a reading.
    ///
    /// # Errors
    /// [`PushError`]: a real camera sends it again, up to four times.
    pub async fn plate(&self, plate: &VzPlate) -> Result<VzAnswer, PushError> {
        let body = self.composed(plate);
        let bytes = if self.habits.writes_gbk {
            encoding_rs::GBK.encode(&body).0.into_owned()
        } else {
            body.into_bytes()
        };
        self.push(bytes, "application/Json").await
    }

    /// The body of that push.
    #[must_use]
    pub fn composed(&self, plate: &VzPlate) -> String {
        let image = self.habits.image(&plate.image);
        let second = self.habits.second(plate.at);
        let mut result = json!({
            "bright": 0, "carBright": 0, "carColor": 0, "colorType": plate.color,
            "colorValue": 0, "confidence": plate.confidence, "direction": 4,
            "imageFile": image, "imageFileLen": image.len(),
            "imageFragmentFile": "", "license": plate.license,
            "location": {"RECT": {"left": 612, "top": 401, "right": 771, "bottom": 446}},
            "timeStamp": {"Timeval": {"sec": second, "usec": 0}},
            "timeUsed": 0, "triggerType": 8, "type": u8::from(plate.license != "_无_"),
        });
        if !self.is_qy {
            result["plateid"] = plate.number.into();
            result["isoffline"] = u8::from(plate.is_offline).into();
        }
        let body = json!({"AlarmInfoPlate": {
            "channel": 0, "deviceName": "IN-01", "ipaddr": "192.168.1.101",
            "serialno": self.serial, "result": {"PlateResult": result},
        }});
        body.to_string()
    }

    /// Tells that an input, from 0, has changed.
    ///
    /// # Errors
    /// [`PushError`].
    pub async fn input(&self, source: u8, level: bool) -> Result<VzAnswer, PushError> {
        let result = json!({"TriggerResult": {"source": source, "value": u8::from(level)}});
        let body = json!({"AlarmGioIn": {
            "deviceName": "IN-01", "ipaddr": "192.168.1.101", "serialno": self.serial,
            "result": result,
        }});
        self.push(body.to_string(), "application/json").await
    }

    /// Tells what has come over RS485, from 0.
    ///
    /// # Errors
    /// [`PushError`].
    pub async fn serial(&self, channel: u8, bytes: &[u8]) -> Result<VzAnswer, PushError> {
        let body = json!({"SerialData": {
            "channel": 0, "serialno": self.serial, "ipaddr": "192.168.1.101",
            "deviceName": "IN-01", "serialChannel": channel, "data": STANDARD.encode(bytes),
            "dataLen": bytes.len(),
        }});
        self.push(body.to_string(), "application/json").await
    }

    /// Says that it is there, and asks what there is to do; the answer may take seconds.
    ///
    /// # Errors
    /// [`PushError`].
    pub async fn ask(&self) -> Result<VzAnswer, PushError> {
        if self.is_qy {
            let body = json!({"heartbeat": {"serialno": self.serial}});
            return self.push(body.to_string(), "application/json").await;
        }
        let mut form = String::new();
        for (name, value) in [
            ("device_name", "IN-01"),
            ("ipaddr", "192.168.1.101"),
            ("user_name", "admin"),
            ("pass_wd", "secret"),
            ("serialno", &self.serial),
            ("channel_num", "0"),
        ] {
            form += &format!("--CAM\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
            form += value;
            form += "\r\n";
        }
        form += "--CAM--\r\n";
        self.push(form, "multipart/form-data; boundary=CAM").await
    }

    /// Pushes bytes as they are.
    ///
    /// # Errors
    /// [`PushError`].
    pub async fn push(
        &self,
        body: impl Into<reqwest::Body>,
        content_type: &str,
    ) -> Result<VzAnswer, PushError> {
        let request = self
            .client
            .post(&self.url)
            .header(CONTENT_TYPE, content_type)
            .body(body);
        let unreachable = |error: reqwest::Error| {
            let error = error.without_url();
            PushError::Unreachable(error.to_string())
        };
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let text = response.text().await.map_err(unreachable)?;
        if status != StatusCode::OK {
            let text = text.chars().take(200).collect();
            return Err(PushError::Refused(status.as_u16(), text));
        }
        Ok(self.taken(&serde_json::from_str(&text).unwrap_or_default()))
    }

    fn taken(&self, reply: &Value) -> VzAnswer {
        let names = [
            "Response_AlarmInfoPlate",
            "Response_Heartbeat",
            "Response_SerialData",
        ];
        let Some(reply) = names.iter().find_map(|name| reply.get(name)) else {
            return VzAnswer {
                stops: !self.is_qy,
                ..VzAnswer::default()
            };
        };
        let mut orders = Vec::new();
        if reply["info"] == "ok" {
            orders.push(VzOrder::Open);
        }
        if let Some(output) = reply.get("ivs_ioctrl") {
            let number = |key: &str| output[key].as_u64().unwrap_or_default();
            orders.push(VzOrder::Output {
                io: number("io"),
                value: number("value"),
                delay: number("delay"),
            });
        }
        for serial in reply["serialData"].as_array().into_iter().flatten() {
            let bytes = STANDARD.decode(serial["data"].as_str().unwrap_or_default());
            // The length is that before base64, as the manual says.
            let whole = |it: &Vec<u8>| serial["dataLen"] == it.len();
            orders.extend(bytes.ok().filter(whole).map(VzOrder::Serial));
        }
        VzAnswer {
            orders,
            stops: !self.is_qy || reply["content"] == "retransfer_stop",
            goes_on: reply["ContinuePushOffline"]["continue"] == 1,
        }
    }
}
