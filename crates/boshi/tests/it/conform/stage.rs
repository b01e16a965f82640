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

use super::equipment::Equipment;
use super::texts::PICTURE;

/// Longest that a side may take to start, on a machine that is busy.
const STARTING: Duration = Duration::from_secs(30);

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
    /// Where the lane's devices are touched and looked at.
    pub(super) hands: SocketAddr,
    /// What stands in the lane, if that is no controller.
    pub(super) equipment: Option<Equipment>,
    /// Which lane the kit looks at, from 1, and how long it leaves something as it is there.
    pub(super) lane: (usize, &'static str),
    /// Where the judged side listens, its other two ports, and where the kit does.
    pub(super) ports: [SocketAddr; 4],
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
    /// `hands` is where the lane's devices are touched and looked at.
    pub(super) fn set(scheme: Scheme, hands: SocketAddr) -> Stage {
        let listeners = [(); 4].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let stage = Stage {
            folder: tempfile::tempdir().unwrap(),
            scheme,
            hands,
            equipment: None,
            lane: (1, "60ms"),
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
        let [own, devices, ..] = self.ports;
        let text = self.gateway_text();
        let running = self.run("gateway", &text, own);
        for (place, status) in [
            ("A-001", "vacancy"),
            ("A-002", "occupy"),
            ("A-003", "unusual"),
        ] {
            let space = format!(r#""status":"{status}","plate":"粤B00001","image":"{PICTURE}""#);
            let told = match &self.equipment {
                Some(equipment) => self.tell(
                    devices,
                    &format!("/spaces/{}", equipment.spaces_key()),
                    &format!(r#"{{"placeNo":"{place}",{space}}}"#),
                ),
                None => self.tell(
                    devices,
                    "/v1/events",
                    &format!(r#"{{"event":"place","place":"{place}",{space}}}"#),
                ),
            };
            assert!(
                told.contains("HTTP/1.1 200") && told.contains("true"),
                "{told}"
            );
        }
        running
    }

    /// The platform, which lets one plate in.
    pub(super) fn platform(&self) -> Running {
        let text = self.platform_text();
        let [own, ..] = self.ports;
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
        let log = fs::read_to_string(self.path("judged.log")).unwrap_or_default();
        panic!("{said}\n{complaint}\nthe judged side's log:\n{log}");
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

    /// Tells the gateway something; what it answers.
    fn tell(&self, devices: SocketAddr, path: &str, event: &str) -> String {
        let mut stream = TcpStream::connect(devices).unwrap();
        let length = event.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer device-key\r\n\
             Content-Type: application/json\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        );
        stream
            .write_all(format!("{head}{event}").as_bytes())
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// What the gateway says of its devices.
    pub(super) fn devices(&self) -> Vec<Value> {
        let mut command = boshi();
        let told = command
            .args(["gateway", "devices", "--json", "--config"])
            .arg(self.path("judged.toml"))
            .output()
            .unwrap();
        let told: Value = serde_json::from_slice(&told.stdout).unwrap_or_default();
        let drivers = told["lots"][0]["drivers"].as_array().cloned();
        drivers.unwrap_or_default()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn word(&self) -> &'static str {
        match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    pub(super) fn is_plain(&self) -> bool {
        matches!(self.scheme, Scheme::Http)
    }

    pub(super) fn trusting(&self, key: &str, authority: &str) -> String {
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
