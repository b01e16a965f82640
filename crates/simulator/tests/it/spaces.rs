//! Spaces that detectors tell of, in place of the controller.

use std::time::Duration;

use boshi_protocol::code::PlaceStatus;
use boshi_protocol::id::PlaceNo;
use boshi_simulator::broker::Broker;
use boshi_simulator::lot::{DetectorPlan, DetectorsSpeak};
use tokio::net::TcpListener;

use crate::{plan, started, until};

const TOPIC: &str = "parking/LOT-1/space/A-001/state";

#[tokio::test]
async fn detectors_tell_of_spaces_with_their_pictures_again_and_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let broker = Broker::start(listener).unwrap();
    let number: PlaceNo = "A-001".parse().unwrap();
    let mut plan = plan();
    plan.pictures = true;
    plan.places = vec![number.clone()];
    plan.broker = Some(broker.address);
    plan.detectors = Some(DetectorPlan {
        speaks: DetectorsSpeak::Mqtt,
        key: String::new().into(),
        lot: "LOT-1".to_owned(),
        period: Some(Duration::from_millis(200)),
    });
    let (gateway, lot) = started(plan).await;
    until(|| broker.heard(TOPIC) > 0).await;
    lot.set_place(&number, PlaceStatus::Occupied, None).unwrap();
    let before = broker.heard(TOPIC);
    // The change, and the next turns.
    until(|| broker.heard(TOPIC) > before + 3).await;
    let taken = gateway.taken();
    assert!(taken.iter().all(|it| it["event"] != "place"), "{taken:?}");
    lot.stop().await;
}
