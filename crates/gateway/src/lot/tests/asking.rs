//! A vehicle comes: it is written down, asked about, answered, and crosses.

use super::*;
use crate::journal::Letter;
use crate::lot::Turn;
use boshi_protocol::delivery::Outcome;
use boshi_protocol::lane::CommandId;
use boshi_protocol::plate::Plate;

/// D-18
#[test]
fn a_recognition_is_written_in_the_turn_that_pushes_it() {
    let mut scene = Scene::new();
    scene.wait(seconds(1));
    scene.trigger(ONE, true);
    scene.forget();
    scene.platform = Platform::Thinks;
    scene.reads(ONE, "粤B12345");
    let written = scene.log.iter().position(|(_, step)| {
        matches!(step, Step::Write(Entry::Recognition(it)) if it.record.as_str() == "r1")
    });
    let pushed = scene.log.iter().position(
        |(_, step)| matches!(step, Step::Do(Action::Push(push)) if push.key.id.as_str() == "r1"),
    );
    assert!(written.unwrap() < pushed.unwrap());
    let (_, push) = scene.pushes()[0];
    assert_eq!((push.number, push.key.kind), (1, Kind::Recognition));
    let Some(Letter::Recognition(letter)) = &push.letter else {
        panic!("{push:?}");
    };
    assert_eq!(letter.plate, Plate::read("粤B12345").unwrap());
    assert_eq!(letter.device, device("CAM-01"));
}

/// D-18
#[test]
fn only_what_is_on_disk_already_is_pushed_before_the_turn_is() {
    let mut scene = Scene::new();
    scene.platform = Platform::Thinks;
    scene.arrives(ONE, "粤B12345");
    scene.arrives(TWO, "粤B54321");
    let mut turn = Turn::default();
    for (_, step) in &scene.log {
        match step {
            Step::Do(action) => turn.actions.push(action.clone()),
            Step::Write(Entry::Recognition(it)) if it.record.as_str() == "r1" => {}
            Step::Write(entry) => turn.entries.push(entry.clone()),
        }
    }
    let others = turn.actions.len() - 2;
    let at_once = turn.take_at_once();
    let pushed = |actions: &[Action]| -> Vec<String> {
        let pushes = actions.iter().filter_map(|action| match action {
            Action::Push(push) => Some(push.key.id.to_string()),
            _ => None,
        });
        pushes.collect()
    };
    assert_eq!(pushed(&at_once), ["r1"]);
    assert_eq!(pushed(&turn.actions), ["r2"]);
    assert_eq!(turn.actions.len(), others + 1);
}

/// RECOG-1
#[test]
fn a_verdict_opens_the_lane_that_asked_and_no_other() {
    let mut scene = Scene::new();
    scene.platform = Platform::Thinks;
    scene.arrives(ONE, "粤B12345");
    scene.arrives(TWO, "粤B54321");
    assert_eq!(scene.under_way.len(), 2);
    scene.under_way.rotate_left(1);
    scene.answers(Outcome::Accepted);
    assert_eq!((scene.drives(ONE), scene.drives(TWO)), (0, 1));
    scene.answers(Outcome::Accepted);
    assert_eq!((scene.drives(ONE), scene.drives(TWO)), (1, 1));
    assert_eq!(scene.causes(), ["may_pass", "may_pass"]);
}

/// RECOG-3
#[test]
fn a_reply_that_comes_when_the_vehicle_has_left_moves_nothing() {
    let mut scene = Scene::new();
    scene.platform = Platform::Thinks;
    scene.arrives(ONE, "粤B12345");
    scene.trigger(ONE, false);
    scene.answers(Outcome::Accepted);
    scene.wait(seconds(10));
    assert_eq!(scene.drives(ONE), 0);
    assert_eq!(scene.outcomes(), ["backed_out"]);
    assert_eq!(scene.settled(Kind::Recognition), ["delivered 1"]);
}

/// RECOG-2, D-13
#[test]
fn a_refused_vehicle_is_asked_about_every_two_seconds_under_its_one_id_until_it_may_pass() {
    let mut scene = Scene::new();
    scene.platform = Platform::Refuses;
    scene.arrives(ONE, "粤B12345");
    scene.wait(seconds(7));
    let pushes = scene.pushed(Kind::Recognition);
    let ids: Vec<&str> = pushes.iter().map(|(_, it)| it.key.id.as_str()).collect();
    assert_eq!(ids, ["r1"; 4]);
    for pair in pushes.windows(2) {
        assert_eq!(pair[1].0.tick.since(pair[0].0.tick), seconds(2));
    }
    assert_eq!(scene.drives(ONE), 0);
    let refused = |what: &&What| matches!(what, What::Refused { reason, .. } if reason == "未授权");
    assert_eq!(scene.told().filter(refused).count(), 4);
    scene.platform = Platform::Accepts;
    scene.wait(seconds(2));
    assert_eq!(scene.drives(ONE), 1);
    scene.wait(seconds(5));
    assert_eq!(scene.pushed(Kind::Recognition).len(), 5);
}

/// D-17: a plate that is typed in while the platform refuses.
#[test]
fn what_is_pushed_again_is_the_record_as_it_is_by_then() {
    let mut scene = Scene::new();
    scene.platform = Platform::Refuses;
    scene.arrives(ONE, "粤B1234S");
    let typed = lane::Input::TypedPlate {
        command: CommandId(7),
        side: None,
        plate: Plate::read("粤B12345").unwrap().unwrap(),
    };
    scene.platform = Platform::Accepts;
    scene.say(Input::Lane(ONE, typed));
    let amended =
        |entry: &&Entry| matches!(entry, Entry::Amended(it) if it.record.as_str() == "r1");
    assert_eq!(scene.wrote().filter(amended).count(), 1);
    let pushes = scene.pushed(Kind::Recognition);
    let (_, last) = pushes.last().unwrap();
    let Some(Letter::Recognition(letter)) = &last.letter else {
        panic!("{last:?}");
    };
    assert_eq!(last.key.id.as_str(), "r1");
    assert_eq!(letter.plate.as_ref().unwrap().as_str(), "粤B12345");
    assert_eq!(scene.drives(ONE), 1);
}

/// CROSS-1: the crossing has its recognition's id, and waits until that is settled.
#[test]
fn a_crossing_is_pushed_when_its_recognition_is_settled() {
    let mut scene = Scene::new();
    scene.platform = Platform::Thinks;
    scene.arrives(ONE, "粤B12345");
    let order = lane::Order::ForceLift;
    scene.command(ONE, order).unwrap().unwrap();
    scene.crosses(ONE);
    assert!(scene.pushed(Kind::Crossing).is_empty());
    scene.answers(Outcome::Accepted);
    let crossings = scene.pushed(Kind::Crossing);
    assert_eq!(crossings.len(), 1);
    assert_eq!(crossings[0].1.key.id.as_str(), "r1");
    scene.answers(Outcome::Accepted);
    assert_eq!(scene.settled(Kind::Crossing), ["delivered 1"]);
    assert_eq!(scene.drives(ONE), 1);
}

/// OPEN-6
#[test]
fn while_held_open_records_are_pushed_and_replies_move_nothing() {
    let mut scene = Scene::new();
    scene.wait(seconds(1));
    scene.command(ONE, lane::Order::HoldOpen).unwrap().unwrap();
    scene.platform = Platform::Refuses;
    scene.arrives(ONE, "粤B12345");
    scene.platform = Platform::Accepts;
    scene.crosses(ONE);
    scene.wait(seconds(10));
    assert_eq!(scene.drives(ONE), 1, "only the hold itself");
    assert_eq!(scene.pushed(Kind::Recognition).len(), 1);
    assert_eq!(scene.settled(Kind::Crossing), ["delivered 1"]);
    assert_eq!(scene.outcomes(), ["held_open"]);
}

#[test]
fn nothing_of_a_vehicle_is_remembered_when_it_has_gone_and_everything_is_delivered() {
    let mut scene = Scene::new();
    scene.wait(seconds(11));
    for number in 0..20 {
        scene.arrives(ONE, &format!("粤B{number:05}"));
        scene.crosses(ONE);
        scene.wait(seconds(20));
    }
    // Somebody tailgates: an abnormality that is over as it happens.
    scene.arrives(ONE, "粤B99999");
    scene.crosses(ONE);
    scene.safety(ONE, true);
    scene.safety(ONE, false);
    scene.wait(seconds(60));
    assert_eq!(scene.abnormal().len(), 1);
    let lot = &scene.lot;
    assert_eq!(lot.vehicles.len(), 0);
    assert_eq!(lot.letters.len(), 0, "{:?}", lot.letters.keys());
    assert_eq!(lot.attempts.len(), 0);
    assert!(lot.lanes.iter().all(|lane| lane.occurrences.is_empty()));
    assert!(scene.under_way.is_empty());
}

/// D-14: nobody recognized it, and its recognition comes first.
#[test]
fn a_vehicle_that_crosses_unrecognized_is_given_a_recognition_first() {
    let mut scene = Scene::new();
    scene.safety(ONE, true);
    let keys: Vec<Kind> = scene.pushes().iter().map(|(_, it)| it.key.kind).collect();
    assert!(keys.contains(&Kind::Abnormality));
    let records: Vec<&str> = scene
        .pushes()
        .iter()
        .filter(|(_, it)| it.key.kind != Kind::Abnormality)
        .map(|(_, it)| it.key.id.as_str())
        .collect();
    assert_eq!(records.len(), 2);
    assert_eq!(records[0], records[1]);
    let abnormal = scene.abnormal()[0];
    assert_eq!(abnormal.code.as_str(), "1501");
    assert_eq!(abnormal.msg, "东二门01道车辆未识别过闸！");
    assert_eq!(scene.settled(Kind::Crossing), ["delivered 1"]);
}

/// The booth is told what each step took.
#[test]
fn a_passage_is_told_with_the_time_of_each_of_its_steps() {
    let mut scene = Scene::new();
    scene.platform = Platform::Thinks;
    scene.arrives(ONE, "粤B12345");
    scene.wait(millis(300));
    scene.answers(Outcome::Accepted);
    scene.wait(millis(700));
    scene.platform = Platform::Accepts;
    scene.crosses(ONE);
    let steps = scene.told().find_map(|what| match what {
        What::Passage { outcome, steps, .. } => Some((*outcome, *steps)),
        _ => None,
    });
    let (outcome, steps) = steps.unwrap();
    assert_eq!(outcome, "crossed");
    assert_eq!(steps.replied, Some(300));
    assert_eq!(steps.lifted, Some(300));
    assert!(steps.crossed >= Some(1000), "{steps:?}");
}
