//! Lanes of every family whose devices fail in every way that is known of them: each vehicle is
//! accounted for, and none is lifted twice.

mod one_by_one;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::plate::{Plate, PlateColor};
use boshi_simulator::equipment::{Behaviour, Cause, Direction, Outcome, Vehicle};
use boshi_simulator::ledger::Ledger;
use boshi_simulator::lot::LaneFault::{
    Busy, Clock, CodeZero, Duplicate, Exception, Forbidden, Garbled, Gbk, Idle, Large, LateReply,
    LineBreaks, Lost, Misread, Namespaces, NoAck, NoPicture, NoSignal, Noise, Nonces, NotSupported,
    Plain, Replay, Sessions, Silence, Split, Stale, Unanswered, Unread, Unsure,
};
use boshi_simulator::lot::{
    DisplaySpeaks, LaneFault, LanePlan, LotPlan, Speaks, VirtualLot, Wiring,
};
use boshi_simulator::module::Framing;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::controller::Controller;
use crate::platform::{NO, Platform, YES};
use crate::site::Site;

const KEY: &str = "camera-key-one";

/// How many vehicles come to each lane.
const VEHICLES: usize = 6;

/// How long a driver waits whom nobody lets through, in the lanes' time.
const PATIENCE: Duration = Duration::from_secs(20);

/// What hangs on the inputs of a camera or a module.
const WIRED: [(&str, &str); 4] = [
    ("trigger_loop", "CAM-01"),
    ("safety_loop", "BAR-01"),
    ("arm_up", "BAR-01"),
    ("arm_down", "BAR-01"),
];

/// A lane and what the gateway's configuration says of it.
struct Family {
    speaks: Speaks,
    wiring: Wiring,
    display: DisplaySpeaks,
    framing: Framing,
    faults: Vec<LaneFault>,
    /// How often what is no habit strikes.
    share: f64,
    /// How many vehicles come.
    vehicles: usize,
    /// Whether the platform lets through only those whose plates are read rightly.
    strict: bool,
    pictures: bool,
    /// The table, what it says, and how many inputs are wired; an address is written as `{camera}`.
    camera: (&'static str, &'static str, usize),
}

impl Family {
    fn of(
        speaks: Speaks,
        faults: &[LaneFault],
        camera: (&'static str, &'static str, usize),
    ) -> Family {
        Family {
            speaks,
            wiring: Wiring::Camera,
            display: DisplaySpeaks::Generic,
            framing: Framing::Tcp,
            faults: faults.to_vec(),
            share: 1.0 / 3.0,
            vehicles: VEHICLES,
            strict: false,
            pictures: true,
            camera,
        }
    }

    fn plan(&self, addresses: &[SocketAddr; 4]) -> LotPlan {
        let device = |number: &str| DeviceNo::new(number).unwrap();
        let (camera, barrier) = (device("CAM-01"), device("BAR-01"));
        let mut lane = LanePlan::new("01", Direction::Entry, camera, barrier, KEY.into());
        lane.speaks = self.speaks;
        lane.wiring = self.wiring;
        lane.module_framing = self.framing;
        lane.fault_share = self.share;
        lane.display_speaks = self.display;
        if self.display != DisplaySpeaks::Generic {
            lane.display = Some(device("LED-01"));
        }
        lane.faults.clone_from(&self.faults);
        lane.bounces = 2;
        let broker;
        [
            lane.camera_listen,
            lane.module_listen,
            lane.board_listen,
            broker,
        ] = *addresses;
        let mut plan = LotPlan::new(vec![lane]);
        plan.speed = 2.0;
        plan.pictures = self.pictures;
        plan.seed = 7;
        plan.heartbeat = Duration::from_secs(1);
        plan.broker_listen = broker;
        plan
    }

    fn text(&self, [camera, module, board, broker]: &[SocketAddr; 4]) -> String {
        let (table, own, wired) = self.camera;
        let mut text = format!("[lot.mqtt]\naddress = \"{broker}\"\n");
        if table != "vz_mqtt" {
            text.clear();
        }
        let own = own.replace("{camera}", &camera.to_string());
        text += &format!("[[lot.{table}]]\nname = \"IN-01\"\nrecognizer = \"CAM-01\"\n{own}\n");
        let on_module = self.wiring == Wiring::Module;
        if on_module {
            let framing = match self.framing {
                Framing::Tcp => "tcp",
                Framing::Rtu => "rtu",
            };
            // Loops of 大华 are on the module, and its barrier is not.
            let barrier = if table == "dahua" {
                "[lot.dahua.barrier]\ndevice = \"BAR-01\"\n"
            } else {
                "[[lot.modbus.barrier]]\ndevice = \"BAR-01\"\nopen = 1\npulse = \"200ms\"\n"
            };
            text += &format!(
                "[[lot.modbus]]\nname = \"IO-01\"\naddress = \"{module}\"\nmodule = \"plain\"\n\
                 framing = \"{framing}\"\npoll = \"20ms\"\n{barrier}"
            );
        } else {
            text += &format!("[lot.{table}.barrier]\ndevice = \"BAR-01\"\n");
            if self.speaks == Speaks::VzTcp {
                text += "confirm = \"taken\"\n";
            }
        }
        let table = if on_module { "modbus" } else { table };
        for (number, (is, device)) in (1..).zip(WIRED).take(wired) {
            text += &format!(
                "[[lot.{table}.input]]\nnumber = {number}\nis = \"{is}\"\ndevice = \"{device}\"\n"
            );
        }
        let line = match self.display {
            DisplaySpeaks::Generic => return text,
            DisplaySpeaks::Olm => format!("address = \"{board}\""),
            DisplaySpeaks::OlmCamera => "camera = \"IN-01\"".to_owned(),
        };
        text + &format!("[[lot.olm]]\nname = \"屏\"\ndisplay = \"LED-01\"\nrows = 4\n{line}\n")
    }
}

/// Addresses that nobody uses.
async fn free() -> [SocketAddr; 4] {
    let mut addresses = Vec::new();
    let mut held = Vec::new();
    for _ in 0..4 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        addresses.push(listener.local_addr().unwrap());
        held.push(listener);
    }
    addresses.try_into().unwrap()
}

/// Vehicles drive in time: two car parks at once on two cores are late.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// What came of a lane.
struct Played {
    crossed: usize,
    ledger: Ledger,
    platform: Platform,
    /// How the gateway saw the devices in the end.
    drivers: Vec<Value>,
}

impl Played {
    /// How the gateway saw the devices in the end that are spoken to so.
    fn driver(&self, name: &str) -> &Value {
        let driver = self.drivers.iter().find(|it| it["driver"] == name);
        driver.unwrap_or_else(|| panic!("{name} is none of {:?}", self.drivers))
    }
}

/// Plays the lane; then everything that happened is with the platform, and nothing else.
async fn all_accounted_for(family: &Family) -> Played {
    let _alone = ALONE.lock().await;
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    if family.strict {
        platform.answers(|_, body| {
            let plate = body["plateNumber"].as_str().unwrap_or_default();
            let is_right = (0..VEHICLES).any(|it| plate == format!("粤B1234{it}"));
            if is_right { YES } else { NO }
        });
    }
    let addresses = free().await;
    let text = family.text(&addresses) + "[[lot.place]]\nnumber = \"A-001\"";
    // As long as in life at this speed, so that a busy machine keeps up.
    let gateway = Site::new(&platform.url(), &controller.url())
        .with("[[lot.place]]\nnumber = \"A-001\"", &text)
        .with("read_grace = \"500ms\"", "read_grace = \"5s\"")
        .with("approach_window = \"500ms\"", "approach_window = \"3s\"")
        .with("debounce = \"10ms\"", "debounce = \"100ms\"")
        .with("travel = \"100ms\"", "travel = \"1s\"")
        .with("follow_wait = \"100ms\"", "follow_wait = \"3s\"")
        .with("leave_grace = \"100ms\"", "leave_grace = \"3s\"")
        .with("act = \"500ms\"", "act = \"3s\"")
        .start()
        .await;
    let devices = format!("http://{}", gateway.devices);
    let plan = family.plan(&addresses);
    let lot = VirtualLot::start(plan, &devices).await.unwrap();
    let online = |status: &serde_json::Value| {
        let drivers = status["drivers"].as_array().unwrap().clone();
        // Beside a board nothing hangs on the controller of the site, which says nothing.
        let mut drivers = drivers.iter().filter(|it| it["driver"] != "controller");
        drivers.all(|it| it["state"] == "online")
    };
    let until = std::time::Instant::now() + crate::wire::PATIENCE;
    loop {
        let status = gateway.status().await;
        if online(&status) {
            break;
        }
        let in_time = std::time::Instant::now() < until;
        assert!(in_time, "the devices are there: {}", status["drivers"]);
    }
    let mut crossed = 0;
    for number in 0..family.vehicles {
        if family.faults.contains(&Idle) {
            // An arm that is still up says nothing of a command that is answered well.
            let is_down = |lane: &Value| lane["arm"] != "up";
            gateway.until("the arm is down", is_down).await;
        }
        let plate = Plate::read(&format!("粤B1234{number}")).unwrap();
        let vehicle = Vehicle::new(plate, PlateColor::Blue);
        let vehicle = vehicle.driven(Behaviour::GiveUp { patience: PATIENCE });
        let passage = lot.drive("01", vehicle).unwrap().await;
        crossed += usize::from(passage.outcome == Outcome::Crossed);
    }
    platform.hears("/receiveCrossGate", crossed).await;
    let drivers = gateway.status().await["drivers"]
        .as_array()
        .unwrap()
        .clone();
    lot.stop().await;
    let ledger = lot.ledger();
    let told = |path: &str| -> BTreeSet<String> {
        let heard = platform.heard(path).into_iter();
        heard
            .map(|it| it.body["uuid"].as_str().unwrap().to_owned())
            .collect()
    };
    let (read, passed) = (told("/receivePlateNumber"), told("/receiveCrossGate"));
    assert_eq!(
        read.len(),
        family.vehicles,
        "{:?} {:#?}",
        family.faults,
        platform.heard("/receivePlateNumber")
    );
    assert_eq!(passed.len(), crossed);
    assert!(passed.is_subset(&read));
    assert!(crossed * 2 > family.vehicles, "{crossed} were let through");
    none_is_lifted_twice(&ledger);
    Played {
        crossed,
        ledger,
        platform,
        drivers,
    }
}

fn none_is_lifted_twice(ledger: &Ledger) {
    assert_eq!(ledger.idle_lifts().count(), 0, "{ledger:#?}");
    let mut lifted = BTreeSet::new();
    let ordered = ledger
        .lifts()
        .filter(|it| matches!(it.cause, Cause::Opened(_)));
    for lift in ordered {
        assert!(lifted.insert(lift.waiting), "twice for one: {ledger:#?}");
    }
}

/// RECOG-1, CROSS-1, OPEN-7
#[tokio::test]
async fn vz_over_http_with_a_board_behind_it() {
    let faults = [
        Duplicate, LateReply, Replay, Unread, Unsure, Misread, NoPicture, Silence, LineBreaks,
        Clock, Busy, NoAck, Garbled,
    ];
    let own = "key = \"camera-key-one\"\nclock = \"china\"\nheartbeat = \"1s\"";
    let mut family = Family::of(Speaks::Vz, &faults, ("vz", own, 4));
    family.display = DisplaySpeaks::OlmCamera;
    all_accounted_for(&family).await;
}

/// RECOG-1, CROSS-1
#[tokio::test]
async fn qy_over_http() {
    let faults = [
        Duplicate, LateReply, Unread, Unsure, Misread, NoPicture, Silence, LineBreaks, Gbk, Clock,
    ];
    let own = "key = \"camera-key-one\"\ndialect = \"qy\"\nclock = \"china\"\nheartbeat = \"1s\"";
    all_accounted_for(&Family::of(Speaks::Qy, &faults, ("vz", own, 4))).await;
}

/// RECOG-1, CROSS-1, OPEN-7
#[tokio::test]
async fn vz_over_tcp_beside_a_module_and_a_board() {
    let faults = [
        Duplicate, Unread, Unsure, Misread, NoPicture, Silence, Clock, Split, Exception,
        Unanswered, Lost, Stale, Busy, NoAck, Noise, Garbled,
    ];
    let own = "address = \"{camera}\"\npoll = \"20ms\"";
    let mut family = Family::of(Speaks::VzTcp, &faults, ("vz_tcp", own, 4));
    family.wiring = Wiring::Module;
    family.display = DisplaySpeaks::Olm;
    all_accounted_for(&family).await;
}

/// RECOG-1, CROSS-1
#[tokio::test]
async fn vz_over_tcp_alone() {
    let own = "address = \"{camera}\"\npoll = \"20ms\"";
    let faults = [Duplicate, Unread, Unsure, Misread, Silence, Clock, Split];
    let mut family = Family::of(Speaks::VzTcp, &faults, ("vz_tcp", own, 2));
    // A picture that comes byte by byte keeps what is answered about the loops back behind it, for
    // longer than one is pressed.
    family.pictures = false;
    all_accounted_for(&family).await;
}

/// RECOG-1, CROSS-1
#[tokio::test]
async fn vz_over_mqtt() {
    let faults = [
        Duplicate,
        Replay,
        Unread,
        Unsure,
        Misread,
        NoPicture,
        Silence,
        LineBreaks,
        Clock,
        Plain,
        NotSupported,
        Unanswered,
    ];
    let own = "serial = \"CAM-01\"\nheartbeat = \"1s\"\nclock = \"china\"";
    all_accounted_for(&Family::of(Speaks::VzMqtt, &faults, ("vz_mqtt", own, 4))).await;
}

const HIK: &str = "address = \"{camera}\"\nuser = \"gateway\"\npassword = \"camera-key-one\"\n\
    key = \"camera-key-one\"\npoll = \"20ms\"";

const DAHUA: &str = "experimental = true\naddress = \"{camera}\"\nuser = \"gateway\"\n\
    password = \"camera-key-one\"\nkey = \"camera-key-one\"\nserial = \"CAM-01\"\n\
    heartbeat = \"1s\"";

/// RECOG-1, CROSS-1, OPEN-7
#[tokio::test]
async fn dahua_beside_a_module_for_its_loops() {
    let faults = [
        Duplicate,
        LateReply,
        Replay,
        Unread,
        Unsure,
        Misread,
        NoPicture,
        Silence,
        Nonces,
        Sessions,
        NotSupported,
        Idle,
        Unanswered,
    ];
    let mut family = Family::of(Speaks::Dahua, &faults, ("dahua", DAHUA, 4));
    family.wiring = Wiring::Module;
    all_accounted_for(&family).await;
}

/// Its words come each second.
const HIK_STREAM: &str = "address = \"{camera}\"\nuser = \"gateway\"\n\
    password = \"camera-key-one\"\nkey = \"camera-key-one\"\npoll = \"20ms\"\n\
    alert_stream = true\nalert_silence = \"3s\"";

/// RECOG-1, CROSS-1, OPEN-7
#[tokio::test]
async fn hikvision_that_pushes_beside_a_board() {
    let faults = [
        Duplicate,
        LateReply,
        Replay,
        Unread,
        Unsure,
        Misread,
        NoPicture,
        Nonces,
        Forbidden,
        NotSupported,
        Idle,
        CodeZero,
        Unanswered,
        NoSignal,
        Namespaces,
        Busy,
        NoAck,
        Noise,
        Garbled,
    ];
    let mut family = Family::of(Speaks::Hik, &faults, ("hik", HIK, 2));
    family.display = DisplaySpeaks::Olm;
    all_accounted_for(&family).await;
}

/// RECOG-1, CROSS-1, OPEN-7
#[tokio::test]
async fn hikvision_that_is_listened_to() {
    let faults = [
        Duplicate,
        Replay,
        Unread,
        Unsure,
        Misread,
        Silence,
        Split,
        Nonces,
        Forbidden,
        NotSupported,
        Idle,
        CodeZero,
        Unanswered,
        NoSignal,
        Namespaces,
    ];
    all_accounted_for(&Family::of(
        Speaks::HikStream,
        &faults,
        ("hik", HIK_STREAM, 2),
    ))
    .await;
}
