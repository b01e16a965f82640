//! The kit against every small implementation.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;

use super::crowd::{Trouble, Troubled};
use super::door::Door;
use super::platform::Platform;
use super::supplier::Supplier;
use super::{FAULTS, Fault};
use crate::bench::{Bench, OtherLot, Setting};
use crate::book::Book;
use crate::case::Side;
use crate::cases;
use crate::clock::Clock;
use crate::config::{About, Devices, Plates, Timing};
use crate::hands::Hands;
use crate::manners::{Missed, manners};
use crate::net::memory::MemoryNetwork;
use crate::net::{Address, Network};
use crate::peer::Peer;
use crate::run::{Outcome, Silent, run};
use crate::token::Signer;

/// Where the kit listens, and where the small implementation does.
const PORTS: (u16, u16) = (1, 2);

/// The day on which the standard's token is signed, in seconds: every run in memory begins then.
const BEGINNING: i64 = 1_503_047_655;

/// What the kit found of one implementation.
#[derive(Clone, Debug)]
pub struct Line {
    /// What is wrong with it; `None` for the good one.
    pub fault: Option<Fault>,
    /// Which side it is.
    pub side: Side,
    /// The requirements that the kit found broken, or made a remark on.
    pub found: BTreeSet<&'static str>,
    /// What it found of each case.
    pub outcomes: Vec<Outcome>,
}

impl Line {
    /// The requirements that it should have found.
    pub fn wanted(&self) -> BTreeSet<&'static str> {
        self.fault
            .iter()
            .flat_map(|fault| fault.breaks)
            .copied()
            .collect()
    }

    /// Whether the kit found exactly what is wrong.
    pub fn is_right(&self) -> bool {
        self.found == self.wanted()
    }
}

/// The kit against the good implementation of each side and every faulty one. To be run on a
/// runtime whose time is virtual: hours go by in it.
///
/// # Errors
/// When the network in memory fails.
pub async fn matrix() -> io::Result<Vec<Line>> {
    let good = [(Side::Supplier, None), (Side::Platform, None)];
    let faulty = FAULTS
        .iter()
        .copied()
        .flatten()
        .map(|fault| (fault.side, Some(*fault)));
    let mut lines = Vec::new();
    for (side, fault) in good.into_iter().chain(faulty) {
        lines.push(judged(side, fault).await?);
    }
    Ok(lines)
}

/// The kit against one implementation, and what it found.
///
/// # Errors
/// When the network in memory fails.
pub async fn judged(side: Side, fault: Option<Fault>) -> io::Result<Line> {
    let (_, outcomes) = judged_on(side, fault).await?;
    let is_found = |it: &&Outcome| it.verdict.is_odd();
    Ok(Line {
        fault,
        side,
        found: outcomes
            .iter()
            .filter(is_found)
            .map(|it| it.requirement)
            .collect(),
        outcomes,
    })
}

/// The kit against one implementation: the bench after the run, and what came of each case.
///
/// # Errors
/// When the network in memory fails.
pub async fn judged_on(side: Side, fault: Option<Fault>) -> io::Result<(Bench, Vec<Outcome>)> {
    let clock = Clock::starting_at(Timestamp::from_second(BEGINNING).unwrap_or_default());
    let network = MemoryNetwork::default();
    let kit: Arc<dyn Network> = Arc::new(network.at(PORTS.0));
    let theirs = troubled(Arc::new(network.at(PORTS.1)), fault);
    let setting = setting(side);
    let door = door(&setting, clock, fault);
    let (book, missed) = (Arc::new(Book::new(clock)), Missed::default());
    let peer = Peer::listen(
        Arc::clone(&kit),
        Arc::clone(&book),
        manners(side, missed.clone()),
    )
    .await?;
    let own = address(PORTS.0);
    let (hands, _serving, watching) = match side {
        Side::Supplier => {
            let devices = setting.devices.clone();
            let supplier = Supplier::new(door, devices, theirs, own, address(PORTS.1));
            let serving = supplier.serve().await?;
            (Box::new(supplier) as Box<dyn Hands>, serving, None)
        }
        Side::Platform => {
            let devices = (
                setting.devices.recognizer.as_str(),
                setting.devices.display.as_str(),
            );
            let platform = Platform::new(door, theirs, own, &setting.plates.allowed, devices);
            let serving = platform.serve().await?;
            let watching = tokio::spawn(platform.clone().watch());
            (
                Box::new(platform) as Box<dyn Hands>,
                serving,
                Some(watching),
            )
        }
    };
    let bench = Bench::new(setting, clock, book, peer, hands, kit, missed);
    let outcomes = run(&bench, &cases::all(side), &mut Silent).await;
    if let Some(watching) = watching {
        watching.abort();
    }
    Ok((bench, outcomes))
}

/// The network as an implementation with that fault uses it.
fn troubled(network: Arc<dyn Network>, fault: Option<Fault>) -> Arc<dyn Network> {
    let trouble = match fault.map_or("", |fault| fault.name) {
        "decides after six seconds" => Trouble::Slow(Duration::from_secs(6)),
        "serves one connection at a time" => Trouble::OneAtATime,
        _ => return network,
    };
    Arc::new(Troubled { network, trouble })
}

fn address(port: u16) -> Address {
    Address {
        host: "memory".to_owned(),
        port,
        tls: false,
        base: String::new(),
    }
}

fn signer(app_id: &str, secret: &str) -> Signer {
    Signer {
        app_id: app_id.to_owned(),
        secret: SecretString::from(secret.to_owned()),
    }
}

fn setting(side: Side) -> Setting {
    Setting {
        side,
        target: address(PORTS.1),
        lot: "LOT-1".to_owned(),
        signer: signer("99848791", "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo"),
        other: Some(OtherLot {
            lot: "LOT-2".to_owned(),
            signer: signer("99848792", "another-secret"),
        }),
        devices: Devices {
            recognizer: "CAM-01".to_owned(),
            barrier: "BAR-01".to_owned(),
            display: "LED-01".to_owned(),
            places: ["A-001", "A-002", "A-003", "A-004"]
                .map(str::to_owned)
                .to_vec(),
        },
        plates: Plates {
            allowed: "粤B12345".to_owned(),
            refused: "粤B54321".to_owned(),
        },
        timing: Timing::default(),
        seed: 1,
        about: About::default(),
    }
}

fn door(setting: &Setting, clock: Clock, fault: Option<Fault>) -> Door {
    Door {
        side: setting.side,
        lot: setting.lot.clone(),
        signer: setting.signer.clone(),
        other: setting.other.clone().unwrap_or_else(|| OtherLot {
            lot: String::new(),
            signer: setting.signer.clone(),
        }),
        clock,
        fault,
    }
}
