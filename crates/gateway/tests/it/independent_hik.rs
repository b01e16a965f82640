//! 海康's protocol against what is not ours: curl, where it is installed, logs in to the simulated camera
//! and pushes to the gateway as a camera does; a client from a package registry is tried by hand.
//!
//! `cargo nextest run -p boshi-gateway --run-ignored only independent` (Python 3 and its package
//! registry).

use std::process::{Output, Stdio};
use std::time::Duration;

use boshi_simulator::camera::HikCamera;
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use crate::hik::{PASSWORD, World, gate, pushing, world, world_with};
use crate::independent::installed;
use crate::wire::PATIENCE;

const OPEN: &str = "<BarrierGate version=\"2.0\"><ctrlMode>open</ctrlMode></BarrierGate>";
const GATE: &str = "ISAPI/Parking/channels/1/barrierGate";
const ALERTS: &str = "ISAPI/Event/notification/alertStream";

/// As a camera writes it, but for what nobody reads.
const ANPR: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<EventNotificationAlert version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema">
<channelID>1</channelID><dateTime>2025-11-23T09:30:00+08:00</dateTime>
<eventType>ANPR</eventType><eventState>active</eventState>
<ANPR><licensePlate>粤B12345</licensePlate><confidenceLevel>96</confidenceLevel>
<plateColor>blue</plateColor><alarmDataType>0</alarmDataType></ANPR>
</EventNotificationAlert>"#;

/// The program, as quiet as it gets; none when it is not installed, which is said.
async fn curl() -> Option<Command> {
    let version = Command::new("curl").arg("-V").output().await;
    if version.is_ok_and(|it| it.status.success()) {
        let mut curl = Command::new("curl");
        curl.args(["-sS", "-i", "--max-time", "20", "--noproxy", "*"]);
        curl.kill_on_drop(true);
        return Some(curl);
    }
    #[expect(clippy::print_stderr, reason = "whoever runs the tests is to see it")]
    {
        eprintln!("SKIPPED: curl is not installed");
    }
    None
}

/// What it has said, with the heads of all answers.
async fn said(curl: &mut Command) -> String {
    let output = tokio::time::timeout(PATIENCE, curl.output());
    let Output { stdout, stderr, .. } = output.await.unwrap().unwrap();
    let stdout = String::from_utf8_lossy(&stdout).into_owned();
    assert!(stderr.is_empty(), "{}", String::from_utf8_lossy(&stderr));
    stdout
}

fn url(camera: &HikCamera, path: &str) -> String {
    format!("http://{}/{path}", camera.address)
}

/// Who shows that user and password.
fn digest(password: &str) -> [String; 3] {
    let who = format!("gateway:{password}");
    ["--digest".to_owned(), "-u".to_owned(), who]
}

/// Has the camera tell a reading again and again meanwhile: nobody hears what is told before he listens.
async fn while_it_tells<T>(camera: &HikCamera, hears: impl Future<Output = T>) -> T {
    let telling = async {
        let mut often = tokio::time::interval(Duration::from_millis(100));
        loop {
            often.tick().await;
            _ = camera.tell(&crate::hik::plate("粤B12345"));
        }
    };
    tokio::select! {
        heard = hears => heard,
        () = telling => unreachable!("it tells until it is heard"),
    }
}

/// The simulated camera demands a digest as others make one.
#[tokio::test]
async fn curl_opens_the_barrier_once_it_shows_the_password() {
    let mut world = world(&pushing(), "").await;
    let asked = async |who: &[String]| {
        let mut curl = curl().await?;
        curl.args(who).args(["-X", "PUT", "-d", OPEN]);
        curl.arg(url(&world.camera, GATE));
        Some(said(&mut curl).await)
    };
    let Some(stranger) = asked(&[]).await else {
        return;
    };
    assert!(stranger.starts_with("HTTP/1.1 401"), "{stranger}");
    let wrong = asked(&digest("wrong")).await.unwrap();
    assert!(!wrong.contains("200 OK"), "{wrong}");
    assert_eq!(world.camera.refusals(), 1);
    assert!(world.orders.is_empty());
    let right = asked(&digest(PASSWORD)).await.unwrap();
    assert!(right.contains("<statusString>OK<"), "{right}");
    assert_eq!(world.told().await, gate("open"));
}

/// The alert stream of the simulated camera is one for others.
#[tokio::test]
async fn curl_hears_the_alert_stream() {
    let world = world(&pushing(), "").await;
    let Some(mut curl) = curl().await else {
        return;
    };
    curl.args(digest(PASSWORD)).arg("-N");
    curl.arg(url(&world.camera, ALERTS)).stdout(Stdio::piped());
    let mut child = curl.spawn().unwrap();
    let mut stream = child.stdout.take().unwrap();
    let mut heard = String::new();
    let hears = async {
        while !heard.contains("eventType>ANPR<") {
            let mut piece = [0; 4096];
            let length = stream.read(&mut piece).await.unwrap();
            assert!(length > 0, "it goes on: {heard}");
            heard += &String::from_utf8_lossy(&piece[..length]);
        }
    };
    let hears = while_it_tells(&world.camera, hears);
    tokio::time::timeout(PATIENCE, hears).await.unwrap();
    assert!(heard.contains("multipart/mixed"), "{heard}");
}

/// RECOG-1: a form as others write it, with a picture.
#[tokio::test]
async fn a_push_by_curl_is_a_cameras() {
    // A program takes its time to start.
    let waits = ("read_grace = \"500ms\"", "read_grace = \"20s\"");
    let mut world = world_with(&pushing(), "", &[waits]).await;
    let Some(mut curl) = curl().await else {
        return;
    };
    world.loop_is_pressed().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("picture.jpg");
    let picture: Vec<u8> = [0xFF, 0xD8, 0xFF, 0xE0]
        .into_iter()
        .chain([7; 3_000])
        .collect();
    std::fs::write(&path, &picture).unwrap();
    let anpr = folder.path().join("anpr.xml");
    std::fs::write(&anpr, ANPR).unwrap();
    let part = |name: &str, path: &std::path::Path, kind: &str| {
        format!("{name}=@{};type={kind}", path.display())
    };
    curl.arg("-F").arg(part("anpr.xml", &anpr, "text/xml"));
    let detection = part("detectionPicture.jpg", &path, "image/pjpeg");
    curl.arg("-F").arg(detection);
    curl.arg(format!(
        "http://{}/hik/camera-key-one",
        world.gateway.devices
    ));
    let answer = said(&mut curl).await;
    assert!(answer.contains("200 OK"), "{answer}");
    assert_eq!(world.told().await, gate("open"));
    let read = world.platform.hears("/receivePlateNumber", 1).await;
    assert_eq!(read[0]["plateNumber"], "粤B12345");
    let path = read[0]["image"].as_str().unwrap();
    let path = path.strip_prefix("https://lot.example").unwrap();
    let kept = world.gateway.get(path).await.bytes().await.unwrap();
    assert_eq!(kept, picture);
}

/// The simulated camera is one for a client that others use.
#[tokio::test]
#[ignore = "installs hikvisionapi"]
async fn a_client_that_is_not_ours_knows_the_simulated_camera() {
    let World { camera, .. } = world(&pushing(), "").await;
    let venv = installed("hikvisionapi==0.3.2").await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/independent_hik.py");
    let mut client = Command::new(venv.path().join("bin/python"));
    client.args([script, &url(&camera, ""), "gateway", PASSWORD]);
    let said = while_it_tells(&camera, said(&mut client)).await;
    let lines: Vec<_> = said.lines().collect();
    let expected = [
        "wrong password: 401",
        "serial: DS-TCG000-SIM-0001",
        "time zone: CST-8:00:00",
        "gate: OK",
        "alert: ANPR active",
    ];
    assert_eq!(lines, expected);
}
