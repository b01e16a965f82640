//! What happens in a demo.

use std::collections::BTreeSet;
use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::plate::Plate;
use boshi_simulator::cable::Cut;
use boshi_simulator::equipment::{Behaviour, Direction};
use boshi_simulator::lot::{LanePlan, LotPlan};
use boshi_simulator::traffic::{Journey, Mix, journeys};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::stage::{DEVICE_KEY, LOT, Rules, Stage};
use crate::lines::Lines;

/// What happens in a demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Scenario {
    /// Vehicles come and go; some are on the block list
    Ordinary,
    /// Nobody leaves unpaid: refused at the exit, let through once paid
    RefusedThenPaid,
    /// The network is pulled while vehicles come, and comes back
    Outage,
    /// Vehicles follow others under the same lift
    Tailgating,
    /// Vehicles back out of the entry
    BackOut,
    /// The platform is killed while vehicles come, and starts again
    PlatformKilled,
    /// A fire alarm opens everything, and people restore it
    Fire,
}

/// Every how manieth vehicle is on the block list in an ordinary demo.
const BLOCKED_EVERY: usize = 7;

/// How long the network, or the platform, is away, in the lanes' time.
const AWAY: Duration = Duration::from_secs(90);

/// How long a driver needs to pay, in the lanes' time.
const PAYING: Duration = Duration::from_secs(3);

/// How long after paying one may leave.
const LEAVE_WITHIN: SignedDuration = SignedDuration::from_mins(15);

/// Longest that a barrier may take to be restored after a fire.
const RESTORING: Duration = Duration::from_secs(20);

/// Pause between two tries to restore it.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// How long a refused driver waits at the entry, in the lanes' time.
const PATIENCE: Duration = Duration::from_secs(10);

fn device(text: &str) -> DeviceNo {
    DeviceNo::new(text).expect("the demo's device numbers are sound")
}

/// A lane with a camera, a barrier and a display.
pub(super) fn lane(name: &str, gate: &str, direction: Direction) -> LanePlan {
    let recognizer = device(&format!("CAM-{name}"));
    let barrier = device(&format!("BAR-{name}"));
    let mut lane = LanePlan::new(name, direction, recognizer, barrier, DEVICE_KEY.into());
    lane.gate = gate.to_owned();
    lane.display = Some(device(&format!("LED-{name}")));
    lane
}

/// The car park of every demo.
pub(crate) fn plan(speed: f64, seed: u64) -> LotPlan {
    let mut mixed = lane("05", "北", Direction::Mixed);
    mixed.exit_recognizer = Some(device("CAM-05B"));
    mixed.sharpness.reads_rear = false;
    let mut plan = LotPlan::new(vec![
        lane("01", "东二", Direction::Entry),
        lane("02", "东二", Direction::Exit),
        lane("03", "南", Direction::Entry),
        lane("04", "南", Direction::Exit),
        mixed,
    ]);
    let places = ["A-001", "A-002", "A-003", "A-004"];
    let place = |text: &&str| text.parse().expect("the demo's space numbers are sound");
    plan.places = places.iter().map(place).collect();
    plan.speed = speed;
    plan.seed = seed;
    plan
}

impl Scenario {
    /// What the platform does with vehicles about which it knows nothing.
    pub(super) const fn rules(self) -> Rules {
        let exit = match self {
            Scenario::RefusedThenPaid => "refuse",
            Scenario::Ordinary | Scenario::Outage | Scenario::Tailgating => "allow",
            Scenario::BackOut | Scenario::PlatformKilled | Scenario::Fire => "allow",
        };
        Rules {
            entry: "allow",
            exit,
        }
    }

    /// Drives `vehicles` in and out again; done when the last one is gone.
    pub(super) async fn play(
        self,
        stage: &mut Stage,
        vehicles: usize,
        seed: u64,
    ) -> anyhow::Result<()> {
        let mut traffic = journeys(seed, vehicles, &stage.plan.ways(), &self.mix());
        match self {
            Scenario::Ordinary => block_some(stage, &traffic).await?,
            Scenario::BackOut => half_back_out_when_opened(&mut traffic),
            Scenario::RefusedThenPaid | Scenario::Outage | Scenario::Tailgating => {}
            Scenario::PlatformKilled | Scenario::Fire => {}
        }
        let half = traffic.get(vehicles / 2).map(|journey| journey.arrives);
        let half = half.unwrap_or_default().div_f64(stage.plan.speed);
        let away = AWAY.div_f64(stage.plan.speed);
        match self {
            Scenario::Ordinary | Scenario::Tailgating | Scenario::BackOut => {
                stage.lot.play(&traffic).await;
                Ok(())
            }
            Scenario::RefusedThenPaid => {
                tokio::select! {
                    _ = stage.lot.play(&traffic) => Ok(()),
                    failed = pay_for_the_refused(stage) => failed,
                }
            }
            Scenario::Outage => {
                let outage = async {
                    tokio::time::sleep(half).await;
                    for cable in &stage.cables {
                        cable.cut(Cut::Refused).await?;
                    }
                    tokio::time::sleep(away).await;
                    for cable in &stage.cables {
                        cable.mend().await?;
                    }
                    anyhow::Ok(())
                };
                tokio::join!(stage.lot.play(&traffic), outage).1
            }
            Scenario::PlatformKilled => {
                let Stage { lot, platform, .. } = stage;
                let killed = async {
                    tokio::time::sleep(half).await;
                    platform.kill().await?;
                    tokio::time::sleep(away).await;
                    platform.start_again()
                };
                tokio::join!(lot.play(&traffic), killed).1
            }
            Scenario::Fire => tokio::join!(stage.lot.play(&traffic), fire(stage, half, away)).1,
        }
    }

    fn mix(self) -> Mix {
        let calm = Mix {
            pause: Duration::from_secs(8),
            stay: Duration::from_secs(40),
            patience: PATIENCE,
            tailgating: 0.0,
            backing_out: 0.0,
            ..Mix::default()
        };
        match self {
            Scenario::Ordinary => Mix {
                backing_out: 0.05,
                ..calm
            },
            Scenario::Tailgating => Mix {
                tailgating: 0.4,
                ..calm
            },
            Scenario::BackOut => Mix {
                backing_out: 0.4,
                ..calm
            },
            // Whoever waits for a dead network, or to pay, is patient.
            Scenario::RefusedThenPaid | Scenario::Outage => patient(calm),
            Scenario::PlatformKilled | Scenario::Fire => patient(calm),
        }
    }
}

fn patient(mix: Mix) -> Mix {
    Mix {
        patience: Duration::from_secs(120),
        ..mix
    }
}

async fn block_some(stage: &Stage, traffic: &[Journey]) -> anyhow::Result<()> {
    for journey in traffic
        .iter()
        .skip(BLOCKED_EVERY - 1)
        .step_by(BLOCKED_EVERY)
    {
        if let Some(plate) = &journey.vehicle.plate {
            let block = json!({"plate": plate.as_str(), "reason": "长期欠费"});
            stage.operators.post(&["blocks"], &block).await?;
        }
    }
    Ok(())
}

/// Some leave before they are let through, others after.
fn half_back_out_when_opened(traffic: &mut [Journey]) {
    let backing = traffic
        .iter_mut()
        .filter(|journey| matches!(journey.vehicle.behaviour, Behaviour::BackOut { .. }));
    for journey in backing.step_by(2) {
        let after = Duration::from_secs(1);
        journey.vehicle.behaviour = Behaviour::BackOutWhenOpened { after };
    }
}

/// Whoever is refused at an exit pays a moment later; ends only when it fails.
async fn pay_for_the_refused(stage: &Stage) -> anyhow::Result<()> {
    let mut lines = Lines::of(stage.local.stream(&["happenings"]).await?);
    let mut paid = BTreeSet::new();
    while let Some(line) = lines.next().await? {
        let happening: Value = serde_json::from_str(&line)?;
        let plate = happening["plate"].as_str().unwrap_or_default();
        if happening["what"] != "refused" || !paid.insert(plate.to_owned()) {
            continue;
        }
        tokio::time::sleep(PAYING.div_f64(stage.plan.speed)).await;
        match Plate::read(plate)? {
            Some(plate) => pay(stage, &plate).await?,
            None => help_out(stage, &happening).await?,
        }
        // One without a plate may come again.
        paid.remove("");
    }
    anyhow::bail!("the gateway has ended")
}

async fn pay(stage: &Stage, plate: &Plate) -> anyhow::Result<()> {
    let until = (Timestamp::now() + LEAVE_WITHIN).to_string();
    let permit = json!({"plate": plate.as_str(), "kind": "paid", "lot": LOT, "to": until});
    stage.operators.post(&["permits"], &permit).await.map(drop)
}

/// A vehicle whose plate cannot be read pays at the booth, which opens for it.
async fn help_out(stage: &Stage, happening: &Value) -> anyhow::Result<()> {
    let lane = happening["lane"].as_str().unwrap_or_default();
    let order = json!({"mode": "forced", "by": "岗亭", "reason": "无牌车现场缴费"});
    let path = ["lots", LOT, "lanes", lane, "open"];
    // It may have gone meanwhile, or been let through: the answer says so, and that is all right.
    let _ = stage.local.post(&path, &order).await;
    Ok(())
}

async fn fire(stage: &Stage, begins: Duration, lasts: Duration) -> anyhow::Result<()> {
    tokio::time::sleep(begins).await;
    stage.lot.set_fire(true);
    tokio::time::sleep(lasts).await;
    stage.lot.set_fire(false);
    restore(stage).await
}

/// Somebody has looked, and puts every barrier back to one lift a vehicle: as soon as the gateway, which
/// lets nobody do so while it burns, has seen that the alarm is over.
async fn restore(stage: &Stage) -> anyhow::Result<()> {
    for lane in &stage.plan.lanes {
        let order = json!({
            "device": lane.recognizer.as_str(),
            "mode": "restore",
            "by": "demo",
            "reason": "消防解除",
        });
        let deadline = Instant::now() + RESTORING;
        while let Err(error) = stage.operators.post(&["lots", LOT, "open"], &order).await {
            anyhow::ensure!(Instant::now() < deadline, error);
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
    Ok(())
}
