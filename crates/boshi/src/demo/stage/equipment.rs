//! What stands in the lanes of a demo: real drivers of the gateway speak to simulated devices.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use boshi_simulator::equipment::Direction;
use boshi_simulator::lot::{DisplaySpeaks, LanePlan, LotPlan, Speaks, Wiring};

use super::texts::millis;
use crate::demo::scenario::lane;

/// How often the inputs of what is connected to are looked at, in the lanes' time.
const POLL: Duration = Duration::from_millis(100);

/// Faster than this, a loop is pressed for less time than looking at it twice takes.
const FASTEST: f64 = 5.0;

/// What speaks in the lanes, one after the other: the camera, what its barrier and loops hang on, and
/// the display, where there is one.
const FAMILIES: [(Speaks, Wiring, Option<DisplaySpeaks>); 7] = [
    (Speaks::Vz, Wiring::Camera, Some(DisplaySpeaks::OlmCamera)),
    (Speaks::VzTcp, Wiring::Module, None),
    (Speaks::Hik, Wiring::Camera, Some(DisplaySpeaks::Olm)),
    (Speaks::VzMqtt, Wiring::Camera, None),
    (Speaks::Generic, Wiring::Camera, Some(DisplaySpeaks::Olm)),
    (Speaks::Qy, Wiring::Camera, Some(DisplaySpeaks::OlmCamera)),
    (Speaks::HikStream, Wiring::Camera, None),
];

/// The lanes of a demo with equipment of another family in each, and one more gate, so that there is one
/// of every family; in a demo that is too fast, all of them have a controller and a display.
pub(crate) fn equipped(mut plan: LotPlan) -> LotPlan {
    if plan.speed > FASTEST {
        return plan;
    }
    plan.lanes.extend([
        lane("06", "西", Direction::Entry),
        lane("07", "西", Direction::Exit),
    ]);
    for (lane, (speaks, wiring, display)) in plan.lanes.iter_mut().zip(FAMILIES) {
        lane.speaks = speaks;
        lane.wiring = wiring;
        match display {
            Some(display) => lane.display_speaks = display,
            None => lane.display = None,
        }
        if speaks != Speaks::Generic {
            lane.key = key(lane).into();
        }
    }
    plan
}

/// Where the devices of a plan listen that the gateway connects to.
pub(super) fn servers(plan: &mut LotPlan) -> Vec<&mut SocketAddr> {
    let needs_broker = plan.lanes.iter().any(|it| it.speaks == Speaks::VzMqtt);
    let mut servers = Vec::new();
    if needs_broker {
        servers.push(&mut plan.broker_listen);
    }
    for lane in &mut plan.lanes {
        if matches!(
            lane.speaks,
            Speaks::VzTcp | Speaks::Hik | Speaks::HikStream | Speaks::Dahua | Speaks::DahuaStream
        ) {
            servers.push(&mut lane.camera_listen);
        }
        if lane.wiring == Wiring::Module {
            servers.push(&mut lane.module_listen);
        }
        if lane.display_speaks == DisplaySpeaks::Olm {
            servers.push(&mut lane.board_listen);
        }
    }
    servers
}

/// What the camera of a lane and the gateway show each other.
fn key(lane: &LanePlan) -> String {
    format!("demo-camera-{}", lane.name)
}

/// What the gateway's configuration says of the equipment; nothing of a controller.
pub(super) fn blocks(plan: &LotPlan) -> String {
    let mut text = String::new();
    if plan.lanes.iter().any(|it| it.speaks == Speaks::VzMqtt) {
        let broker = plan.broker.unwrap_or(plan.broker_listen);
        let _ = write!(text, "\n[lot.mqtt]\naddress = \"{broker}\"\n");
    }
    for lane in &plan.lanes {
        text += &camera(lane, plan);
        if lane.wiring == Wiring::Module {
            text += &module(lane, plan.speed);
        }
        text += &board(lane);
    }
    text
}

fn camera(lane: &LanePlan, plan: &LotPlan) -> String {
    let (recognizer, key, address) = (&lane.recognizer, key(lane), lane.camera_listen);
    let poll = poll(plan.speed);
    let (table, own) = match lane.speaks {
        Speaks::Generic => return String::new(),
        Speaks::Vz => ("vz", format!("dialect = \"vz\"\nkey = \"{key}\"\n")),
        Speaks::Qy => ("vz", format!("dialect = \"qy\"\nkey = \"{key}\"\n")),
        Speaks::VzTcp => (
            "vz_tcp",
            format!("address = \"{address}\"\npoll = \"{poll}\"\n"),
        ),
        Speaks::VzMqtt => {
            let heartbeat = millis(plan.heartbeat);
            (
                "vz_mqtt",
                format!("serial = \"{recognizer}\"\nheartbeat = \"{heartbeat}\"\n"),
            )
        }
        Speaks::Dahua | Speaks::DahuaStream => {
            let events = if lane.speaks == Speaks::Dahua {
                format!("key = \"{key}\"\n")
            } else {
                "events = \"stream\"\n".to_owned()
            };
            (
                "dahua",
                format!(
                    "experimental = true\naddress = \"{address}\"\nuser = \"gateway\"\n\
                     password = \"{key}\"\n{events}"
                ),
            )
        }
        Speaks::Hik | Speaks::HikStream => {
            let stream = lane.speaks == Speaks::HikStream;
            (
                "hik",
                format!(
                    "address = \"{address}\"\nuser = \"gateway\"\npassword = \"{key}\"\n\
                     key = \"{key}\"\nalert_stream = {stream}\npoll = \"{poll}\"\n"
                ),
            )
        }
    };
    let mut text =
        format!("\n[[lot.{table}]]\nname = \"{recognizer}\"\nrecognizer = \"{recognizer}\"\n{own}");
    if lane.wiring == Wiring::Module {
        return text;
    }
    let _ = write!(
        text,
        "[lot.{table}.barrier]\ndevice = \"{}\"\n",
        lane.barrier
    );
    // Over TCP there is no input for the arm.
    if lane.speaks == Speaks::VzTcp {
        text += "confirm = \"taken\"\n";
    }
    // 海康 knows where the arm is.
    let wired = match lane.speaks {
        Speaks::VzTcp | Speaks::Hik | Speaks::HikStream => 2,
        Speaks::Generic
        | Speaks::Vz
        | Speaks::Qy
        | Speaks::VzMqtt
        | Speaks::Dahua
        | Speaks::DahuaStream => 4,
    };
    text + &inputs(lane, table, wired)
}

/// A module of relays and contacts, whose pulses the gateway times.
fn module(lane: &LanePlan, speed: f64) -> String {
    let (barrier, address, poll) = (&lane.barrier, lane.module_listen, poll(speed));
    let text = format!(
        r#"
[[lot.modbus]]
name = "IO-{name}"
address = "{address}"
module = "plain"
poll = "{poll}"
[[lot.modbus.barrier]]
device = "{barrier}"
open = 1
pulse = "100ms"
"#,
        name = lane.name
    );
    text + &inputs(lane, "modbus", 4) + FIRE
}

/// The contact of the fire alarm, closed while nothing burns.
const FIRE: &str = "[[lot.modbus.input]]\nnumber = 5\nis = \"fire\"\ninvert = true\n";

/// An LED board, behind a serial server or the camera.
fn board(lane: &LanePlan) -> String {
    let Some(display) = &lane.display else {
        return String::new();
    };
    let line = match lane.display_speaks {
        DisplaySpeaks::Generic => return String::new(),
        DisplaySpeaks::Olm => format!("address = \"{}\"", lane.board_listen),
        DisplaySpeaks::OlmCamera => format!("camera = \"{}\"", lane.recognizer),
    };
    format!(
        r#"
[[lot.olm]]
name = "屏-{name}"
display = "{display}"
{line}
rows = 4
colors = ["red", "green"]
voice = true
"#,
        name = lane.name
    )
}

/// What is wired to the first inputs, the arm's ends last.
fn inputs(lane: &LanePlan, table: &str, wired: usize) -> String {
    let (recognizer, barrier) = (&lane.recognizer, &lane.barrier);
    let contacts = [
        ("trigger_loop", recognizer),
        ("safety_loop", barrier),
        ("arm_up", barrier),
        ("arm_down", barrier),
    ];
    let mut text = String::new();
    for (number, (is, device)) in (1..).zip(contacts).take(wired) {
        let _ = write!(
            text,
            "[[lot.{table}.input]]\nnumber = {number}\nis = \"{is}\"\ndevice = \"{device}\"\n"
        );
    }
    text
}

fn poll(speed: f64) -> String {
    millis(POLL.div_f64(speed))
}
