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
    let poll = millis(POLL.div_f64(speed));
    let (wired, device) = match lane.speaks {
        Speaks::Generic | Speaks::VzMqtt => return String::new(),
        Speaks::Vz => ("vz", pushing(lane, "vz")),
        Speaks::Qy => ("vz", pushing(lane, "qy")),
        Speaks::Hik => ("hik", hikvision(lane, false, &poll)),
        Speaks::HikStream => ("hik", hikvision(lane, true, &poll)),
        Speaks::VzTcp => ("vz_tcp", connected(lane, &poll)),
    };
    device + &inputs(lane, wired)
}

/// A camera of 臻识 or 芊熠 that pushes over HTTP and fetches what it is to do.
fn pushing(lane: &LanePlan, dialect: &str) -> String {
    let (recognizer, barrier, key) = (&lane.recognizer, &lane.barrier, key(lane));
    format!(
        r#"
[[lot.vz]]
name = "{recognizer}"
dialect = "{dialect}"
key = "{key}"
recognizer = "{recognizer}"
[lot.vz.barrier]
device = "{barrier}"
"#
    )
}

/// A gate camera of 海康, which pushes or is listened to.
fn hikvision(lane: &LanePlan, stream: bool, poll: &str) -> String {
    let (recognizer, barrier, key) = (&lane.recognizer, &lane.barrier, key(lane));
    let address = lane.camera_listen;
    format!(
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
    )
}

/// A camera of 臻识 that is connected to over TCP.
fn connected(lane: &LanePlan, poll: &str) -> String {
    let (recognizer, barrier, address) = (&lane.recognizer, &lane.barrier, lane.camera_listen);
    format!(
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
    )
}

/// What is wired to the inputs of the camera.
fn inputs(lane: &LanePlan, wired: &str) -> String {
    let (recognizer, barrier) = (&lane.recognizer, &lane.barrier);
    let contacts = [
        ("trigger_loop", recognizer),
        ("safety_loop", barrier),
        ("arm_up", barrier),
        ("arm_down", barrier),
    ];
    // The arm hangs on two inputs of those that push; 海康 knows where it is.
    let pushes = matches!(lane.speaks, Speaks::Vz | Speaks::Qy);
    let count = if pushes { 4 } else { 2 };
    let mut text = String::new();
    for (number, (is, device)) in (1..).zip(contacts).take(count) {
        let _ = write!(
            text,
            "[[lot.{wired}.input]]\nnumber = {number}\nis = \"{is}\"\ndevice = \"{device}\"\n"
        );
    }
    text
}
