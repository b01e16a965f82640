//! A platform of its own, as a process, with all the lots in its configuration.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use boshi_protocol::id::{AppId, LotId};
use boshi_protocol::token::Credentials;
use boshi_transport::call::{Peer, PeerSettings};

use super::lots::Lots;
use crate::demo::process::Process;

/// Longest that the platform may take to be ready, with all its lots.
const READY: Duration = Duration::from_secs(120);
/// How often it is looked whether it is.
const LOOK: Duration = Duration::from_millis(50);
/// Who runs all the lots.
const APP_ID: &str = "crowd";
/// Of no worth: the platform listens on the loopback, for minutes.
const SECRET: &str = "the secret of the crowd";

/// The platform and its lots.
pub(super) struct Stage {
    pub(super) lots: Lots,
    pub(super) started_in: Duration,
    process: Process,
    standard: SocketAddr,
    monitoring: SocketAddr,
    store: PathBuf,
    client: reqwest::Client,
}

impl Stage {
    /// Starts a platform in `folder` and waits until it is ready.
    pub(super) async fn set(folder: &Path, lots: usize) -> anyhow::Result<Stage> {
        fs::create_dir_all(folder)?;
        let [standard, operators, monitoring] = free()?;
        let served = Lots::start().await?;
        let data = folder.join("platform-data");
        let mut text = format!(
            "data = {data}\n[listen]\nstandard = \"{standard}\"\noperators = \"{operators}\"\n\
             monitoring = \"{monitoring}\"\n[tls]\nplain = true\n[heartbeat]\ninterval = \"60s\"\n\
             [limits]\nrequests_per_address = 1000000\n\
             [[supplier]]\napp_id = \"{APP_ID}\"\nsecret = \"{SECRET}\"\n",
            data = toml::Value::from(data.display().to_string()),
        );
        for number in 0..lots {
            let lot = name(number)?;
            write!(
                text,
                "[[lot]]\nid = \"{lot}\"\nsupplier = \"{APP_ID}\"\nentry = \"allow\"\n\
                 exit = \"allow\"\nbase_url = \"http://{}/{lot}\"\n[[lot.lane]]\n\
                 recognizer = \"IN\"\ndirection = \"entry\"\n",
                served.address
            )?;
        }
        let config = folder.join("platform.toml");
        fs::write(&config, text)?;
        let began = Instant::now();
        let process = Process::start("platform", &config, &folder.join("platform.log"))?;
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
        let mut stage = Stage {
            lots: served,
            started_in: Duration::ZERO,
            process,
            standard,
            monitoring,
            store: data.join("platform.db"),
            client: client.build()?,
        };
        stage.ready().await?;
        stage.started_in = began.elapsed();
        Ok(stage)
    }

    /// What the lots' gateways call, for the first of them.
    pub(super) fn peer(&self) -> anyhow::Result<Peer> {
        Ok(Peer::new(PeerSettings {
            base_url: format!("http://{}", self.standard),
            lot: name(0)?,
            credentials: Credentials::new(AppId::new(APP_ID)?, SECRET.to_owned().into()),
            ca_pem: None,
            connect_timeout: Duration::from_secs(3),
        })?)
    }

    /// Pulls the plug of the platform, and starts it again.
    pub(super) async fn kill(&mut self) -> anyhow::Result<()> {
        self.process.kill().await?;
        self.process.start_again()?;
        self.ready().await
    }

    /// What the platform says of itself.
    pub(super) async fn metric(&self, name: &str) -> anyhow::Result<f64> {
        let url = format!("http://{}/metrics", self.monitoring);
        let page = self.client.get(url).send().await?.text().await?;
        let mut lines = page.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(value.context("it is not on the page")?.parse()?)
    }

    /// Stops the platform; where its records are.
    pub(super) async fn stop(self) -> anyhow::Result<PathBuf> {
        self.process.stop().await?;
        Ok(self.store)
    }

    async fn ready(&mut self) -> anyhow::Result<()> {
        let url = format!("http://{}/readyz", self.monitoring);
        let end = Instant::now() + READY;
        while Instant::now() < end {
            let asked = self.client.get(&url).send().await;
            if asked.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if self.process.has_ended() {
                bail!("{}", self.process.last_words());
            }
            tokio::time::sleep(LOOK).await;
        }
        bail!("the platform is not ready: {}", self.process.last_words())
    }
}

/// The name of a lot.
pub(super) fn name(number: usize) -> anyhow::Result<LotId> {
    Ok(LotId::new(&format!("CROWD-{number:05}"))?)
}

fn free() -> anyhow::Result<[SocketAddr; 3]> {
    // All at once, so that they differ.
    let [a, b, c] = std::array::from_fn(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
    let [a, b, c] = [a?, b?, c?];
    Ok([a.local_addr()?, b.local_addr()?, c.local_addr()?])
}
