//! A lane of a family of equipment, and what a gateway is told of it.

use std::net::SocketAddr;
use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use boshi_simulator::equipment::Direction;
use boshi_simulator::lot::{DisplaySpeaks, LaneFault, LanePlan, LotPlan, Speaks, Wiring};
use boshi_simulator::module::Framing;

use super::{KEY, VEHICLES};

/// What hangs on the inputs of a camera or a module.
const WIRED: [(&str, &str); 4] = [
    ("trigger_loop", "CAM-01"),
    ("safety_loop", "BAR-01"),
    ("arm_up", "BAR-01"),
    ("arm_down", "BAR-01"),
];

/// A lane and what the gateway's configuration says of it.
pub(super) struct Family {
    pub(super) speaks: Speaks,
    pub(super) wiring: Wiring,
    pub(super) display: DisplaySpeaks,
    pub(super) framing: Framing,
    /// Whether the arm stays up after a hold, until it is lowered.
    pub(super) stays_up: bool,
    pub(super) faults: Vec<LaneFault>,
    /// How often what is no habit strikes.
    pub(super) share: f64,
    /// How many vehicles come.
    pub(super) vehicles: usize,
    /// Whether the platform lets through only those whose plates are read rightly.
    pub(super) strict: bool,
    pub(super) pictures: bool,
    /// The table, what it says, and how many inputs are wired; an address is written as `{camera}`.
    pub(super) camera: (&'static str, &'static str, usize),
}

impl Family {
    pub(super) fn of(
        speaks: Speaks,
        faults: &[LaneFault],
        camera: (&'static str, &'static str, usize),
    ) -> Family {
        Family {
            speaks,
            wiring: Wiring::Camera,
            display: DisplaySpeaks::Generic,
            framing: Framing::Tcp,
            stays_up: false,
            faults: faults.to_vec(),
            share: 1.0 / 3.0,
            vehicles: VEHICLES,
            strict: false,
            pictures: true,
            camera,
        }
    }

    pub(super) fn plan(&self, addresses: &[SocketAddr; 4]) -> LotPlan {
        let device = |number: &str| DeviceNo::new(number).unwrap();
        let (camera, barrier) = (device("CAM-01"), device("BAR-01"));
        let mut lane = LanePlan::new("01", Direction::Entry, camera, barrier, KEY.into());
        lane.speaks = self.speaks;
        lane.wiring = self.wiring;
        lane.module_framing = self.framing;
        lane.stays_up = self.stays_up;
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

    pub(super) fn text(&self, [camera, module, board, broker]: &[SocketAddr; 4]) -> String {
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
            let lowers = if self.stays_up {
                "hold = 2\nclose = 3\n"
            } else {
                ""
            };
            text += &format!(
                "[[lot.modbus]]\nname = \"IO-01\"\naddress = \"{module}\"\nmodule = \"plain\"\n\
                 framing = \"{framing}\"\npoll = \"20ms\"\n{barrier}{lowers}"
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
