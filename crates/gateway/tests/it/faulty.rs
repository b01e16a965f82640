//! Lanes of every family whose devices fail in every way that is known of them: each vehicle is
//! accounted for, and none is lifted twice.

mod family;
mod one_by_one;
mod staying;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use boshi_protocol::plate::{Plate, PlateColor};
use boshi_simulator::equipment::{Behaviour, Cause, Outcome, Vehicle};
use boshi_simulator::ledger::Ledger;
use boshi_simulator::lot::LaneFault::{
    Busy, Clock, CodeZero, Duplicate, Exception, Forbidden, Garbled, Gbk, Idle, Large, LateReply,
    LineBreaks, Lost, Misread, Namespaces, NoAck, NoPicture, NoSignal, Noise, Nonces, NotSupported,
    Plain, Replay, Sessions, Silence, Split, Stale, Unanswered, Unread, Unsure,
};
use boshi_simulator::lot::{DisplaySpeaks, LaneFault, Speaks, VirtualLot, Wiring};
use boshi_simulator::module::Framing;
use serde_json::Value;
use tokio::net::TcpListener;

use self::family::Family;
use crate::controller::Controller;
use crate::platform::{NO, Platform, YES};
use crate::site::{Gateway, Site};

const KEY: &str = "camera-key-one";

/// How many vehicles come to each lane.
const VEHICLES: usize = 6;

/// How long a driver waits whom nobody lets through, in the lanes' time.
const PATIENCE: Duration = Duration::from_secs(20);

/// Addresses that nobody uses, and nobody gets before they are used here: they are none of those that
/// the system gives to whoever wants any, and each process begins at another one.
async fn free() -> [SocketAddr; 4] {
    const FIRST: u32 = 10_000;
    const COUNT: u32 = 10_000;
    let begin = std::process::id().wrapping_mul(8) % COUNT;
    let mut addresses = Vec::new();
    for place in 0..COUNT {
        let port = FIRST + (begin + place) % COUNT;
        let address = SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).unwrap()));
        if TcpListener::bind(address).await.is_ok() {
            addresses.push(address);
        }
        if addresses.len() == 4 {
            break;
        }
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
    /// Each vehicle is one recognition, each that was let through a crossing, and none was lifted twice.
    fn is_told(&self, family: &Family) {
        let told = |path: &str| -> BTreeSet<String> {
            let heard = self.platform.heard(path).into_iter();
            heard
                .map(|it| it.body["uuid"].as_str().unwrap().to_owned())
                .collect()
        };
        let (read, passed) = (told("/receivePlateNumber"), told("/receiveCrossGate"));
        let heard = self.platform.heard("/receivePlateNumber");
        let (faults, crossed) = (&family.faults, self.crossed);
        assert_eq!(read.len(), family.vehicles, "{faults:?} {heard:#?}");
        assert_eq!(passed.len(), crossed);
        assert!(passed.is_subset(&read));
        assert!(crossed * 2 > family.vehicles, "{crossed} were let through");
        none_is_lifted_twice(&self.ledger);
    }

    /// How the gateway saw the devices in the end that are spoken to so.
    fn driver(&self, name: &str) -> &Value {
        let driver = self.drivers.iter().find(|it| it["driver"] == name);
        driver.unwrap_or_else(|| panic!("{name} is none of {:?}", self.drivers))
    }
}

/// A gateway of that lane.
async fn started(
    family: &Family,
    (platform, controller): (&Platform, &Controller),
    addresses: &[SocketAddr; 4],
) -> Gateway {
    let text = family.text(addresses) + "[[lot.place]]\nnumber = \"A-001\"";
    // As long as in life at this speed, so that a busy machine keeps up.
    Site::new(&platform.url(), &controller.url())
        .with("[[lot.place]]\nnumber = \"A-001\"", &text)
        .with("read_grace = \"500ms\"", "read_grace = \"5s\"")
        .with("approach_window = \"500ms\"", "approach_window = \"3s\"")
        .with("debounce = \"10ms\"", "debounce = \"100ms\"")
        .with("travel = \"100ms\"", "travel = \"1s\"")
        .with("follow_wait = \"100ms\"", "follow_wait = \"3s\"")
        .with("leave_grace = \"100ms\"", "leave_grace = \"3s\"")
        .with("act = \"500ms\"", "act = \"3s\"")
        .start()
        .await
}

async fn drivers(gateway: &Gateway) -> Vec<Value> {
    let drivers = gateway.status().await["drivers"].clone();
    let drivers = drivers.as_array().unwrap().iter();
    // Beside a board nothing hangs on the controller of the site, which says nothing.
    let others = drivers.filter(|it| it["driver"] != "controller");
    others.cloned().collect()
}

async fn devices_are_there(gateway: &Gateway) {
    let until = std::time::Instant::now() + crate::wire::PATIENCE;
    loop {
        let drivers = drivers(gateway).await;
        if drivers.iter().all(|it| it["state"] == "online") {
            return;
        }
        let in_time = std::time::Instant::now() < until;
        assert!(in_time, "the devices are there: {drivers:?}");
    }
}

/// Drives a vehicle to the lane that goes away when nobody lets it through.
async fn drive(lot: &VirtualLot, number: usize) -> Outcome {
    let plate = Plate::read(&format!("粤B1234{number}")).unwrap();
    let vehicle = Vehicle::new(plate, PlateColor::Blue);
    let vehicle = vehicle.driven(Behaviour::GiveUp { patience: PATIENCE });
    lot.drive("01", vehicle).unwrap().await.outcome
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
    let gateway = started(family, (&platform, &controller), &addresses).await;
    let devices = format!("http://{}", gateway.devices);
    let lot = VirtualLot::start(family.plan(&addresses), &devices).await;
    let lot = lot.unwrap();
    devices_are_there(&gateway).await;
    let mut crossed = 0;
    for number in 0..family.vehicles {
        if family.faults.contains(&Idle) {
            // An arm that is still up says nothing of a command that is answered well.
            let is_down = |lane: &Value| lane["arm"] != "up";
            gateway.until("the arm is down", is_down).await;
        }
        crossed += usize::from(drive(&lot, number).await == Outcome::Crossed);
    }
    platform.hears("/receiveCrossGate", crossed).await;
    let drivers = drivers(&gateway).await;
    lot.stop().await;
    let played = Played {
        crossed,
        ledger: lot.ledger(),
        platform,
        drivers,
    };
    played.is_told(family);
    played
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

/// It says each second that it is there.
const DAHUA_STREAM: &str = "experimental = true\naddress = \"{camera}\"\nuser = \"gateway\"\n\
    password = \"camera-key-one\"\nevents = \"stream\"\nheartbeat = \"1s\"";

/// RECOG-1, CROSS-1, OPEN-7
#[tokio::test]
async fn dahua_that_is_listened_to_beside_a_module_for_its_loops() {
    let faults = [
        Duplicate,
        Replay,
        Unread,
        Unsure,
        Misread,
        NoPicture,
        Silence,
        Split,
        Nonces,
        Sessions,
        NotSupported,
        Idle,
        Unanswered,
    ];
    let own = ("dahua", DAHUA_STREAM, 4);
    let mut family = Family::of(Speaks::DahuaStream, &faults, own);
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
