//! What tells the gateway how the parking spaces are.

use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;

/// Detectors over the parking spaces that speak for themselves.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectorPlan {
    /// What they speak.
    pub speaks: DetectorsSpeak,
    /// Over HTTP: what is in the address that they push to, `/spaces/KEY`.
    #[serde(default, deserialize_with = "super::key")]
    pub key: SecretString,
    /// Over MQTT: the lot in the topics, `parking/LOT/space/PLACE/state`.
    #[serde(default)]
    pub lot: String,
    /// How often each space is reported, in real time; only when it changes if that is left out.
    #[serde(default, deserialize_with = "some_duration")]
    pub period: Option<Duration>,
}

/// What detectors speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DetectorsSpeak {
    /// A form of our own over HTTP: `placeNo`, `status`, `plate`, `image`.
    Json,
    /// The parking information of 大华, with 0 for free and 1 for taken.
    Dahua,
    /// The parking-space recognition of 海康.
    Hikvision,
    /// The same as `json` through the plan's broker.
    Mqtt,
}

fn some_duration<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    crate::equipment::duration(from).map(Some)
}
