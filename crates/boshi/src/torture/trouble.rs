//! Carries an agenda out while vehicles come.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use boshi_simulator::cable::Cable;
use boshi_simulator::equipment::Fact;
use boshi_simulator::lot::{Happening, VirtualLot, What};
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::account::Down;
use super::agenda::{Disk, Kill, Order, Outage, Upon, Victims};
use super::defect::Spoiled;
use super::disk::Failure;
use crate::demo::process::Process;
use crate::demo::stage::LOT;
use crate::interface::Interface;

/// Longest that a kill waits for what it is to come in the midst of.
const PATIENCE: Duration = Duration::from_secs(3);

/// Longest that somebody at the platform waits for the answer to an order.
const ANSWER: Duration = Duration::from_secs(10);

/// What happened and when, for the story.
pub(super) type Told = Vec<(Timestamp, String)>;

/// How often the platform was killed, and when the gateway was.
#[derive(Clone, Debug, Default)]
pub(super) struct Kills {
    pub(super) platform: usize,
    pub(super) gateway: Vec<Down>,
}

/// The numbers of the processes of both sides, while they run.
#[derive(Debug, Default)]
pub(super) struct Ids {
    platform: AtomicU32,
    gateway: AtomicU32,
}

impl Ids {
    /// Notes who runs.
    pub(super) fn note(&self, platform: &Process, gateway: &Process) {
        for (id, process) in [(&self.platform, platform), (&self.gateway, gateway)] {
            id.store(process.id().unwrap_or_default(), Ordering::Relaxed);
        }
    }

    /// The gateway's, or the platform's.
    fn get(&self, of_gateway: bool) -> Option<u32> {
        let id = if of_gateway {
            &self.gateway
        } else {
            &self.platform
        };
        Some(id.load(Ordering::Relaxed)).filter(|id| *id > 0)
    }
}

/// Kills both sides as planned, and starts them again with what a defect has made of them.
pub(super) async fn kill_all(
    kills: &[Kill],
    ids: &Ids,
    [platform, gateway]: [&mut Process; 2],
    lot: &VirtualLot,
    spoiled: &Spoiled,
) -> anyhow::Result<(Kills, Told)> {
    let began = Instant::now();
    let (mut count, mut told) = (Kills::default(), Told::new());
    for kill in kills {
        sleep_until(began + kill.at).await;
        // Who is late, since one started slowly, does not wait as well.
        if began.elapsed() < kill.at + PATIENCE {
            wait_for(kill.upon, lot.happenings()).await;
        }
        tokio::time::sleep(kill.later).await;
        for side in [&mut *platform, &mut *gateway] {
            ensure!(
                !side.has_ended(),
                "it has ended by itself: {}",
                side.last_words()
            );
        }
        let from = Timestamp::now();
        told.push((from, format!("SIGKILL {:?}", kill.victims)));
        if kill.victims != Victims::Gateway {
            platform.kill().await?;
            count.platform += 1;
        }
        if kill.victims != Victims::Platform {
            gateway.kill().await?;
        }
        ids.note(platform, gateway);
        tokio::time::sleep(kill.away).await;
        spoiled.killed(kill.victims)?;
        if kill.victims != Victims::Gateway {
            platform.start_again()?;
        }
        if kill.victims != Victims::Platform {
            gateway.start_again()?;
            let until = Timestamp::now();
            count.gateway.push(Down { from, until });
        }
        ids.note(platform, gateway);
        told.push((
            Timestamp::now(),
            format!("started again: {:?}", kill.victims),
        ));
    }
    Ok((count, told))
}

/// Lets disks fail as planned, one after the other; how often one did.
pub(super) async fn fail_disks(disks: &[Disk], ids: &Ids) -> anyhow::Result<(usize, Told)> {
    let began = Instant::now();
    let (mut count, mut told) = (0, Told::new());
    for disk in disks {
        sleep_until(began + disk.at).await;
        // Who was killed just now has no disk.
        let Some(id) = ids.get(disk.of_gateway) else {
            continue;
        };
        let side = if disk.of_gateway {
            "gateway"
        } else {
            "platform"
        };
        told.push((
            Timestamp::now(),
            format!("{side}: {:?} fails", disk.failing),
        ));
        let failure = Failure::begin(id, disk.failing)?;
        tokio::time::sleep(disk.lasts).await;
        failure.end().await?;
        told.push((Timestamp::now(), format!("{side}: nothing fails")));
        count += 1;
    }
    Ok((count, told))
}

/// Returns when it happens, or when that takes too long.
async fn wait_for(upon: Upon, mut happenings: Receiver<Happening>) {
    let wanted = |what: &What| match (upon, what) {
        (Upon::Reading, What::Fact(Fact::Read { .. }))
        | (Upon::Lift, What::Fact(Fact::Lifted { .. }))
        | (Upon::Press, What::Fact(Fact::SafetyPressed)) => true,
        (Upon::AnyMoment | Upon::Reading | Upon::Lift | Upon::Press, _) => false,
    };
    if upon == Upon::AnyMoment {
        return;
    }
    let until = Instant::now() + PATIENCE;
    while let Ok(happened) = timeout_at(until, happenings.recv()).await {
        match happened {
            Ok(happening) if wanted(&happening.what) => return,
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

/// Cuts the network as planned, and mends it.
pub(super) async fn cut_all(outages: &[Outage], cables: &[Cable; 2]) -> anyhow::Result<Told> {
    let began = Instant::now();
    let mut told = Told::new();
    for outage in outages {
        sleep_until(began + outage.at).await;
        let meant = || {
            let cables = cables.iter().zip(outage.cables);
            cables.filter_map(|(cable, meant)| meant.then_some(cable))
        };
        let names = ["to the platform", "to the gateway"].into_iter();
        let names: Vec<&str> = names
            .zip(outage.cables)
            .filter_map(|(name, meant)| meant.then_some(name))
            .collect();
        told.push((Timestamp::now(), format!("cut {names:?}: {:?}", outage.cut)));
        for cable in meant() {
            cable
                .cut(outage.cut)
                .await
                .context("a cable cannot be cut")?;
        }
        tokio::time::sleep(outage.lasts).await;
        for cable in meant() {
            cable.mend().await.context("a cable cannot be mended")?;
        }
        told.push((Timestamp::now(), format!("mended {names:?}")));
    }
    Ok(told)
}

/// Somebody at the platform opens gates as planned, and is content with any answer or none.
pub(super) async fn order_all(
    orders: &[Order],
    recognizers: &[String],
    operators: &Interface,
) -> Told {
    let began = Instant::now();
    let mut told = Told::new();
    for order in orders {
        sleep_until(began + order.at).await;
        let device = &recognizers[order.lane];
        let body = json!({
            "device": device,
            "mode": "forced",
            "by": "torture",
            "reason": "远程开闸",
        });
        told.push((Timestamp::now(), format!("ordered: open {device}")));
        let path = ["lots", LOT, "open"];
        let answered = tokio::time::timeout(ANSWER, operators.post(&path, &body)).await;
        let answer = match answered {
            Err(_) => "no answer".to_owned(),
            Ok(Err(error)) => format!("{error:#}"),
            Ok(Ok(answer)) => answer["state"].to_string(),
        };
        told.push((
            Timestamp::now(),
            format!("answered: open {device}: {answer}"),
        ));
    }
    told
}
