//! `boshi demo`: platform, gateway and a simulated car park on this machine, talking real HTTPS.
//!
//! Platform and gateway are processes of their own, so that a scenario can kill one for good; the
//! network between them runs through two cables that can be pulled. What happened is counted at
//! the end from both sides' stores and from the simulator's own ledger, and compared.

pub(crate) mod process;
mod scenario;
pub(crate) mod stage;
mod summary;

use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub(crate) use self::scenario::plan;

use self::scenario::Scenario;
use self::stage::Stage;
use self::summary::Summary;
use crate::account::{Account, Language};
use crate::interface::Interface;
use crate::lines::Lines;
use crate::terminal::say;
use crate::told::told_to_stop;

/// Longest that both sides may take to agree once the last vehicle is gone: a few reconciliations.
const SETTLING: Duration = Duration::from_secs(60);

/// Pause between two looks at whether both sides agree.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Platform, gateway and a simulated car park on this machine, with nothing to configure.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many vehicles come
    #[arg(long, default_value_t = 20)]
    vehicles: usize,
    /// Stop when the last vehicle is gone, with a summary; status 1 if anything is missing
    #[arg(long)]
    exit: bool,
    /// What happens
    #[arg(long, value_enum, default_value_t = Scenario::Ordinary)]
    scenario: Scenario,
    /// How much faster than life, at most 20
    #[arg(long, default_value_t = 4.0, value_parser = speed)]
    speed: f64,
    /// The same seed, the same vehicles
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print the summary as JSON, as the last line
    #[arg(long)]
    json: bool,
    /// Where everything is kept; a temporary folder otherwise
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// The language of the account
    #[arg(long, value_enum, default_value_t = Language::Chinese, env = "BOSHI_LANG")]
    lang: Language,
}

/// Faster than this, an attempt to push would have less time than a request needs.
const FASTEST: f64 = 20.0;

fn speed(text: &str) -> Result<f64, String> {
    let speed = text.parse::<f64>().ok();
    speed
        .filter(|speed| (0.1..=FASTEST).contains(speed))
        .ok_or_else(|| format!("expected a number from 0.1 to {FASTEST}"))
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let temporary;
    let data = match &arguments.data {
        Some(data) => data.clone(),
        None => {
            temporary = tempfile::Builder::new().prefix("boshi-demo-").tempdir()?;
            temporary.path().to_owned()
        }
    };
    let plan = stage::equipped(scenario::plan(arguments.speed, arguments.seed));
    let rules = arguments.scenario.rules();
    let mut stopped = pin!(told_to_stop());
    let mut stage = tokio::select! {
        stage = Stage::set(&data, plan, rules) => stage?,
        stopped = &mut stopped => {
            stopped?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    stage.say_where();
    let account = tell(&stage.local, arguments.lang).await?;
    let began = Instant::now();
    let finished = tokio::select! {
        played = arguments.scenario.play(&mut stage, arguments.vehicles, arguments.seed) => {
            played.context("the scenario could not be played")?;
            true
        }
        stopped = &mut stopped => {
            stopped?;
            false
        }
    };
    if finished && !arguments.exit {
        say("全部车辆已结束；Ctrl-C 停止并汇总");
        stopped.await?;
    }
    let summary = settle(&stage, finished).await?;
    account.abort();
    stage.strike().await?;
    let took = began.elapsed();
    say(&summary.table(arguments.lang));
    if arguments.json {
        let told = summary.json(arguments.scenario, arguments.seed, arguments.vehicles, took);
        say(&told.to_string());
    }
    let missing = finished && arguments.exit && !summary.is_complete();
    Ok(if missing {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Prints the live account, until it is aborted.
async fn tell(local: &Interface, language: Language) -> anyhow::Result<JoinHandle<()>> {
    let mut lines = Lines::of(local.stream(&["happenings"]).await?);
    let mut account = Account::new(language);
    say(&account.head());
    Ok(tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next().await {
            if let Some(line) = account.line(&line) {
                say(&line);
            }
        }
    }))
}

/// Waits until both sides agree, the platform having fetched what could not be pushed; for a
/// bounded time, after which the summary tells what is missing.
async fn settle(stage: &Stage, finished: bool) -> anyhow::Result<Summary> {
    let deadline = Instant::now() + SETTLING;
    loop {
        let summary = Summary::of(stage)?;
        if summary.is_complete() || !finished || Instant::now() > deadline {
            return Ok(summary);
        }
        // Refused while the lot cannot be reached: asked again in a moment.
        let _ = stage.reconcile().await;
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
