//! What an earlier run left behind, and what it knew.

use super::*;
use boshi_protocol::delivery::{Key, Recovered};
use boshi_protocol::id::RecordId;
use boshi_protocol::lane::{Position, Side, Sighting};
use boshi_protocol::plate::PlateColor;

use crate::journal::{Crossing, Letter};

fn record(text: &str) -> RecordId {
    RecordId::new(text).unwrap()
}

/// D-18
#[test]
fn what_was_under_way_is_carried_on_and_a_recognition_has_failed_without_another_attempt() {
    let mut scene = Scene::new();
    scene.platform = Platform::Thinks;
    // All of these are in the journal already.
    scene.expect_on_disk([
        Key::crossing(record("a")),
        Key::abnormality(record("b")),
        Key::abnormality(record("c")),
    ]);
    scene.say(Input::Recover {
        records: vec![
            Recovered::Pending(Key::recognition(record("a"))),
            Recovered::Pending(Key::crossing(record("a"))),
            Recovered::Pending(Key::abnormality(record("b"))),
            Recovered::FailedAbnormality(record("c")),
        ],
        pressed: Vec::new(),
        passing: Vec::new(),
        waiting: Vec::new(),
    });
    assert_eq!(
        scene.settled(Kind::Recognition),
        ["failed 0 程序中断，车辆已离开"]
    );
    assert!(scene.pushed(Kind::Recognition).is_empty());
    let (_, crossing) = scene.pushed(Kind::Crossing)[0];
    assert_eq!(crossing.key.id, record("a"));
    assert!(crossing.letter.is_none(), "the journal has it");
    assert_eq!(scene.pushed(Kind::Abnormality).len(), 1);
    scene.platform = Platform::Accepts;
    while !scene.under_way.is_empty() {
        scene.answers(boshi_protocol::delivery::Outcome::Accepted);
    }
    scene.wait(seconds(1));
    assert_eq!(scene.settled(Kind::Abnormality).len(), 2);
    assert_eq!(scene.settled(Kind::Crossing), ["delivered 1"]);
    assert_eq!(scene.drives(ONE), 0);
}

/// D-17: many that wait are read together before they are pushed, each as it is then.
#[test]
fn what_is_pushed_next_is_read_ahead_and_only_that() {
    let keys: Vec<Key> = (0..40)
        .map(|number| Key::crossing(record(&format!("c{number:02}"))))
        .collect();
    let mut scene = Scene::new();
    scene.platform = Platform::Thinks;
    scene.expect_on_disk(keys.clone());
    scene.say(Input::Recover {
        records: keys.iter().cloned().map(Recovered::Pending).collect(),
        pressed: Vec::new(),
        passing: Vec::new(),
        waiting: Vec::new(),
    });
    let fetched: Vec<Vec<Key>> = (scene.log.iter())
        .filter_map(|(_, step)| match step {
            Step::Do(Action::Fetch(keys)) => Some(keys.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(fetched.len(), 1, "while it is under way, no other");
    let under_way = scene.under_way.len();
    let letter = |key: &Key| {
        Letter::Crossing(Crossing {
            lot: scene.lot.id().clone(),
            lane: "01".into(),
            device: device("CAM-01"),
            side: Side::Entry,
            record: key.id.clone(),
            plate: None,
            color: PlateColor::Other,
            at: scene.now.wall,
        })
    };
    let stranger = Key::crossing(record("gone"));
    let read = fetched[0].iter().chain([&stranger]);
    let letters = read.map(|key| (key.clone(), letter(key))).collect();
    scene.say(Input::Letters(letters));
    while !scene.under_way.is_empty() {
        scene.answers(boshi_protocol::delivery::Outcome::Accepted);
    }
    let pushed = scene.pushed(Kind::Crossing);
    assert_eq!(pushed.len(), keys.len());
    let at_hand = |key: &Key| fetched[0].contains(key);
    for (_, push) in &pushed {
        assert_eq!(push.letter.is_some(), at_hand(&push.key), "{:?}", push.key);
    }
    assert!(fetched[0].len() + under_way >= 39, "{fetched:?}");
}

/// A vehicle that stood on the loop before the start is one, although nothing changes on it.
#[test]
fn the_contacts_are_asked_at_the_start_and_who_stands_there_is_recognized() {
    let mut scene = Scene::new();
    let side = Side::Entry;
    scene.contacts = vec![
        lane::Input::TriggerLoop {
            side,
            pressed: true,
        },
        lane::Input::BarrierSeen(Position::Down),
    ];
    scene.wait(seconds(1));
    scene.reads(ONE, "粤B12345");
    assert_eq!(scene.causes(), ["may_pass"]);
}

/// CROSS-1: that the anti-smash loop is pressed at the start is no crossing.
#[test]
fn a_vehicle_that_stands_under_the_arm_at_the_start_does_not_cross_again() {
    let mut scene = Scene::new();
    scene.contacts = vec![lane::Input::SafetyLoop { pressed: true }];
    scene.wait(seconds(5));
    assert!(scene.pushes().is_empty());
}

/// What a contact told by itself is newer than the answer to a question.
#[test]
fn an_answer_does_not_undo_what_an_event_has_told() {
    let mut scene = Scene::new();
    let side = Side::Entry;
    scene.contacts = vec![lane::Input::TriggerLoop {
        side,
        pressed: false,
    }];
    scene.say(Input::Lane(
        ONE,
        lane::Input::TriggerLoop {
            side,
            pressed: true,
        },
    ));
    scene.wait(seconds(1));
    scene.reads(ONE, "粤B12345");
    assert_eq!(scene.drives(ONE), 1);
    scene.wait(seconds(600));
    assert!(scene.outcomes().is_empty(), "it stands there still");
}

/// D-18: whoever waits and is not asked for, since the gate is held open or another has the lane, is not
/// forgotten either.
#[test]
fn the_record_of_who_waits_is_pushed_or_has_failed_whether_it_is_asked_for_or_not() {
    for held in [false, true] {
        let mut scene = Scene::new();
        scene.platform = Platform::Thinks;
        if held {
            scene.say(Input::Lane(ONE, lane::Input::Fire { on: true }));
        }
        let reading = lane::Reading {
            side: Side::Entry,
            sighting: Sighting {
                plate: boshi_protocol::plate::Plate::read("粤B12345").unwrap(),
                color: PlateColor::Blue,
                reliability: None,
                picture: None,
            },
        };
        let waited = lane::Waited {
            record: record("a"),
            reading,
            at: scene.now.wall,
        };
        scene.expect_on_disk([Key::recognition(record("a"))]);
        scene.say(Input::Recover {
            records: vec![Recovered::Pending(Key::recognition(record("a")))],
            pressed: Vec::new(),
            passing: Vec::new(),
            waiting: vec![(ONE, waited)],
        });
        let settled = scene.settled(Kind::Recognition);
        let pushed = scene.pushed(Kind::Recognition).len();
        assert_eq!((settled.len(), pushed), if held { (1, 0) } else { (0, 1) });
    }
}
