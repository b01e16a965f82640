//! Both sides as they are tried, and what they say of themselves.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use boshi_protocol::id::LotId;

use crate::line::Line;
use crate::process::{Gateway, Platform, until};

pub(super) const APP_ID: &str = "99848791";
pub(super) const SECRET: &str = "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo";
pub(super) const RECOGNIZER: &str = "CAM-01";
pub(super) const BARRIER: &str = "BAR-01";
pub(super) const DEVICE_KEY: &str = "key";

const PLATFORM: &str = r#"
data = "{data}"
[listen]
standard = "127.0.0.1:0"
operators = "127.0.0.1:0"
monitoring = "{monitoring}"
[tls]
plain = true
[heartbeat]
interval = "{heartbeat}"
[reconcile]
interval = "{heartbeat}"
[[supplier]]
app_id = "99848791"
secret = "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo"
[[lot]]
id = "L1"
supplier = "99848791"
base_url = "http://{gateway}"
entry = "allow"
exit = "allow"
[[lot.lane]]
recognizer = "CAM-01"
direction = "entry"
"#;

const GATEWAY: &str = r#"
data = "{data}"
public_url = "http://lot"
[listen]
standard = "{standard}"
devices = "127.0.0.1:0"
local = "127.0.0.1:0"
monitoring = "{monitoring}"
[tls]
plain = true
[platform]
base_url = "http://{platform}"
app_id = "99848791"
secret = "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo"
[push]
budget = "2s"
probe = "1s"
[timing]
debounce = "20ms"
[[lot]]
id = "L1"
[[lot.lane]]
name = "01"
gate = "东二"
direction = "entry"
recognizer = "CAM-01"
barrier = "BAR-01"
limit_switch = false
device_url = "poll"
device_key = "key"
"#;

/// Where a side keeps its data, and how it is configured, from one start to the next.
pub(super) struct Place {
    folder: tempfile::TempDir,
    text: String,
    /// Where it says how it is.
    monitoring: String,
}

impl Place {
    /// A platform that asks the gateway at that address, if there is one, and often.
    pub(super) fn of_platform(gateway: Option<&str>) -> Place {
        let heartbeat = if gateway.is_some() { "1s" } else { "1h" };
        Place::of(
            PLATFORM,
            &[
                ("{gateway}", gateway.unwrap_or("127.0.0.1:1")),
                ("{heartbeat}", heartbeat),
            ],
        )
    }

    /// A gateway at the address `standard` that pushes to that platform.
    pub(super) fn of_gateway(standard: &str, platform: &str) -> Place {
        Place::of(
            GATEWAY,
            &[("{standard}", standard), ("{platform}", platform)],
        )
    }

    fn of(text: &str, more: &[(&str, &str)]) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let (data, monitoring) = (folder.path().join("data"), free());
        let text = text.replace("{data}", &data.display().to_string());
        let text = text.replace("{monitoring}", &monitoring);
        let filled = more
            .iter()
            .fold(text, |text, (of, with)| text.replace(of, with));
        Place {
            folder,
            text: filled,
            monitoring,
        }
    }

    pub(super) fn starts_platform(&self) -> Platform {
        Platform::start(self.folder.path(), &self.text, &[])
    }

    pub(super) fn starts_gateway(&self) -> Gateway {
        Gateway::start(self.folder.path(), &self.text, &[])
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(super) fn store(&self) -> PathBuf {
        self.data().join("platform.db")
    }

    pub(super) fn journal(&self) -> PathBuf {
        self.data().join("journal.db")
    }

    /// Returns when it says that it is ready.
    pub(super) fn is_ready(&self) {
        until("it is not ready", || self.readiness().0 == 200);
    }

    /// Returns when it says that it is not ready, because of that.
    pub(super) fn is_not_ready(&self, reason: &str) {
        until("it is ready", || {
            let (status, said) = self.readiness();
            status == 503 && said.contains(reason)
        });
    }

    fn readiness(&self) -> (u16, String) {
        Line::to(&self.monitoring).ask("GET", "/readyz", "", "")
    }
}

/// An address that nobody has.
pub(super) fn free() -> String {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    taken.local_addr().unwrap().to_string()
}

pub(super) fn lot() -> LotId {
    LotId::new("L1").unwrap()
}

/// What the platform has, in a file that is sound.
pub(super) fn stored(store: &Path) -> boshi_platform::tally::Tally {
    let found = boshi_platform::keep::check(store).unwrap();
    assert!(found.is_sound(), "{found:?}");
    boshi_platform::tally::tally(store, &lot()).unwrap()
}

/// What the gateway has, in a file that is sound.
pub(super) fn written(journal: &Path) -> boshi_gateway::tally::Tally {
    let found = boshi_gateway::keep::check(journal).unwrap();
    assert!(found.is_sound(), "{found:?}");
    boshi_gateway::tally::tally(journal, &lot()).unwrap()
}
