//! Every state of small models, and defects that are found.

use std::io::Write as _;

use boshi_model::defect::Defect;
use boshi_model::search::{Found, search};
use boshi_model::world::{Kind, Setting};

/// A vehicle that is recognized: whatever may go wrong with one record.
fn recognition() -> Setting {
    Setting {
        records: vec![Kind::Recognition],
        attempts: 2,
        pushes: 2,
        ticks: 3,
        kills: 2,
        repeats: 1,
        settled_within: u8::MAX,
        overlap: 1,
        whole_passes: true,
    }
}

/// Its crossing waits for it, and goes on being pushed after a kill.
fn vehicle() -> Setting {
    Setting {
        records: vec![Kind::Recognition, Kind::Crossing],
        pushes: 3,
        ticks: 1,
        kills: 1,
        repeats: 0,
        ..recognition()
    }
}

/// Two vehicles: pages shift while they are read.
fn two_vehicles() -> Setting {
    Setting {
        records: vec![Kind::Recognition, Kind::Recognition],
        ticks: 2,
        kills: 0,
        repeats: 0,
        ..recognition()
    }
}

/// A lot in which every record is settled within the overlap of two passes.
fn timely() -> Setting {
    Setting {
        ticks: 3,
        settled_within: 1,
        whole_passes: false,
        ..two_vehicles()
    }
}

fn abnormality() -> Setting {
    Setting {
        records: vec![Kind::Abnormality],
        pushes: 3,
        ticks: 1,
        ..recognition()
    }
}

fn assert_sound(setting: &Setting) -> usize {
    match search(setting, None) {
        Found::Sound { states, depth } => {
            let _ = writeln!(std::io::stdout(), "{states} states, {depth} steps deep");
            states
        }
        Found::Broken {
            promise,
            way,
            world,
        } => panic!("{promise}:\n{way:#?}\n{world:#?}"),
    }
}

/// D-13, D-14, D-18, PUSH-1, PUSH-2, PUSH-3, PUSH-4, CROSS-3, UNPUSH-1, UNPUSH-2, D-19: at least once,
/// and the key, give exactly one record, and every record is in exactly one state.
#[test]
fn in_every_state_of_a_vehicle_its_records_are_in_one_state_and_come_to_be_stored_once() {
    let states = assert_sound(&vehicle());
    assert!(states > 10_000, "{states} states are not all of them");
}

/// PAGE-1, D-19
#[test]
fn records_that_fail_while_pages_are_read_are_found_by_a_later_pass() {
    let states = assert_sound(&two_vehicles());
    assert!(states > 10_000, "{states} states are not all of them");
}

/// D-19: what is settled within the overlap is found by the pass after at the latest.
#[test]
fn a_lot_that_settles_its_records_in_time_has_to_be_asked_for_no_more_than_what_is_new() {
    let states = assert_sound(&timely());
    assert!(states > 10_000, "{states} states are not all of them");
}

/// PUSH-5
#[test]
fn an_abnormality_comes_to_be_stored_once_whatever_happens() {
    let states = assert_sound(&abnormality());
    assert!(states > 100, "{states} states are not all of them");
}

/// The model is good for something: each rule is needed.
#[test]
fn every_planted_defect_is_found_with_the_way_that_leads_to_it() {
    for defect in Defect::ALL {
        let setting = match defect {
            Defect::AbnormalityGivenUp => abnormality(),
            Defect::StartForgetsPending => vehicle(),
            // Whoever asks for everything once in a while has it at last all the same.
            Defect::NoOverlap | Defect::CheckpointBeforeLastPage | Defect::CheckpointAtTheEnd => {
                timely()
            }
            _ => recognition(),
        };
        match search(&setting, Some(defect)) {
            Found::Broken { way, promise, .. } => {
                assert!(
                    !way.is_empty(),
                    "{defect:?} breaks {promise} without anything happening"
                );
            }
            Found::Sound { states, .. } => panic!("{defect:?} is not found in {states} states"),
        }
    }
}

/// D-19: a record may fail long after its own time, when the lot is reached but reaches nobody: however
/// long the overlap, only who asks for everything once in a while has all of it.
#[test]
fn without_whole_passes_a_record_that_fails_late_is_never_fetched() {
    let setting = Setting {
        kills: 0,
        repeats: 0,
        whole_passes: false,
        ..recognition()
    };
    let Found::Broken { promise, way, .. } = search(&setting, None) else {
        panic!("nothing is wrong without whole passes");
    };
    assert!(
        promise.contains("every record comes to be stored"),
        "{promise}"
    );
    let told = format!("{way:?}");
    assert!(told.contains("Tick") && told.contains("GivenUp"), "{told}");
}
