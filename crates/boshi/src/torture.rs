//! `boshi torture`: both sides as processes of their own, over rough cables that are cut, killed again
//! and again in the midst of what they do; at the end both stores are compared with each other and with
//! what physically happened.

mod account;
mod agenda;
mod disk;
mod story;
mod trouble;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use boshi_gateway::tally::{Tally as Journal, tally as journal_tally};
use boshi_platform::tally::{Tally as Store, tally as store_tally};
use boshi_simulator::cable::{Mishap, Roughness};
use boshi_simulator::traffic::{Journey, Mix, journeys};
use serde::Serialize;
use serde_json::json;
use tokio::time::Instant;

use self::account::Account;
use self::agenda::Agenda;
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

/// What came of it.
#[derive(Serialize)]
struct Result {
    seed: u64,
    vehicles: usize,
    seconds: u64,
    platform_killed: usize,
    gateway_killed: usize,
    cuts: usize,
    disks: usize,
    mishaps: BTreeMap<String, u64>,
    #[serde(flatten)]
    account: Account,
    wrong: usize,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    ensure!(
        (0.05..=1440.0).contains(&arguments.minutes),
        "--minutes 应在 0.05 至 1440 之间"
    );
    ensure!(
        (0.1..=20.0).contains(&arguments.speed),
        "--speed 应在 0.1 至 20 之间"
    );
    ensure!(
        (0.0..=1.0).contains(&arguments.rough),
        "--rough 应在 0 至 1 之间"
    );
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
    let played = play(&mut stage, &arguments).await?;
    let (journal, store) = settle(&mut stage).await?;
    let ledger = stage.lot.ledger();
    let (mishaps, places) = (mishaps(&stage), (stage.journal(), stage.store()));
    stage.strike().await?;
    let mut account = Account::of(&journal, &store, &ledger, arguments.speed);
    account.soundness(&places.0, &places.1)?;
    let story = Story::of(&journal, &ledger, played.told);
    for wrong in &account.wrong {
        say(&story.tell(wrong));
    }
    let result = Result {
        seed: arguments.seed,
        vehicles: ledger.visits().count(),
        seconds: began.elapsed().as_secs(),
        platform_killed: played.kills.platform,
        gateway_killed: played.kills.gateway,
        cuts: played.cuts,
        disks: played.disks,
        mishaps,
        wrong: account.wrong.len(),
        account,
    };
    tell(&result, arguments.json)?;
    ensure!(
        result.account.is_whole(),
        "记录不符：种子 {}，共 {} 处",
        result.seed,
        result.wrong
    );
    Ok(())
}

/// What was played.
struct Played {
    kills: Kills,
    cuts: usize,
    disks: usize,
    told: Told,
}

async fn play(stage: &mut Stage, arguments: &Arguments) -> anyhow::Result<Played> {
    let span = Duration::from_secs_f64(arguments.minutes * 60.0);
    let agenda = Agenda::new(
        arguments.seed,
        span,
        [arguments.kills, arguments.disk],
        stage.plan.lanes.len(),
    );
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
    let recognizers = stage.plan.lanes.iter();
    let recognizers: Vec<String> = recognizers
        .map(|lane| lane.recognizer.to_string())
        .collect();
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
    let (_, killed, failed, cut, ordered) = tokio::join!(
        lot.play(&traffic),
        trouble::kill_all(&agenda.kills, &ids, platform, gateway, lot),
        trouble::fail_disks(&agenda.disks, &ids),
        trouble::cut_all(&agenda.outages, cables),
        trouble::order_all(&agenda.orders, &recognizers, operators),
    );
    let ((kills, mut told), (disks, failed), cut) = (killed?, failed?, cut?);
    told.extend(failed);
    told.extend(cut);
    told.extend(ordered);
    Ok(Played {
        kills,
        cuts: agenda.outages.len(),
        disks,
        told,
    })
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
async fn settle(stage: &mut Stage) -> anyhow::Result<(Journal, Store)> {
    for cable in &stage.cables {
        cable
            .smooth()
            .await
            .context("a cable cannot be made smooth")?;
    }
    let deadline = Instant::now() + SETTLING;
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
            return Ok((journal, store));
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

fn tell(result: &Result, json: bool) -> anyhow::Result<()> {
    if json {
        say(&serde_json::to_string(result)?);
        return Ok(());
    }
    let it = &result.account;
    say(&format!(
        "种子 {}，{} 秒：车辆 {} 次到达车道，压防砸地感 {} 次，栏杆动作 {} 次，远程开闸 {} 次",
        result.seed, result.seconds, result.vehicles, it.presses, it.obeyed, it.ordered
    ));
    let mishaps = result.mishaps.iter();
    let mishaps: Vec<String> = mishaps
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    say(&format!(
        "SIGKILL：平台 {} 次，网关 {} 次；断网 {} 次；磁盘或描述符故障 {} 次；连接故障 {}",
        result.platform_killed,
        result.gateway_killed,
        result.cuts,
        result.disks,
        mishaps.join("，")
    ));
    say(&format!(
        "网关记录 {}（已确认 {}，推送失败 {}），平台入库 {}；确认而未入库 {}，入库而未记录 {}，记录而未入库 {}，重复 {}",
        it.written,
        it.acknowledged,
        it.failed,
        it.stored,
        it.lost,
        it.invented,
        it.missing,
        it.twice
    ));
    say(&format!(
        "过闸 {}（记在旁车名下 {}），断网放行 {}，曾被拒绝 {}；不符 {} 处",
        it.crossings, it.lent, it.released_blind, it.refused, result.wrong
    ));
    Ok(())
}
