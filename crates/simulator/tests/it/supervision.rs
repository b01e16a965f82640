use std::time::Duration;

use boshi_simulator::equipment::{Behaviour, Outcome};
use boshi_simulator::lot::What;
use serde_json::{Value, json};

use crate::gateway::command;
use crate::{car, device, plan, soon, started, until};

async fn online(lot: &boshi_simulator::lot::VirtualLot, id: &str) -> Value {
    let devices = json!(["CAM-01", "BAR-01", "LED-01", "CAM-99"]);
    let check = json!({"command": "check", "id": id, "devices": devices});
    command(lot, check).await["online"].clone()
}

#[tokio::test]
async fn a_check_names_the_devices_that_are_plugged_in() {
    let (_gateway, lot) = started(plan()).await;
    assert_eq!(
        online(&lot, "1").await,
        json!(["CAM-01", "BAR-01", "LED-01"])
    );
    lot.unplug(&device("BAR-01")).unwrap();
    assert_eq!(online(&lot, "2").await, json!(["CAM-01", "LED-01"]));
    let mut happenings = lot.happenings();
    lot.plug(&device("BAR-01")).unwrap();
    let plugged = What::Plugged(device("BAR-01"));
    soon(async { while happenings.recv().await.unwrap().what != plugged {} }).await;
    assert_eq!(
        online(&lot, "3").await,
        json!(["CAM-01", "BAR-01", "LED-01"])
    );
}

#[tokio::test]
async fn heartbeats_name_the_devices_that_are_plugged_in() {
    let mut plan = plan();
    plan.heartbeat = Duration::from_millis(20);
    let (gateway, lot) = started(plan).await;
    let names = |beat: &Value, device: &str| {
        let devices = beat["devices"].as_array().unwrap();
        devices.iter().any(|named| named == device)
    };
    until(|| !gateway.heartbeats().is_empty()).await;
    assert!(names(&gateway.heartbeats()[0], "LED-02"));
    lot.unplug(&device("LED-02")).unwrap();
    until(|| {
        let last = gateway.heartbeats().pop().unwrap();
        names(&last, "LED-01") && !names(&last, "LED-02")
    })
    .await;
}

#[tokio::test]
async fn a_recognizer_whose_cable_was_pulled_tells_what_it_read_meanwhile_as_history() {
    let (gateway, lot) = started(plan()).await;
    until(|| gateway.taken().len() == 6).await;
    lot.unplug(&device("CAM-01")).unwrap();
    let after = Duration::from_secs(4);
    for plate in ["粤B12345", "粤B23456"] {
        let vehicle = car(plate).driven(Behaviour::BackOut { after });
        let passage = soon(lot.drive("01", vehicle).unwrap()).await;
        assert_eq!(passage.outcome, Outcome::BackedOut);
    }
    assert_eq!(gateway.taken().len(), 6, "nothing is told without a cable");
    lot.plug(&device("CAM-01")).unwrap();
    until(|| gateway.taken().len() == 9).await;
    let account = gateway.account(&["CAM-01"]);
    let expected = ["plate 粤B12345", "plate 粤B23456", "trigger_loop false"];
    assert_eq!(account[1..], expected);
    let taken = gateway.taken();
    let readings: Vec<&Value> = taken
        .iter()
        .filter(|event| event["event"] == "plate")
        .collect();
    assert!(readings.iter().all(|reading| reading["replay"] == true));
    assert!(readings[0]["at"].as_str() < readings[1]["at"].as_str());
    assert_ne!(readings[0]["id"], readings[1]["id"]);
}

#[tokio::test]
async fn a_barrier_that_is_plugged_in_again_says_where_its_arm_is() {
    let (gateway, lot) = started(plan()).await;
    until(|| gateway.taken().len() == 6).await;
    command(
        &lot,
        json!({"command": "hold", "id": "1", "device": "BAR-01"}),
    )
    .await;
    lot.unplug(&device("BAR-01")).unwrap();
    let mut happenings = lot.happenings();
    soon(async { while happenings.recv().await.unwrap().what.to_string() != "杆已抬起" {} }).await;
    assert_eq!(gateway.taken().len(), 6);
    lot.plug(&device("BAR-01")).unwrap();
    gateway.until_taken("arm up").await;
}
