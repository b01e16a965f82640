//! A platform whose disk fails, and the gateway that pushes to it.

use std::time::Duration;

use boshi_platform::store::RecordKind;

use super::controller::Controller;
use super::fault::{Failing, Fault};
use super::sides::{Place, free, stored, written};
use crate::process::until;

/// When the last of five attempts begins that share the budget of two seconds (D-17): at the earliest that lets a
/// vehicle through.
const LAST_ATTEMPT: Duration = Duration::from_millis(1_600);

/// The same on a busy machine, at most.
const KEPT_AT_MOST: Duration = Duration::from_secs(6);

/// PUSH-2, PUSH-3, UNPUSH-1, D-13, D-19: whom a platform cannot write down is let through when the attempts to push
/// are over, and not before; its record is fetched as soon as the disk is mended, once.
#[test]
fn a_vehicle_that_the_platform_cannot_write_down_is_let_through_in_time_and_fetched_later() {
    let address = free();
    let of_platform = Place::of_platform(Some(&address));
    let platform = of_platform.starts_platform();
    let place = Place::of_gateway(&address, &platform.standard);
    let gateway = place.starts_gateway();
    let controller = Controller::of(&gateway, &place);
    let Some(fault) = Fault::strikes(platform.id(), Failing::FULL) else {
        return;
    };
    let since = controller.sees("粤B00001");
    let waited = controller.lifts_for(1, since);
    assert!(
        waited >= LAST_ATTEMPT && waited < KEPT_AT_MOST,
        "{waited:?}"
    );
    controller.sees_it_cross();
    until("it is not known to have failed", || {
        written(&place.journal()).failed_recognitions.len() == 1
    });
    assert_eq!(stored(&of_platform.store()).entries.len(), 0);
    fault.ends();
    until("it is not fetched", || {
        let entries = stored(&of_platform.store()).entries;
        entries.len() == 2 && written(&place.journal()).open == 0
    });
    let journal = written(&place.journal());
    let entries = stored(&of_platform.store()).entries;
    let recognition = entries.iter().find(|it| it.kind == RecordKind::Recognition);
    let recognition = recognition.expect("it is there");
    assert!(
        recognition.fetched && !recognition.pushed,
        "{recognition:?}"
    );
    assert!(journal.recognized.contains(recognition.uuid.as_str()));
    let causes: Vec<&str> = journal.acts.iter().map(|it| it.cause.as_str()).collect();
    assert_eq!(
        (causes.as_slice(), controller.lifts()),
        (["blind"].as_slice(), 1)
    );
    platform.dies();
    gateway.dies();
}
