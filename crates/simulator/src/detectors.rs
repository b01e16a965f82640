//! Detectors over parking spaces, as their makers' systems report them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use boshi_protocol::code::PlaceStatus;
use jiff::Timestamp;
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::lot::{GatewayError, client};

/// Most messages that wait for a connection.
const QUEUED: usize = 64;

/// Largest message: a picture of some megabytes in base64.
const MOST: usize = 16 * 1024 * 1024;

/// Longest that a report waits for the broker to have it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Pause before a broker that is not there is looked for again.
const AGAIN: Duration = Duration::from_millis(100);

/// The detectors of a lot; cheap to clone.
#[derive(Clone, Debug)]
pub struct Detectors(Way);

#[derive(Clone, Debug)]
enum Way {
    Http {
        client: Client,
        url: String,
        form: Form,
    },
    Mqtt(Arc<Connected>),
}

#[derive(Debug)]
struct Connected {
    client: AsyncClient,
    lot: String,
    sent: AtomicU64,
    /// How many reports the broker has acknowledged.
    acknowledged: watch::Receiver<u64>,
    _end: DropGuard,
}

/// What their reports look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `placeNo`, `status`, `plate`, `image`.
    Json,
    /// The parking information of 大华, with 0 for free and 1 for taken.
    Dahua,
    /// The parking-space recognition of 海康.
    Hikvision,
}

/// A space as it is seen.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its number.
    pub place: String,
    /// How it is.
    pub status: PlaceStatus,
    /// Who stands there.
    pub plate: Option<String>,
    /// A JPEG in base64.
    pub picture: Option<String>,
}

/// Why a report was not taken.
#[derive(Debug, thiserror::Error)]
pub enum TellError {
    /// Nobody there, or no answer.
    #[error("{0}")]
    Unreachable(String),
    /// It was refused, in these words.
    #[error("HTTP {0} {1}")]
    Refused(u16, String),
}

impl Detectors {
    /// Detectors that push to `url`, such as `http://127.0.0.1:8444/spaces/KEY`.
    ///
    /// # Errors
    /// [`GatewayError`] when no client can be made.
    pub fn over_http(url: &str, form: Form) -> Result<Detectors, GatewayError> {
        Ok(Detectors(Way::Http {
            client: client()?,
            url: url.to_owned(),
            form,
        }))
    }

    /// Detectors that report to a broker, within a runtime, each space under
    /// `parking/LOT/space/PLACE/state`.
    #[must_use]
    pub fn over_mqtt(broker: SocketAddr, lot: &str) -> Detectors {
        let name = format!("detectors-{lot}");
        let mut options = MqttOptions::new(name, broker.ip().to_string(), broker.port());
        options.set_max_packet_size(MOST, MOST);
        let (client, mut events) = AsyncClient::new(options, QUEUED);
        let (acknowledge, acknowledged) = watch::channel(0);
        let end = CancellationToken::new();
        let running = end.clone();
        tokio::spawn(running.run_until_cancelled_owned(async move {
            loop {
                match events.poll().await {
                    Ok(Event::Incoming(Packet::PubAck(_))) => {
                        acknowledge.send_modify(|count| *count += 1);
                    }
                    Ok(_) => {}
                    Err(_) => tokio::time::sleep(AGAIN).await,
                }
            }
        }));
        Detectors(Way::Mqtt(Arc::new(Connected {
            client,
            lot: lot.to_owned(),
            sent: AtomicU64::new(0),
            acknowledged,
            _end: end.drop_guard(),
        })))
    }

    /// Tells how a space is.
    ///
    /// # Errors
    /// [`TellError`].
    pub async fn tell(&self, seen: &Seen) -> Result<(), TellError> {
        match &self.0 {
            Way::Http { client, url, form } => {
                let request = client.post(url).header(CONTENT_TYPE, "application/json");
                let sent = request.body(form.body(seen).to_string()).send().await;
                let unreachable = |error: reqwest::Error| {
                    let error = error.without_url();
                    TellError::Unreachable(error.to_string())
                };
                let response = sent.map_err(unreachable)?;
                let status = response.status().as_u16();
                let text = response.text().await.map_err(unreachable)?;
                let reply: Value = serde_json::from_str(&text).unwrap_or_default();
                let taken = *form != Form::Dahua || reply["Result"] == true;
                if status == 200 && taken {
                    return Ok(());
                }
                Err(TellError::Refused(status, text.chars().take(200).collect()))
            }
            Way::Mqtt(connected) => connected.tell(seen).await,
        }
    }
}

impl Connected {
    async fn tell(&self, seen: &Seen) -> Result<(), TellError> {
        let topic = format!("parking/{}/space/{}/state", self.lot, seen.place);
        let body = Form::Json.body(seen).to_string();
        let said = self.client.publish(topic, QoS::AtLeastOnce, true, body);
        let said = said.await;
        said.map_err(|error| TellError::Unreachable(error.to_string()))?;
        let number = self.sent.fetch_add(1, Ordering::Relaxed) + 1;
        let mut acknowledged = self.acknowledged.clone();
        let arrived = acknowledged.wait_for(|count| *count >= number);
        let arrived = tokio::time::timeout(PATIENCE, arrived).await;
        let late = || TellError::Unreachable("the broker does not acknowledge it".to_owned());
        arrived.map_err(|_| late())?.map_err(|_| late())?;
        Ok(())
    }
}

impl Form {
    fn body(self, seen: &Seen) -> Value {
        let now = Timestamp::now();
        let plate = seen.plate.as_deref().unwrap_or_default();
        let picture = seen.picture.as_deref().unwrap_or_default();
        match self {
            Form::Json => json!({
                "placeNo": seen.place, "status": seen.status.as_str(), "plate": plate,
                "ts": now.as_second(), "image": picture,
            }),
            Form::Dahua => json!({"Picture": {
                "NormalPic": {"PicName": "space.jpg", "Content": picture},
                "Plate": {"IsExist": !plate.is_empty(), "PlateNumber": plate},
                "ParkingInfo": {
                    "SnapTime": "2025-11-23 09:30:00", "TimeZone": 8, "DSTTune": 0, "Channel": 0,
                    "DetectRegionName": "B1-A", "ParkingStallsNo": seen.place,
                    "ParkingStatus": u8::from(seen.status == PlaceStatus::Occupied),
                    "DeviceID": "7A000001",
                },
            }}),
            Form::Hikvision => {
                let parked = if seen.status == PlaceStatus::Occupied {
                    "yes"
                } else {
                    "no"
                };
                let space = json!({"absoulteParkingNum": seen.place, "isParked": parked});
                json!({
                    "eventType": "PackingSpaceRecognition", "dateTime": now.to_string(),
                    "PackingSpaceRecognition": [{
                        "channelID": 1, "RegionInfo": [{"regionalID": 1, "PackingSpace": [space]}],
                        "PicResources": {
                            "resourcesContentType": "base64", "resourcesContent": picture,
                        },
                    }],
                })
            }
        }
    }
}
