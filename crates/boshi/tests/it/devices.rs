//! `boshi gateway devices` and `boshi gateway trace`: what a running gateway knows of its devices, looked up
//! by the binary while they speak.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use boshi_simulator::camera::{VzCamera, VzPlate};
use jiff::Timestamp;
use rustix::process::{Pid, Signal, kill_process};

use crate::process::{Gateway, Lines};

const SERIAL: &str = "a1b2c3d4-0e1f2a3b";

/// What nobody is shown.
const SECRET: &str = "do-not-show-this";

const CONFIG: &str = r#"
data = "{data}"
public_url = "http://lot"
[listen]
standard = "127.0.0.1:0"
devices = "127.0.0.1:0"
local = "127.0.0.1:0"
[tls]
plain = true
[platform]
base_url = "http://127.0.0.1:1"
app_id = "99848791"
secret = "s"
[[lot]]
id = "L1"
[[lot.lane]]
name = "01"
gate = "东二"
direction = "entry"
recognizer = "CAM-01"
barrier = "BAR-01"
[[lot.vz]]
name = "IN-01"
key = "camera-key-one"
serial = "a1b2c3d4-0e1f2a3b"
recognizer = "CAM-01"
[lot.vz.barrier]
device = "BAR-01"
open = 1
confirm = "taken"
[[lot.vz.input]]
number = 1
is = "trigger_loop"
device = "CAM-01"
"#;

/// A gateway that runs, a camera of it, and the configuration by which it is asked.
struct World {
    folder: tempfile::TempDir,
    gateway: Gateway,
    camera: VzCamera,
}

impl World {
    fn start() -> World {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data").display().to_string();
        let text = CONFIG.replace("{data}", &data);
        let gateway = Gateway::start(folder.path(), &text, &[("BOSHI_LOG", "warn")]);
        let local = format!("local = \"{}\"", gateway.local);
        let asked = text.replace("local = \"127.0.0.1:0\"", &local);
        std::fs::write(folder.path().join("asked.toml"), asked).unwrap();
        let url = format!("http://{}/vz/camera-key-one", gateway.devices);
        let camera = VzCamera::new(&url, SERIAL).unwrap();
        World {
            folder,
            gateway,
            camera,
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("asked.toml")
    }

    /// A reading with something secret in it.
    async fn reads(&self, number: u64, license: &str) {
        let composed = self.camera.composed(&VzPlate {
            number,
            license: license.to_owned(),
            color: 1,
            confidence: 97,
            at: Timestamp::now(),
            is_offline: false,
            image: "/9j/4AAQ".repeat(50),
        });
        let body = composed.replacen('{', &format!("{{\"pass_wd\":\"{SECRET}\","), 1);
        self.camera.push(body, "application/json").await.unwrap();
    }
}

fn boshi(file: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_boshi"));
    command
        .arg("gateway")
        .args(arguments)
        .arg("--config")
        .arg(file);
    command.env("BOSHI_LOG", "warn");
    command
}

fn said(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_device_is_shown_with_its_last_contact_its_counters_and_its_last_fault() {
    let world = World::start();
    let devices = || said(&boshi(&world.file(), &["devices"]).output().unwrap());
    let row = |shown: &str| {
        let mut rows = shown.lines();
        let row = rows.find(|it| it.contains("IN-01"));
        row.unwrap_or_else(|| panic!("{shown}")).to_owned()
    };
    let before = row(&devices());
    assert!(
        before.contains("离线") && !before.contains("秒前"),
        "{before}"
    );
    world.camera.ask().await.unwrap();
    world.reads(1, "粤B12345").await;
    let nonsense = world.camera.push("{", "application/json").await;
    assert!(nonsense.is_err());
    let after = row(&devices());
    for word in ["vz http", "在线", "秒前", "应为 JSON"] {
        assert!(after.contains(word), "{word}: {after}");
    }
    let told = boshi(&world.file(), &["devices", "--json"])
        .output()
        .unwrap();
    let told: serde_json::Value = serde_json::from_str(&said(&told)).unwrap();
    let driver = &told["lots"][0]["drivers"][0];
    assert_eq!(driver["name"], "IN-01", "{told}");
    assert_eq!(
        (&driver["received"], &driver["faults"]),
        (&2.into(), &1.into()),
        "{told}"
    );
}

/// D-7
#[tokio::test(flavor = "multi_thread")]
async fn the_frames_of_a_device_are_followed_live_and_nothing_secret_is_among_them() {
    let world = World::start();
    world.reads(1, "粤B11111").await;
    let mut following = boshi(&world.file(), &["trace", "IN-01", "--follow"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = Lines::of(following.stdout.take().unwrap());
    let mut shown = vec![lines.says("粤B11111")];
    for (number, license) in [(2, "粤B22222"), (3, "粤B33333")] {
        world.reads(number, license).await;
        shown.push(lines.says(license));
    }
    for line in &shown {
        assert!(line.contains('收') && line.contains("***"), "{line}");
        assert!(line.contains("...(400)"), "a picture is shortened: {line}");
        assert!(!line.contains(SECRET), "{line}");
    }
    kill_process(Pid::from_child(&following), Signal::TERM).unwrap();
    assert!(
        following.wait().unwrap().success(),
        "it ends when it is told to"
    );

    let trace = ["trace", "IN-01", "--limit", "2", "--json"];
    let told = boshi(&world.file(), &trace).output().unwrap();
    let told: serde_json::Value = serde_json::from_str(&said(&told)).unwrap();
    let items = told["items"].as_array().unwrap();
    let newest = items[0]["text"].as_str().unwrap();
    assert!(items.len() == 2 && newest.contains("粤B33333"), "{told}");
    let key = std::fs::read_to_string(world.folder.path().join("data/local.key")).unwrap();
    assert!(!told.to_string().contains(key.trim()));

    let unknown = boshi(&world.file(), &["trace", "IN-99"]).output().unwrap();
    assert!(!unknown.status.success());
    let error = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(error.contains("IN-99"), "{error}");
    let logged = world.gateway.stops();
    assert!(logged.iter().all(|it| !it.contains(SECRET)), "{logged:#?}");
}

/// One that says nothing yet is followed as well: the head of the table comes once.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_has_said_nothing_yet_is_followed_from_its_first_frame() {
    let world = World::start();
    let mut following = boshi(&world.file(), &["trace", "IN-01", "--follow"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = Lines::of(following.stdout.take().unwrap());
    lines.says("时间");
    world.reads(1, "粤B11111").await;
    while let Some(line) = lines.next() {
        assert!(!line.contains("时间"), "{line}");
        if line.contains("粤B11111") {
            break;
        }
    }
    kill_process(Pid::from_child(&following), Signal::TERM).unwrap();
    assert!(following.wait().unwrap().success());
}
