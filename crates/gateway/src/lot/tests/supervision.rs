//! The watch over the devices, the loops and the arm.

use super::*;
use crate::lot::DeviceKind;
use boshi_protocol::lane::{Order, Position, Side};

fn checks(scene: &Scene) -> usize {
    let checks = |action: &&Action| matches!(action, Action::Check(_));
    scene.did().filter(checks).count()
}

fn online(scene: &Scene, number: &str) -> Option<bool> {
    let states = scene.lot.devices();
    let state = states.into_iter().find(|it| it.device == device(number));
    state.unwrap().online
}

/// ABN-3
#[test]
fn every_lane_is_checked_at_the_start_and_then_every_five_minutes() {
    let mut scene = Scene::new();
    scene.wait(seconds(1));
    assert_eq!(checks(&scene), 2);
    scene.wait(seconds(10));
    assert_eq!(checks(&scene), 4, "who was coming up is asked again");
    scene.forget();
    scene.wait(seconds(600));
    assert_eq!(checks(&scene), 4);
    assert!(scene.abnormal().is_empty());
}

/// ABN-1, ABN-2, D-15
#[test]
fn a_device_that_does_not_answer_is_reported_once_then_at_the_interval_then_cleared() {
    let mut scene = Scene::new();
    scene.online = vec!["CAM-01", "BAR-01", "CAM-02"];
    scene.wait(seconds(9));
    assert!(scene.abnormal().is_empty(), "it may be coming up");
    scene.wait(seconds(2));
    let messages: Vec<(&str, &str)> = scene
        .abnormal()
        .iter()
        .map(|it| (it.code.as_str(), it.msg.as_str()))
        .collect();
    let expected = [
        ("1301", "东二门02道的栏杆机【BAR-02】连接异常！"),
        ("1101", "东二门01道的显示屏【LED-01】连接异常！"),
    ];
    assert_eq!(messages.len(), 2);
    assert!(
        expected.iter().all(|it| messages.contains(it)),
        "{messages:?}"
    );
    scene.wait(seconds(598));
    assert_eq!(scene.abnormal().len(), 2, "checked twice more, told once");
    scene.wait(seconds(2));
    assert_eq!(scene.abnormal().len(), 4, "told again after ten minutes");
    let occurrences = |scene: &Scene| -> std::collections::HashSet<String> {
        let all = scene.abnormal();
        all.iter().map(|it| it.occurrence.to_string()).collect()
    };
    assert_eq!(occurrences(&scene).len(), 2);
    scene.online = scene::DEVICES.to_vec();
    scene.wait(seconds(300));
    let cleared: Vec<String> = scene.written(|entry| match entry {
        Entry::AbnormalityCleared { occurrence, .. } => Some(occurrence.to_string()),
        _ => None,
    });
    assert_eq!(cleared.len(), 2);
    assert!(cleared.iter().all(|it| occurrences(&scene).contains(it)));
    assert_eq!(online(&scene, "BAR-02"), Some(true));
}

/// ABN-1
#[test]
fn a_recognizer_that_is_lost_is_1201() {
    let mut scene = Scene::new();
    scene.wait(seconds(11));
    scene.online = vec!["BAR-01", "LED-01", "CAM-02", "BAR-02"];
    scene.wait(seconds(300));
    let lost = scene.abnormal()[0];
    assert_eq!(lost.code.as_str(), "1201");
    assert_eq!(lost.msg, "东二门01道的车牌识别器【CAM-01】连接异常！");
    assert_eq!(lost.device, Some(device("CAM-01")));
}

#[test]
fn heartbeats_that_stop_bring_a_check_at_once() {
    let mut scene = Scene::new();
    scene.wait(seconds(11));
    scene.say(Input::Beat(vec![device("CAM-01"), device("BAR-01")]));
    scene.wait(seconds(20));
    scene.say(Input::Beat(vec![device("CAM-01"), device("BAR-01")]));
    scene.forget();
    scene.online = vec!["BAR-01", "LED-01"];
    scene.wait(seconds(29));
    assert_eq!(checks(&scene), 0);
    scene.wait(seconds(1));
    assert_eq!(checks(&scene), 1, "of its lane only, and once");
    assert_eq!(scene.abnormal().len(), 1);
    assert_eq!(online(&scene, "CAM-01"), Some(false));
    scene.say(Input::Heard(device("CAM-01")));
    assert_eq!(online(&scene, "CAM-01"), Some(true));
    let cleared = |what: &&What| matches!(what, What::Cleared { code } if code == "1201");
    assert_eq!(scene.told().filter(cleared).count(), 1);
}

#[test]
fn a_device_that_was_heard_a_moment_ago_is_there_whatever_a_check_says() {
    let mut scene = Scene::new();
    scene.online = Vec::new();
    scene.wait(seconds(5));
    scene.say(Input::Heard(device("CAM-01")));
    scene.wait(seconds(6));
    assert_eq!(online(&scene, "CAM-01"), Some(true));
    assert_eq!(online(&scene, "BAR-01"), Some(false));
    let barrier = scene
        .lot
        .devices()
        .into_iter()
        .find(|it| it.device == device("BAR-01"));
    assert_eq!(barrier.unwrap().kind, DeviceKind::Barrier);
}

/// ABN-1, D-15: `1401`.
#[test]
fn a_loop_that_is_pressed_for_too_long_is_reported_and_told_again_while_it_is() {
    let mut scene = Scene::new();
    scene.platform = Platform::Refuses;
    scene.arrives(ONE, "粤B12345");
    scene.wait(seconds(29));
    assert!(scene.abnormal().is_empty());
    scene.wait(seconds(1));
    let pressed = scene.abnormal()[0];
    assert_eq!(pressed.code.as_str(), "1401");
    assert_eq!(pressed.msg, "东二门01道车辆压线圈过长！");
    scene.wait(seconds(600));
    let told = scene.abnormal();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].occurrence, told[1].occurrence);
    assert_ne!(told[0].id, told[1].id);
    scene.trigger(ONE, false);
    let cleared = |entry: &&Entry| matches!(entry, Entry::AbnormalityCleared { .. });
    assert_eq!(scene.wrote().filter(cleared).count(), 1);
}

/// ABN-4, D-15: `1302`.
#[test]
fn an_arm_that_stays_up_for_nobody_is_reported() {
    let mut scene = Scene::new();
    scene.command(ONE, Order::ForceLift).unwrap().unwrap();
    scene.say(Input::Lane(ONE, lane::Input::BarrierSeen(Position::Up)));
    scene.wait(seconds(70));
    let stuck = scene.abnormal()[0];
    assert_eq!(stuck.code.as_str(), "1302");
    assert_eq!(stuck.msg, "东二门01道的栏杆机【BAR-01】未落下！");
    assert_eq!(stuck.device, Some(device("BAR-01")));
}

#[test]
fn an_arm_that_goes_up_by_itself_is_written_down_as_a_lift() {
    let mut scene = Scene::new();
    scene.say(Input::Lane(ONE, lane::Input::BarrierSeen(Position::Up)));
    let seen = |entry: &&Entry| matches!(entry, Entry::LiftSeen { lane, .. } if lane == "01");
    assert_eq!(scene.wrote().filter(seen).count(), 1);
    assert!(scene.told().any(|what| matches!(what, What::LiftSeen)));
}

/// D-15: a code may be worded otherwise.
#[test]
fn a_message_that_the_lot_words_itself_is_used() {
    let text = "[abnormal_texts]\n1401 = \"{gate}门{lane}道有车\"\n[[lot]]";
    let policy = boshi_protocol::delivery::Policy::default();
    let mut scene = Scene::with("[[lot]]", text, policy, &std::collections::HashMap::new());
    let side = Side::Entry;
    scene.say(Input::Lane(
        ONE,
        lane::Input::TriggerLoop {
            side,
            pressed: true,
        },
    ));
    scene.wait(seconds(31));
    assert_eq!(scene.abnormal()[0].msg, "东二门01道有车");
}

/// ABN-1, ABN-3
#[test]
fn a_device_that_is_lost_and_comes_back_is_kept_twice_however_often_it_is_told() {
    let mut scene = Scene::new();
    scene.wait(seconds(11));
    scene.online = vec!["BAR-01", "LED-01", "CAM-02", "BAR-02"];
    scene.wait(seconds(1_500));
    scene.online = scene::DEVICES.to_vec();
    scene.wait(seconds(300));
    let changes: Vec<(String, bool)> = scene.written(|entry| match entry {
        Entry::DeviceState(it) if it.device == device("CAM-01") => {
            Some((it.lane.clone(), it.online))
        }
        _ => None,
    });
    let expected = [true, false, true].map(|online| ("01".to_owned(), online));
    assert_eq!(changes, expected);
}
