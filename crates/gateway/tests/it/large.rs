//! Cameras whose pictures are large: what can be taken is, and what cannot be need not come again.

use boshi_simulator::camera::{HikCamera, HikPlate, VzCamera, VzPlate};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::controller::Controller;
use crate::platform::Platform;
use crate::site::{Gateway, Site};

const KEY: &str = "a-long-random-word";

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
