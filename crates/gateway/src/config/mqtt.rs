//! The lot's MQTT broker.

use boshi_protocol::id::DeviceNo;
use boshi_service::config::value;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::driven::Equipment;

/// A broker that devices of the lot speak through.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mqtt {
    /// Where it is, `host:1883`.
    pub address: String,
    /// What the gateway calls itself: another client of that name loses its connection.
    #[serde(default)]
    pub client: String,
    /// Who it is to the broker.
    pub user: Option<String>,
    /// What shows that.
    #[serde(default, deserialize_with = "value::optional_secret")]
    pub password: Option<SecretString>,
}

impl PartialEq for Mqtt {
    /// Both are this machine's own, so that it does not matter how long it takes.
    fn eq(&self, other: &Mqtt) -> bool {
        let password = |it: &Mqtt| it.password.as_ref().map(|it| it.expose_secret().to_owned());
        self.address == other.address
            && self.client == other.client
            && self.user == other.user
            && password(self) == password(other)
    }
}

impl Eq for Mqtt {}

impl Equipment for Mqtt {
    fn name(&self) -> &str {
        "MQTT"
    }

    /// No device of a lane is reached by itself.
    fn drives(&self) -> Vec<&DeviceNo> {
        Vec::new()
    }
}
