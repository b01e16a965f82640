//! The servers that are measured, each started in a folder of its own.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::load::Target;
use crate::process::{Process, free_address};
use crate::supplier::{APP_ID, LOT, SECRET, lot_name};

/// Where programs and files are.
pub(crate) struct Places {
    /// The binary that is measured.
    pub(crate) boshi: PathBuf,
    /// The sources of the alternatives.
    pub(crate) sources: PathBuf,
    /// Where the alternatives are installed, once.
    pub(crate) installed: PathBuf,
    /// A folder for one measurement.
    pub(crate) folder: PathBuf,
}

/// A server that listens, and how it is reached.
pub(crate) struct Server {
    pub(crate) process: Process,
    pub(crate) target: Target,
    /// From the start of the process to the first connection taken.
    pub(crate) started: Duration,
}

/// A platform with one lot that lets everybody in, and is not asked whether it is there.
pub(crate) fn platform_text(
    folder: &Path,
    standard: SocketAddr,
    operators: SocketAddr,
    plain: bool,
    lanes: usize,
    gateway: &str,
) -> String {
    let mut text = platform_base(folder, standard, operators, plain);
    text += &lot_text(LOT, lanes, gateway);
    text
}

/// One lot of a platform, which lets everybody in.
pub(crate) fn lot_text(id: &str, lanes: usize, gateway: &str) -> String {
    let mut text = format!(
        r#"[[lot]]
id = "{id}"
supplier = "{APP_ID}"
{gateway}
entry = "allow"
exit = "allow"
"#
    );
    for lane in 1..=lanes {
        text += &format!("[[lot.lane]]\nrecognizer = \"CAM-{lane:02}\"\ndirection = \"entry\"\n");
    }
    text
}

/// A platform without lots, and with one supplier.
fn platform_base(
    folder: &Path,
    standard: SocketAddr,
    operators: SocketAddr,
    plain: bool,
) -> String {
    format!(
        r#"data = '{data}'
[listen]
standard = "{standard}"
operators = "{operators}"
[tls]
plain = {plain}
[limits]
requests_per_address = 1000000
under_way_per_supplier = 1024
under_way_per_lot = 1024
requests_per_lot = 1000000
[heartbeat]
interval = "1h"
[reconcile]
interval = "24h"
[[supplier]]
app_id = "{APP_ID}"
secret = "{SECRET}"
"#,
        data = folder.display()
    )
}

/// The base URL of a gateway that is not there.
const NOBODY: &str = "base_url = \"http://127.0.0.1:9\"";

impl Places {
    /// boshi's platform.
    pub(crate) fn platform(&self, tls: bool) -> anyhow::Result<Server> {
        let folder = self.fresh("platform", tls)?;
        self.platform_in(&folder, tls, &lot_text(LOT, 1, NOBODY))
    }

    /// boshi's platform over HTTP with so many lots, each with one lane.
    pub(crate) fn platform_of(&self, lots: u64) -> anyhow::Result<Server> {
        let folder = self.fresh(&format!("platform-of-{lots}"), false)?;
        let lots = (0..lots).map(|lot| lot_text(&lot_name(lot), 1, NOBODY));
        self.platform_in(&folder, false, &lots.collect::<String>())
    }

    /// boshi's platform on what is in `folder`.
    pub(crate) fn platform_in(
        &self,
        folder: &Path,
        tls: bool,
        lots: &str,
    ) -> anyhow::Result<Server> {
        let (standard, operators) = (free_address()?, free_address()?);
        let config = folder.join("platform.toml");
        let base = platform_base(&folder.join("data"), standard, operators, !tls);
        fs::write(&config, base + lots)?;
        let mut command = Command::new(&self.boshi);
        command.args(["platform", "run", "--config"]).arg(&config);
        let roots = tls.then(|| folder.join("data/tls/ca.pem"));
        listening("boshi platform", &command, standard, folder, roots)
    }

    /// The handler that stores nothing.
    pub(crate) fn bare(&self, tls: bool) -> anyhow::Result<Server> {
        let folder = self.fresh("bare", tls)?;
        let address = free_address()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bare", &address.to_string()]);
        if tls {
            command.arg("--authority").arg(&folder);
        }
        listening(
            "bare axum",
            &command,
            address,
            &folder,
            tls.then(|| folder.join("ca.pem")),
        )
    }

    /// fastify with better-sqlite3.
    pub(crate) fn node(&self) -> anyhow::Result<Server> {
        let home = self.installed.join("node");
        copy(
            &self.sources.join("node"),
            &home,
            &["package.json", "server.js"],
        )?;
        if !home
            .join("node_modules/better-sqlite3/build/Release")
            .exists()
        {
            let mut install = Command::new("npm");
            // Its scripts are what fetches or builds the native part of better-sqlite3.
            install
                .args(["install", "--no-audit", "--no-fund"])
                .current_dir(&home);
            run(&mut install)?;
        }
        self.alternative("node", Command::new("node").arg(home.join("server.js")))
    }

    /// FastAPI with SQLite.
    pub(crate) fn python(&self) -> anyhow::Result<Server> {
        let home = self.installed.join("python");
        copy(
            &self.sources.join("python"),
            &home,
            &["requirements.txt", "server.py"],
        )?;
        let python = home.join("venv/bin/python");
        if !home.join("venv/bin/uvicorn").exists() {
            run(Command::new("python3")
                .args(["-m", "venv"])
                .arg(home.join("venv")))?;
            let mut install = Command::new(&python);
            install.args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--requirement",
                "requirements.txt",
            ]);
            run(install.current_dir(&home))?;
        }
        self.alternative("python", Command::new(python).arg(home.join("server.py")))
    }

    fn alternative(&self, name: &'static str, command: &mut Command) -> anyhow::Result<Server> {
        let folder = self.fresh(name, false)?;
        let address = free_address()?;
        command
            .arg(address.port().to_string())
            .arg(folder.join("records.db"));
        command.envs([("APP_ID", APP_ID), ("SECRET", SECRET), ("LOT", LOT)]);
        listening(name, command, address, &folder, None)
    }

    /// An empty folder of that name.
    pub(crate) fn fresh(&self, name: &str, tls: bool) -> anyhow::Result<PathBuf> {
        let folder = self
            .folder
            .join(format!("{name}-{}", if tls { "https" } else { "http" }));
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }
}

fn listening(
    name: &'static str,
    command: &Command,
    address: SocketAddr,
    folder: &Path,
    roots: Option<PathBuf>,
) -> anyhow::Result<Server> {
    let since = Instant::now();
    let log = folder.join("log");
    let mut process = Process::start(name, command, &log)?;
    let started = process
        .listens(address, since)
        .with_context(|| fs::read_to_string(&log).unwrap_or_default())?;
    let tls = roots.map(|path| trusting(&path)).transpose()?;
    Ok(Server {
        process,
        target: Target { address, tls },
        started,
    })
}

/// A client that trusts one authority.
fn trusting(path: &Path) -> anyhow::Result<Arc<rustls::ClientConfig>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(path)?)?;
    let config = rustls::ClientConfig::builder().with_root_certificates(roots);
    Ok(Arc::new(config.with_no_client_auth()))
}

fn copy(from: &Path, to: &Path, files: &[&str]) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for file in files {
        fs::copy(from.join(file), to.join(file))
            .with_context(|| format!("{file} cannot be copied"))?;
    }
    Ok(())
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(())
}
