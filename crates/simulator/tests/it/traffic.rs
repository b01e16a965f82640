use std::time::Duration;

use boshi_protocol::id::PlaceNo;
use boshi_simulator::equipment::Outcome;
use boshi_simulator::traffic::{Mix, journeys};
use serde_json::json;

use crate::gateway::command;
use crate::{plan, soon, started, until};

#[tokio::test]
async fn traffic_goes_in_and_out_and_gateway_and_ledger_agree_on_every_vehicle() {
    let mut plan = plan();
    plan.speed = 200.0;
    plan.places = ["A-001", "A-002"]
        .map(|number| PlaceNo::new(number).unwrap())
        .to_vec();
    let mix = Mix {
        pause: Duration::from_secs(8),
        stay: Duration::from_secs(20),
        backing_out: 0.0,
        illegible: 0.0,
        without_plate: 0.0,
        ..Mix::default()
    };
    let journeys = journeys(11, 30, &plan.ways(), &mix);
    let (gateway, lot) = started(plan).await;
    for barrier in ["BAR-01", "BAR-02"] {
        command(
            &lot,
            json!({"command": "hold", "id": barrier, "device": barrier}),
        )
        .await;
    }
    let trips = soon(lot.play(&journeys)).await;
    for trip in &trips {
        let entry = trip.entry.as_ref().unwrap();
        let exit = trip.exit.as_ref().unwrap().as_ref().unwrap();
        assert_eq!(
            (entry.outcome, exit.outcome),
            (Outcome::Crossed, Outcome::Crossed)
        );
        assert_eq!((&*entry.lane, &*exit.lane), ("01", "02"));
    }
    let ledger = lot.ledger();
    assert_eq!(ledger.crossings().count(), 60);
    let presses = || {
        let taken = gateway.taken();
        let pressed = json!({"event": "safety_loop", "pressed": true});
        let safety = taken.iter().filter(|event| {
            event["event"] == pressed["event"] && event["pressed"] == pressed["pressed"]
        });
        safety.count()
    };
    until(|| presses() == ledger.presses().count()).await;
    lot.stop().await;
    let taken = gateway.taken();
    let places: Vec<_> = taken
        .iter()
        .filter(|event| event["event"] == "place")
        .collect();
    let occupied = places
        .iter()
        .filter(|place| place["status"] == "occupy")
        .count();
    assert!(occupied >= 2);
    assert_eq!(
        places.len(),
        2 + 2 * occupied,
        "each is vacant at first and in the end"
    );
}
