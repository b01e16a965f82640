//! Lanes of simulated equipment that the gateway's own drivers speak to, of another family each, and the
//! hands that touch it.

mod lane;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use boshi_simulator::broker::Broker;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use self::lane::Lane;
use super::stage::{Scheme, Stage};

/// Longest that the gateway may take to find the equipment.
const PATIENCE: Duration = Duration::from_secs(30);

/// What of the equipment is to be said to a stage.
#[derive(Clone)]
pub(super) struct Equipment {
    text: String,
}

impl Equipment {
    /// What tells of the spaces.
    pub(super) fn spaces_key(&self) -> &'static str {
        "spaces-key-one"
    }

    /// What the gateway's configuration says of it.
    pub(super) fn text(&self) -> String {
        let (key, text) = (self.spaces_key(), &self.text);
        format!("[[lot.spaces]]\nname = \"引导\"\nspeaks = \"json\"\nkey = \"{key}\"\n{text}")
    }
}

/// What speaks in a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// A camera of 臻识 over TCP beside a module.
    VzTcp,
    /// One of 臻识 over HTTP with everything on it.
    Vz,
    /// One of 芊熠 beside a module in serial frames: it has no command that holds a barrier.
    Qy,
    /// One of 臻识 over MQTT with everything on it.
    VzMqtt,
    /// One of 海康 that pushes, with everything on it.
    Hik,
    /// The same, which tells what it reads in its alert stream.
    HikStream,
}

impl Family {
    /// But the first, which is tried alone, and in more.
    pub(super) const OTHERS: [Family; 5] = [
        Family::Vz,
        Family::Qy,
        Family::VzMqtt,
        Family::Hik,
        Family::HikStream,
    ];
}

/// The equipment of all lanes, which lives as long as this.
pub(super) struct Lanes {
    /// What speaks in each, and where it is touched and looked at.
    pub(super) lanes: Vec<(Family, Arc<Lane>, SocketAddr)>,
    broker: Broker,
    runtime: Runtime,
}

impl Lanes {
    /// A gateway with a lane of each of these families, and the equipment of those.
    pub(super) fn set(families: &[Family]) -> (Lanes, Stage) {
        let runtime = Runtime::new().unwrap();
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut stage = Stage::set(Scheme::Http, nowhere);
        let devices = format!("http://{}", stage.ports[1]);
        let (lanes, broker) = runtime.block_on(async {
            let broker = Broker::start(listener().await).unwrap();
            let mut lanes = Vec::new();
            for (number, family) in (1..).zip(families) {
                let lane = Lane::start(number, *family, &devices, broker.address).await;
                let (lane, hands) = (Arc::new(lane), listener().await);
                let address = hands.local_addr().unwrap();
                let routes = routes(Arc::clone(&lane));
                tokio::spawn(async move { axum::serve(hands, routes).await });
                lanes.push((*family, lane, address));
            }
            (lanes, broker)
        });
        let lanes = Lanes {
            lanes,
            broker,
            runtime,
        };
        let text = lanes.text();
        stage.equipment = Some(Equipment { text });
        stage.hands = lanes.lanes[0].2;
        (lanes, stage)
    }

    /// What the gateway's configuration says of them, from within that of the first lane.
    fn text(&self) -> String {
        let mut text = String::new();
        for (number, (.., lane, _)) in (1..).zip(&self.lanes) {
            if number > 1 {
                let _ = write!(
                    text,
                    r#"
[[lot.lane]]
name = "0{number}"
gate = "东二"
direction = "entry"
recognizer = "CAM-0{number}"
barrier = "BAR-0{number}"
display = "LED-0{number}"
trigger_loop = true
safety_loop = true
limit_switch = true
"#
                );
            }
            text += &lane.text();
        }
        text + &format!("[lot.mqtt]\naddress = \"{}\"\n", self.broker.address)
    }

    /// Waits until the gateway has found everything, and knows where the arms are.
    pub(super) fn are_there(&self, stage: &Stage) {
        let deadline = Instant::now() + PATIENCE;
        // Each lane has a camera and a board, and some a module.
        let modules = self.lanes.iter().filter(|(.., lane, _)| lane.has_module());
        let equipment = 2 * self.lanes.len() + modules.count();
        loop {
            let devices = stage.devices();
            let online = devices.iter().filter(|it| it["state"] == "online");
            if online.count() >= equipment {
                break;
            }
            assert!(Instant::now() < deadline, "not found: {devices:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
        for (.., lane, _) in &self.lanes {
            self.runtime.block_on(lane.moves_arm(false));
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
    lane.input(0, pressed).await;
}

async fn safety(State(lane): Touched, Path(pressed): Path<bool>) {
    lane.input(1, pressed).await;
}

async fn move_arm(State(lane): Touched, Path(position): Path<String>) {
    lane.moves_arm(position == "up").await;
}

async fn reads(State(lane): Touched, plate: String) {
    lane.reads(&plate).await;
}

async fn lose(State(lane): Touched, Path(device): Path<String>) {
    lane.fails(&device, true);
}

async fn find(State(lane): Touched, Path(device): Path<String>) {
    lane.fails(&device, false);
}

async fn lifts(State(lane): Touched) -> String {
    lane.lifts().to_string()
}

async fn arm(State(lane): Touched) -> &'static str {
    if lane.is_held() { "up" } else { "down" }
}

async fn display(State(lane): Touched) -> String {
    lane.board.lines().join("\n").trim_end().to_owned()
}
