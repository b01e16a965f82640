//! Everything a demo stands on: folders, ports, secrets, certificates, both sides, the car park.

mod equipment;
mod texts;

pub(crate) use self::equipment::equipped;
pub(crate) use self::texts::DEVICE_KEY;

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as Reserved};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use boshi_protocol::id::LotId;
use boshi_simulator::cable::{Cable, Roughness};
use boshi_simulator::lot::{LotPlan, VirtualLot};
use boshi_transport::certificate::LocalAuthority;
use rand::RngExt as _;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::Instant;

use self::texts::Texts;
use super::process::Process;
use crate::interface::Interface;
use crate::terminal::say;

/// Longest that a side may take to start, on a machine that is busy.
const STARTING: Duration = Duration::from_secs(30);

/// Pause between two looks at whether it has.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The lot of every demo.
pub(crate) const LOT: &str = "DEMO-1";

/// What the platform does with vehicles about which it knows nothing.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) entry: &'static str,
    pub(crate) exit: &'static str,
}

/// A demo that runs.
pub(crate) struct Stage {
    data: PathBuf,
    pub(crate) platform: Process,
    pub(crate) gateway: Process,
    /// From the gateway to the platform, and back.
    pub(crate) cables: [Cable; 2],
    pub(crate) operators: Interface,
    pub(crate) local: Interface,
    pub(crate) lot: VirtualLot,
    pub(crate) plan: LotPlan,
}

/// The ports of both sides, on the loopback.
struct Ports {
    platform: SocketAddr,
    operators: SocketAddr,
    gateway: SocketAddr,
    devices: SocketAddr,
    local: SocketAddr,
    /// Of the equipment that the gateway connects to.
    equipment: Vec<SocketAddr>,
}

impl Stage {
    /// Sets everything up in `data` and waits until both sides serve.
    pub(crate) async fn set(data: &Path, plan: LotPlan, rules: Rules) -> anyhow::Result<Stage> {
        Stage::set_with(data, plan, rules, [None, None]).await
    }

    /// The same, with cables that are as rough as that.
    pub(crate) async fn set_with(
        data: &Path,
        mut plan: LotPlan,
        rules: Rules,
        roughness: [Option<Roughness>; 2],
    ) -> anyhow::Result<Stage> {
        let (platform_data, gateway_data) = (data.join("platform"), data.join("gateway"));
        for folder in [data, &platform_data, &gateway_data] {
            fs::create_dir_all(folder)
                .with_context(|| format!("folder {} cannot be made", folder.display()))?;
        }
        let servers = equipment::servers(&mut plan);
        let ports = Ports::free(servers.len())?;
        for (server, port) in servers.into_iter().zip(&ports.equipment) {
            *server = *port;
        }
        let cables = [
            cable(ports.platform, roughness[0]).await?,
            cable(ports.gateway, roughness[1]).await?,
        ];
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let texts = Texts {
            platform_data: &platform_data,
            gateway_data: &gateway_data,
            ports: &ports,
            to_platform: cables[0].address(),
            to_gateway: cables[1].address(),
            device_url: format!("http://{}/device", listener.local_addr()?),
            plan: &plan,
            rules,
        };
        fs::write(data.join("platform.toml"), texts.platform())?;
        fs::write(data.join("gateway.toml"), texts.gateway())?;
        let secret = texts::secret_file(&platform_data);
        if !secret.exists() {
            texts::write_secret(&secret)?;
        }
        // Each side trusts the other's authority, which therefore is there before either starts.
        LocalAuthority::open_or_create(&platform_data.join("tls"))?;
        LocalAuthority::open_or_create(&gateway_data.join("tls"))?;
        let platform = start("platform", data)?;
        let gateway = start("gateway", data)?;
        let lot =
            VirtualLot::start_on(listener, plan.clone(), &format!("http://{}", ports.devices))?;
        let (platform, operators) = ready(
            platform,
            ports.operators,
            "api/v1",
            &platform_data.join("operator.key"),
            "lots",
        )
        .await?;
        let (gateway, local) = ready(
            gateway,
            ports.local,
            "local/v1",
            &gateway_data.join("local.key"),
            "status",
        )
        .await?;
        Ok(Stage {
            data: data.to_owned(),
            platform,
            gateway,
            cables,
            operators,
            local,
            lot,
            plan,
        })
    }

    /// Where a newcomer may look.
    pub(crate) fn say_where(&self) {
        let data = self.data.display();
        say(&format!("数据目录 {data}（配置、日志、数据库、图片）"));
        say(&format!(
            "查看：boshi platform records --config {data}/platform.toml"
        ));
        say(&format!(
            "　　　boshi gateway status --config {data}/gateway.toml"
        ));
        say("");
    }

    /// Tells the platform to fetch what could not be pushed (D-19).
    pub(crate) async fn reconcile(&self) -> anyhow::Result<()> {
        let path = ["lots", LOT, "reconcile"];
        self.operators.post(&path, &json!({})).await.map(drop)
    }

    /// Waits until both sides, which were started again, answer.
    pub(crate) async fn ready_again(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + STARTING;
        for (side, interface, question) in [
            (&mut self.platform, &self.operators, "lots"),
            (&mut self.gateway, &self.local, "status"),
        ] {
            while interface.get(&[question]).await.is_err() {
                if side.has_ended() || Instant::now() > deadline {
                    bail!("it does not start: {}", side.last_words());
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }
        Ok(())
    }

    /// The file of the gateway's journal.
    pub(crate) fn journal(&self) -> PathBuf {
        self.data.join("gateway/journal.db")
    }

    /// The file of the platform's records.
    pub(crate) fn store(&self) -> PathBuf {
        self.data.join("platform/platform.db")
    }

    /// Ends everything in good order.
    pub(crate) async fn strike(self) -> anyhow::Result<()> {
        self.lot.stop().await;
        self.gateway.stop().await?;
        self.platform.stop().await?;
        for cable in &self.cables {
            cable.stop().await;
        }
        Ok(())
    }
}

/// The lot of every demo.
pub(crate) fn lot() -> LotId {
    LotId::new(LOT).expect("the demo's lot has a sound id")
}

async fn cable(target: SocketAddr, roughness: Option<Roughness>) -> io::Result<Cable> {
    match roughness {
        None => Cable::start(target).await,
        Some(roughness) => Cable::start_rough(target, roughness).await,
    }
}

fn start(name: &'static str, data: &Path) -> anyhow::Result<Process> {
    let config = data.join(format!("{name}.toml"));
    Process::start(name, &config, &data.join(format!("{name}.log")))
}

/// Waits until a side answers, and says how to reach it.
async fn ready(
    mut process: Process,
    address: SocketAddr,
    prefix: &str,
    key: &Path,
    question: &str,
) -> anyhow::Result<(Process, Interface)> {
    let deadline = Instant::now() + STARTING;
    loop {
        if let Ok(key) = fs::read_to_string(key) {
            let interface = Interface::new(&format!("http://{address}"), prefix, &key)?;
            if interface.get(&[question]).await.is_ok() {
                return Ok((process, interface));
            }
        }
        if process.has_ended() || Instant::now() > deadline {
            bail!("it does not start: {}", process.last_words());
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

impl Ports {
    /// Ports that nobody uses, below those from which the system takes ports for connections: one
    /// of these could be taken between now and the start of the side that is to listen on it.
    fn free(servers: usize) -> anyhow::Result<Ports> {
        const FIRST: u16 = 20_000;
        const LAST: u16 = 29_999;
        const TRIES: usize = 1_000;
        let mut random = rand::rng();
        let mut reserved = Vec::new();
        for _ in 0..TRIES {
            let port = random.random_range(FIRST..=LAST);
            reserved.extend(Reserved::bind((Ipv4Addr::LOCALHOST, port)));
            if let [platform, operators, gateway, devices, local, rest @ ..] = reserved.as_slice()
                && rest.len() == servers
            {
                let equipment = rest.iter().map(Reserved::local_addr);
                return Ok(Ports {
                    platform: platform.local_addr()?,
                    operators: operators.local_addr()?,
                    gateway: gateway.local_addr()?,
                    devices: devices.local_addr()?,
                    local: local.local_addr()?,
                    equipment: equipment.collect::<io::Result<_>>()?,
                });
            }
        }
        bail!("no free ports from {FIRST} to {LAST}")
    }
}
