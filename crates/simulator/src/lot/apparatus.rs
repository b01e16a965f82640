//! The devices of a lane that are real servers and clients, and what becomes of them when a cable is
//! pulled.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use boshi_protocol::code::Alignment;
use boshi_protocol::id::DeviceNo;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::VirtualLot;
use super::gateways::bound;
use super::happening::Line;
use super::plan::{DisplaySpeaks, LaneFault, LanePlan, Wiring};
use super::player::Order;
use super::site::Site;
use super::start::StartError;
use super::voice::{Voice, command};
use crate::board::{OlmBoard, OlmFault, OlmServer};
use crate::camera::{
    DahuaCamera, DahuaFault, HikCamera, HikFault, VzMqttCamera, VzMqttFault, VzTcpCamera,
    VzTcpFault,
};
use crate::equipment::Motion;
use crate::module::{ModuleFault, RelayModule, RelayOrder};

/// Lines of a board: four of the larger ones.
const BOARD_ROWS: usize = 4;

/// The relay that lifts, the one that holds and the one that lowers, as their addresses on the wire are.
const LIFTS: u16 = 0;
const HOLDS: u16 = 1;
const LOWERS: u16 = 2;

/// The inputs of a module, from 1.
pub(super) const TRIGGER_LOOP: usize = 1;
pub(super) const SAFETY_LOOP: usize = 2;
pub(super) const ARM_UP: usize = 3;
pub(super) const ARM_DOWN: usize = 4;
const FIRE: usize = 5;

/// A contact that stays closed for longer than that holds the arm, in the lane's time.
const HELD_AFTER: Duration = Duration::from_secs(3);

/// What of a lane's devices can be reached from outside.
#[derive(Debug)]
pub(super) struct Apparatus {
    recognizer: DeviceNo,
    barrier: DeviceNo,
    camera: Option<LaneCamera>,
    module: Option<RelayModule>,
    board: Option<LaneBoard>,
    /// How its camera always fails, if it is one of 臻识 that is connected to.
    habit: VzTcpFault,
}

/// A camera that is no mere client of HTTP.
#[derive(Debug)]
enum LaneCamera {
    VzTcp(VzTcpCamera),
    VzMqtt(VzMqttCamera),
    Hik(HikCamera),
    Dahua(DahuaCamera),
}

/// The board of a lane.
#[derive(Debug)]
struct LaneBoard {
    display: DeviceNo,
    board: OlmBoard,
    /// What it hangs on, unless that is the camera.
    server: Option<OlmServer>,
}

impl Apparatus {
    /// Where its camera is connected to, if it is.
    pub(super) fn camera_address(&self) -> Option<SocketAddr> {
        match self.camera.as_ref()? {
            LaneCamera::VzTcp(camera) => Some(camera.address),
            LaneCamera::Hik(camera) => Some(camera.address),
            LaneCamera::Dahua(camera) => Some(camera.address),
            LaneCamera::VzMqtt(_) => None,
        }
    }

    /// Its board, if its display is one.
    pub(super) fn board(&self) -> Option<&OlmBoard> {
        Some(&self.board.as_ref()?.board)
    }

    /// Its board, if that hangs on the camera.
    pub(super) fn board_on_camera(&self) -> Option<OlmBoard> {
        let board = self.board.as_ref().filter(|it| it.server.is_none());
        board.map(|it| it.board.clone())
    }

    /// Where the serial server of its board listens.
    pub(super) fn board_address(&self) -> Option<SocketAddr> {
        Some(self.board.as_ref()?.server.as_ref()?.address)
    }

    /// Its module, if it has one.
    pub(super) fn module(&self) -> Option<&RelayModule> {
        self.module.as_ref()
    }

    /// Its camera, if that is one of 海康.
    pub(super) fn hik(&self) -> Option<&HikCamera> {
        match self.camera.as_ref()? {
            LaneCamera::Hik(camera) => Some(camera),
            LaneCamera::VzTcp(_) | LaneCamera::VzMqtt(_) | LaneCamera::Dahua(_) => None,
        }
    }

    /// Its camera, if that is one of 臻识 behind a broker.
    pub(super) fn vz_mqtt(&self) -> Option<&VzMqttCamera> {
        match self.camera.as_ref()? {
            LaneCamera::VzMqtt(camera) => Some(camera),
            LaneCamera::VzTcp(_) | LaneCamera::Hik(_) | LaneCamera::Dahua(_) => None,
        }
    }

    /// Its camera, if that is one of 大华.
    pub(super) fn dahua(&self) -> Option<&DahuaCamera> {
        match self.camera.as_ref()? {
            LaneCamera::Dahua(camera) => Some(camera),
            LaneCamera::VzTcp(_) | LaneCamera::VzMqtt(_) | LaneCamera::Hik(_) => None,
        }
    }

    /// The contact of the fire alarm, if it hangs here; it opens when there is fire, as does a cut
    /// wire.
    pub(super) fn set_fire(&self, on: bool) {
        if let Some(module) = &self.module {
            module.input(FIRE, !on);
        }
    }

    /// A device's cable is pulled.
    pub(super) fn unplug(&self, device: &DeviceNo) {
        if let Some(board) = self.board_of(device) {
            board.fails(OlmFault::Dead);
        }
        if *device == self.recognizer {
            match &self.camera {
                None => {}
                Some(LaneCamera::VzTcp(camera)) => camera.fails(VzTcpFault::Dead),
                Some(LaneCamera::VzMqtt(camera)) => camera.fails(VzMqttFault::Dead),
                Some(LaneCamera::Hik(camera)) => camera.fails(HikFault::Dead),
                Some(LaneCamera::Dahua(camera)) => camera.fails(DahuaFault::Dead),
            }
        }
        if *device == self.barrier
            && let Some(module) = &self.module
        {
            module.fails(ModuleFault::Dead);
        }
    }

    /// It is plugged in again; a board has forgotten what it was told.
    pub(super) fn plug(&self, device: &DeviceNo) {
        if let Some(board) = self.board_of(device) {
            board.loses_power();
            board.fails(OlmFault::None);
        }
        if *device == self.recognizer {
            match &self.camera {
                None => {}
                Some(LaneCamera::VzTcp(camera)) => camera.fails(self.habit),
                Some(LaneCamera::VzMqtt(camera)) => camera.fails(VzMqttFault::None),
                Some(LaneCamera::Hik(camera)) => camera.fails(HikFault::None),
                Some(LaneCamera::Dahua(camera)) => camera.fails(DahuaFault::None),
            }
        }
        if *device == self.barrier
            && let Some(module) = &self.module
        {
            module.fails(ModuleFault::None);
        }
    }

    fn board_of(&self, device: &DeviceNo) -> Option<&OlmBoard> {
        let board = self.board.as_ref().filter(|it| it.display == *device)?;
        Some(&board.board)
    }
}

impl VirtualLot {
    /// The devices of a lane, and what its module is told.
    pub(super) fn start_apparatus(
        &self,
        plan: &LanePlan,
        voice: &Voice,
    ) -> Result<(Apparatus, Option<mpsc::Receiver<RelayOrder>>), StartError> {
        let camera = match voice {
            Voice::Generic(_) | Voice::Vz(_) | Voice::Spaces(_) => None,
            Voice::VzTcp(camera, _) => Some(LaneCamera::VzTcp(camera.clone())),
            Voice::VzMqtt(camera, _) => Some(LaneCamera::VzMqtt(camera.clone())),
            Voice::Hik(camera, ..) => Some(LaneCamera::Hik(camera.clone())),
            Voice::Dahua(camera, ..) => Some(LaneCamera::Dahua(camera.clone())),
        };
        let (module, ordered) = match plan.wiring {
            Wiring::Camera => (None, None),
            Wiring::Module => {
                let listener = bound(plan.module_listen)?;
                let (module, ordered) = RelayModule::start(listener, plan.module_framing)?;
                (Some(module), Some(ordered))
            }
        };
        let apparatus = Apparatus {
            recognizer: plan.recognizer.clone(),
            barrier: plan.barrier.clone(),
            camera,
            module,
            board: self.start_board(plan)?,
            habit: if plan.faults.contains(&LaneFault::Split) {
                VzTcpFault::Dribbles
            } else {
                VzTcpFault::None
            },
        };
        apparatus.set_fire(false);
        apparatus.plug(&plan.recognizer);
        Ok((apparatus, ordered))
    }

    /// The board of a lane, if its display is one: what it shows is told like any display's.
    fn start_board(&self, plan: &LanePlan) -> Result<Option<LaneBoard>, StartError> {
        let (Some(display), true) = (
            plan.display.clone(),
            plan.display_speaks != DisplaySpeaks::Generic,
        ) else {
            return Ok(None);
        };
        let board = OlmBoard::new(0, BOARD_ROWS);
        let server = match plan.display_speaks {
            DisplaySpeaks::Olm => {
                let listener = bound(plan.board_listen)?;
                Some(OlmServer::start(listener, vec![board.clone()])?)
            }
            DisplaySpeaks::Generic | DisplaySpeaks::OlmCamera => None,
        };
        self.until_stop(follow(
            Arc::clone(&self.site),
            display.clone(),
            board.clone(),
        ));
        Ok(Some(LaneBoard {
            display,
            board,
            server,
        }))
    }
}

/// Tells what a board shows whenever that changes.
async fn follow(site: Arc<Site>, display: DeviceNo, board: OlmBoard) {
    let mut changes = board.changes();
    let mut before = Vec::new();
    loop {
        let lines = board.lines();
        if lines != before {
            let line = |text: &String| Line {
                text: text.clone(),
                alignment: Alignment::Left,
            };
            site.show(&display, lines.iter().map(line).collect());
            before = lines;
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}

/// Has the arm do what the relays of a module say: the contact of the one lifts it, and holds it when
/// it stays closed. An arm that `stays_up` is lowered by a relay of its own.
pub(super) async fn follow_relays(
    mut ordered: mpsc::Receiver<RelayOrder>,
    stays_up: bool,
    orders: mpsc::Sender<Order>,
    site: Arc<Site>,
) {
    let held_after = site.clock.lasts(HELD_AFTER);
    let mut closed: Option<Instant> = None;
    let mut held = false;
    loop {
        let stays_closed = async {
            match closed {
                Some(at) => tokio::time::sleep_until(at + held_after).await,
                None => std::future::pending().await,
            }
        };
        let order = tokio::select! {
            order = ordered.recv() => order,
            () = stays_closed => {
                (closed, held) = (None, true);
                command(&orders, Motion::Hold).await;
                continue;
            }
        };
        let motion = match order {
            None => return,
            Some(RelayOrder {
                relay: LIFTS,
                closed: true,
            }) => {
                closed = Some(Instant::now());
                Motion::Open
            }
            Some(RelayOrder { relay: LIFTS, .. }) => {
                closed = None;
                if stays_up || !std::mem::take(&mut held) {
                    continue;
                }
                Motion::Restore
            }
            Some(RelayOrder {
                relay: LOWERS,
                closed: true,
            }) if stays_up => Motion::Restore,
            Some(RelayOrder {
                relay: HOLDS,
                closed: true,
            }) => Motion::Hold,
            Some(RelayOrder { relay: HOLDS, .. }) if !stays_up => Motion::Restore,
            Some(_) => continue,
        };
        command(&orders, motion).await;
    }
}
