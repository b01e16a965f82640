//! A lane of simulated equipment on the loopback that the gateway's own drivers speak to, and the
//! hands that touch it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use boshi_simulator::board::{OlmBoard, OlmFault, OlmServer};
use boshi_simulator::camera::{VzPlate, VzTcpCamera, VzTcpFault};
use boshi_simulator::module::{Framing, ModuleFault, RelayModule};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::stage::{Scheme, Stage};
use super::texts::PICTURE;

/// Longest that the gateway may take to find the equipment.
const PATIENCE: Duration = Duration::from_secs(30);

/// What closes a relay, and the relay that lifts.
const ON: u16 = 0xFF00;
const LIFTS: u16 = 0;

/// Equipment that the gateway speaks to itself.
#[derive(Clone)]
pub(super) struct Equipment {
    text: String,
}

impl Equipment {
    /// What tells of the spaces.
    pub(super) fn spaces_key(&self) -> &'static str {
        "spaces-key-one"
    }

    /// Equipment of which the gateway's configuration says this, besides what tells of the spaces.
    pub(super) fn of(text: String) -> Equipment {
        Equipment { text }
    }

    /// What the gateway's configuration says of it.
    pub(super) fn text(&self) -> String {
        let (key, text) = (self.spaces_key(), &self.text);
        format!("[[lot.spaces]]\nname = \"引导\"\nspeaks = \"json\"\nkey = \"{key}\"\n{text}")
    }
}

impl Lane {
    /// The board is as wide as the middle line of the standard's example, so that no line of it has
    /// spaces before it that are not its own.
    fn text(&self) -> String {
        format!(
            r#"[[lot.vz_tcp]]
name = "IN-01"
address = "{camera}"
recognizer = "CAM-01"
[[lot.modbus]]
name = "IO-01"
address = "{module}"
module = "plain"
poll = "10ms"
answer = "300ms"
[[lot.modbus.barrier]]
device = "BAR-01"
open = 1
hold = 2
pulse = "100ms"
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
is = "arm_down"
device = "BAR-01"
[[lot.olm]]
name = "屏"
display = "LED-01"
address = "{board}"
columns = 16
rows = 4"#,
            camera = self.camera.address,
            module = self.module.address,
            board = self.line.address,
        )
    }
}

/// The equipment itself, which lives as long as this.
pub(super) struct Bench {
    lane: Arc<Lane>,
    hands: SocketAddr,
    _runtime: Runtime,
}

struct Lane {
    camera: VzTcpCamera,
    module: RelayModule,
    board: OlmBoard,
    line: OlmServer,
    readings: AtomicU64,
}

impl Bench {
    pub(super) fn start() -> Bench {
        let runtime = Runtime::new().unwrap();
        let (lane, hands) = runtime.block_on(async {
            let camera = VzTcpCamera::start(listener().await, "a1b2c3d4-0e1f2a3b");
            let module = RelayModule::start(listener().await, Framing::Tcp);
            let board = OlmBoard::new(0, 4);
            let line = OlmServer::start(listener().await, vec![board.clone()]);
            let (camera, mut ordered) = camera.unwrap();
            // Nothing hangs on its outputs.
            tokio::spawn(async move { while ordered.recv().await.is_some() {} });
            let lane = Arc::new(Lane {
                camera,
                module: module.unwrap().0,
                board,
                line: line.unwrap(),
                readings: AtomicU64::new(0),
            });
            lane.module.input(4, true);
            let hands = listener().await;
            let address = hands.local_addr().unwrap();
            let routes = routes(Arc::clone(&lane));
            tokio::spawn(async move { axum::serve(hands, routes).await });
            (lane, address)
        });
        Bench {
            lane,
            hands,
            _runtime: runtime,
        }
    }

    /// A gateway with this lane, and a kit whose hands touch it.
    pub(super) fn stage(&self) -> Stage {
        let mut stage = Stage::set(Scheme::Http, self.hands);
        stage.equipment = Some(Equipment::of(self.lane.text()));
        stage
    }

    /// Waits until the gateway has found everything.
    pub(super) fn is_there(&self) {
        let Lane {
            camera,
            module,
            board,
            ..
        } = &*self.lane;
        let deadline = Instant::now() + PATIENCE;
        while !camera.is_heard() || module.connections() == 0 || board.frames() < 2 {
            assert!(Instant::now() < deadline, "the equipment is not found");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

fn routes(lane: Arc<Lane>) -> Router {
    Router::new()
        .route("/trigger/{pressed}", post(trigger))
        .route("/safety/{pressed}", post(safety))
        .route("/arm/{position}", post(move_arm))
        .route("/reads", post(reads))
        .route("/lose/{device}", post(lose))
        .route("/find/{device}", post(find))
        .route("/lifts", get(lifts))
        .route("/arm", get(arm))
        .route("/display", get(display))
        .with_state(lane)
}

type Touched = State<Arc<Lane>>;

async fn trigger(State(lane): Touched, Path(pressed): Path<bool>) {
    lane.module.input(1, pressed);
}

async fn safety(State(lane): Touched, Path(pressed): Path<bool>) {
    lane.module.input(2, pressed);
}

async fn move_arm(State(lane): Touched, Path(position): Path<String>) {
    lane.module.input(3, position == "up");
    lane.module.input(4, position == "down");
}

async fn reads(State(lane): Touched, plate: String) {
    let number = lane.readings.fetch_add(1, Ordering::Relaxed) + 1;
    let license = if plate.is_empty() { "_无_" } else { &plate };
    let heard = lane.camera.plate(&VzPlate {
        number,
        license: license.to_owned(),
        color: 1,
        confidence: 96,
        at: Timestamp::now(),
        is_offline: false,
        image: PICTURE.to_owned(),
    });
    assert!(heard, "nobody listens to the camera");
}

async fn lose(State(lane): Touched, Path(device): Path<String>) {
    match device.as_str() {
        "cam-01" => {
            lane.camera.fails(VzTcpFault::Dead);
            lane.camera.cut();
        }
        "bar-01" => lane.module.fails(ModuleFault::Dead),
        _ => lane.board.fails(OlmFault::Dead),
    }
}

async fn find(State(lane): Touched, Path(device): Path<String>) {
    match device.as_str() {
        "cam-01" => lane.camera.fails(VzTcpFault::None),
        "bar-01" => lane.module.fails(ModuleFault::None),
        _ => lane.board.fails(OlmFault::None),
    }
}

async fn lifts(State(lane): Touched) -> String {
    let writes = lane.module.writes();
    let lifts = writes.iter().filter(|it| **it == (LIFTS, ON)).count();
    lifts.to_string()
}

/// It is up while the relay that holds is closed.
async fn arm(State(lane): Touched) -> &'static str {
    if lane.module.is_closed(1) {
        "up"
    } else {
        "down"
    }
}

async fn display(State(lane): Touched) -> String {
    lane.board.lines().join("\n").trim_end().to_owned()
}
