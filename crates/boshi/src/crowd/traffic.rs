//! Vehicles at all lots: each is recognized and crosses, and is pushed as a supplier does, again when
//! it fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use boshi_protocol::endpoint::{
    CrossGate, Endpoint, PlateNumber, ReceiveCrossGate, ReceivePlateNumber,
};
use boshi_protocol::envelope::Answer;
use boshi_protocol::id::{DeviceNo, LotId, RecordId};
use boshi_protocol::plate::{Plate, PlateColor};
use boshi_protocol::time::WireTime;
use boshi_transport::call::Peer;
use jiff::Timestamp;
use tokio::task::JoinSet;

use super::stage::{Stage, name};

/// As the standard has it (PUSH-2), but for a platform that is started again meanwhile.
const ATTEMPTS: u32 = 60;
/// Longest that an attempt may take (D-17).
const TIMEOUT: Duration = Duration::from_secs(2);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// What is to come.
#[derive(Clone)]
pub(super) struct Traffic {
    peer: Peer,
    lots: usize,
    vehicles: usize,
    next: Arc<AtomicUsize>,
}

/// A vehicle that has come.
#[derive(Clone, Debug)]
pub(super) struct Journey {
    pub(super) lot: usize,
    pub(super) uuid: RecordId,
    /// Whether the platform has acknowledged the recognition.
    pub(super) recognized: bool,
    /// Whether it was told of the crossing, and has acknowledged it.
    pub(super) crossed: Option<bool>,
    /// How long the answers took.
    pub(super) took: Vec<Duration>,
    /// How many attempts failed.
    pub(super) failed: u64,
}

impl Traffic {
    /// So many vehicles at each of so many lots; `peer` is how any of them calls the platform.
    pub(super) fn new(peer: Peer, lots: usize, vehicles: usize) -> Traffic {
        Traffic {
            peer,
            lots,
            vehicles,
            next: Arc::default(),
        }
    }

    /// All vehicles come, so many at once; the platform is killed once `kill_at` of them have begun.
    pub(super) async fn come(
        &self,
        at_once: usize,
        kill_at: Option<usize>,
        stage: &mut Stage,
    ) -> anyhow::Result<Vec<Journey>> {
        let mut drivers = JoinSet::new();
        for _ in 0..at_once {
            drivers.spawn(self.clone().drive());
        }
        if let Some(kill_at) = kill_at {
            while self.next.load(Ordering::Relaxed) < kill_at {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            stage.kill().await?;
        }
        let mut journeys = Vec::new();
        while let Some(driven) = drivers.join_next().await {
            journeys.extend(driven??);
        }
        Ok(journeys)
    }

    /// One vehicle after the other, at one lot after the other.
    async fn drive(self) -> anyhow::Result<Vec<Journey>> {
        let mut journeys = Vec::new();
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.lots * self.vehicles {
                return Ok(journeys);
            }
            let (vehicle, lot) = (number / self.lots, number % self.lots);
            journeys.push(self.journey(lot, vehicle).await?);
        }
    }

    async fn journey(&self, lot: usize, vehicle: usize) -> anyhow::Result<Journey> {
        let (lot_id, device) = (name(lot)?, DeviceNo::new("IN")?);
        let uuid = RecordId::new(&format!("{lot_id}-{vehicle}"))?;
        let plate = Plate::read(&format!(
            "粤B{:05}",
            (lot * self.vehicles + vehicle) % 100_000
        ))?;
        let at = WireTime::from_timestamp(Timestamp::now());
        let mut journey = Journey {
            lot,
            uuid: uuid.clone(),
            recognized: false,
            crossed: None,
            took: Vec::new(),
            failed: 0,
        };
        let recognition = PlateNumber {
            device: device.clone(),
            record: uuid.clone(),
            recognized_at: at,
            image: String::new(),
            plate: plate.clone(),
            color: PlateColor::Blue,
            reliability: Some(90),
        };
        journey.recognized = self
            .push::<ReceivePlateNumber>(&lot_id, &recognition, &mut journey)
            .await;
        let crossing = CrossGate {
            device,
            record: uuid,
            plate,
            color: PlateColor::Blue,
            crossed_at: WireTime::from_timestamp(Timestamp::now()),
        };
        journey.crossed = Some(
            self.push::<ReceiveCrossGate>(&lot_id, &crossing, &mut journey)
                .await,
        );
        Ok(journey)
    }

    /// Whether it was acknowledged.
    async fn push<E: Endpoint>(
        &self,
        lot: &LotId,
        request: &E::Request,
        journey: &mut Journey,
    ) -> bool {
        let peer = self.peer.speaking_for(lot.clone());
        for _ in 0..ATTEMPTS {
            let began = Instant::now();
            let answered = peer.call::<E>(request, Timestamp::now(), TIMEOUT).await;
            if let Ok(Answer::Accepted { .. } | Answer::Refused(_)) = answered {
                journey.took.push(began.elapsed());
                return matches!(answered, Ok(Answer::Accepted { .. }));
            }
            journey.failed += 1;
            tokio::time::sleep(PAUSE).await;
        }
        false
    }
}
