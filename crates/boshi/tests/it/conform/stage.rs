//! A side as a process of its own, the kit's configuration for judging it, and the kit.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use boshi_conformance::net::tcp;
use boshi_transport::certificate::LocalAuthority;
use serde_json::Value;

use super::controller::Controller;

/// Longest that a side may take to start, on a machine that is busy.
const STARTING: Duration = Duration::from_secs(30);

/// A JPEG, as far as it matters: one pixel.
const PICTURE: &str = "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA=";

/// With or without TLS.
#[derive(Clone, Copy)]
pub(super) enum Scheme {
    Http,
    Https,
}

/// A folder with the configurations of one judged side and of the kit.
pub(super) struct Stage {
    folder: tempfile::TempDir,
    scheme: Scheme,
    controller: SocketAddr,
    /// Where the judged side listens, its other two ports, and where the kit does.
    ports: [SocketAddr; 4],
}

/// A process that ends with the test.
pub(super) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Stage {
    pub(super) fn set(scheme: Scheme, controller: &Controller) -> Stage {
        let listeners = [(); 4].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let stage = Stage {
            folder: tempfile::tempdir().unwrap(),
            scheme,
            controller: controller.address,
            ports: listeners.map(|listener| listener.local_addr().unwrap()),
        };
        if let Scheme::Https = scheme {
            // Each side is told of the other's authority before either starts.
            let names = ["127.0.0.1".to_owned()];
            tcp::certificate_made_in(&stage.path("kit"), &names).unwrap();
            LocalAuthority::open_or_create(&stage.path("judged/tls")).unwrap();
        }
        stage
    }

    /// The gateway, with times as short as a busy machine allows.
    pub(super) fn gateway(&self) -> Running {
        let [own, devices, local, kit] = self.ports;
        let text = format!(
            r#"data = '{data}'
public_url = "{scheme}://{own}"
[listen]
standard = "{own}"
devices = "{devices}"
local = "{local}"
[tls]
plain = {plain}
[platform]
base_url = "{scheme}://{kit}"
app_id = "99848791"
secret = "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo"
{ca}
[push]
budget = "2500ms"
probe = "500ms"
[timing]
refused_poll = "500ms"
debounce = "20ms"
read_grace = "1s"
approach_window = "1s"
travel = "100ms"
leave_grace = "100ms"
passage = "10s"
loop_alarm = "6s"
barrier_down = "2s"
far_side = "1s"
act = "1s"
[supervision]
check = "1s"
silence = "1s"
[[lot]]
id = "LOT-1"
name = "测试车场"
[[lot.lane]]
name = "01"
gate = "东二"
direction = "entry"
recognizer = "CAM-01"
barrier = "BAR-01"
display = "LED-01"
trigger_loop = true
safety_loop = true
limit_switch = true
device_url = "http://{controller}/device"
device_key = "device-key"
[[lot.place]]
number = "A-001"
[[lot.place]]
number = "A-002"
[[lot.place]]
number = "A-003"
"#,
            data = self.path("judged").display(),
            scheme = self.word(),
            plain = self.is_plain(),
            ca = self.trusting("ca_file", "kit/ca.pem"),
            controller = self.controller,
        );
        let running = self.run("gateway", &text, own);
        for (place, status) in [
            ("A-001", "vacancy"),
            ("A-002", "occupy"),
            ("A-003", "unusual"),
        ] {
            let event = format!(
                r#"{{"event":"place","place":"{place}","status":"{status}","plate":"粤B00001","image":"{PICTURE}"}}"#
            );
            self.tell(devices, &event);
        }
        running
    }

    /// The platform, which lets one plate in.
    pub(super) fn platform(&self) -> Running {
        let [own, operators, _, kit] = self.ports;
        let text = format!(
            r#"data = '{data}'
[listen]
standard = "{own}"
operators = "{operators}"
[tls]
plain = {plain}
[heartbeat]
interval = "1s"
timeout = "500ms"
misses = 2
[reconcile]
interval = "5s"
[command]
deadline = "3s"
[[supplier]]
app_id = "99848791"
secret = "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo"
[[supplier]]
app_id = "99848792"
secret = "another-secret"
[[lot]]
id = "LOT-1"
supplier = "99848791"
base_url = "{scheme}://{kit}"
{ca}
entry = "refuse"
exit = "refuse"
[[lot.lane]]
recognizer = "CAM-01"
direction = "entry"
[[lot]]
id = "LOT-2"
supplier = "99848792"
base_url = "http://127.0.0.1:1"
entry = "refuse"
exit = "refuse"
"#,
            data = self.path("judged").display(),
            plain = self.is_plain(),
            scheme = self.word(),
            ca = self.trusting("ca_file", "kit/ca.pem"),
        );
        let running = self.run("platform", &text, own);
        let config = self.path("judged.toml");
        let permit = [
            "platform",
            "permit",
            "add",
            "粤B12345",
            "--days",
            "1",
            "--config",
        ];
        let permitted = boshi().args(permit).arg(config).output().unwrap();
        assert!(permitted.status.success(), "{permitted:?}");
        running
    }

    /// Runs the kit, and gives its report.
    pub(super) fn judge(&self, side: &str, more: &[&str]) -> Value {
        let config = self.path("conform.toml");
        let acts = match side {
            "supplier" => self.supplier_acts(),
            _ => self.platform_acts(),
        };
        fs::write(&config, format!("{}{acts}", self.kit())).unwrap();
        let output = boshi()
            .args(["conform", side, "--unattended", "--config"])
            .arg(&config)
            .arg("--report")
            .arg(self.path("report"))
            .args(more)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let complaint = String::from_utf8_lossy(&output.stderr);
        let report = fs::read_to_string(self.path("report/report.json"));
        let report = report.unwrap_or_else(|error| panic!("{error}\n{said}\n{complaint}"));
        let report: Value = serde_json::from_str(&report).unwrap();
        if report["summary"]["passed"] != 0 && output.status.success() {
            return report;
        }
        panic!("{said}\n{complaint}");
    }

    /// What both sides' configurations of the kit have.
    fn kit(&self) -> String {
        let [own, _, _, kit] = self.ports;
        format!(
            r#"lot = "LOT-1"
app_id = "99848791"
secret = "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo"
[peer]
base_url = "{scheme}://{own}"
{ca}
[listen]
address = "{kit}"
plain = {plain}
authority = '{authority}'
names = ["127.0.0.1"]
[other]
lot = "LOT-2"
app_id = "99848792"
secret = "another-secret"
[devices]
recognizer = "CAM-01"
barrier = "BAR-01"
display = "LED-01"
places = ["A-001", "A-002", "A-003"]
[plates]
allowed = "粤B12345"
refused = "粤B54321"
[timing]
poll = "500ms"
tolerance = "400ms"
settle = "300ms"
quiet = "1500ms"
push = "5s"
attempt = "2s"
release = "2500ms"
device_check = "3s"
loop_alarm = "6s"
recovery = "10s"
heartbeat = "2s"
outage = "5s"
reconcile = "30s"
"#,
            scheme = self.word(),
            plain = self.is_plain(),
            ca = self.trusting("ca_file", "judged/tls/ca.pem"),
            authority = self.path("kit").display(),
        )
    }

    fn supplier_acts(&self) -> String {
        let events = format!("http://{}/v1/events", self.ports[1]);
        let tell = |event: &str| {
            format!(r#"{{ post = "{events}", bearer = "device-key", body = '{event}' }}"#)
        };
        let wait = r#"{ wait = "60ms" }"#;
        let trigger = |pressed: bool| {
            tell(&format!(
                r#"{{"event":"trigger_loop","device":"CAM-01","pressed":{pressed}}}"#
            ))
        };
        let safety = |pressed: bool| {
            tell(&format!(
                r#"{{"event":"safety_loop","device":"BAR-01","pressed":{pressed}}}"#
            ))
        };
        let arm = |position: &str| {
            tell(&format!(
                r#"{{"event":"arm","device":"BAR-01","position":"{position}"}}"#
            ))
        };
        let plate = tell(&format!(
            r#"{{"event":"plate","device":"CAM-01","plate":"{{plate}}","id":"{{number}}","color":"blue","reliability":96,"image":"{PICTURE}"}}"#
        ));
        let device = |word: &str| format!(r#"[{{ post = "http://{}/{word}" }}]"#, self.controller);
        let see = |word: &str| format!(r#"{{ get = "http://{}/{word}" }}"#, self.controller);
        format!(
            r#"[acts]
vehicle-arrives = [{on}, {wait}, {plate}]
vehicle-leaves = [{off}, {down}, {{ wait = "300ms" }}]
vehicle-crosses = [{press}, {wait}, {off}, {wait}, {release}, {down}, {wait}]
vehicle-tailgates = [{press}, {wait}, {release}, {wait}]
vehicle-stays = [{{ wait = "6500ms" }}]
display-lost = {lose_display}
display-back = {find_display}
recognizer-lost = {lose_recognizer}
recognizer-back = {find_recognizer}
barrier-lost = {lose_barrier}
barrier-back = {find_barrier}
arm-stays-up = [{up}]
arm-comes-down = [{down}]
[sights]
lifts = {lifts}
arm = {seen}
display = {shown}
"#,
            on = trigger(true),
            off = trigger(false),
            press = safety(true),
            release = safety(false),
            up = arm("up"),
            down = arm("down"),
            lose_display = device("lose/led-01"),
            find_display = device("find/led-01"),
            lose_recognizer = device("lose/cam-01"),
            find_recognizer = device("find/cam-01"),
            lose_barrier = device("lose/bar-01"),
            find_barrier = device("find/bar-01"),
            lifts = see("lifts"),
            seen = see("arm"),
            shown = see("display"),
        )
    }

    fn platform_acts(&self) -> String {
        let config = self.path("judged.toml");
        let command = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
            let program = env!("CARGO_BIN_EXE_boshi");
            format!(
                "[{{ command = ['{program}', 'platform', {}, '--config', '{}'] }}]",
                words.join(", "),
                config.display()
            )
        };
        format!(
            "[acts]\npermit-plate = {}\nwithdraw-permit = {}\noperator-opens = {}\noperator-shows = {}\n",
            command(&["permit", "add", "{plate}", "--days", "1"]),
            command(&["permit", "remove", "{plate}"]),
            command(&[
                "open", "LOT-1", "CAM-01", "--plate", "{plate}", "--by", "kit", "--reason", "test"
            ]),
            command(&["show", "LOT-1", "LED-01", "欢迎 光临"]),
        )
    }

    fn run(&self, side: &str, text: &str, listens: SocketAddr) -> Running {
        let config = self.path("judged.toml");
        fs::write(&config, text).unwrap();
        let log = fs::File::create(self.path("judged.log")).unwrap();
        let mut command = boshi();
        command
            .args([side, "run", "--config"])
            .arg(&config)
            .stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let mut running = Running(command.spawn().unwrap());
        let deadline = Instant::now() + STARTING;
        while TcpStream::connect(listens).is_err() {
            let ended = running.0.try_wait().unwrap();
            let log = || fs::read_to_string(self.path("judged.log")).unwrap();
            assert!(ended.is_none() && Instant::now() < deadline, "{}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
        running
    }

    /// Tells the gateway of an event.
    fn tell(&self, devices: SocketAddr, event: &str) {
        let mut stream = TcpStream::connect(devices).unwrap();
        let length = event.len();
        let head = format!(
            "POST /v1/events HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer device-key\r\n\
             Content-Type: application/json\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        );
        stream
            .write_all(format!("{head}{event}").as_bytes())
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains("true"), "{answer}");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn word(&self) -> &'static str {
        match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    fn is_plain(&self) -> bool {
        matches!(self.scheme, Scheme::Http)
    }

    fn trusting(&self, key: &str, authority: &str) -> String {
        match self.scheme {
            Scheme::Http => String::new(),
            Scheme::Https => format!("{key} = '{}'", self.path(authority).display()),
        }
    }
}

fn boshi() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_boshi"));
    command.env("BOSHI_LOG", "warn");
    command
}
