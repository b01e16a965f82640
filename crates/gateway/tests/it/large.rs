//! Cameras whose pictures are large: what can be taken is, and what cannot be need not come again.

use std::time::Instant;

use boshi_simulator::camera::{HikCamera, HikPlate, VzCamera, VzPlate};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::controller::Controller;
use crate::platform::Platform;
use crate::site::{Gateway, Site};
use crate::wire::PATIENCE;

const KEY: &str = "a-long-random-word";

/// Bytes of a push that are read.
const MOST_READ: usize = 16 * 1024 * 1024;

/// Letters of a picture of five megabytes.
const LARGE: usize = 7_000_000;

/// Those of one that no camera sends.
const TOO_LARGE: usize = 20_000_000;

async fn gateway(platform: &Platform, controller: &Controller, camera: &str) -> Gateway {
    let place = "\n[[lot.place]]\nnumber = \"A-001\"";
    Site::new(&platform.url(), &controller.url())
        .with(place, &format!("\n{camera}{place}"))
        .start()
        .await
}

fn image(length: usize) -> String {
    let mut image = "/9j/4AAQ".to_owned();
    image.extend(std::iter::repeat_n('A', length));
    image
}

fn vz(number: u64, length: usize) -> VzPlate {
    VzPlate {
        number,
        license: format!("粤B{number}"),
        color: 1,
        confidence: 97,
        at: Timestamp::now(),
        is_offline: false,
        image: image(length),
    }
}

async fn fault(gateway: &Gateway) -> Value {
    gateway.status().await["drivers"][0]["last_fault"].clone()
}

/// RECOG-1
#[tokio::test]
async fn a_large_picture_costs_no_reading_and_one_that_is_too_large_is_not_sent_for_ever() {
    for dialect in ["vz", "qy"] {
        let (platform, controller) = (Platform::start().await, Controller::start().await);
        let camera = format!(
            "[[lot.vz]]\nname = \"IN-01\"\ndialect = \"{dialect}\"\nkey = \"{KEY}\"\nrecognizer = \"CAM-01\""
        );
        let gateway = gateway(&platform, &controller, &camera).await;
        let url = format!("http://{}/vz/{KEY}", gateway.devices);
        let mut camera = VzCamera::new(&url, "a1b2c3d4-0e1f2a3b").unwrap();
        camera.is_qy = dialect == "qy";
        let answer = camera.plate(&vz(10_001, LARGE)).await.unwrap();
        assert!(answer.stops, "{dialect}");
        gateway.counts("SELECT count(*) FROM recognition", 1).await;
        let answer = camera.plate(&vz(10_002, TOO_LARGE)).await.unwrap();
        assert!(answer.stops, "{dialect}");
        let why = fault(&gateway).await;
        assert!(why.as_str().unwrap().contains("16777216"), "{why}");
        assert_eq!(gateway.count("SELECT count(*) FROM recognition"), 1);
    }
}

/// RECOG-1: the event of a camera of 海康 comes before its pictures, and is read without them.
#[tokio::test]
async fn a_picture_of_hikvision_that_is_too_large_does_not_cost_the_plate() {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let started = HikCamera::start(listener, "A1", "gateway", "Demo#2026");
    let (camera, _orders) = started.unwrap();
    let configured = format!(
        "[[lot.hik]]\nname = \"IN-01\"\naddress = \"{}\"\nuser = \"gateway\"\npassword = \
         \"Demo#2026\"\nkey = \"{KEY}\"\nrecognizer = \"CAM-01\"",
        camera.address
    );
    let gateway = gateway(&platform, &controller, &configured).await;
    camera.pushes_to(&format!("http://{}/hik/{KEY}", gateway.devices));
    // Its loop has told that it is free: who is read and does not press it is gone.
    gateway.trigger(false).await;
    for (number, length) in [(1_i64, LARGE), (2, TOO_LARGE * 2)] {
        let plate = HikPlate {
            license: format!("粤B1000{number}"),
            color: "blue".to_owned(),
            confidence: 97,
            at: Timestamp::now(),
            is_replay: false,
            image: image(length),
        };
        camera.push(&plate).await.unwrap();
        gateway
            .counts("SELECT count(*) FROM recognition", number)
            .await;
        let gone = |lane: &Value| lane["sides"][0]["present"] == false;
        gateway.until("the vehicle has gone", gone).await;
    }
    let pictures = "SELECT count(*) FROM recognition WHERE image IS NOT NULL";
    assert_eq!(gateway.count(pictures), 1);
    let why = fault(&gateway).await;
    assert!(why.as_str().unwrap().contains("16777216"), "{why}");
}

/// Who can be taught is told what is wrong; a camera is told that it may stop.
#[tokio::test]
async fn a_report_of_spaces_that_is_too_large_is_refused_in_words() {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let system = format!("[[lot.spaces]]\nname = \"引导\"\nkey = \"{KEY}\"");
    let gateway = gateway(&platform, &controller, &system).await;
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    let url = format!("http://{}/spaces/{KEY}", gateway.devices);
    let report = json!({"placeNo": "A-001", "status": "occupy", "image": image(TOO_LARGE)});
    let request = client.build().unwrap().post(url).body(report.to_string());
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 400);
    let said: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert!(
        said["error"].as_str().unwrap().contains("16777216"),
        "{said}"
    );
}

/// RECOG-1: however many cameras push the largest pictures at once, slowly, the gateway keeps its
/// memory, and each is told to come again that finds no room.
#[tokio::test]
async fn what_all_cameras_push_at_once_is_bounded() {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let keys = [
        "the-first-long-random-word",
        "the-second-long-random-word",
        "the-third-long-random-word",
    ];
    let mut equipment = "[[lot.lane]]\nname = \"03\"\ngate = \"南\"\ndirection = \"entry\"\n\
        recognizer = \"CAM-03\"\nbarrier = \"BAR-03\"\ndevice_url = \"poll\"\ndevice_key = \"k3\"\n"
        .to_owned();
    for (number, key) in (1..).zip(keys) {
        equipment += &format!(
            "[[lot.vz]]\nname = \"IN-0{number}\"\nkey = \"{key}\"\nrecognizer = \"CAM-0{number}\"\n"
        );
    }
    let gateway = gateway(&platform, &controller, &equipment).await;
    let body = vec![b' '; MOST_READ - 1];
    let mut pushing = JoinSet::new();
    for number in 0..9 {
        let (body, key, devices) = (body.clone(), keys[number % 3], gateway.devices);
        pushing.spawn(async move {
            let mut stream = TcpStream::connect(devices).await.unwrap();
            let head = format!(
                "POST /vz/{key} HTTP/1.1\r\nHost: g\r\nContent-Length: {MOST_READ}\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            // Who is turned away on the way is not read to the end.
            let _ = stream.write_all(&body).await;
            let mut status = [0; 12];
            stream.read_exact(&mut status).await.unwrap();
            String::from_utf8_lossy(&status).into_owned()
        });
    }
    let turned_away = pushing.join_next().await.unwrap().unwrap();
    assert_eq!(turned_away, "HTTP/1.1 429");
    pushing.shutdown().await;
    let url = format!("http://{}/vz/{}", gateway.devices, keys[0]);
    let camera = VzCamera::new(&url, "a1b2c3d4-0e1f2a3b").unwrap();
    let until = Instant::now() + PATIENCE;
    while let Err(error) = camera.plate(&vz(10_001, LARGE)).await {
        assert!(Instant::now() < until, "there is room again: {error}");
    }
    gateway.counts("SELECT count(*) FROM recognition", 1).await;
}
