//! The Modbus driver against a server that is not ours: pymodbus, in both framings.
//!
//! `cargo nextest run -p boshi-gateway --run-ignored only independent` (Python 3 and its package
//! registry).

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::controller::Controller;
use crate::platform::Platform;
use crate::site::Site;
use crate::wire::PATIENCE;

/// Longest that installing may take: a slow network.
const INSTALLING: Duration = Duration::from_secs(120);

struct Server {
    _child: Child,
    said: Lines<BufReader<ChildStdout>>,
    stdin: ChildStdin,
    port: u16,
}

impl Server {
    async fn start(folder: &std::path::Path, framing: &str) -> Server {
        let python = folder.join("bin/python");
        let script = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/it/independent_module.py"
        );
        let mut child = Command::new(python)
            .args([script, framing])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut server = Server {
            _child: child,
            said,
            stdin,
            port: 0,
        };
        let port = server.says().await;
        server.port = port.strip_prefix("port ").unwrap().parse().unwrap();
        server
    }

    async fn says(&mut self) -> String {
        let line = tokio::time::timeout(PATIENCE, self.said.next_line()).await;
        line.expect("it says something").unwrap().unwrap()
    }
}

async fn run(command: &mut Command) {
    let running = tokio::time::timeout(INSTALLING, command.kill_on_drop(true).status());
    assert!(running.await.unwrap().unwrap().success());
}

/// A folder with an interpreter of its own that has this package.
pub(crate) async fn installed(package: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let venv = folder.path();
    run(Command::new("python3").args(["-m", "venv"]).arg(venv)).await;
    let install = ["install", "-q", package];
    run(Command::new(venv.join("bin/pip")).args(install)).await;
    folder
}

#[tokio::test]
#[ignore = "installs pymodbus"]
async fn a_module_that_is_not_ours_opens_the_barrier_and_tells_of_the_loop() {
    let folder = installed("pymodbus==3.8.6").await;
    let venv = folder.path();
    for framing in ["tcp", "rtu"] {
        let mut server = Server::start(venv, framing).await;
        let (platform, controller) = (Platform::start().await, Controller::start().await);
        let wired = format!(
            r#"
[[lot.modbus]]
name = "IO-01"
address = "127.0.0.1:{}"
module = "plain"
framing = "{framing}"
[[lot.modbus.barrier]]
device = "BAR-01"
open = 3
[[lot.modbus.input]]
number = 10
is = "trigger_loop"
device = "CAM-01"
[[lot.place]]
number = "A-001""#,
            server.port
        );
        let site = Site::new(&platform.url(), &controller.url())
            .with("\n[[lot.place]]\nnumber = \"A-001\"", &wired)
            .with("act = \"500ms\"", "act = \"2s\"");
        let gateway = site.start().await;
        server.stdin.write_all(b"9 1\n").await.unwrap();
        let pressed = |lane: &Value| lane["sides"][0]["trigger_loop"] == true;
        gateway.until("the loop is pressed", pressed).await;
        gateway.reads("粤B12345").await;
        assert_eq!(server.says().await, "coil 2 1", "{framing}");
        assert_eq!(server.says().await, "coil 2 0", "{framing}");
        let held = json!({"deviceNo": "CAM-01", "openMode": "0"});
        let reply = gateway.call("/receiveOpenGate", held).await;
        assert_eq!(reply["respCode"], "0", "{framing}: {reply}");
        assert_eq!(server.says().await, "coil 2 1", "{framing}");
    }
}
