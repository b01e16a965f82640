//! A barrier on a module of relays whose arm stays up after a hold, until a relay of its own lowers it.

use serde_json::{Value, json};

use crate::controller::Controller;
use crate::platform::Platform;
use crate::relay_module::{Fault, RelayModule};
use crate::site::{Gateway, Site};

const ON: u16 = 0xFF00;

/// What the module is told when a hold begins, and when it ends and the arm is lowered.
const HELD: (u16, u16) = (1, ON);
const LOWERED: [(u16, u16); 3] = [(1, 0), (2, ON), (2, 0)];

struct World {
    _platform: Platform,
    _controller: Controller,
    module: RelayModule,
    gateway: Gateway,
}

async fn world() -> World {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let module = RelayModule::start().await;
    let wired = format!(
        r#"
[[lot.modbus]]
name = "IO-01"
address = "{}"
module = "plain"
poll = "10ms"
answer = "500ms"
[[lot.modbus.barrier]]
device = "BAR-01"
open = 1
hold = 2
close = 3
pulse = "100ms"
[[lot.modbus.input]]
number = 2
is = "safety_loop"
device = "BAR-01"
[[lot.place]]
number = "A-001""#,
        module.address
    );
    let site = Site::new(&platform.url(), &controller.url())
        .with("\n[[lot.place]]\nnumber = \"A-001\"", &wired)
        .with("act = \"500ms\"", "act = \"3s\"");
    let gateway = site.start().await;
    let end = std::time::Instant::now() + crate::wire::PATIENCE;
    while gateway.status().await["drivers"][0]["state"] != "online" {
        assert!(std::time::Instant::now() < end, "the module is there");
    }
    World {
        _platform: platform,
        _controller: controller,
        module,
        gateway,
    }
}

impl World {
    async fn command(&self, mode: &str) -> Value {
        let own = json!({"deviceNo": "CAM-01", "openMode": mode});
        self.gateway.call("/receiveOpenGate", own).await
    }

    async fn holds(&self) {
        assert_eq!(self.command("0").await["respCode"], "0");
        assert_eq!(self.module.writes().last(), Some(&HELD));
    }

    /// Somebody is under the arm, or nobody.
    async fn under_the_arm(&self, somebody: bool) {
        self.module.input(2, somebody);
        let seen = |lane: &Value| lane["safety_loop"] == somebody;
        self.gateway.until("the loop is seen", seen).await;
    }

    async fn is_lowered(&self) {
        let told: Vec<_> = [HELD].into_iter().chain(LOWERED).collect();
        self.module.writes_are(&told).await;
    }
}

/// OPEN-1, OPEN-2
#[tokio::test]
async fn the_end_of_a_hold_lowers_the_arm() {
    let world = world().await;
    world.holds().await;
    let reply = world.command("1").await;
    assert_eq!(reply["respCode"], "0", "{reply}");
    world.is_lowered().await;
    let normal = |lane: &Value| lane["state"] == "normal";
    world.gateway.until("it is held no longer", normal).await;
}

/// OPEN-2: no arm is lowered onto a vehicle.
#[tokio::test]
async fn an_arm_is_lowered_only_when_nobody_is_under_it() {
    let world = world().await;
    world.holds().await;
    world.under_the_arm(true).await;
    let leaves = async {
        // The order has reached the lane by then; whatever it has come to at the module, nothing of it
        // is begun.
        let ordered = |lane: &Value| lane["hold_confirmed"] == false;
        world.gateway.until("the end is ordered", ordered).await;
        assert_eq!(world.module.writes(), [HELD]);
        world.module.input(2, false);
    };
    let (reply, ()) = tokio::join!(world.command("1"), leaves);
    assert_eq!(reply["respCode"], "0", "{reply}");
    world.is_lowered().await;
}

/// OPEN-2, OPEN-7: what could not be done is said, and has changed nothing.
#[tokio::test]
async fn under_whom_somebody_stays_it_is_held_on() {
    let world = world().await;
    world.holds().await;
    world.under_the_arm(true).await;
    let reply = world.command("1").await;
    assert_eq!(reply["respCode"], "1", "{reply}");
    let why = reply["respDesc"].as_str().unwrap();
    assert!(why.contains("防砸地感"), "{why}");
    assert_eq!(world.module.writes(), [HELD]);
    world.under_the_arm(false).await;
    assert_eq!(world.command("1").await["respCode"], "0");
    world.is_lowered().await;
}

/// OPEN-2: the arm may be up for a vehicle that is about to pass.
#[tokio::test]
async fn an_arm_that_nobody_held_is_not_lowered() {
    let world = world().await;
    assert_eq!(world.command("3").await["respCode"], "0");
    world.module.writes_are(&[(0, ON), (0, 0)]).await;
    assert_eq!(world.command("1").await["respCode"], "0");
    let written = world.module.writes();
    assert!(written.iter().all(|(relay, _)| *relay != 2), "{written:?}");
}

/// OPEN-7: a pulse of which nobody knows is not sent again, and the relay is opened all the same.
#[tokio::test]
async fn a_lowering_that_gets_no_answer_is_unknown_and_its_relay_is_opened() {
    let world = world().await;
    world.holds().await;
    // The relay that holds is opened, and then the module answers no more.
    world.module.fails_in_turn([Fault::None, Fault::Lost]);
    let reply = world.command("1").await;
    assert_eq!(reply["respCode"], "1", "{reply}");
    world.is_lowered().await;
}
