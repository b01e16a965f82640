//! A gateway whose disk fails.

use std::time::Duration;

use boshi_platform::store::RecordKind;
use serde_json::json;

use super::controller::Controller;
use super::fault::{Failing, Fault};
use super::sides::{Place, free, stored, written};
use crate::process::until;

/// Longest that a vehicle may wait for a gateway that cannot write: the two seconds that a lot waits for its disk,
/// and as much again for a busy machine.
const KEPT_AT_MOST: Duration = Duration::from_secs(4);

/// Plate of a vehicle that the platform refuses.
const BLOCKED: &str = "粤B00003";

/// D-18, RECOG-3: while the disk fails whoever may pass is let through all the same, once, nobody else is, and it is
/// said that nothing is written; then all of it is, once.
fn holds(failing: Failing) {
    let address = free();
    let of_platform = Place::of_platform(Some(&address));
    let platform = of_platform.starts_platform();
    platform.ask("POST", "/blocks", &json!({"plate": BLOCKED, "reason": "x"}));
    let place = Place::of_gateway(&address, &platform.standard);
    let mut gateway = place.starts_gateway();
    let controller = Controller::of(&gateway, &place);
    let since = controller.sees("粤B00001");
    controller.lifts_for(1, since);
    controller.sees_it_cross();
    place.is_ready();
    until("the first is not written", || controller.unwritten() == 0);

    let Some(fault) = Fault::strikes(gateway.id(), failing) else {
        return;
    };
    place.is_not_ready("本地记录库无法写入");
    let since = controller.sees("粤B00002");
    let waited = controller.lifts_for(2, since);
    assert!(waited < KEPT_AT_MOST, "{waited:?}");
    place.is_not_ready("记录未能写入磁盘");
    gateway.log.says("the journal cannot be written");
    controller.sees_it_cross();
    controller.sees(BLOCKED);
    until("it is not refused", || {
        controller.lane()["sides"][0]["doing"] == "refused"
    });
    controller.sees_it_leave();
    fault.ends();
    until("what was kept is not written", || {
        controller.unwritten() == 0
    });
    place.is_ready();
    assert_eq!(controller.lifts(), 2);
    gateway.dies();
    let gateway = place.starts_gateway();
    let controller = Controller::of(&gateway, &place);
    until("not all is delivered", || {
        written(&place.journal()).open == 0
    });
    assert_eq!(controller.lifts(), 0, "lifted again");
    all_is_there_once(&place, &of_platform, 2);
}

/// Three recognitions, two crossings and so many lifts, each once on either side.
pub(super) fn all_is_there_once(place: &Place, of_platform: &Place, lifts: usize) {
    let journal = written(&place.journal());
    assert_eq!(journal.recognitions.len(), 3, "{:?}", journal.recognitions);
    assert_eq!(journal.crossings.len(), 2, "{:?}", journal.crossings);
    assert_eq!(journal.acts.len(), lifts, "{:?}", journal.acts);
    until("not all is fetched", || {
        stored(&of_platform.store()).entries.len() >= 5
    });
    let store = stored(&of_platform.store());
    let count = |kind| store.entries.iter().filter(|it| it.kind == kind).count();
    assert_eq!(count(RecordKind::Recognition), 3, "{:?}", store.entries);
    assert_eq!(count(RecordKind::Crossing), 2, "{:?}", store.entries);
    let names = store.entries.iter().map(|it| it.uuid.to_string());
    assert!(
        names
            .into_iter()
            .all(|name| journal.recognized.contains(&name))
    );
}

#[test]
fn a_gateway_whose_disk_is_full_goes_on_opening_gates_and_writes_all_of_it_then() {
    holds(Failing::FULL);
}

#[test]
fn a_gateway_whose_disk_became_read_only_goes_on_opening_gates_and_writes_all_of_it_then() {
    holds(Failing::READ_ONLY);
}

#[test]
fn a_gateway_whose_disk_is_broken_goes_on_opening_gates_and_writes_all_of_it_then() {
    holds(Failing::BROKEN);
}

#[test]
fn a_gateway_whose_disk_does_not_sync_goes_on_opening_gates_and_writes_all_of_it_then() {
    holds(Failing::UNSYNCED);
}
