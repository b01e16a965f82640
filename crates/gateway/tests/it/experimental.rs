//! Cameras that are spoken to by what others published: 华夏 (HX) by forms, 大华 (Dahua) by ITSAPI. What
//! they say here are the documented bytes.

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::Offset;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::controller::Controller;
use crate::platform::{NO, Platform};
use crate::site::{Gateway, LET_THROUGH, SETTLED, Site};
use crate::wire::PATIENCE;

pub(crate) const KEY: &str = "camera-key-one";

/// A lane whose loops are told by a controller, and whose camera and barrier are these.
pub(crate) async fn gateway(platform: &Platform, controller: &Controller, camera: &str) -> Gateway {
    let camera = format!("\n{camera}\n[[lot.place]]\nnumber = \"A-001\"");
    Site::new(&platform.url(), &controller.url())
        .with("\n[[lot.place]]\nnumber = \"A-001\"", &camera)
        .with("act = \"500ms\"", "act = \"3s\"\nfire_reassert = \"1s\"")
        .start()
        .await
}

pub(crate) async fn post(gateway: &Gateway, path: &str, kind: &str, body: &str) -> (u16, Value) {
    let client = reqwest::Client::builder().tls_certs_only([]).no_proxy();
    let request = client.build().unwrap();
    let request = request
        .post(format!("http://{}{path}", gateway.devices))
        .header("Content-Type", kind)
        .body(body.to_owned());
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or_default())
}

async fn loop_is_pressed(gateway: &Gateway) {
    gateway.trigger(true).await;
    let pressed = |lane: &Value| lane["sides"][0]["trigger_loop"] == true;
    gateway.until("the loop is pressed", pressed).await;
}

fn hx(kind: &str) -> String {
    format!(
        "type={kind}&mode=5&plate_num=%E7%B2%A4B12345&plate_color=%E8%93%9D%E8%89%B2&plate_val=true&confidence=97\
         &start_time=1763861400&park_id=P001&cam_id=00d05a120001&vdc_type=in&picture=_9j_4AAQ"
    )
}

/// RECOG-1, RECOG-3: opened by the answer to a heartbeat, once; what comes from memory opens nothing.
#[tokio::test]
async fn a_camera_of_hx_is_told_to_open_when_it_says_that_it_is_there() {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let camera = format!(
        "[[lot.hx]]\nname = \"IN-01\"\nexperimental = true\nkey = \"{KEY}\"\nserial = \"00D05A120001\"\n\
         recognizer = \"CAM-01\"\n[lot.hx.barrier]\ndevice = \"BAR-01\"\nconfirm = \"taken\""
    );
    let gateway = gateway(&platform, &controller, &camera).await;
    let (path, form) = (format!("/hx/{KEY}"), "application/x-www-form-urlencoded");
    let say = async |body: &str| post(&gateway, &path, form, body).await;
    loop_is_pressed(&gateway).await;
    let (status, answer) = say(&hx("online")).await;
    assert_eq!((status, &answer["error_num"]), (200, &json!(0)));
    assert_eq!(
        answer["gpio_data"],
        json!([]),
        "the platform was not asked yet"
    );
    let beat = "type=heartbeat&cam_id=00d05a120001";
    let end = std::time::Instant::now() + PATIENCE;
    while say(beat).await.1["gpio_data"] != json!([{"ionum": "io1", "action": "on"}]) {
        assert!(std::time::Instant::now() < end, "it is told to open");
    }
    for _ in 0..3 {
        assert_eq!(say(beat).await.1["gpio_data"], json!([]), "once");
    }
    let read = platform.hears("/receivePlateNumber", 1).await;
    assert_eq!(read[0]["plateNumber"], "粤B12345");
    assert_eq!(
        (&read[0]["color"], &read[0]["reliability"]),
        (&json!("blue"), &json!(97))
    );
    for _ in 0..2 {
        say(&hx("offline").replace("1763861400", "1763861000")).await;
    }
    gateway.counts("SELECT count(*) FROM recognition", 2).await;
    assert_eq!(say(beat).await.1["gpio_data"], json!([]));
    let (status, _) = say("type=heartbeat&cam_id=another").await;
    assert_eq!(status, 403);
    let own = json!({"deviceNo": "CAM-01", "openMode": "0", "plateNumber": ""});
    let reply = gateway.call("/receiveOpenGate", own).await;
    assert_eq!(reply["respCode"], "1", "{reply}");
    let driver = gateway.status().await["drivers"][0].clone();
    assert_eq!(driver["driver"], "hx http");
}

/// A display behind it gets its bytes with the answers, and whether it shows them is not known.
#[tokio::test]
async fn a_camera_of_hx_hands_on_what_a_board_behind_it_is_to_show() {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    platform.answers(|_, _| NO);
    let equipment = format!(
        "[[lot.hx]]\nname = \"IN-01\"\nexperimental = true\nkey = \"{KEY}\"\n\
         recognizer = \"CAM-01\"\n[[lot.olm]]\nname = \"屏\"\ndisplay = \"LED-01\"\n\
         camera = \"IN-01\""
    );
    let gateway = gateway(&platform, &controller, &equipment).await;
    let path = format!("/hx/{KEY}");
    let form = "application/x-www-form-urlencoded";
    loop_is_pressed(&gateway).await;
    post(&gateway, &path, form, &hx("online")).await;
    let plate = [0xD4, 0xC1, b'B', b'1', b'2', b'3', b'4', b'5'];
    let end = std::time::Instant::now() + PATIENCE;
    loop {
        let (_, answer) = post(&gateway, &path, form, "type=heartbeat&cam_id=1").await;
        let told = answer["rs485_data"].as_array().unwrap();
        let shows = told.iter().any(|it| {
            assert_eq!(it["encodetype"], "base64");
            let bytes = STANDARD.decode(it["data"].as_str().unwrap()).unwrap();
            bytes.windows(plate.len()).any(|part| part == plate)
        });
        if shows {
            break;
        }
        assert!(std::time::Instant::now() < end, "it is told what to show");
    }
}

/// Who has to log in, and what it was told.
#[derive(Clone)]
struct Cgi {
    told: mpsc::Sender<String>,
    answer: &'static str,
}

async fn open(State(cgi): State<Cgi>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let shown = headers.get(header::AUTHORIZATION);
    let shown = shown.and_then(|it| it.to_str().ok()).unwrap_or_default();
    if !shown.starts_with("Digest ") || !shown.contains("uri=\"/cgi-bin/trafficSnap.cgi?") {
        let challenge =
            "Digest realm=\"Login to 8F0A1B2C\", qop=\"auth\", nonce=\"1284756931\", opaque=\"a\"";
        let header = [(header::WWW_AUTHENTICATE, challenge)];
        return (StatusCode::UNAUTHORIZED, header).into_response();
    }
    cgi.told.send(query.unwrap_or_default()).await.unwrap();
    cgi.answer.into_response()
}

/// A camera that can be called, and the configuration of it.
pub(crate) async fn dahua(answer: &'static str) -> (mpsc::Receiver<String>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (told, orders) = mpsc::channel(8);
    let routes = Router::new()
        .route("/cgi-bin/trafficSnap.cgi", get(open))
        .with_state(Cgi { told, answer });
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let camera = format!(
        "[[lot.dahua]]\nname = \"IN-01\"\nexperimental = true\naddress = \"{address}\"\nuser = \"gateway\"\n\
         password = \"Demo#2026\"\nkey = \"{KEY}\"\nserial = \"6F03A11PAG00001\"\nrecognizer = \"CAM-01\"\n\
         [lot.dahua.barrier]\ndevice = \"BAR-01\"\nconfirm = \"taken\""
    );
    (orders, camera)
}

fn tollgate(at: Timestamp) -> String {
    let wall = Offset::constant(8).to_datetime(at);
    let wall = wall.strftime("%Y-%m-%d %H:%M:%S").to_string();
    json!({"Picture": {
        "NormalPic": {"PicName": "a.jpg", "Content": "/9j/4AAQ"},
        "Plate": {"IsExist": true, "PlateNumber": "粤B12345", "PlateColor": "Blue", "Confidence": 247},
        "SnapInfo": {"SnapTime": wall, "TimeZone": 8, "DeviceID": "6F03A11PAG00001"},
    }})
    .to_string()
}

/// RECOG-1, RECOG-3: answered at once, opened by a call.
#[tokio::test]
async fn a_camera_of_dahua_is_answered_and_called_to_open() {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let (mut orders, camera) = dahua("OK\r\n").await;
    let gateway = gateway(&platform, &controller, &camera).await;
    let say = async |end: &str, body: &str| {
        let path = format!("/dahua/{KEY}/NotificationInfo/{end}");
        post(&gateway, &path, "application/json", body).await
    };
    let beat = r#"{"Active":"keepAlive","DeviceID":"6F03A11PAG00001"}"#;
    let (_, answer) = say("KeepAlive", beat).await;
    assert_eq!(
        answer,
        json!({"Active": true, "DeviceID": "6F03A11PAG00001"})
    );
    loop_is_pressed(&gateway).await;
    let now = tollgate(Timestamp::now());
    for _ in 0..2 {
        let (status, answer) = say("TollgateInfo", &now).await;
        assert_eq!((status, &answer["Result"]), (200, &json!(true)));
        assert_eq!(
            answer["OpenStrobe"], false,
            "the platform was not asked yet"
        );
    }
    let told = tokio::time::timeout(PATIENCE, orders.recv());
    let told = told.await.unwrap().unwrap();
    assert!(told.starts_with("action=openStrobe&channel=1"), "{told}");
    gateway.counts(SETTLED, 1).await;
    assert_eq!(gateway.count("SELECT count(*) FROM recognition"), 1);
    assert!(orders.is_empty());
    let (status, _) = say("KeepAlive", r#"{"Active":"keepAlive","DeviceID":"other"}"#).await;
    assert_eq!(status, 400);
    let (status, answer) = say("TollgateInfo", "{").await;
    assert_eq!((status, &answer["Result"]), (200, &json!(true)));
    let driver = gateway.status().await["drivers"][0].clone();
    assert_eq!(
        (&driver["driver"], &driver["state"]),
        (&json!("dahua"), &json!("online"))
    );
}

/// RECOG-3: the camera sends again what was not answered, and does not say so.
#[tokio::test]
async fn a_reading_of_dahua_that_is_too_old_opens_nothing() {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let (mut orders, camera) = dahua("OK\r\n").await;
    let gateway = gateway(&platform, &controller, &camera).await;
    loop_is_pressed(&gateway).await;
    let old = Timestamp::now() - jiff::SignedDuration::from_mins(10);
    let path = format!("/dahua/{KEY}/NotificationInfo/TollgateInfo");
    let (_, answer) = post(&gateway, &path, "application/json", &tollgate(old)).await;
    assert_eq!(answer["Result"], true);
    gateway.counts(SETTLED, 1).await;
    // What the camera is told next is the first that it is told.
    let own = json!({"deviceNo": "CAM-01", "openMode": "3", "plateNumber": ""});
    let reply = gateway.call("/receiveOpenGate", own).await;
    assert_eq!(reply["respCode"], "0", "{reply}");
    assert_eq!(gateway.count(LET_THROUGH), 0);
    orders.recv().await.unwrap();
    assert!(orders.is_empty());
}

/// OPEN-7: what is not OK is refused, and there is no command that holds.
#[tokio::test]
async fn a_camera_of_dahua_that_refuses_is_quoted() {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let (_orders, camera) = dahua("Error\r\n").await;
    let gateway = gateway(&platform, &controller, &camera).await;
    for (mode, words) in [("3", "Error"), ("0", "常开")] {
        let own = json!({"deviceNo": "CAM-01", "openMode": mode, "plateNumber": ""});
        let reply = gateway.call("/receiveOpenGate", own).await;
        assert_eq!(reply["respCode"], "1", "{reply}");
        let why = reply["respDesc"].as_str().unwrap();
        assert!(why.contains(words), "{why}");
    }
}
