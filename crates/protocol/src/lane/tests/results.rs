//! What the barrier says to a lift: at once, late, or never.

use super::*;

/// RECOG-2
#[test]
fn after_a_failed_lift_the_platform_is_asked_again_and_the_pulse_not_repeated() {
    let mut scene = Scene::new(entry());
    scene.temper = Temper::Fails;
    scene.arrives(CAR);
    scene.may_pass();
    assert_eq!(
        scene.sign(Side::Entry),
        Sign::BarrierFault {
            plate: Some(plate(CAR))
        }
    );
    scene.temper = Temper::Obeys;
    scene.wait(seconds(20));
    assert_eq!((scene.pulses().len(), scene.asks().len()), (1, 2));
    scene.may_pass();
    assert_eq!(scene.pulses().len(), 2);
    scene.wait(seconds(3));
    scene.crosses();
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::Crossed)]);
}

#[test]
fn a_vehicle_whose_lift_nobody_confirmed_still_crosses_by_it() {
    let mut scene = Scene::new(entry());
    scene.temper = Temper::Silent;
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(4));
    scene.crosses();
    assert_eq!(scene.crossed(), [went("r1", CAR)]);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::Crossed)]);
    assert_eq!(scene.abnormal(), []);
}

#[test]
fn a_lift_confirmed_late_ends_the_asking() {
    let mut scene = Scene::new(entry());
    scene.temper = Temper::Silent;
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(4));
    scene.say(Input::ActDone {
        act: scene.last_act(),
        result: Ok(()),
    });
    scene.wait(seconds(20));
    assert_eq!((scene.pulses().len(), scene.asks().len()), (1, 1));
    scene.crosses();
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::Crossed)]);
}

#[test]
fn a_lift_that_fails_late_explains_nothing() {
    let mut scene = Scene::new(entry());
    scene.temper = Temper::Silent;
    scene.command(Order::ForceLift);
    scene.wait(seconds(4));
    scene.say(Input::ActDone {
        act: scene.last_act(),
        result: Err("断线".into()),
    });
    scene.safety(true);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::Unexplained)]);
}

#[test]
fn a_result_that_nobody_awaits_changes_nothing() {
    let mut scene = Scene::new(entry());
    scene.say(Input::ActDone {
        act: ActId(99),
        result: Ok(()),
    });
    assert!(scene.log.is_empty());
}
