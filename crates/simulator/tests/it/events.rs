use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use boshi_protocol::code::PlaceStatus;
use boshi_protocol::id::PlaceNo;
use boshi_protocol::plate::Plate;
use boshi_simulator::cable::{Cable, Cut};
use boshi_simulator::equipment::{Behaviour, Outcome};
use boshi_simulator::lot::VirtualLot;
use serde_json::json;

use crate::gateway::{Gateway, command};
use crate::{car, device, plan, soon, started, until};

const LANE_1: [&str; 2] = ["CAM-01", "BAR-01"];

/// What a lane says when it is attached: nobody there, the arm down.
const AT_REST: [&str; 3] = ["trigger_loop false", "safety_loop false", "arm down"];

const PASSAGE: [&str; 7] = [
    "trigger_loop true",
    "plate 粤B12345",
    "arm up",
    "safety_loop true",
    "trigger_loop false",
    "safety_loop false",
    "arm down",
];

async fn let_one_through(gateway: &Gateway, lot: &VirtualLot) {
    let driving = lot.drive("01", car("粤B12345")).unwrap();
    gateway.until_taken("plate 粤B12345").await;
    let open = json!({"command": "open", "id": "c-1", "device": "BAR-01"});
    assert_eq!(command(lot, open).await, json!({"ok": true}));
    assert_eq!(soon(driving).await.outcome, Outcome::Crossed);
    until(|| gateway.account(&LANE_1).len() >= AT_REST.len() + PASSAGE.len()).await;
}

#[tokio::test]
async fn a_passage_is_told_step_by_step_in_order() {
    let (gateway, lot) = started(plan()).await;
    let_one_through(&gateway, &lot).await;
    let expected = [&AT_REST[..], &PASSAGE].concat();
    let account = gateway.account(&LANE_1);
    assert_eq!(account, expected);
    let plates = gateway.taken();
    let plate = plates
        .iter()
        .find(|event| event["event"] == "plate")
        .unwrap();
    assert_eq!(
        (&plate["color"], &plate["replay"]),
        (&json!("blue"), &json!(false))
    );
    assert!(plate["reliability"].as_u64().unwrap() > 80);
    lot.stop().await;
}

#[tokio::test]
async fn a_passage_tells_when_it_came_to_what() {
    let (gateway, lot) = started(plan()).await;
    let driving = lot.drive("01", car("粤B12345")).unwrap();
    gateway.until_taken("plate 粤B12345").await;
    command(
        &lot,
        json!({"command": "open", "id": "c-1", "device": "BAR-01"}),
    )
    .await;
    let passage = soon(driving).await;
    let steps = passage.steps;
    let steps = [
        steps.on_loop,
        steps.read,
        steps.let_through,
        steps.crossed,
        steps.gone,
    ];
    let steps: Vec<Duration> = steps.into_iter().flatten().collect();
    assert_eq!(steps.len(), 5);
    assert!(steps.is_sorted(), "{steps:?}");
    let visit = lot.ledger().visit(passage.vehicle).cloned().unwrap();
    assert_eq!(visit.crossed.is_some(), visit.lift.is_some());
}

#[tokio::test]
async fn a_reading_carries_a_picture() {
    let mut plan = plan();
    plan.pictures = true;
    let (gateway, lot) = started(plan).await;
    let _driving = lot.drive("01", car("粤B12345")).unwrap();
    gateway.until_taken("plate 粤B12345").await;
    let taken = gateway.taken();
    let plate = taken
        .iter()
        .find(|event| event["event"] == "plate")
        .unwrap();
    let picture = STANDARD.decode(plate["image"].as_str().unwrap()).unwrap();
    assert!(picture.starts_with(&[0xFF, 0xD8, 0xFF]));
}

#[tokio::test]
async fn events_that_a_busy_gateway_did_not_take_are_told_again_in_order() {
    let (gateway, lot) = started(plan()).await;
    gateway.answer_first_with(&[503, 503, 429, 500, 503, 503]);
    let_one_through(&gateway, &lot).await;
    assert_eq!(gateway.account(&LANE_1), [&AT_REST[..], &PASSAGE].concat());
    assert!(gateway.attempts() > AT_REST.len() + PASSAGE.len());
    assert_eq!(lot.ledger().given_up().count(), 0);
}

#[tokio::test]
async fn events_wait_for_a_gateway_that_is_away_and_the_state_is_told_once_more() {
    let gateway = Gateway::start().await;
    let cable = Cable::start(gateway.address()).await.unwrap();
    cable.cut(Cut::Refused).await.unwrap();
    let url = format!("http://{}", cable.address());
    let lot = VirtualLot::start(plan(), &url).await.unwrap();
    let driving = lot.drive("01", car("粤B12345")).unwrap();
    let vehicle = driving.vehicle();
    let is_read = || (lot.ledger().visit(vehicle)).is_some_and(|visit| visit.readings > 0);
    until(is_read).await;
    assert!(gateway.taken().is_empty());
    cable.mend().await.unwrap();
    let now = ["trigger_loop true", "safety_loop false", "arm down"];
    let expected = [&AT_REST[..], &PASSAGE[..2], &now].concat();
    until(|| gateway.account(&LANE_1) == expected).await;
}

#[tokio::test]
async fn an_event_that_the_gateway_refuses_for_good_is_given_up_and_the_next_one_told() {
    let (gateway, lot) = started(plan()).await;
    until(|| gateway.taken().len() == 2 * AT_REST.len()).await;
    gateway.answer_first_with(&[400]);
    let _driving = lot.drive("01", car("粤B12345")).unwrap();
    gateway.until_taken("plate 粤B12345").await;
    assert_eq!(gateway.account(&LANE_1).len(), AT_REST.len() + 1);
    let ledger = lot.ledger();
    let given_up = ledger.given_up().next().unwrap();
    assert_eq!(given_up.event, "trigger_loop CAM-01 true");
    assert!(given_up.why.contains("400") && given_up.why.contains("按脚本"));
}

#[tokio::test]
async fn a_reading_that_is_told_after_its_vehicle_left_is_history() {
    let (gateway, lot) = started(plan()).await;
    gateway.set_busy(true);
    let after = Duration::from_secs(3);
    let leaving = car("粤B12345").driven(Behaviour::BackOut { after });
    let passage = soon(lot.drive("01", leaving).unwrap()).await;
    assert_eq!(passage.outcome, Outcome::BackedOut);
    gateway.set_busy(false);
    gateway.until_taken("plate 粤B12345").await;
    let taken = gateway.taken();
    let plate = taken
        .iter()
        .find(|event| event["event"] == "plate")
        .unwrap();
    assert_eq!(plate["replay"], true);
}

#[tokio::test]
async fn the_fire_alarm_and_parking_spaces_are_told() {
    let (a_001, unknown) = (PlaceNo::new("A-001").unwrap(), PlaceNo::new("Z").unwrap());
    let mut plan = plan();
    plan.places = vec![a_001.clone()];
    let (gateway, lot) = started(plan).await;
    lot.set_fire(true);
    let plate = Plate::read("粤B12345").unwrap();
    let occupied = PlaceStatus::Occupied;
    lot.set_place(&a_001, occupied, plate).unwrap();
    assert!(lot.set_place(&unknown, occupied, None).is_err());
    lot.set_fire(false);
    gateway.until_taken("fire false").await;
    let taken = gateway.taken();
    let office = |event: &&serde_json::Value| event.get("device").is_none();
    let told: Vec<_> = taken.iter().filter(office).collect();
    let place = |status, plate| json!({"event": "place", "place": "A-001", "status": status, "plate": plate});
    let fire = |on| json!({"event": "fire", "on": on});
    let expected = [
        &place("vacancy", ""),
        &fire(true),
        &place("occupy", "粤B12345"),
        &fire(false),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_lot_that_stops_gives_up_what_nobody_takes_and_ends_every_visit() {
    let (gateway, lot) = started(plan()).await;
    gateway.set_busy(true);
    let driving = lot.drive("01", car("粤B12345")).unwrap();
    let vehicle = driving.vehicle();
    until(|| {
        lot.ledger()
            .visit(vehicle)
            .is_some_and(|visit| visit.readings > 0)
    })
    .await;
    soon(lot.stop()).await;
    assert_eq!(soon(driving).await.outcome, Outcome::StillThere);
    assert!(lot.ledger().given_up().count() >= 2);
    assert!(lot.drive("01", car("粤B12345")).is_err());
}

#[tokio::test]
async fn lanes_that_do_not_tell_of_their_loops_and_switches_do_not() {
    let mut plan = plan();
    for lane in &mut plan.lanes {
        (lane.trigger_loop, lane.safety_loop, lane.limit_switch) = (false, false, false);
    }
    let (gateway, lot) = started(plan).await;
    let driving = lot.drive("01", car("粤B12345")).unwrap();
    gateway.until_taken("plate 粤B12345").await;
    command(
        &lot,
        json!({"command": "open", "id": "c-1", "device": "BAR-01"}),
    )
    .await;
    assert_eq!(soon(driving).await.outcome, Outcome::Crossed);
    lot.stop().await;
    assert_eq!(gateway.account(&LANE_1), ["plate 粤B12345"]);
    assert!(lot.unplug(&device("CAM-99")).is_err());
}
