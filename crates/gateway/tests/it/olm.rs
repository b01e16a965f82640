//! A lane whose display is a board of the OLM / 金颉 protocol behind a serial server.

use std::time::Instant;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::plate::{Plate, PlateColor};
use boshi_simulator::board::{OlmBoard, OlmFault, OlmServer};
use boshi_simulator::equipment::{Direction, Outcome, Vehicle};
use boshi_simulator::lot::{DisplaySpeaks, LanePlan, LotPlan, VirtualLot};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::controller::{Controller, KEYS};
use crate::platform::Platform;
use crate::site::{Gateway, Site};
use crate::wire::{PATIENCE, eventually};

struct World {
    platform: Platform,
    _controller: Controller,
    gateway: Gateway,
    board: OlmBoard,
    server: OlmServer,
}

/// A board of two lines of 12 columns.
async fn world(board: OlmBoard, more: &str, replaced: &[(&str, &str)]) -> World {
    world_of(vec![board], more, replaced).await
}

async fn world_of(boards: Vec<OlmBoard>, more: &str, replaced: &[(&str, &str)]) -> World {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let board = boards[0].clone();
    let server = OlmServer::start(listener, boards).unwrap();
    let mut site = site(&platform, &controller, &server.address.to_string(), more);
    for (old, new) in replaced {
        site = site.with(old, new);
    }
    let gateway = site.start().await;
    World {
        platform,
        _controller: controller,
        gateway,
        board,
        server,
    }
}

fn site(platform: &Platform, controller: &Controller, address: &str, more: &str) -> Site {
    let board = format!(
        r#"
[[lot.olm]]
name = "屏-01"
display = "LED-01"
address = "{address}"
columns = 12
answer = "300ms"
{more}
[[lot.place]]
number = "A-001""#
    );
    Site::new(&platform.url(), &controller.url())
        .with("\n[[lot.place]]\nnumber = \"A-001\"", &board)
}

impl World {
    async fn shows(&self, lines: &[&str]) {
        shows(&self.board, lines).await;
    }

    async fn told(&self, display: &str, lines: Value) -> Value {
        let own = json!({"deviceNo": display, "msg": lines});
        self.gateway.call("/receiveShowMsg", own).await
    }

    async fn is(&self, state: &str) {
        let end = Instant::now() + PATIENCE * 2;
        let now = async || self.gateway.status().await["drivers"][0]["state"].clone();
        while now().await != state {
            assert!(Instant::now() < end, "it is not {state}");
        }
    }
}

async fn shows(board: &OlmBoard, lines: &[&str]) {
    let shown = || (board.lines() == lines).then_some(());
    eventually(&format!("it shows {lines:?}"), shown).await;
}

fn text(text: &str) -> Value {
    json!([{"text": text, "alignment": "left"}])
}

/// SHOW-1, SHOW-2: also of a board whose answers come byte by byte among noise.
#[tokio::test]
async fn a_board_shows_what_the_lane_and_the_platform_say() {
    let board = OlmBoard::new(0, 2);
    board.fails(OlmFault::Noisy);
    let more = "voice = true\ncolors = [\"yellow\", \"green\"]";
    let world = world(board, more, &[]).await;
    world.shows(&["  欢迎光临", ""]).await;
    let lines = json!([
        {"text": " 粤B12345", "alignment": "left"}, {"text": "5.00元", "alignment": "right"}
    ]);
    assert_eq!(world.told("LED-01", lines).await["respCode"], "0");
    assert_eq!(world.board.lines(), [" 粤B12345", "      5.00元"]);
    assert_eq!(world.board.rows()[1].color, [0, 0xFF, 0]);
    world.shows(&["  欢迎光临", ""]).await;
    world.gateway.arrives("粤B12345").await;
    world.shows(&["  粤B12345", "   请通行"]).await;
    assert_eq!(world.board.said(), ["粤B12345,请通行"]);
    world.gateway.crosses().await;
    world.shows(&["  欢迎光临", ""]).await;
}

/// SHOW-2, ABN-1: a board that answers nothing is no success, and reported lost; what it was told then
/// is not shown when it is back.
#[tokio::test]
async fn a_board_that_does_not_answer_is_lost_and_shows_what_stands_when_it_is_back() {
    let supervision = "[supervision]\ncheck = \"50ms\"\n[[lot]]";
    let world = world(OlmBoard::new(0, 2), "", &[("[[lot]]", supervision)]).await;
    world.shows(&["  欢迎光临", ""]).await;
    world.is("online").await;
    world.board.fails(OlmFault::Dead);
    let silent = world.told("LED-01", text("车位已满")).await;
    assert!(why(&silent).starts_with("DISPLAY_SILENT"), "{silent}");
    let away = world.told("LED-01", text("请稍候")).await;
    assert!(why(&away).starts_with("DISPLAY_FAILED"), "{away}");
    let told = world.platform.hears("/receiveAbnormal", 1).await;
    let device = (&told[0]["abnormalCode"], &told[0]["deviceNo"]);
    assert_eq!(device, (&json!("1101"), &json!("LED-01")));
    world.board.loses_power();
    world.board.fails(OlmFault::None);
    world.shows(&["  欢迎光临", ""]).await;
    world.is("online").await;
}

/// SHOW-2: a busy board is tried again, for a while.
#[tokio::test]
async fn a_busy_board_is_told_again_for_a_while() {
    let world = world(OlmBoard::new(0, 2), "", &[]).await;
    world.shows(&["  欢迎光临", ""]).await;
    world.board.fails(OlmFault::Busy(3));
    assert_eq!(world.told("LED-01", text("请缴费")).await["respCode"], "0");
    assert_eq!(world.board.lines(), ["请缴费", ""]);
    world.shows(&["  欢迎光临", ""]).await;
    world.board.fails(OlmFault::Busy(1_000));
    // Another one: the same again within a second would get its first answer (D-5).
    let reply = world.told("LED-01", text("请稍候")).await;
    assert!(why(&reply).starts_with("DISPLAY_FAILED"), "{reply}");
    assert_eq!(world.board.lines(), ["  欢迎光临", ""]);
}

/// A connection that is cut, and a board that lost its power with it.
#[tokio::test]
async fn a_board_is_told_again_after_its_connection_was_cut() {
    let world = world(OlmBoard::new(0, 2), "", &[]).await;
    world.gateway.arrives("粤B12345").await;
    world.shows(&["  粤B12345", "   请通行"]).await;
    world.board.loses_power();
    world.server.cut();
    world.shows(&["  粤B12345", "   请通行"]).await;
    let status = world.gateway.status().await;
    let status = &status["drivers"][0];
    assert_eq!(status["connections"], 2, "{status}");
}

/// An answer that is not what was sent is none.
#[tokio::test]
async fn a_wrong_checksum_is_no_answer() {
    let board = OlmBoard::new(0, 2);
    board.fails(OlmFault::Garbled);
    let world = world(board, "", &[]).await;
    eventually("it is asked", || (world.board.frames() >= 2).then_some(())).await;
    let reply = world.told("LED-01", text("请缴费")).await;
    assert!(why(&reply).starts_with("DISPLAY_FAILED"), "{reply}");
    assert_eq!(world.board.lines(), ["金颉科技", ""]);
}

/// Two displays on one line; the other one has no power.
#[tokio::test]
async fn a_dead_board_does_not_keep_its_neighbour_waiting() {
    let (first, second) = (OlmBoard::new(0, 2), OlmBoard::new(7, 2));
    first.fails(OlmFault::Dead);
    let boards = vec![first.clone(), second.clone()];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = OlmServer::start(listener, boards).unwrap();
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let address = server.address.to_string();
    let more = format!(
        "[[lot.olm]]\nname = \"屏-02\"\ndisplay = \"LED-02\"\naddress = \"{address}\"\nunit = 7\n\
         multiline = \"6E\"\nvoice = true"
    );
    let gateway = site(&platform, &controller, &address, &more).start().await;
    shows(&second, &["一路平安", ""]).await;
    let own = json!({"deviceNo": "LED-02", "msg": text("请缴费15元")});
    let reply = gateway.call("/receiveShowMsg", own).await;
    assert_eq!(reply["respCode"], "0", "{reply}");
    let rows = second.rows();
    assert_eq!((rows[0].text.as_str(), rows[0].runs), ("请缴费15元", true));
    assert!(
        second.said().is_empty(),
        "what the platform says is not spoken"
    );
    first.fails(OlmFault::None);
    shows(&first, &["  欢迎光临", ""]).await;
}

/// SHOW-2, ABN-1: of a board that does not answer nobody knows what it shows, and nobody says so.
#[tokio::test]
async fn what_a_board_without_answers_shows_is_unknown() {
    let board = OlmBoard::new(0, 2);
    board.fails(OlmFault::Mute);
    let world = world(board, "expect_ack = false", &[]).await;
    world.shows(&["  欢迎光临", ""]).await;
    world.is("unknown").await;
    let reply = world.told("LED-01", text("请缴费")).await;
    assert!(why(&reply).starts_with("DISPLAY_SILENT"), "{reply}");
    world.shows(&["  欢迎光临", ""]).await;
    world.gateway.arrives("粤B12345").await;
    world.shows(&["  粤B12345", "   请通行"]).await;
}

/// More lines than the board has come in turn.
#[tokio::test]
async fn lines_that_have_no_room_come_in_turn() {
    let long = [("message = \"200ms\"", "message = \"60s\"")];
    let world = world(OlmBoard::new(0, 2), "", &long).await;
    world.shows(&["  欢迎光临", ""]).await;
    let lines = ["一", "二", "三"].map(|it| json!({"text": it}));
    assert_eq!(world.told("LED-01", json!(lines)).await["respCode"], "0");
    assert_eq!(world.board.lines(), ["一", "二"]);
    world.shows(&["三", ""]).await;
    world.shows(&["一", "二"]).await;
}

/// How many spaces are free, counted from the crossings.
#[tokio::test]
async fn a_board_shows_how_many_spaces_are_free() {
    let world = world(OlmBoard::new(0, 2), "spaces = 20", &[]).await;
    let free = |wanted: u32| {
        let board = &world.board;
        eventually("so many are free", move || {
            (board.free() == Some(wanted)).then_some(())
        })
    };
    free(20).await;
    world.gateway.arrives("粤B12345").await;
    world.shows(&["  粤B12345", "   请通行"]).await;
    assert_eq!(world.board.free(), None, "the vehicle comes first");
    world.gateway.crosses().await;
    free(19).await;
}

/// CROSS-1, SHOW-1: a whole lane, nearly as slow as life.
#[tokio::test]
async fn a_vehicle_drives_through_a_simulated_lane_with_a_board() {
    let platform = Platform::start().await;
    let device = |number: &str| DeviceNo::new(number).unwrap();
    let (camera, barrier) = (device("CAM-01"), device("BAR-01"));
    let mut lane = LanePlan::new("01", Direction::Entry, camera, barrier, KEYS[0].into());
    lane.display = Some(device("LED-01"));
    lane.display_speaks = DisplaySpeaks::Olm;
    let mut plan = LotPlan::new(vec![lane]);
    plan.speed = 2.0;
    let devices = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = devices.local_addr().unwrap().to_string();
    drop(devices);
    let lot = VirtualLot::start(plan, &format!("http://{address}")).await;
    let lot = lot.unwrap();
    let controller = Controller::start().await;
    let board = lot.board_address("01").unwrap().to_string();
    let _gateway = site(&platform, &controller, &board, "")
        .with(
            "devices = \"127.0.0.1:0\"",
            &format!("devices = \"{address}\""),
        )
        .with(&controller.url(), lot.device_url())
        .with("read_grace = \"500ms\"", "read_grace = \"5s\"")
        .with("approach_window = \"500ms\"", "approach_window = \"3s\"")
        .with("travel = \"100ms\"", "travel = \"1s\"")
        .with("follow_wait = \"100ms\"", "follow_wait = \"3s\"")
        .with("leave_grace = \"100ms\"", "leave_grace = \"3s\"")
        .with("act = \"500ms\"", "act = \"3s\"")
        .start()
        .await;
    let board = lot.board("01").unwrap();
    shows(board, &["  欢迎光临", "", "", ""]).await;
    let vehicle = Vehicle::new(Plate::read("粤B12345").unwrap(), PlateColor::Blue);
    let driving = lot.drive("01", vehicle).unwrap();
    shows(board, &["  粤B12345", "   请通行", "", ""]).await;
    assert_eq!(driving.await.outcome, Outcome::Crossed);
    shows(board, &["  欢迎光临", "", "", ""]).await;
    platform.hears("/receiveCrossGate", 1).await;
    lot.stop().await;
}

fn why(reply: &Value) -> &str {
    assert_eq!(reply["respCode"], "1", "{reply}");
    reply["respDesc"].as_str().unwrap()
}
