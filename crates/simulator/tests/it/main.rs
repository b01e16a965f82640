//! A lot against a scripted gateway, and a cable between two sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cable;
mod commands;
mod events;
mod gateway;
mod spaces;
mod supervision;
mod traffic;

use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::plate::{Plate, PlateColor};
use boshi_simulator::equipment::{Direction, Vehicle};
use boshi_simulator::lot::{LanePlan, LotPlan, VirtualLot};

use self::gateway::Gateway;

/// How much faster than life the lots of these tests are.
const SPEED: f64 = 20.0;

/// Longest that anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(20);

const KEY: &str = "the-lane's-key";

fn device(number: &str) -> DeviceNo {
    DeviceNo::new(number).unwrap()
}

fn car(plate: &str) -> Vehicle {
    Vehicle::new(Plate::read(plate).unwrap(), PlateColor::Blue)
}

/// An entry lane `01` and an exit lane `02`, whose recognizers read once.
fn plan() -> LotPlan {
    let lanes = [("01", Direction::Entry), ("02", Direction::Exit)];
    let lanes = lanes.map(|(name, direction)| {
        let numbered = |kind| device(&format!("{kind}-{name}"));
        let (camera, barrier) = (numbered("CAM"), numbered("BAR"));
        let mut lane = LanePlan::new(name, direction, camera, barrier, KEY.into());
        lane.display = Some(numbered("LED"));
        lane.sharpness.repeats = false;
        lane
    });
    let mut plan = LotPlan::new(lanes.to_vec());
    plan.speed = SPEED;
    plan.pictures = false;
    plan
}

async fn started(plan: LotPlan) -> (Gateway, VirtualLot) {
    let gateway = Gateway::start().await;
    let lot = VirtualLot::start(plan, &gateway.url()).await.unwrap();
    (gateway, lot)
}

/// Waits until `condition` holds.
async fn until(mut condition: impl FnMut() -> bool) {
    let waiting = async {
        let mut pause = tokio::time::interval(Duration::from_millis(5));
        while !condition() {
            pause.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap();
}

async fn soon<T>(awaited: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, awaited).await.unwrap()
}
