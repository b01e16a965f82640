//! The registry: which suppliers and lots there are, and everything that is set of each.
//!
//! What the configuration file names is as it says there, and is changed there only. Everything
//! else is in the store, and is registered, changed and retired while the platform runs.

use std::time::Duration;

use boshi_protocol::id::{AppId, DeviceNo, LotId};
use boshi_protocol::token::Credentials;
use reqwest::Url;
use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::addresses::Addresses;
use crate::decision::{Default as Decided, Direction, Fallback};
use crate::external::External;
use crate::signed::{Outside, Secrets};

/// Longest that another system may be given. The desk waits for 1.2 s at most, since the supplier gives
/// up after two (D-17); what was set before that was so is still taken.
const MOST_DEADLINE_MS: u64 = 5_000;
/// Well within the two seconds after which a supplier tries again (D-17).
const DEADLINE_MS: u64 = 800;
/// Longest that a connection to a lot may be given to come about.
const MOST_CONNECT_MS: u64 = 30_000;
/// Longer than this a connection to a lot is lost, not slow.
pub(crate) const CONNECT_MS: u64 = 3_000;

/// Whoever runs the equipment of lots.
#[derive(Clone, Debug)]
pub struct Supplier {
    /// Who it is to us.
    pub app_id: AppId,
    /// For people.
    pub name: String,
    /// What it signs with.
    pub secret: SecretString,
    /// What it signed with before, while that is being changed (D-6).
    pub previous: Option<SecretString>,
    /// From where it may call.
    pub addresses: Addresses,
}

/// A car park.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LotEntry {
    /// For people.
    #[serde(default)]
    pub name: String,
    /// The `app_id` of its supplier.
    pub supplier: String,
    /// Where its gateway serves the standard's endpoints.
    pub base_url: String,
    /// The authority of the gateway's certificate, PEM.
    #[serde(default)]
    pub ca_pem: Option<String>,
    /// Longest that a connection to it may take to come about, in milliseconds.
    #[serde(default = "connect_ms")]
    pub connect_ms: u64,
    /// For unknown vehicles that enter.
    pub entry: Decided,
    /// For unknown vehicles that leave.
    pub exit: Decided,
    /// Vehicles that it holds; as many as come when none.
    #[serde(default)]
    pub capacity: Option<u32>,
    /// Minutes after its entry in which a vehicle leaves without having paid.
    #[serde(default)]
    pub free_minutes: u16,
    /// A system that is asked before a vehicle may pass.
    #[serde(default)]
    pub external: Option<ExternalEntry>,
    /// Its lanes.
    #[serde(default)]
    pub lanes: Vec<LaneEntry>,
}

/// A lane and its devices.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LaneEntry {
    /// For people.
    #[serde(default)]
    pub name: String,
    /// The plate recognizer.
    pub recognizer: String,
    /// Which way vehicles go past it.
    pub direction: Direction,
    /// The display that tells the driver what was decided; none when none should.
    #[serde(default)]
    pub display: Option<String>,
}

/// A system that is asked whether a vehicle may pass.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExternalEntry {
    /// Where it is.
    pub url: String,
    /// What requests to it are signed with.
    #[serde(deserialize_with = "secret", serialize_with = "shown_to_the_store")]
    #[schemars(with = "String", skip_serializing)]
    pub secret: SecretString,
    /// The authority of its certificate, PEM.
    #[serde(default)]
    pub ca_pem: Option<String>,
    /// How long it may take, in milliseconds; no longer than 1.2 s are waited.
    #[serde(default = "deadline_ms")]
    pub deadline_ms: u64,
    /// What is done when it says nothing.
    pub fallback: Fallback,
}

/// What is wrong with an entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}：{expected}")]
pub struct EntryError {
    /// The field, as in `lanes[0].recognizer`.
    pub field: String,
    /// What it should be.
    pub expected: String,
}

impl Supplier {
    /// What the supplier and the platform share (T-6, D-6).
    pub fn credentials(&self) -> Credentials {
        let current = Credentials::new(self.app_id.clone(), self.secret.clone());
        match &self.previous {
            Some(previous) => current.while_rotating_from(previous.clone()),
            None => current,
        }
    }
}

impl LotEntry {
    /// Everything that the types alone cannot say.
    ///
    /// # Errors
    /// The first field that makes no sense.
    pub fn check(&self) -> Result<(), EntryError> {
        AppId::new(&self.supplier).map_err(|error| wrong("supplier", error.to_string()))?;
        let url = http("base_url", &self.base_url)?;
        if url.scheme() == "https" && self.ca_pem.is_none() {
            return Err(wrong("ca_pem", "https 地址需要证书颁发机构（PEM）"));
        }
        authority("ca_pem", self.ca_pem.as_deref())?;
        if !(1..=MOST_CONNECT_MS).contains(&self.connect_ms) {
            return Err(wrong("connect_ms", format!("应为 1 到 {MOST_CONNECT_MS}")));
        }
        for (place, lane) in self.lanes.iter().enumerate() {
            let earlier = self.lanes.iter().take(place);
            lane.check(&format!("lanes[{place}]"), earlier)?;
        }
        self.external().map(drop)
    }

    /// The system that is asked beside the lot's own rules.
    ///
    /// # Errors
    /// What is wrong with its settings.
    pub(crate) fn external(&self) -> Result<Option<External>, EntryError> {
        let Some(entry) = &self.external else {
            return Ok(None);
        };
        let url = http("external.url", &entry.url)?;
        authority("external.ca_pem", entry.ca_pem.as_deref())?;
        if !(1..=MOST_DEADLINE_MS).contains(&entry.deadline_ms) {
            let expected = format!("应为 1 到 {MOST_DEADLINE_MS}");
            return Err(wrong("external.deadline_ms", expected));
        }
        let ca_pem = entry.ca_pem.as_deref().map(str::as_bytes);
        let secrets = Secrets {
            current: entry.secret.clone(),
            previous: None,
        };
        let outside = Outside::new(url, secrets, ca_pem);
        Ok(Some(External {
            outside: outside.map_err(|_| wrong("external.ca_pem", "应为 PEM 证书"))?,
            deadline: Duration::from_millis(entry.deadline_ms),
            fallback: entry.fallback,
        }))
    }
}

impl LaneEntry {
    fn check<'a>(
        &self,
        path: &str,
        mut earlier: impl Iterator<Item = &'a LaneEntry>,
    ) -> Result<(), EntryError> {
        let field = format!("{path}.recognizer");
        DeviceNo::new(&self.recognizer).map_err(|error| wrong(&field, error.to_string()))?;
        if earlier.any(|lane| lane.recognizer == self.recognizer) {
            return Err(wrong(&field, "每个识别器只能出现一次"));
        }
        let display = self.display.as_deref().map(DeviceNo::new).transpose();
        let field = format!("{path}.display");
        display
            .map(drop)
            .map_err(|error| wrong(&field, error.to_string()))
    }
}

/// The id of a lot as somebody wrote it.
pub(crate) fn lot_id(text: &str) -> Result<LotId, EntryError> {
    LotId::new(text).map_err(|error| wrong("lot", error.to_string()))
}

pub(crate) fn wrong(field: &str, expected: impl Into<String>) -> EntryError {
    EntryError {
        field: field.to_owned(),
        expected: expected.into(),
    }
}

pub(crate) fn http(field: &str, text: &str) -> Result<Url, EntryError> {
    let url = Url::parse(text).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| wrong(field, "应为 http:// 或 https:// 地址"))
}

pub(crate) fn authority(field: &str, pem: Option<&str>) -> Result<(), EntryError> {
    let sound = pem.is_none_or(|pem| {
        let certificates = reqwest::Certificate::from_pem_bundle(pem.as_bytes());
        certificates.is_ok_and(|certificates| !certificates.is_empty())
    });
    if sound {
        Ok(())
    } else {
        Err(wrong(field, "应为 PEM 证书"))
    }
}

fn connect_ms() -> u64 {
    CONNECT_MS
}

fn deadline_ms() -> u64 {
    DEADLINE_MS
}

fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<SecretString, D::Error> {
    String::deserialize(from).map(SecretString::from)
}

/// The store must hold it, since requests are signed with it; views take it out again (D-7).
fn shown_to_the_store<S: Serializer>(secret: &SecretString, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(secret.expose_secret())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn entry(changes: Value) -> LotEntry {
        let mut whole = json!({
            "supplier": "S", "base_url": "http://127.0.0.1:1", "entry": "allow", "exit": "refuse",
            "lanes": [{"recognizer": "R1", "direction": "entry"}]
        });
        whole
            .as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn a_field_of_a_lot_that_makes_no_sense_is_named() {
        boshi_transport::certificate::install_crypto();
        assert_eq!(entry(json!({})).check(), Ok(()));
        let lane = json!({"recognizer": "R1", "direction": "exit"});
        let external = json!({"url": "x", "secret": "s", "fallback": "own"});
        for (changes, field) in [
            (json!({"supplier": ""}), "supplier"),
            (json!({"base_url": "ftp://x"}), "base_url"),
            (json!({"base_url": "https://x"}), "ca_pem"),
            (json!({"ca_pem": "x"}), "ca_pem"),
            (json!({"connect_ms": 0}), "connect_ms"),
            (json!({"lanes": [lane, lane]}), "lanes[1].recognizer"),
            (json!({"external": external}), "external.url"),
        ] {
            assert_eq!(entry(changes).check().unwrap_err().field, field);
        }
    }

    /// D-7
    #[test]
    fn a_secret_is_kept_for_the_store_and_not_shown_by_debug() {
        let external = json!({"url": "http://x", "secret": "hush", "fallback": "own"});
        let entry = entry(json!({"external": external}));
        assert!(!format!("{entry:?}").contains("hush"));
        let stored = serde_json::to_value(&entry).unwrap();
        assert_eq!(stored["external"]["secret"], "hush");
    }
}
