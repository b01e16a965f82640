//! Times that change while vehicles are there.

use super::*;

/// ABN-1: a bound that has passed already has passed now.
#[test]
fn a_loop_that_is_pressed_already_counts_by_the_new_time() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.wait(seconds(20));
    scene.lane.set_timing(Timing {
        loop_alarm: seconds(15),
        ..Timing::default()
    });
    scene.say(Input::Tick);
    assert_eq!(scene.abnormal(), [AbnormalCode::LoopPressed]);
    scene.wait(seconds(599));
    assert_eq!(scene.abnormal().len(), 1);
}

/// RECOG-2: the question that is planned is asked when it was to be, the next by the new time.
#[test]
fn a_refused_vehicle_is_asked_for_by_the_new_time_after_the_next_question() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_not();
    scene.lane.set_timing(Timing {
        refused_poll: seconds(30),
        ..Timing::default()
    });
    scene.wait(seconds(2));
    assert_eq!(scene.asks().len(), 2);
    scene.may_not();
    scene.wait(millis(29_999));
    assert_eq!(scene.asks().len(), 2);
    scene.wait(millis(1));
    assert_eq!(scene.asks().len(), 3);
}

/// RECOG-3: nothing that was known is lost.
#[test]
fn a_vehicle_that_waits_goes_on_as_if_nothing_had_happened() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.lane.set_timing(Timing {
        read_grace: seconds(9),
        passage: seconds(90),
        ..Timing::default()
    });
    scene.may_pass();
    scene.crosses();
    assert_eq!(scene.outcomes(), [("r1".to_owned(), Outcome::Crossed)]);
}
