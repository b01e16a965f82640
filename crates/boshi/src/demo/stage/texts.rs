//! The configurations of a demo, as somebody would write them by hand.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use boshi_simulator::equipment::Direction;
use boshi_simulator::lot::{LanePlan, LotPlan, Speaks};

use super::{LOT, Ports, Rules, equipment};

/// The supplier of every demo.
const APP_ID: &str = "99848791";

/// What devices and gateway show each other in every demo.
pub(crate) const DEVICE_KEY: &str = "demo-device-key";

/// Shortest budget of a vehicle in front of a dead network, however fast the demo: a busy machine
/// must not look like a dead network.
const LEAST_BUDGET: Duration = Duration::from_secs(2);

/// What the texts are made of.
pub(super) struct Texts<'a> {
    pub(super) platform_data: &'a Path,
    pub(super) gateway_data: &'a Path,
    pub(super) ports: &'a Ports,
    pub(super) to_platform: SocketAddr,
    pub(super) to_gateway: SocketAddr,
    pub(super) device_url: String,
    pub(super) plan: &'a LotPlan,
    pub(super) rules: Rules,
}

/// The file with the secret that both sides share.
pub(super) fn secret_file(platform_data: &Path) -> PathBuf {
    platform_data.join("supplier.secret")
}

/// Makes a secret that nobody knows, in a file that only its owner reads.
pub(super) fn write_secret(path: &Path) -> anyhow::Result<()> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    for byte in bytes {
        write!(file, "{byte:02x}")?;
    }
    Ok(())
}

impl Texts<'_> {
    pub(super) fn platform(&self) -> String {
        let Rules { entry, exit } = self.rules;
        let Ports {
            platform,
            operators,
            ..
        } = self.ports;
        let mut text = format!(
            r#"data = {data}

[listen]
standard = "{platform}"
operators = "{operators}"

[heartbeat]
interval = "1s"
timeout = "1s"
misses = 2

[reconcile]
interval = "5s"

[[supplier]]
app_id = "{APP_ID}"
secret_file = {secret}

[[lot]]
id = "{LOT}"
name = "示范车场"
supplier = "{APP_ID}"
base_url = "https://{gateway}"
ca_file = {ca}
entry = "{entry}"
exit = "{exit}"
"#,
            data = quoted(self.platform_data),
            secret = quoted(&secret_file(self.platform_data)),
            gateway = self.to_gateway,
            ca = quoted(&self.gateway_data.join("tls/ca.pem")),
        );
        for lane in &self.plan.lanes {
            let first = match lane.direction {
                Direction::Entry | Direction::Mixed => "entry",
                Direction::Exit => "exit",
            };
            recognizer(&mut text, lane.recognizer.as_str(), first);
            if let Some(second) = &lane.exit_recognizer {
                recognizer(&mut text, second.as_str(), "exit");
            }
        }
        text
    }

    pub(super) fn gateway(&self) -> String {
        let Ports {
            gateway,
            devices,
            local,
            ..
        } = self.ports;
        let mut text = format!(
            r#"data = {data}
public_url = "https://{public}"

[listen]
standard = "{gateway}"
devices = "{devices}"
local = "{local}"

[platform]
base_url = "https://{platform}"
app_id = "{APP_ID}"
secret_file = {secret}
ca_file = {ca}

[push]
budget = "{budget}"
probe = "1s"

[timing]
{timing}
[[lot]]
id = "{LOT}"
name = "示范车场"
"#,
            data = quoted(self.gateway_data),
            public = self.to_gateway,
            platform = self.to_platform,
            secret = quoted(&secret_file(self.platform_data)),
            ca = quoted(&self.platform_data.join("tls/ca.pem")),
            budget = millis(self.at_speed(Duration::from_secs(10)).max(LEAST_BUDGET)),
            timing = self.timing(),
        );
        for lane in &self.plan.lanes {
            self.lane(&mut text, lane);
        }
        text.push_str(&equipment::blocks(self.plan));
        for place in &self.plan.places {
            let _ = write!(text, "\n[[lot.place]]\nnumber = \"{place}\"\n");
        }
        text
    }

    fn lane(&self, text: &mut String, lane: &LanePlan) {
        let direction = match lane.direction {
            Direction::Entry => "entry",
            Direction::Exit => "exit",
            Direction::Mixed => "mixed",
        };
        let _ = write!(
            text,
            r#"
[[lot.lane]]
name = "{name}"
gate = "{gate}"
direction = "{direction}"
recognizer = "{recognizer}"
barrier = "{barrier}"
"#,
            name = lane.name,
            gate = lane.gate,
            recognizer = lane.recognizer,
            barrier = lane.barrier,
        );
        if lane.speaks == Speaks::Generic {
            let url = &self.device_url;
            let _ = writeln!(
                text,
                "device_url = \"{url}\"\ndevice_key = \"{DEVICE_KEY}\""
            );
        }
        if !lane.limit_switch {
            let _ = writeln!(text, "limit_switch = false");
        }
        if let Some(second) = &lane.exit_recognizer {
            let _ = writeln!(text, "exit_recognizer = \"{second}\"");
        }
        if let Some(display) = &lane.display {
            let _ = writeln!(text, "display = \"{display}\"");
        }
    }

    /// The gateway's times, as much shorter as the demo is faster than life.
    fn timing(&self) -> String {
        let times = boshi_gateway::config::Timing::default();
        let scaled = [
            ("refused_poll", times.refused_poll),
            ("debounce", times.debounce),
            ("read_grace", times.read_grace),
            ("approach_window", times.approach_window),
            ("same_plate", times.same_plate),
            ("presence", times.presence),
            ("travel", times.travel),
            ("follow_wait", times.follow_wait),
            ("passage", times.passage),
            ("leave_grace", times.leave_grace),
            ("loop_alarm", times.loop_alarm),
            ("barrier_down", times.barrier_down),
            ("far_side", times.far_side),
            ("crosstalk", times.crosstalk),
        ];
        let line = |(name, time)| format!("{name} = \"{}\"\n", millis(self.at_speed(time)));
        scaled.into_iter().map(line).collect()
    }

    fn at_speed(&self, time: Duration) -> Duration {
        time.div_f64(self.plan.speed)
    }
}

fn recognizer(text: &mut String, number: &str, direction: &str) {
    let _ = write!(
        text,
        "\n[[lot.lane]]\nrecognizer = \"{number}\"\ndirection = \"{direction}\"\n"
    );
}

pub(super) fn millis(time: Duration) -> String {
    format!("{}ms", time.as_millis().max(1))
}

/// A path as a TOML text in which nothing is escaped.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display())
}
