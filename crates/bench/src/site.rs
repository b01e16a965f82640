//! A gateway as a process of its own, and what it needs to be started.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use boshi_transport::certificate::LocalAuthority;

use crate::process::{Process, free_address};
use crate::supplier::{APP_ID, LOT, SECRET};

/// A platform as a gateway knows it.
#[derive(Clone, Debug)]
pub(crate) struct Platform {
    pub(crate) url: String,
    /// The certificate of its authority.
    pub(crate) ca: PathBuf,
}

/// What a gateway is started on.
pub(crate) struct Site {
    boshi: PathBuf,
    pub(crate) folder: PathBuf,
    config: PathBuf,
    pub(crate) standard: SocketAddr,
    pub(crate) devices: SocketAddr,
}

impl Site {
    /// Writes the configuration of a gateway for `platform`, whose lot has `equipment`, into `folder`.
    pub(crate) fn new(
        boshi: &Path,
        folder: &Path,
        platform: &Platform,
        equipment: &str,
    ) -> anyhow::Result<Site> {
        let tls = folder.join("gateway/tls");
        fs::create_dir_all(&tls)?;
        LocalAuthority::open_or_create(&tls)?;
        let site = Site {
            boshi: boshi.to_owned(),
            folder: folder.to_owned(),
            config: folder.join("gateway.toml"),
            standard: free_address()?,
            devices: free_address()?,
        };
        fs::write(&site.config, site.text(platform, equipment)?)?;
        Ok(site)
    }

    fn text(&self, platform: &Platform, equipment: &str) -> anyhow::Result<String> {
        Ok(format!(
            r#"data = '{data}'
public_url = "https://{standard}"
log = "warn"
[listen]
standard = "{standard}"
devices = "{devices}"
local = "{local}"
[platform]
base_url = "{url}"
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
{equipment}"#,
            data = self.folder.join("gateway").display(),
            ca = platform.ca.display(),
            url = platform.url,
            standard = self.standard,
            devices = self.devices,
            local = free_address()?,
        ))
    }

    /// The certificate of its authority.
    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.join("gateway/tls/ca.pem")
    }

    /// Its journal.
    pub(crate) fn journal(&self) -> PathBuf {
        self.folder.join("gateway/journal.db")
    }

    /// Starts it; how long it took to listen.
    pub(crate) fn start(&self) -> anyhow::Result<(Process, Duration)> {
        let command = side(&self.boshi, "gateway", &self.config);
        let log = self.folder.join("gateway.log");
        let since = Instant::now();
        let mut process = Process::start("gateway", &command, &log)?;
        let took = process.listens(self.standard, since);
        let took = took.with_context(|| fs::read_to_string(&log).unwrap_or_default())?;
        Ok((process, took))
    }
}

/// The command that runs a side.
pub(crate) fn side(boshi: &Path, side: &str, file: &Path) -> Command {
    let mut command = Command::new(boshi);
    command.args([side, "run", "--config"]).arg(file);
    command
}
