//! A side that may open no more files and connections.

use std::time::Duration;

use super::controller::Controller;
use super::fault::Exhausted;
use super::gateway::all_is_there_once;
use super::sides::{Place, free, written};
use super::supplier::Supplier;
use crate::line::Line;
use crate::process::until;

/// Longest that a vehicle may wait: the budget of two seconds, and as much again for a busy machine.
const KEPT_AT_MOST: Duration = Duration::from_secs(4);

/// Whoever is connected is served as ever; whoever comes is told nothing until there is room.
#[test]
fn a_platform_without_descriptors_serves_who_is_connected_and_then_everybody() {
    let place = Place::of_platform(None);
    let mut platform = place.starts_platform();
    let mut supplier = Supplier::at(&platform.standard);
    supplier.is_heard("before");
    let exhausted = Exhausted::strikes(platform.id());
    supplier.is_heard("during");
    let (address, key) = (platform.operators.clone(), platform.key.clone());
    let waiting = std::thread::spawn(move || {
        let mut line = Line::to(&address);
        line.ask("GET", "/api/v1/lots", &key, "").0
    });
    platform.log.says("connections cannot be accepted");
    supplier.is_heard("meanwhile");
    exhausted.ends();
    assert_eq!(waiting.join().unwrap(), 200);
    supplier.is_heard("after");
    place.is_ready();
    platform.dies();
    supplier.finds_all_of_it_once(&place.store());
}

/// PUSH-3, RECOG-3: a gateway that can reach nobody any more is one without a network, and has every record all the
/// same.
#[test]
fn a_gateway_without_descriptors_lets_vehicles_through_and_loses_no_record() {
    let address = free();
    let of_platform = Place::of_platform(Some(&address));
    let platform = of_platform.starts_platform();
    let place = Place::of_gateway(&address, &platform.standard);
    let mut gateway = place.starts_gateway();
    let controller = Controller::of(&gateway, &place);
    let since = controller.sees("粤B00001");
    controller.lifts_for(1, since);
    controller.sees_it_cross();
    let exhausted = Exhausted::strikes(gateway.id());
    let waiting = std::thread::spawn({
        let address = gateway.devices.clone();
        move || {
            Line::to(&address)
                .ask("POST", "/v1/events", "nobody's", "{}")
                .0
        }
    });
    gateway.log.says("connections cannot be accepted");
    let since = controller.sees("粤B00002");
    let waited = controller.lifts_for(2, since);
    assert!(waited < KEPT_AT_MOST, "{waited:?}");
    controller.sees_it_cross();
    exhausted.ends();
    assert_eq!(waiting.join().unwrap(), 401);
    let since = controller.sees("粤B00003");
    controller.lifts_for(3, since);
    controller.sees_it_leave();
    place.is_ready();
    until("not all is delivered", || {
        written(&place.journal()).open == 0
    });
    gateway.dies();
    all_is_there_once(&place, &of_platform, 3);
}
