//! What a camera pushes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::Offset;
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::super::PushError;
use super::{DahuaCamera, DahuaFault, lock};
use crate::lot::{GatewayError, client};

/// The most that a camera says of how sure it is.
const SUREST: u32 = 255;

/// A vehicle as the camera saw it.
#[derive(Clone, Debug)]
pub struct DahuaPlate {
    /// What was read; empty when nothing was.
    pub license: String,
    /// The word for its colour.
    pub color: String,
    /// How sure it is, 0 to 100.
    pub confidence: u8,
    /// When.
    pub at: Timestamp,
    /// A JPEG in base64.
    pub image: String,
}

/// Where it pushes to, and as whom.
#[derive(Clone, Debug)]
pub(super) struct Pushing {
    client: Client,
    url: String,
    serial: String,
}

impl DahuaCamera {
    /// Has it push to `url`, such as `http://127.0.0.1:8444/dahua/KEY`, as the camera of that number, and
    /// say there every `heartbeat` that it is there.
    ///
    /// # Errors
    /// [`GatewayError`] when no client can be made.
    pub fn pushes_to(
        &self,
        url: &str,
        serial: &str,
        heartbeat: Duration,
    ) -> Result<(), GatewayError> {
        let pushing = Pushing {
            client: client()?,
            url: url.to_owned(),
            serial: serial.to_owned(),
        };
        lock(&self.inner.state).pushing = Some(pushing.clone());
        let beating = Arc::downgrade(&self.inner);
        tokio::spawn(async move {
            while let Some(inner) = beating.upgrade() {
                let is_dead = lock(&inner.state).fault == DahuaFault::Dead;
                let is_silent = is_dead || inner.silence.load(Ordering::Relaxed);
                drop(inner);
                if !is_silent {
                    let beat = json!({"Active": "keepAlive", "DeviceID": pushing.serial});
                    // Who is not there is told again.
                    let _ = pushing.push("KeepAlive", &beat).await;
                }
                tokio::time::sleep(heartbeat).await;
            }
        });
        Ok(())
    }

    /// Pushes a reading; whether it was taken. A real camera sends again what was not.
    ///
    /// # Errors
    /// [`PushError`].
    pub async fn push(&self, plate: &DahuaPlate) -> Result<bool, PushError> {
        let pushing = lock(&self.inner.state).pushing.clone();
        let nobody = || PushError::Unreachable("it pushes to nobody".to_owned());
        let pushing = pushing.ok_or_else(nobody)?;
        let answer = pushing.push("TollgateInfo", &pushing.reading(plate)).await;
        Ok(answer?["Result"] == true)
    }
}

impl Pushing {
    fn reading(&self, plate: &DahuaPlate) -> Value {
        let wall = Offset::constant(8).to_datetime(plate.at);
        let at = wall.strftime("%Y-%m-%d %H:%M:%S").to_string();
        let accurate = wall.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string();
        let sure = u32::from(plate.confidence) * SUREST / 100;
        json!({"Picture": {
            "NormalPic": {"PicName": "scene.jpg", "Content": plate.image},
            "Plate": {
                "IsExist": !plate.license.is_empty(), "PlateNumber": plate.license,
                "PlateColor": plate.color, "PlateType": "Normal", "Confidence": sure,
                "BoundingBox": [2710, 5820, 3190, 6020], "UploadNum": 1, "Channel": 0,
                "Region": "CHN",
            },
            "Vehicle": {"VehicleColor": "White", "VehicleType": "Car", "Speed": 0},
            "SnapInfo": {
                "TriggerSource": "Video", "SnapTime": at, "AccurateTime": accurate,
                "TimeZone": 8, "DSTTune": 0, "LanNo": 1, "Direction": "Obverse",
                "OpenStrobe": false, "AllowUser": false, "BlockUser": false,
                "DeviceID": self.serial,
            },
        }})
    }

    async fn push(&self, end: &str, said: &Value) -> Result<Value, PushError> {
        let unreachable = |error: reqwest::Error| {
            let error = error.without_url();
            PushError::Unreachable(error.to_string())
        };
        let request = self
            .client
            .post(format!("{}/NotificationInfo/{end}", self.url))
            .header(CONTENT_TYPE, "application/json")
            .body(said.to_string());
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let text = response.text().await.map_err(unreachable)?;
        if status != 200 {
            return Err(PushError::Refused(status, text.chars().take(200).collect()));
        }
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }
}
