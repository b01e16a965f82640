//! The configurations of one platform and one gateway, as somebody would write them.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use boshi_transport::certificate::LocalAuthority;

use super::LANES;
use super::lanes::DEVICE_KEY;
use crate::process::free_address;
use crate::server::platform_text;
use crate::supplier::{APP_ID, LOT, SECRET};

pub(super) struct Addresses {
    pub(super) platform: SocketAddr,
    operators: SocketAddr,
    pub(super) gateway: SocketAddr,
    pub(super) devices: SocketAddr,
    local: SocketAddr,
    pub(super) controller: SocketAddr,
}

impl Addresses {
    pub(super) fn free() -> anyhow::Result<Addresses> {
        Ok(Addresses {
            platform: free_address()?,
            operators: free_address()?,
            gateway: free_address()?,
            devices: free_address()?,
            local: free_address()?,
            controller: free_address()?,
        })
    }

    /// Writes both configurations into `folder`, and makes the authority that each is given of the
    /// other; the files.
    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<Files> {
        for side in ["platform", "gateway"] {
            let tls = folder.join(side).join("tls");
            fs::create_dir_all(&tls)?;
            LocalAuthority::open_or_create(&tls)?;
        }
        let gateway = format!(
            "base_url = \"https://{}\"\nca_file = '{}'",
            self.gateway,
            folder.join("gateway/tls/ca.pem").display()
        );
        let data = folder.join("platform");
        let text = platform_text(&data, self.platform, self.operators, false, LANES, &gateway);
        let files = Files {
            platform: folder.join("platform.toml"),
            gateway: folder.join("gateway.toml"),
        };
        fs::write(&files.platform, text)?;
        fs::write(&files.gateway, self.gateway_text(folder))?;
        Ok(files)
    }

    fn gateway_text(&self, folder: &Path) -> String {
        let mut text = format!(
            r#"data = '{data}'
public_url = "https://{standard}"
log = "warn"
[listen]
standard = "{standard}"
devices = "{devices}"
local = "{local}"
[platform]
base_url = "https://{platform}"
app_id = "{APP_ID}"
secret = "{SECRET}"
ca_file = '{ca}'
[timing]
debounce = "50ms"
read_grace = "60s"
travel = "100ms"
[[lot]]
id = "{LOT}"
name = "测量"
"#,
            data = folder.join("gateway").display(),
            ca = folder.join("platform/tls/ca.pem").display(),
            standard = self.gateway,
            devices = self.devices,
            local = self.local,
            platform = self.platform,
        );
        for lane in 1..=LANES {
            let _ = write!(
                text,
                r#"[[lot.lane]]
name = "{lane:02}"
gate = "东"
direction = "entry"
recognizer = "CAM-{lane:02}"
barrier = "BAR-{lane:02}"
limit_switch = false
device_url = "http://{controller}/device"
device_key = "{DEVICE_KEY}"
"#,
                controller = self.controller
            );
        }
        text
    }
}

/// The two configurations.
pub(super) struct Files {
    pub(super) platform: PathBuf,
    pub(super) gateway: PathBuf,
}

/// The command that runs a side.
pub(super) fn side(boshi: &Path, side: &str, file: &Path) -> Command {
    let mut command = Command::new(boshi);
    command.args([side, "run", "--config"]).arg(file);
    command
}
