//! What stands in the lanes of a demo: real drivers of the gateway speak to simulated devices.

use std::fmt::Write as _;
use std::time::Duration;

use boshi_simulator::lot::{LanePlan, LotPlan, Speaks};

use super::texts::millis;

/// How often the inputs of a camera that is connected to are looked at, in the lanes' time.
const POLL: Duration = Duration::from_millis(100);

/// Faster than this, a loop is pressed for less time than looking at it twice takes.
const FASTEST: f64 = 5.0;

/// The lanes of a demo with cameras of several families; the others, and all of them in a demo that
/// is too fast, have a controller and a display.
pub(crate) fn equipped(mut plan: LotPlan) -> LotPlan {
    if plan.speed > FASTEST {
        return plan;
    }
    for (lane, speaks) in plan
        .lanes
        .iter_mut()
        .zip([Speaks::Vz, Speaks::VzTcp, Speaks::Hik])
    {
        lane.speaks = speaks;
        lane.display = None;
        // Over TCP there is no input for the arm.
        lane.limit_switch = speaks != Speaks::VzTcp;
        lane.key = key(lane).into();
    }
    plan
}

/// What the camera of a lane and the gateway show each other.
fn key(lane: &LanePlan) -> String {
    format!("demo-camera-{}", lane.name)
}

/// What the gateway's configuration says of a lane's equipment; nothing for one with a controller.
pub(super) fn block(lane: &LanePlan, speed: f64) -> String {
    let (recognizer, barrier) = (&lane.recognizer, &lane.barrier);
    let key = key(lane);
    let (mut text, wired) = match lane.speaks {
        Speaks::Generic | Speaks::VzMqtt => return String::new(),
        Speaks::Vz | Speaks::Qy => {
            let dialect = if lane.speaks == Speaks::Qy {
                "qy"
            } else {
                "vz"
            };
            let text = format!(
                r#"
[[lot.vz]]
name = "{recognizer}"
dialect = "{dialect}"
key = "{key}"
recognizer = "{recognizer}"
[lot.vz.barrier]
device = "{barrier}"
"#
            );
            (text, "vz")
        }
        Speaks::Hik | Speaks::HikStream => {
            let (address, poll) = (lane.camera_listen, millis(POLL.div_f64(speed)));
            let stream = lane.speaks == Speaks::HikStream;
            let text = format!(
                r#"
[[lot.hik]]
name = "{recognizer}"
address = "{address}"
user = "gateway"
password = "{key}"
key = "{key}"
alert_stream = {stream}
recognizer = "{recognizer}"
poll = "{poll}"
[lot.hik.barrier]
device = "{barrier}"
"#
            );
            (text, "hik")
        }
        Speaks::VzTcp => {
            let (address, poll) = (lane.camera_listen, millis(POLL.div_f64(speed)));
            let text = format!(
                r#"
[[lot.vz_tcp]]
name = "{recognizer}"
address = "{address}"
recognizer = "{recognizer}"
poll = "{poll}"
[lot.vz_tcp.barrier]
device = "{barrier}"
confirm = "taken"
"#
            );
            (text, "vz_tcp")
        }
    };
    let contacts = [
        ("trigger_loop", recognizer),
        ("safety_loop", barrier),
        ("arm_up", barrier),
        ("arm_down", barrier),
    ];
    // The arm hangs on two inputs of those that push; 海康 knows where it is.
    let pushes = matches!(lane.speaks, Speaks::Vz | Speaks::Qy);
    let count = if pushes { 4 } else { 2 };
    for (number, (is, device)) in (1..).zip(contacts).take(count) {
        let _ = write!(
            text,
            "[[lot.{wired}.input]]\nnumber = {number}\nis = \"{is}\"\ndevice = \"{device}\"\n"
        );
    }
    text
}
