//! Devices on a serial port of this machine: a pair of pseudo-terminals, with the device behind it.

use std::fs::File;
use std::io::{Write as _, copy};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;

use boshi_simulator::board::{OlmBoard, OlmServer};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::json;
use tokio::net::TcpListener;

use crate::controller::Controller;
use crate::platform::Platform;
use crate::relay_module::RelayModule;
use crate::site::Site;
use crate::wire::eventually;

/// A serial port, and its path; what is sent through it reaches `device`, and back.
pub(crate) struct Port {
    pub(crate) path: String,
    /// Kept open, so that a device may be opened again.
    _other_end: File,
}

impl Port {
    pub(crate) fn to(device: SocketAddr) -> Port {
        let ours: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let path = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
        let (mut wire, mut back) = (File::from(ours.try_clone().unwrap()), File::from(ours));
        let mut device = TcpStream::connect(device).unwrap();
        device.set_nodelay(true).unwrap();
        let mut answers = device.try_clone().unwrap();
        let other_end = File::options().read(true).write(true).open(&path).unwrap();
        // Both end with the test's process at the latest.
        std::thread::spawn(move || copy(&mut wire, &mut device));
        std::thread::spawn(move || {
            let copied = copy(&mut answers, &mut back);
            back.flush().and(copied.map(drop))
        });
        Port {
            path,
            _other_end: other_end,
        }
    }
}

fn with(platform: &Platform, controller: &Controller, equipment: &str) -> Site {
    let place = "\n[[lot.place]]\nnumber = \"A-001\"";
    let site = Site::new(&platform.url(), &controller.url());
    site.with(place, &format!("\n{equipment}{place}"))
}

/// RECOG-3: loops and barrier of a module that speaks Modbus RTU.
#[tokio::test]
async fn a_module_on_a_serial_port_opens_the_barrier() {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let module = RelayModule::start_rtu().await;
    let port = Port::to(module.address);
    let equipment = format!(
        r#"[[lot.modbus]]
name = "IO-01"
address = "{}"
baud = 115200
stop_bits = 2
module = "waveshare"
poll = "20ms"
[[lot.modbus.barrier]]
device = "BAR-01"
open = 1
[[lot.modbus.input]]
number = 1
is = "trigger_loop"
device = "CAM-01""#,
        port.path
    );
    let site = with(&platform, &controller, &equipment);
    let gateway = site.with("act = \"500ms\"", "act = \"3s\"").start().await;
    module.input(1, true);
    let pressed = |lane: &serde_json::Value| lane["sides"][0]["trigger_loop"] == true;
    gateway.until("the loop is pressed", pressed).await;
    gateway.reads("粤B12345").await;
    // The module opens the relay again itself, after so many tenths of a second.
    module.writes_are(&[(0x200, 5)]).await;
    let drivers = gateway.status().await["drivers"].clone();
    let shown = (&drivers[0]["state"], &drivers[0]["address"]);
    assert_eq!(shown, (&json!("online"), &json!(port.path)));
    assert_eq!(drivers[0]["faults"], 0, "{drivers}");
}

/// SHOW-2: a board that hangs on the machine itself.
#[tokio::test]
async fn a_board_on_a_serial_port_shows_what_it_is_told() {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let board = OlmBoard::new(0, 2);
    let line = OlmServer::start(listener, vec![board.clone()]).unwrap();
    let port = Port::to(line.address);
    let equipment = format!(
        "[[lot.olm]]\nname = \"屏\"\ndisplay = \"LED-01\"\naddress = \"{}\"\nbaud = 19200",
        port.path
    );
    let gateway = with(&platform, &controller, &equipment).start().await;
    let idle = || (board.lines() == ["欢迎光临", ""]).then_some(());
    eventually("the idle text", idle).await;
    let lines = json!([{"text": "粤B12345"}, {"text": "请缴费"}]);
    let own = json!({"deviceNo": "LED-01", "msg": lines});
    let reply = gateway.call("/receiveShowMsg", own).await;
    assert_eq!(reply["respCode"], "0", "{reply}");
    assert_eq!(board.lines(), ["粤B12345", "请缴费"]);
}

/// A port that is not there is said so, and nothing else suffers.
#[tokio::test]
async fn a_port_that_does_not_exist_is_named() {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let equipment = "[[lot.olm]]\nname = \"屏\"\ndisplay = \"LED-01\"\naddress = \"/dev/ttyNONE\"";
    let gateway = with(&platform, &controller, equipment).start().await;
    let own = json!({"deviceNo": "LED-01", "msg": [{"text": "一"}]});
    let reply = gateway.call("/receiveShowMsg", own).await;
    assert_eq!(reply["respCode"], "1", "{reply}");
    let drivers = gateway.status().await["drivers"].clone();
    let fault = drivers[0]["last_fault"].as_str().unwrap();
    assert!(fault.contains("无法打开串口"), "{fault}");
    assert_eq!(drivers[0]["state"], "offline");
    gateway.arrives("粤B12345").await;
    controller.hears("open", "BAR-01", 1).await;
}
