//! `cargo xtask bench`: boshi against a handler that stores nothing, against what somebody would
//! otherwise write, and the whole chain from recognition to barrier. Linux only: it reads `/proc`.

mod bare;
mod load;
mod lot;
mod process;
mod report;
mod server;
mod stats;
mod supplier;
mod throughput;

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use boshi_transport::certificate::install_crypto;
use clap::{Args, Parser, Subcommand};

use crate::process::LOAD_CORE;
use crate::report::Report;
use crate::server::Places;
use crate::throughput::Extent;

/// The connections at which throughput is measured.
const CONNECTIONS: [usize; 4] = [1, 16, 64, 256];
/// The connections at which the alternatives are compared.
const COMPARED: usize = 64;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Part,
}

#[derive(Subcommand)]
enum Part {
    /// Measure everything and write the table
    Run(Measure),
    /// The handler that stores nothing, on its own
    Bare {
        address: SocketAddr,
        /// HTTPS with the authority in this folder
        #[arg(long)]
        authority: Option<PathBuf>,
    },
}

#[derive(Args)]
struct Measure {
    /// The release binary
    #[arg(long)]
    boshi: PathBuf,
    /// The workspace
    #[arg(long)]
    root: PathBuf,
    /// Write the table here instead of printing it
    #[arg(long)]
    out: Option<PathBuf>,
    /// How long each run takes, in milliseconds
    #[arg(long, default_value_t = 2000)]
    span: u64,
    /// How often the contestants take turns
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Without Node.js and Python
    #[arg(long)]
    without_alternatives: bool,
}

fn main() -> anyhow::Result<()> {
    install_crypto();
    match Arguments::parse().part {
        Part::Run(measure) => {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(run(measure))
        }
        // One worker a core, as everybody's: this process has one.
        Part::Bare { address, authority } => {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()?;
            runtime.block_on(bare::serve(address, authority.as_deref()))
        }
    }
}

async fn run(measure: Measure) -> anyhow::Result<()> {
    let target = measure.root.join("target/bench");
    // In the build folder, not in /tmp: that may be in memory, where durability costs nothing.
    fs::create_dir_all(&target)?;
    let folder = tempfile::tempdir_in(&target)?;
    let places = Places {
        boshi: measure
            .boshi
            .canonicalize()
            .context("the binary that is measured")?,
        sources: measure.root.join("crates/bench/alternatives"),
        installed: target,
        folder: folder.path().to_owned(),
    };
    let extent = Extent {
        span: Duration::from_millis(measure.span),
        rounds: measure.rounds.max(1),
    };
    let before = load_average()?;
    let mut bare = Vec::new();
    for tls in [false, true] {
        say(&format!(
            "against the bare handler, {}",
            if tls { "HTTPS" } else { "HTTP" }
        ))?;
        bare.extend(throughput::against_bare(&places, extent, tls, &CONNECTIONS).await?);
    }
    let mut alternatives = None;
    if !measure.without_alternatives {
        say("against the alternatives, which are installed first")?;
        alternatives = Some(throughput::against_alternatives(&places, extent, COMPARED).await?);
    }
    say("a gateway with its lanes")?;
    let lot = Some(lot::measure(&places, measure.rounds, measure.rounds * 2).await?);
    let load = (before, load_average()?);
    let text = Report {
        machine: machine()?,
        extent,
        load,
        bare,
        alternatives,
        lot,
    }
    .markdown();
    match measure.out {
        Some(path) => fs::write(path, text)?,
        None => std::io::stdout().write_all(text.as_bytes())?,
    }
    Ok(())
}

fn load_average() -> anyhow::Result<f64> {
    let text = fs::read_to_string("/proc/loadavg")?;
    Ok(text
        .split(' ')
        .next()
        .context("an empty load average")?
        .parse()?)
}

/// What the figures were measured on, without naming it.
fn machine() -> anyhow::Result<String> {
    let info = fs::read_to_string("/proc/cpuinfo")?;
    let model = info.lines().find(|line| line.starts_with("model name"));
    let model = model
        .and_then(|line| line.split(": ").nth(1))
        .unwrap_or("unknown processor");
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let release = kernel.trim().split('-').next().unwrap_or_default();
    Ok(format!(
        "{model}, Linux {release}, cores {}–{LOAD_CORE} used",
        process::SERVER_CORE
    ))
}

fn say(line: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stderr(), "{line}")?)
}
