//! The equipment of one lane.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use boshi_simulator::board::{OlmBoard, OlmFault, OlmServer};
use boshi_simulator::camera::{
    HikCamera, HikGate, HikOrder, HikPlate, VzCamera, VzMqttCamera, VzOrder, VzPlate, VzTcpCamera,
    VzTcpFault,
};
use boshi_simulator::module::{Framing, ModuleFault, RelayModule};
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::super::texts::PICTURE;
use super::{Family, listener};

/// Pause of a camera before it asks again a gateway that is not there yet.
const AGAIN: Duration = Duration::from_millis(50);

/// How often a camera says that it is there.
const HEARTBEAT: Duration = Duration::from_millis(300);

/// What closes a relay, and the relays that lift and hold.
const ON: u16 = 0xFF00;
const LIFTS: u16 = 0;
const HOLDS: u16 = 1;

enum Camera {
    VzTcp(VzTcpCamera),
    Vz(VzCamera),
    VzMqtt(VzMqttCamera),
    Hik(HikCamera),
}

/// What the camera was told to do with the barrier.
#[derive(Default)]
struct Told {
    lifts: AtomicU64,
    is_held: AtomicBool,
}

/// The equipment of a lane.
pub(in super::super) struct Lane {
    number: u8,
    family: Family,
    camera: Camera,
    module: Option<RelayModule>,
    pub(super) board: OlmBoard,
    line: OlmServer,
    told: Arc<Told>,
    readings: AtomicU64,
    /// The second of the latest reading: no camera reads the same plate twice in one.
    latest: AtomicI64,
}

impl Lane {
    pub(super) async fn start(
        number: u8,
        family: Family,
        devices: &str,
        broker: SocketAddr,
    ) -> Lane {
        let told = Arc::new(Told::default());
        let (name, key) = (format!("CAM-0{number}"), format!("camera-key-{number}"));
        let camera = match family {
            Family::VzTcp => {
                let started = VzTcpCamera::start(listener().await, "a1b2c3d4-0e1f2a3b");
                let (camera, ordered) = started.unwrap();
                tokio::spawn(follow(ordered, Arc::clone(&told), vz));
                Camera::VzTcp(camera)
            }
            Family::Vz | Family::Qy => {
                let mut camera = VzCamera::new(&format!("{devices}/vz/{key}"), &name).unwrap();
                camera.is_qy = family == Family::Qy;
                tokio::spawn(ask(camera.clone(), Arc::clone(&told)));
                Camera::Vz(camera)
            }
            Family::VzMqtt => {
                let (camera, ordered) = VzMqttCamera::start(broker, &name, HEARTBEAT);
                tokio::spawn(follow(ordered, Arc::clone(&told), vz));
                Camera::VzMqtt(camera)
            }
            Family::Hik | Family::HikStream => {
                let started = HikCamera::start(listener().await, &name, "gateway", &key);
                let (camera, ordered) = started.unwrap();
                camera.gate(HikGate::Closed);
                camera.pushes_to(&format!("{devices}/hik/{key}"));
                tokio::spawn(follow(ordered, Arc::clone(&told), hik));
                Camera::Hik(camera)
            }
        };
        let module = match framing(family) {
            Some(framing) => {
                let started = RelayModule::start(listener().await, framing);
                let (module, mut ordered) = started.unwrap();
                tokio::spawn(async move { while ordered.recv().await.is_some() {} });
                Some(module)
            }
            None => None,
        };
        let board = OlmBoard::new(0, 4);
        let line = OlmServer::start(listener().await, vec![board.clone()]);
        Lane {
            number,
            family,
            camera,
            module,
            board,
            line: line.unwrap(),
            told,
            readings: AtomicU64::new(0),
            latest: AtomicI64::new(0),
        }
    }

    /// What the gateway's configuration says of it. The board is as wide as the middle line of the
    /// standard's example, so that no line of it has spaces before it that are not its own.
    pub(super) fn text(&self) -> String {
        let number = self.number;
        let (table, own) = self.camera_text();
        let (inputs, gate) = match &self.module {
            None => {
                let gate = format!(
                    "[lot.{table}.barrier]\ndevice = \"BAR-0{number}\"\nconfirm = \"taken\"\n"
                );
                (table, gate)
            }
            Some(module) => {
                let framing = match framing(self.family) {
                    Some(Framing::Rtu) => "rtu",
                    Some(Framing::Tcp) | None => "tcp",
                };
                let gate = format!(
                    "[[lot.modbus]]\nname = \"IO-0{number}\"\naddress = \"{}\"\nframing = \"{framing}\"\n\
                     module = \"plain\"\npoll = \"10ms\"\nanswer = \"300ms\"\n[[lot.modbus.barrier]]\n\
                     device = \"BAR-0{number}\"\nopen = 1\nhold = 2\npulse = \"100ms\"\n",
                    module.address
                );
                ("modbus", gate)
            }
        };
        let wired = if table == "hik" { 2 } else { 4 };
        let contacts = ["trigger_loop", "safety_loop", "arm_up", "arm_down"];
        let contact = |(input, is): (usize, &str)| {
            let device = if input == 1 { "CAM" } else { "BAR" };
            format!(
                "[[lot.{inputs}.input]]\nnumber = {input}\nis = \"{is}\"\n\
                 device = \"{device}-0{number}\"\n"
            )
        };
        let contacts: String = (1..).zip(contacts).take(wired).map(contact).collect();
        format!(
            "\n[[lot.{table}]]\nname = \"IN-0{number}\"\nrecognizer = \"CAM-0{number}\"\n{own}{gate}\
             {contacts}[[lot.olm]]\nname = \"屏-0{number}\"\ndisplay = \"LED-0{number}\"\n\
             address = \"{}\"\ncolumns = 16\nrows = 4\n",
            self.line.address
        )
    }

    /// The table of its camera, and what that says beside what it is wired to.
    fn camera_text(&self) -> (&'static str, String) {
        let number = self.number;
        let key = format!("key = \"camera-key-{number}\"\n");
        let address = match &self.camera {
            Camera::Hik(camera) => camera.address.to_string(),
            Camera::VzTcp(camera) => camera.address.to_string(),
            Camera::Vz(_) | Camera::VzMqtt(_) => String::new(),
        };
        let hik = format!(
            "address = \"{address}\"\nuser = \"gateway\"\npassword = \"camera-key-{number}\"\n\
             poll = \"20ms\"\nlooks = 1\nanswer = \"500ms\"\n"
        );
        match self.family {
            Family::VzTcp => ("vz_tcp", format!("address = \"{address}\"\n")),
            Family::Vz => ("vz", key + "wait = \"300ms\"\n"),
            Family::Qy => ("vz", key + "dialect = \"qy\"\nheartbeat = \"1s\"\n"),
            Family::VzMqtt => (
                "vz_mqtt",
                format!("serial = \"CAM-0{number}\"\nheartbeat = \"1s\"\nanswer = \"500ms\"\n"),
            ),
            Family::Hik => ("hik", hik + &key),
            Family::HikStream => ("hik", hik + "alert_stream = true\n"),
        }
    }

    /// An input, from 0, changes.
    pub(super) async fn input(&self, input: u8, level: bool) {
        if let Some(module) = &self.module {
            return module.input(usize::from(input) + 1, level);
        }
        match &self.camera {
            Camera::Vz(camera) => _ = camera.input(input, level).await.unwrap(),
            Camera::VzMqtt(camera) => assert!(camera.input(input, level)),
            Camera::Hik(camera) => camera.input(usize::from(input), level),
            Camera::VzTcp(_) => panic!("everything hangs on its module"),
        }
    }

    pub(super) async fn moves_arm(&self, up: bool) {
        if let Camera::Hik(camera) = &self.camera {
            return camera.gate(if up { HikGate::Open } else { HikGate::Closed });
        }
        self.input(2, up).await;
        self.input(3, !up).await;
    }

    pub(super) async fn reads(&self, plate: &str) {
        let now = Timestamp::now().as_second();
        let next = |latest: i64| Some(now.max(latest + 1));
        let before = self
            .latest
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        let second = now.max(before.unwrap() + 1);
        let at = Timestamp::from_second(second).unwrap();
        let (image, confidence) = (PICTURE.to_owned(), 96);
        let named = |unread: &str| if plate.is_empty() { unread } else { plate }.to_owned();
        let seen = VzPlate {
            number: self.readings.fetch_add(1, Ordering::Relaxed) + 1,
            license: named("_无_"),
            color: 1,
            confidence,
            at,
            is_offline: false,
            image: image.clone(),
        };
        match &self.camera {
            Camera::Vz(camera) => assert!(camera.plate(&seen).await.unwrap().stops),
            Camera::VzMqtt(camera) => assert!(camera.plate(&seen)),
            Camera::VzTcp(camera) => assert!(camera.plate(&seen), "nobody listens"),
            Camera::Hik(camera) => {
                let seen = HikPlate {
                    license: named("无车牌"),
                    color: "blue".to_owned(),
                    confidence,
                    at,
                    is_replay: false,
                    image,
                };
                match self.family {
                    Family::HikStream => assert!(camera.tell(&seen), "nobody listens"),
                    _ => camera.push(&seen).await.unwrap(),
                }
            }
        }
    }

    /// A device has no power from now on, or has it again: the camera or the barrier's module, else the
    /// display. Only a camera that is connected to can be lost so.
    pub(super) fn fails(&self, device: &str, is_lost: bool) {
        match (device, &self.camera, &self.module) {
            ("cam-01", Camera::VzTcp(camera), _) if is_lost => {
                camera.fails(VzTcpFault::Dead);
                camera.cut();
            }
            ("cam-01", Camera::VzTcp(camera), _) => camera.fails(VzTcpFault::None),
            ("bar-01", _, Some(module)) if is_lost => module.fails(ModuleFault::Dead),
            ("bar-01", _, Some(module)) => module.fails(ModuleFault::None),
            ("cam-01" | "bar-01", ..) => panic!("{device} cannot be lost in this lane"),
            _ if is_lost => self.board.fails(OlmFault::Dead),
            _ => self.board.fails(OlmFault::None),
        }
    }

    pub(super) fn has_module(&self) -> bool {
        self.module.is_some()
    }

    /// How often the barrier was told to lift.
    pub(super) fn lifts(&self) -> u64 {
        match &self.module {
            Some(module) => {
                let writes = module.writes();
                writes.iter().filter(|it| **it == (LIFTS, ON)).count() as u64
            }
            None => self.told.lifts.load(Ordering::Relaxed),
        }
    }

    /// Whether it is kept up.
    pub(super) fn is_held(&self) -> bool {
        match &self.module {
            Some(module) => module.is_closed(HOLDS),
            None => self.told.is_held.load(Ordering::Relaxed),
        }
    }
}

/// How the module of such a lane speaks, if it has one.
fn framing(family: Family) -> Option<Framing> {
    match family {
        Family::VzTcp => Some(Framing::Tcp),
        Family::Qy => Some(Framing::Rtu),
        Family::Vz | Family::VzMqtt | Family::Hik | Family::HikStream => None,
    }
}

impl Told {
    fn lifts(&self) {
        self.lifts.fetch_add(1, Ordering::Relaxed);
    }

    fn holds(&self, is_held: bool) {
        self.is_held.store(is_held, Ordering::Relaxed);
    }
}

fn vz(order: &VzOrder, told: &Told) {
    match order {
        VzOrder::Open
        | VzOrder::Output {
            io: 0, value: 2, ..
        } => told.lifts(),
        VzOrder::Output { io: 0, value, .. } => told.holds(*value == 1),
        VzOrder::Output { .. } | VzOrder::Serial(_) => {}
    }
}

fn hik(order: &HikOrder, told: &Told) {
    match order {
        HikOrder::Gate(word) if word == "open" => told.lifts(),
        HikOrder::Gate(word) if word == "lock" => told.holds(true),
        HikOrder::Gate(word) if word == "unlock" => told.holds(false),
        HikOrder::Gate(_) | HikOrder::Output(..) => {}
    }
}

async fn follow<O>(mut ordered: mpsc::Receiver<O>, told: Arc<Told>, obey: fn(&O, &Told)) {
    while let Some(order) = ordered.recv().await {
        obey(&order, &told);
    }
}

/// A camera asks again and again what there is to do.
async fn ask(camera: VzCamera, told: Arc<Told>) {
    loop {
        let Ok(answer) = camera.ask().await else {
            tokio::time::sleep(AGAIN).await;
            continue;
        };
        answer.orders.iter().for_each(|order| vz(order, &told));
        if camera.is_qy {
            tokio::time::sleep(HEARTBEAT).await;
        }
    }
}
