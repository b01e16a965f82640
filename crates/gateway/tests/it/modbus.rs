//! A lane whose barrier and loops hang on a module of relays and contacts, whose camera and display
//! have a controller.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::controller::Controller;
use crate::platform::Platform;
use crate::relay_module::{Fault, RelayModule};
use crate::site::{Gateway, Site};
use crate::wire::eventually;

const ON: u16 = 0xFF00;

struct World {
    platform: Platform,
    controller: Controller,
    module: RelayModule,
    site: Site,
    gateway: Gateway,
}

/// `module` is what is said of the module beside its wiring.
async fn world(said: &str) -> World {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let module = RelayModule::start().await;
    world_with(platform, controller, module, said).await
}

async fn world_with(
    platform: Platform,
    controller: Controller,
    module: RelayModule,
    said: &str,
) -> World {
    // Long enough to be still there when a lost answer has been waited for.
    let pulse = if said.contains("waveshare") {
        "1s"
    } else {
        "100ms"
    };
    let wired = format!(
        r#"
[[lot.modbus]]
name = "IO-01"
address = "{}"
{said}
poll = "10ms"
answer = "500ms"
[[lot.modbus.barrier]]
device = "BAR-01"
open = 1
pulse = "{pulse}"
[[lot.modbus.input]]
number = 1
is = "trigger_loop"
device = "CAM-01"
[[lot.modbus.input]]
number = 2
is = "safety_loop"
device = "BAR-01"
[[lot.modbus.input]]
number = 3
is = "arm_up"
device = "BAR-01"
[[lot.modbus.input]]
number = 4
is = "fire"
invert = true
[[lot.place]]
number = "A-001""#,
        module.address
    );
    // Nothing burns.
    module.input(4, true);
    let site = Site::new(&platform.url(), &controller.url())
        .with("\n[[lot.place]]\nnumber = \"A-001\"", &wired)
        .with("travel = \"100ms\"", "travel = \"3s\"")
        .with("act = \"500ms\"", "act = \"2s\"");
    let gateway = site.start().await;
    World {
        platform,
        controller,
        module,
        site,
        gateway,
    }
}

impl World {
    async fn is_there(&self) {
        let what = "the module is there";
        let end = std::time::Instant::now() + crate::wire::PATIENCE;
        while self.gateway.status().await["drivers"][0]["state"] != "online" {
            assert!(std::time::Instant::now() < end, "{what}");
        }
    }

    async fn arrives(&self) {
        self.module.input(1, true);
        let pressed = |lane: &Value| lane["sides"][0]["trigger_loop"] == true;
        self.gateway.until("the loop is pressed", pressed).await;
        self.gateway.reads("粤B12345").await;
    }

    async fn command(&self, mode: &str, plate: &str) -> Value {
        let own = json!({"deviceNo": "CAM-01", "openMode": mode, "plateNumber": plate});
        self.gateway.call("/receiveOpenGate", own).await
    }
}

/// RECOG-1, CROSS-1: the camera by one driver, barrier and loops by another, the display by the first.
#[tokio::test]
async fn a_vehicle_passes_a_lane_whose_devices_have_different_drivers() {
    let world = world("module = \"plain\"").await;
    world.is_there().await;
    world.arrives().await;
    world.module.writes_are(&[(0, ON), (0, 0)]).await;
    world
        .controller
        .shows("LED-01", &["粤B12345", "请通行"])
        .await;
    assert!(world.controller.told("open", "BAR-01").is_empty());
    world.module.input(3, true);
    let up = |lane: &Value| lane["arm"] == "up";
    world.gateway.until("the arm is up", up).await;
    world.module.input(2, true);
    let pressed = |lane: &Value| lane["safety_loop"] == true;
    world.gateway.until("the vehicle crosses", pressed).await;
    world.module.input(1, false);
    world.module.input(2, false);
    let crossed = world.platform.hears("/receiveCrossGate", 1).await;
    assert_eq!(crossed[0]["plateNumber"], "粤B12345");
    assert_eq!(world.module.writes(), [(0, ON), (0, 0)]);
}

#[tokio::test]
async fn a_module_that_times_pulses_itself_is_told_once() {
    let world = world("module = \"waveshare\"").await;
    world.is_there().await;
    world.arrives().await;
    world.module.writes_are(&[(0x200, 10)]).await;
    world
        .controller
        .shows("LED-01", &["粤B12345", "请通行"])
        .await;
}

/// OPEN-7: the module did it, its answer was lost, and the relay itself shows that it is closed.
#[tokio::test]
async fn a_pulse_without_an_answer_is_read_back_and_never_sent_again() {
    let world = world("module = \"waveshare\"").await;
    world.is_there().await;
    world.module.fails(Fault::DoneUnanswered);
    let reply = world.command("3", "").await;
    assert_eq!(reply["respCode"], "0", "{reply}");
    assert_eq!(world.module.writes(), [(0x200, 10)]);
}

/// OPEN-7: nobody knows, so that nobody is told it was done, and nothing is sent again.
#[tokio::test]
async fn a_pulse_that_nothing_confirms_is_unknown_and_its_relay_is_opened_all_the_same() {
    let world = world("module = \"plain\"").await;
    world.is_there().await;
    world.module.fails(Fault::Lost);
    let reply = world.command("3", "").await;
    assert_eq!(reply["respCode"], "1", "{reply}");
    world.module.fails(Fault::None);
    let opened = || {
        let writes = world.module.writes();
        (writes.last() == Some(&(0, 0))).then_some(())
    };
    eventually("the relay is told to open", opened).await;
    let closed = world.module.writes().iter().filter(|it| it.1 == ON).count();
    assert_eq!(closed, 1);
}

/// OPEN-7
#[tokio::test]
async fn a_module_that_refuses_has_done_nothing_and_may_be_told_again_at_once() {
    let world = world("module = \"waveshare\"").await;
    world.is_there().await;
    world.module.fails(Fault::Refused);
    let reply = world.command("3", "粤B00001").await;
    assert_eq!(reply["respCode"], "1");
    let why = reply["respDesc"].as_str().unwrap();
    assert!(why.contains("异常码 02"), "{why}");
    world.module.fails(Fault::StaleFirst);
    // The lane itself lets nobody pulse within the travel, and says the same to everybody.
    let end = std::time::Instant::now() + crate::wire::PATIENCE;
    let mut plates = 10_000_u32..;
    let mut again = async || {
        let plate = plates.next().map(|number| format!("粤B{number}"));
        world.command("3", &plate.unwrap_or_default()).await
    };
    while again().await["respCode"] != "0" {
        assert!(std::time::Instant::now() < end, "it is told again");
    }
    assert_eq!(world.module.writes(), [(0x200, 10), (0x200, 10)]);
}

/// OPEN-1, OPEN-2
#[tokio::test]
async fn a_hold_outlives_the_modules_power_and_the_gateways() {
    let World {
        platform,
        controller,
        module,
        site,
        gateway,
    } = world("module = \"plain\"").await;
    let mut world = World {
        platform,
        controller,
        module,
        site,
        gateway,
    };
    world.is_there().await;
    assert_eq!(world.command("0", "").await["respCode"], "0");
    assert!(world.module.is_closed(0));
    // The module loses its power: it has forgotten everything.
    world.module.relay(0, false);
    world.module.cut();
    let again = || world.module.is_closed(0).then_some(());
    eventually("the hold is asserted again", again).await;
    world.gateway.kill();
    world.gateway = world.site.start().await;
    world.is_there().await;
    let held = |lane: &Value| lane["hold_confirmed"] == true;
    world.gateway.until("held again", held).await;
    assert!(world.module.writes().iter().all(|it| *it == (0, ON)));
    assert_eq!(world.command("1", "").await["respCode"], "0");
    assert!(!world.module.is_closed(0));
}

/// OPEN-7: the lane goes on lifting, and so does the module; nothing is held by itself later.
#[tokio::test]
async fn a_hold_of_which_nobody_knows_keeps_no_vehicle_out_and_is_not_asserted_later() {
    let world = world("module = \"plain\"").await;
    world.is_there().await;
    world.module.fails(Fault::Lost);
    assert_eq!(world.command("0", "").await["respCode"], "1");
    world.module.fails(Fault::None);
    let before = world.module.connections();
    world.module.cut();
    let again = || (world.module.connections() > before).then_some(());
    eventually("connected again", again).await;
    world.is_there().await;
    assert!(!world.module.is_closed(0), "nobody holds it");
    world.arrives().await;
    let opens = || {
        let writes = world.module.writes();
        writes.ends_with(&[(0, ON), (0, 0)]).then_some(())
    };
    eventually("the vehicle is let through", opens).await;
}

/// OPEN-2: the relay is told until it is open, and then the lane hears of it.
#[tokio::test]
async fn a_release_that_gets_no_answer_counts_once_the_relay_is_open() {
    let world = world("module = \"plain\"").await;
    world.is_there().await;
    assert_eq!(world.command("0", "").await["respCode"], "0");
    world.module.fails(Fault::Lost);
    assert_eq!(world.command("1", "").await["respCode"], "1");
    world.module.fails(Fault::None);
    let normal = |lane: &Value| lane["state"] == "normal";
    world.gateway.until("it is held no longer", normal).await;
    assert!(!world.module.is_closed(0));
    world.arrives().await;
    world.platform.hears("/receivePlateNumber", 1).await;
}

/// A pulse that an earlier run has not ended, because it lost its power.
#[tokio::test]
async fn a_relay_that_is_found_closed_is_opened() {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let module = RelayModule::start().await;
    module.relay(0, true);
    let world = world_with(platform, controller, module, "module = \"plain\"").await;
    world.module.writes_are(&[(0, 0)]).await;
}

/// The contact is closed while nothing burns, so that a cut wire is an alarm.
#[tokio::test]
async fn the_fire_contact_holds_every_lane_of_the_lot() {
    let world = world("module = \"plain\"").await;
    world.is_there().await;
    world.module.input(4, false);
    world.module.writes_are(&[(0, ON)]).await;
    world.controller.hears("hold", "BAR-02", 1).await;
}

/// ABN-1, ABN-3: a barrier is as lost as its module; a module that comes back is found again.
#[tokio::test]
async fn a_module_that_is_gone_makes_its_barrier_refuse_and_comes_back() {
    let world = world("module = \"plain\"").await;
    world.is_there().await;
    let before = world.module.connections();
    world.module.cut();
    let again = || (world.module.connections() > before).then_some(());
    eventually("connected again", again).await;
    world.is_there().await;
    let reply = world.command("3", "").await;
    assert_eq!(reply["respCode"], "0", "{reply}");
    let driver = world.gateway.status().await["drivers"][0].clone();
    assert_eq!(driver["name"], "IO-01");
    assert_eq!(driver["driver"], "modbus");
    assert_eq!(driver["connections"], 2);
    assert!(driver["received"].as_u64() > Some(0));
}

/// A stop in the middle of a pulse ends it.
#[tokio::test]
async fn no_relay_is_left_closed_when_the_gateway_stops() {
    let world = world("module = \"plain\"").await;
    world.is_there().await;
    assert_eq!(world.command("3", "").await["respCode"], "0");
    world.gateway.stop_within(Duration::from_secs(10)).await;
    assert!(!world.module.is_closed(0));
}

/// What only asks how things are would push out of the trace what the engineer looks for.
#[tokio::test]
async fn the_last_frames_of_a_module_can_be_looked_at() {
    let world = world("module = \"plain\"").await;
    world.is_there().await;
    assert_eq!(world.command("3", "").await["respCode"], "0");
    let path = "/lots/L1/frames?device=IO-01";
    let (status, frames) = world.gateway.booth(Method::GET, path, Value::Null).await;
    assert_eq!(status, 200, "{frames}");
    let frames = frames["items"].as_array().unwrap();
    let on = frames.iter().find(|it| {
        let text = it["text"].as_str().unwrap();
        it["way"] == "sent" && text.ends_with("01 05 00 00 FF 00")
    });
    assert!(on.is_some(), "{frames:?}");
    assert!(frames.len() < 20, "{frames:?}");
    for (path, expected) in [
        ("/lots/L1/frames", 400),
        ("/lots/L1/frames?device=IO-99", 404),
    ] {
        let (status, error) = world.gateway.booth(Method::GET, path, Value::Null).await;
        assert_eq!(status, expected);
        assert!(
            error["error"].as_str().unwrap().contains("IO-01"),
            "{error}"
        );
    }
}
