//! Two modules on one line: the barrier and loops of one lane on each.

use boshi_simulator::module::{Bus, Framing, RelayModule};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::controller::Controller;
use crate::platform::Platform;
use crate::relay_module::Fault;
use crate::serial::Port;
use crate::site::{Gateway, Site};
use crate::wire::{PATIENCE, eventually};

/// Functions: a look at relays and at inputs, and a write.
const RELAYS: u8 = 1;
const LOOK: u8 = 2;
const WRITE: u8 = 5;

struct World {
    platform: Platform,
    _controller: Controller,
    bus: Bus,
    /// Units 1 and 2.
    modules: [RelayModule; 2],
    gateway: Gateway,
}

async fn line(framing: Framing) -> (Bus, [RelayModule; 2]) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (bus, modules) = Bus::start(listener, framing, &[1, 2]).unwrap();
    (bus, modules.try_into().unwrap())
}

fn module(unit: u8, address: &str, said: &str, camera: &str, barrier: &str) -> String {
    format!(
        r#"
[[lot.modbus]]
name = "IO-0{unit}"
address = "{address}"
unit = {unit}
module = "waveshare"
poll = "20ms"
answer = "500ms"
{said}
[[lot.modbus.barrier]]
device = "{barrier}"
open = 1
pulse = "1s"
[[lot.modbus.input]]
number = 1
is = "trigger_loop"
device = "{camera}""#
    )
}

async fn world(framing: Framing) -> World {
    let (bus, modules) = line(framing).await;
    let address = bus.address.to_string();
    let said = match framing {
        Framing::Tcp => "framing = \"tcp\"",
        Framing::Rtu => "framing = \"rtu\"",
    };
    world_at(bus, modules, &address, said).await
}

async fn world_at(bus: Bus, modules: [RelayModule; 2], address: &str, said: &str) -> World {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let place = "\n[[lot.place]]\nnumber = \"A-001\"";
    let equipment = [
        module(1, address, said, "CAM-01", "BAR-01"),
        module(2, address, said, "CAM-02", "BAR-02"),
    ];
    let gateway = Site::new(&platform.url(), &controller.url())
        .with(place, &format!("{}{}{place}", equipment[0], equipment[1]))
        .with("travel = \"100ms\"", "travel = \"3s\"")
        .with("act = \"500ms\"", "act = \"3s\"")
        .start()
        .await;
    let world = World {
        platform,
        _controller: controller,
        bus,
        modules,
        gateway,
    };
    world.is("IO-01", "online").await;
    world.is("IO-02", "online").await;
    world
}

impl World {
    async fn driver(&self, name: &str) -> Value {
        let status = self.gateway.status().await;
        let drivers = status["drivers"].as_array().unwrap();
        let mut drivers = drivers.iter().filter(|it| it["name"] == name);
        drivers.next().unwrap().clone()
    }

    async fn is(&self, name: &str, state: &str) {
        let end = std::time::Instant::now() + PATIENCE;
        while self.driver(name).await["state"] != state {
            assert!(std::time::Instant::now() < end, "{name} is {state}");
        }
    }

    async fn command(&self, camera: &str) -> Value {
        let own = json!({"deviceNo": camera, "openMode": "3", "plateNumber": ""});
        self.gateway.call("/receiveOpenGate", own).await
    }

    /// Orders it until it is done: the same order again would be answered as the first was.
    async fn opens(&self, camera: &str) {
        let end = std::time::Instant::now() + PATIENCE;
        for number in 10_000_u32.. {
            let plate = format!("粤B{number}");
            let own = json!({"deviceNo": camera, "openMode": "3", "plateNumber": plate});
            let reply = self.gateway.call("/receiveOpenGate", own).await;
            if reply["respCode"] == "0" {
                return;
            }
            assert!(std::time::Instant::now() < end, "{reply}");
        }
    }

    fn asked(&self, unit: u8, function: u8) -> usize {
        let asked = self.bus.asked();
        asked.iter().filter(|it| **it == (unit, function)).count()
    }
}

/// RECOG-3, OPEN-7: each lane by its own unit, over the one connection that such a server takes.
#[tokio::test]
async fn two_modules_behind_one_serial_server_open_each_their_own_barrier() {
    for framing in [Framing::Rtu, Framing::Tcp] {
        let world = world(framing).await;
        world.modules[0].input(1, true);
        let pressed = |lane: &Value| lane["sides"][0]["trigger_loop"] == true;
        world.gateway.until("the loop is pressed", pressed).await;
        world.gateway.reads("粤B12345").await;
        world.platform.hears("/receivePlateNumber", 1).await;
        let lifted = || (world.modules[0].writes() == [(0x200, 10)]).then_some(());
        eventually("the first barrier is lifted", lifted).await;
        assert!(world.modules[1].writes().is_empty());
        assert_eq!(world.command("CAM-02").await["respCode"], "0");
        assert_eq!(world.modules[1].writes(), [(0x200, 10)]);
        assert_eq!(world.modules[0].writes(), [(0x200, 10)]);
        assert_eq!(world.bus.refused(), 0);
        for name in ["IO-01", "IO-02"] {
            let driver = world.driver(name).await;
            assert_eq!(
                (&driver["faults"], &driver["connections"]),
                (&json!(0), &json!(1))
            );
        }
    }
}

/// The same on a serial port of this machine.
#[tokio::test]
async fn two_modules_on_one_serial_port_open_each_their_own_barrier() {
    let (bus, modules) = line(Framing::Rtu).await;
    let port = Port::to(bus.address);
    let world = world_at(bus, modules, &port.path, "baud = 115200").await;
    for (place, camera) in ["CAM-01", "CAM-02"].into_iter().enumerate() {
        assert_eq!(world.command(camera).await["respCode"], "0");
        assert_eq!(world.modules[place].writes(), [(0x200, 10)]);
    }
}

/// ABN-1: a barrier is as lost as its own module, and the other lane goes on over the same connection.
#[tokio::test]
async fn a_module_without_power_costs_the_others_on_its_line_nothing() {
    for framing in [Framing::Rtu, Framing::Tcp] {
        let world = world(framing).await;
        world.modules[1].has_power(false);
        world.is("IO-02", "offline").await;
        assert_eq!(world.command("CAM-01").await["respCode"], "0");
        let (looks, tries) = (world.asked(1, LOOK), world.asked(2, RELAYS));
        let again = || (world.asked(2, RELAYS) > tries + 1).then_some(());
        eventually("it is looked for, and once more", again).await;
        // There is a rest in between, in which the other is looked at every 20 ms.
        assert!(world.asked(1, LOOK) > looks + 5);
        let refused = world.command("CAM-02").await;
        assert_eq!(refused["respCode"], "1");
        let driver = world.driver("IO-01").await;
        assert_eq!(driver["faults"], 0, "{driver}");
        assert!(world.modules[1].writes().is_empty());
        world.modules[1].has_power(true);
        world.is("IO-02", "online").await;
        world.opens("CAM-02").await;
        assert_eq!(world.modules[1].writes(), [(0x200, 10)]);
        let driver = world.driver("IO-01").await;
        assert_eq!(driver["connections"], 1, "{driver}");
        assert_eq!(world.bus.refused(), 0);
    }
}

/// OPEN-7: whether the relay closed is asked of the relay, and nothing is sent twice; of a gateway that
/// answers in the module's place as well.
#[tokio::test]
async fn a_pulse_without_an_answer_is_read_back_over_the_line_and_never_sent_again() {
    for framing in [Framing::Rtu, Framing::Tcp] {
        let world = world(framing).await;
        world.modules[0].fails_once(Fault::DoneUnanswered);
        assert_eq!(world.command("CAM-01").await["respCode"], "0");
        world.modules[1].fails_once(Fault::Lost);
        assert_eq!(world.command("CAM-02").await["respCode"], "1");
        // Both are there again, and have had time to be told once more.
        for (unit, name) in [(1, "IO-01"), (2, "IO-02")] {
            world.is(name, "online").await;
            let looks = world.asked(unit, LOOK);
            let again = || (world.asked(unit, LOOK) > looks + 5).then_some(());
            eventually("it is looked at", again).await;
        }
        let pulses = |module: &RelayModule| {
            let writes = module.writes();
            writes.iter().filter(|it| it.0 == 0x200).count()
        };
        assert_eq!(world.modules.each_ref().map(pulses), [1, 1]);
    }
}

/// OPEN-7: the echo of a pulse comes in front of the next answer on the line, whosever that is: it is
/// neither how the other's inputs are, nor how the relay is.
#[tokio::test]
async fn the_late_echo_of_a_pulse_answers_nothing_that_was_asked_since() {
    let world = world(Framing::Rtu).await;
    world.bus.echo_is_late(1);
    let reply = world.command("CAM-01").await;
    assert_eq!(reply["respCode"], "0", "{reply}");
    assert_eq!(world.asked(1, WRITE), 1);
    assert!(world.asked(1, RELAYS) >= 2, "it is read back");
    world.is("IO-01", "online").await;
    let other = world.driver("IO-02").await;
    assert_eq!(
        (&other["faults"], &other["state"]),
        (&json!(0), &json!("online"))
    );
}
