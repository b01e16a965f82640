//! `boshi torture`: both sides as processes of their own, over rough cables that are cut, killed again
//! and again in the midst of what they do; at the end both stores are compared with each other and with
//! what physically happened.

mod account;
mod agenda;
mod clocks;
mod defect;
mod disk;
mod outcome;
mod planted;
mod story;
mod trouble;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use boshi_gateway::tally::tally as journal_tally;
use boshi_platform::tally::tally as store_tally;
use boshi_simulator::cable::{Mishap, Roughness};
use boshi_simulator::traffic::{Journey, Mix, journeys};
use jiff::SignedDuration;
use serde_json::json;
use tokio::time::Instant;

use self::account::{Account, Circumstances};
use self::agenda::Agenda;
use self::clocks::Clocks;
use self::defect::{Defect, Spoiled};
use self::outcome::Outcome;
use self::planted::Three;
use self::story::Story;
use self::trouble::{Ids, Kills, Told};
use crate::demo::plan;
use crate::demo::stage::{Rules, Stage, lot};
use crate::terminal::say;

/// Usual time between two arrivals, in the lanes' time.
const PAUSE: Duration = Duration::from_secs(4);

/// Every how manieth vehicle is on the block list.
const BLOCKED_EVERY: usize = 8;

/// How long a refused driver waits at the entry, in the lanes' time.
const PATIENCE: Duration = Duration::from_secs(20);

/// Longest that both sides may take to agree once everything is well again: a few reconciliations.
const SETTLING: Duration = Duration::from_secs(120);

/// The same with a defect, with which they may never agree.
const SETTLING_SPOILED: Duration = Duration::from_secs(8);

/// Pause between two looks at whether they do.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Both sides over a network that fails, killed again and again, and an account of every record.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// For how many minutes vehicles come
    #[arg(long, default_value_t = 1.0)]
    minutes: f64,
    /// How often a side, or both, are killed (SIGKILL) within that time
    #[arg(long, default_value_t = 30)]
    kills: usize,
    /// How often a disk is full, read-only or does not sync, or no file can be opened, for some seconds
    /// (needs strace); no gateway is killed then
    #[arg(long, default_value_t = 0)]
    disk: usize,
    /// How often the clock of a side is set, back or forward (needs faketime)
    #[arg(long, default_value_t = 0)]
    clocks: usize,
    /// With a defect in one of the sides, that has to be found
    #[arg(long)]
    defect: Option<Defect>,
    /// Share of the connections that something happens to, 0 to 1
    #[arg(long, default_value_t = 0.8)]
    rough: f64,
    /// The same seed, the same vehicles and the same trouble
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How much faster than life the lanes are, at most 20
    #[arg(long, default_value_t = 6.0)]
    speed: f64,
    /// A folder for what is made, which is kept; otherwise it goes
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Print the result as JSON, as the last line
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    arguments.check()?;
    let temporary = tempfile::Builder::new()
        .prefix("boshi-torture-")
        .tempdir()?;
    let folder = arguments.keep.as_deref().unwrap_or(temporary.path());
    let began = Instant::now();
    let rough = |salt: u64| Roughness {
        seed: arguments.seed.wrapping_mul(2).wrapping_add(salt),
        share: arguments.rough,
    };
    let rules = Rules {
        entry: "allow",
        exit: "allow",
    };
    let plan = plan(arguments.speed, arguments.seed);
    let mut stage = Stage::set_with(folder, plan, rules, [Some(rough(0)), Some(rough(1))]).await?;
    let clocks = clocks(&mut stage, &arguments, folder).await?;
    let played = play(&mut stage, &arguments, clocks.as_ref()).await?;
    let three = settle(&mut stage, arguments.defect).await?;
    let (mishaps, places) = (mishaps(&stage), (stage.journal(), stage.store()));
    stage.strike().await?;
    let around = Circumstances {
        speed: arguments.speed,
        off: played.off,
        downs: played.kills.gateway.clone(),
    };
    let account = |three: &Three| Account::of(three, &around);
    let planted = planted::plant(&three, account);
    let mut account = account(&three);
    account.soundness(&places.0, &places.1)?;
    let story = Story::of(&three.journal, &three.ledger, played.told);
    for wrong in &account.wrong {
        say(&story.tell(wrong));
    }
    let result = Outcome {
        seed: arguments.seed,
        vehicles: three.ledger.visits().count(),
        seconds: began.elapsed().as_secs(),
        platform_killed: played.kills.platform,
        gateway_killed: around.downs.len(),
        cuts: played.cuts,
        disks: played.disks,
        clocks: played.clocks,
        defect: arguments.defect,
        mishaps,
        wrong: account.wrong.len(),
        planted,
        account,
    };
    result.tell(arguments.json)?;
    ensure!(
        result.account.is_whole(),
        "记录不符：种子 {}，共 {} 处",
        result.seed,
        result.wrong
    );
    ensure!(
        result.planted.overlooked.is_empty(),
        "对账有误：种子 {}，改动后未发现 {:?}",
        result.seed,
        result.planted.overlooked
    );
    Ok(())
}

impl Arguments {
    fn check(&self) -> anyhow::Result<()> {
        ensure!(
            (0.05..=1440.0).contains(&self.minutes),
            "--minutes 应在 0.05 至 1440 之间"
        );
        ensure!(
            (0.1..=20.0).contains(&self.speed),
            "--speed 应在 0.1 至 20 之间"
        );
        ensure!(
            (0.0..=1.0).contains(&self.rough),
            "--rough 应在 0 至 1 之间"
        );
        Ok(())
    }
}

/// Clocks that can be set, if they are to be and can be.
async fn clocks(
    stage: &mut Stage,
    arguments: &Arguments,
    folder: &Path,
) -> anyhow::Result<Option<Clocks>> {
    if arguments.clocks == 0 {
        return Ok(None);
    }
    let clocks = Clocks::put(stage, folder).await?;
    if clocks.is_none() {
        say("SKIPPED：没有安装 faketime，不拨动时钟");
    }
    Ok(clocks)
}

/// What was played.
struct Played {
    kills: Kills,
    cuts: usize,
    disks: usize,
    clocks: usize,
    /// By how much the clock of the gateway was off at most.
    off: SignedDuration,
    told: Told,
}

async fn play(
    stage: &mut Stage,
    arguments: &Arguments,
    clocks: Option<&Clocks>,
) -> anyhow::Result<Played> {
    let span = Duration::from_secs_f64(arguments.minutes * 60.0);
    let agenda = Agenda::new(
        arguments.seed,
        span,
        [arguments.kills, arguments.disk, arguments.clocks],
        stage.plan.lanes.len(),
    );
    let traffic = traffic(stage, arguments, span).await?;
    let recognizers = stage.plan.lanes.iter();
    let recognizers: Vec<String> = recognizers
        .map(|lane| lane.recognizer.to_string())
        .collect();
    let barriers = stage.plan.lanes.iter();
    let barriers: Vec<String> = barriers.map(|lane| lane.barrier.to_string()).collect();
    let spoiled = Spoiled {
        defect: arguments.defect,
        journal: stage.journal(),
        store: stage.store(),
    };
    let set = async {
        match clocks {
            Some(clocks) => clocks.set_all(&agenda.clocks).await,
            None => Ok(Told::new()),
        }
    };
    let Stage {
        platform,
        gateway,
        cables,
        operators,
        lot,
        ..
    } = stage;
    let ids = Ids::default();
    ids.note(platform, gateway);
    let (_, killed, failed, cut, ordered, driven, set) = tokio::join!(
        lot.play(&traffic),
        trouble::kill_all(&agenda.kills, &ids, [platform, gateway], lot, &spoiled),
        trouble::fail_disks(&agenda.disks, &ids),
        trouble::cut_all(&agenda.outages, cables),
        trouble::order_all(&agenda.orders, &recognizers, operators),
        spoiled.drives(lot, &barriers, span),
        set,
    );
    driven?;
    let ((kills, mut told), (disks, failed), cut) = (killed?, failed?, cut?);
    let set = set?;
    let count = set.len();
    told.extend(set);
    let mut off = SignedDuration::ZERO;
    if let Some(clocks) = clocks {
        off = clocks::farthest_of_gateway(&agenda.clocks);
        clocks.agree(off)?;
    }
    told.extend(failed);
    told.extend(cut);
    told.extend(ordered);
    Ok(Played {
        kills,
        cuts: agenda.outages.len(),
        disks,
        clocks: count,
        off,
        told,
    })
}

/// Who comes.
async fn traffic(
    stage: &Stage,
    arguments: &Arguments,
    span: Duration,
) -> anyhow::Result<Vec<Journey>> {
    let mix = Mix {
        pause: PAUSE,
        stay: Duration::from_secs(40),
        patience: PATIENCE,
        backing_out: 0.05,
        tailgating: 0.05,
        illegible: 0.04,
        ..Mix::default()
    };
    let vehicles = span.as_secs_f64() * arguments.speed / PAUSE.as_secs_f64();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "some thousands"
    )]
    let traffic = journeys(arguments.seed, vehicles as usize, &stage.plan.ways(), &mix);
    block_some(stage, &traffic).await?;
    Ok(traffic)
}

/// Some of the vehicles are refused, as long as anybody can be asked.
async fn block_some(stage: &Stage, traffic: &[Journey]) -> anyhow::Result<()> {
    let plates = traffic.iter().step_by(BLOCKED_EVERY);
    for plate in plates.filter_map(|journey| journey.vehicle.plate.as_ref()) {
        let block = json!({"plate": plate.as_str(), "reason": "长期欠费"});
        stage.operators.post(&["blocks"], &block).await?;
    }
    Ok(())
}

/// Nothing goes wrong any more; waits until both sides agree, for a bounded time.
async fn settle(stage: &mut Stage, defect: Option<Defect>) -> anyhow::Result<Three> {
    for cable in &stage.cables {
        cable
            .smooth()
            .await
            .context("a cable cannot be made smooth")?;
    }
    let longest = match defect {
        Some(_) => SETTLING_SPOILED,
        None => SETTLING,
    };
    let deadline = Instant::now() + longest;
    loop {
        for side in [&mut stage.platform, &mut stage.gateway] {
            ensure!(
                !side.has_ended(),
                "it has ended by itself: {}",
                side.last_words()
            );
        }
        // Refused while the lot cannot be reached: asked again in a moment.
        let _ = stage.reconcile().await;
        let journal = journal_tally(&stage.journal(), &lot())?;
        let store = store_tally(&stage.store(), &lot())?;
        let agree = journal.open == 0
            && journal.recognized.len() + journal.crossed.len() == store.entries.len();
        if agree || Instant::now() > deadline {
            let ledger = stage.lot.ledger();
            return Ok(Three {
                journal,
                store,
                ledger,
            });
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

impl Account {
    /// Whether the files are sound, and what must always be true of them is.
    fn soundness(&mut self, journal: &Path, store: &Path) -> anyhow::Result<()> {
        let journal = boshi_gateway::keep::check(journal)?;
        let store = boshi_platform::keep::check(store)?;
        for (sound, found) in [
            (journal.is_sound(), format!("journal: {journal:?}")),
            (store.is_sound(), format!("store: {store:?}")),
        ] {
            if !sound {
                self.wrong.push(account::Wrong {
                    lane: None,
                    at: None,
                    what: found,
                });
            }
        }
        Ok(())
    }
}

fn mishaps(stage: &Stage) -> BTreeMap<String, u64> {
    let mut all: BTreeMap<String, u64> = BTreeMap::new();
    for mishap in Mishap::ALL {
        let struck = stage.cables.iter().map(|cable| cable.struck());
        let count = struck
            .map(|it| it.get(&mishap).copied().unwrap_or_default())
            .sum();
        all.insert(format!("{mishap:?}"), count);
    }
    all
}
