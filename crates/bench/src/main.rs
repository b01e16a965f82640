//! `cargo xtask bench`: boshi against a handler that stores nothing, against what somebody would
//! otherwise write, and the whole chain from recognition to barrier. Linux only: it reads `/proc`.

mod bare;
mod equipment;
mod load;
mod lot;
mod many_lots;
mod outbox;
mod process;
mod records;
mod report;
mod section;
mod server;
mod site;
mod stats;
mod stub;
mod supplier;
mod throughput;
mod unpushed;

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use boshi_transport::certificate::install_crypto;
use clap::{Args, Parser, Subcommand, ValueEnum as _};
use jiff::Timestamp;

use crate::outbox::Sending;
use crate::process::LOAD_CORE;
use crate::section::{Document, Part};
use crate::server::Places;
use crate::throughput::Extent;

/// The connections at which throughput is measured.
const CONNECTIONS: [usize; 4] = [1, 16, 64, 256];
/// The connections at which throughput has its goals.
pub(crate) const COMPARED: usize = 64;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure everything, or some parts, and write the document
    Run(Measure),
    /// The handler that stores nothing, on its own
    Bare {
        address: SocketAddr,
        /// HTTPS with the authority in this folder
        #[arg(long)]
        authority: Option<PathBuf>,
    },
    /// The client that only sends
    Client(Sending),
}

#[derive(Args)]
struct Measure {
    /// The release binary
    #[arg(long)]
    boshi: PathBuf,
    /// The workspace
    #[arg(long)]
    root: PathBuf,
    /// Write the document here instead of printing what was measured
    #[arg(long)]
    out: Option<PathBuf>,
    /// Only these parts; the sections of the others stay as they are
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// How long each run takes, in milliseconds
    #[arg(long, default_value_t = 2000)]
    span: u64,
    /// How often the contestants take turns
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// The connections at which throughput against the bare handler is measured
    #[arg(long, value_delimiter = ',', default_values_t = CONNECTIONS)]
    connections: Vec<usize>,
    /// Without Node.js and Python
    #[arg(long)]
    without_alternatives: bool,
    /// So many records instead of ten million
    #[arg(long, default_value_t = records::STORED)]
    records: u64,
}

fn main() -> anyhow::Result<()> {
    install_crypto();
    let runtime = |mut builder: tokio::runtime::Builder| builder.enable_all().build();
    match Arguments::parse().part {
        Command::Run(measure) => {
            runtime(tokio::runtime::Builder::new_current_thread())?.block_on(run(measure))
        }
        // One worker a core, as everybody's: these processes have one.
        Command::Bare { address, authority } => {
            runtime(tokio::runtime::Builder::new_multi_thread())?
                .block_on(bare::serve(address, authority.as_deref()))
        }
        Command::Client(Sending { url, ca, count }) => {
            runtime(tokio::runtime::Builder::new_multi_thread())?
                .block_on(outbox::send(&url, &ca, count))
        }
    }
}

async fn run(measure: Measure) -> anyhow::Result<()> {
    let target = measure.root.join("target/bench");
    fs::create_dir_all(&target)?;
    let extent = Extent {
        span: Duration::from_millis(measure.span),
        rounds: measure.rounds.max(1),
    };
    let mut document = match &measure.out {
        Some(path) => Document::open(path)?,
        None => Document::open(Path::new("/dev/null"))?,
    };
    let is_wanted = |part: &&Part| match measure.only.as_slice() {
        [] => **part != Part::Alternatives || !measure.without_alternatives,
        only => only.contains(part),
    };
    let mut failed = Vec::new();
    for &part in Part::value_variants().iter().filter(is_wanted) {
        let (since, load) = (Instant::now(), load_average()?);
        say(part.title())?;
        // In the build folder, not in /tmp: that may be in memory, where durability costs nothing.
        let folder = tempfile::tempdir_in(&target)?;
        let places = Places {
            boshi: measure
                .boshi
                .canonicalize()
                .context("the binary that is measured")?,
            sources: measure.root.join("crates/bench/alternatives"),
            installed: target.clone(),
            folder: folder.path().to_owned(),
        };
        let day = Timestamp::now().strftime("%Y-%m-%d").to_string();
        let text = match section(part, &places, extent, &measure).await {
            Ok(text) => text,
            // What the others come to is worth having all the same.
            Err(error) => {
                say(&format!("   failed: {error:#}"))?;
                failed.push(part.title());
                continue;
            }
        };
        let text = text + "\n" + &report::measured(&machine()?, &day, extent, load);
        document.put(part, &text);
        if let Some(path) = &measure.out {
            fs::write(path, document.text(&report::intro()))?;
        }
        say(&format!("   {:.0} s", since.elapsed().as_secs_f64()))?;
    }
    if measure.out.is_none() {
        std::io::stdout().write_all(document.text(&report::intro()).as_bytes())?;
    }
    anyhow::ensure!(failed.is_empty(), "not measured: {}", failed.join("; "));
    Ok(())
}

async fn section(
    part: Part,
    places: &Places,
    extent: Extent,
    measure: &Measure,
) -> anyhow::Result<String> {
    let rounds = extent.rounds;
    Ok(match part {
        Part::Bare => {
            let mut contests = Vec::new();
            for tls in [false, true] {
                contests.extend(
                    throughput::against_bare(places, extent, tls, &measure.connections).await?,
                );
            }
            report::bare(&contests)
        }
        Part::Alternatives => {
            let contest = throughput::against_alternatives(places, extent, COMPARED);
            report::alternatives(&contest.await?)
        }
        Part::Records => {
            let figures = records::measure(places, extent, COMPARED, measure.records);
            report::records(&figures.await?)
        }
        Part::Lots => report::lots(&many_lots::measure(places, extent, COMPARED).await?),
        Part::Lanes => report::lanes(&lot::measure(places, rounds, rounds * 2).await?),
        Part::Outbox => report::outbox(&outbox::measure(places, outbox::WAITING).await?),
        Part::Unpushed => report::unpushed(&unpushed::measure(places, unpushed::FAILED).await?),
        Part::Cameras => report::cameras(&equipment::frames(places, rounds).await?),
        Part::Crowd => report::crowd(&equipment::crowd(places).await?),
        Part::Chain => report::chain(&equipment::chain(places, rounds).await?),
    })
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
