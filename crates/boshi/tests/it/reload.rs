//! A running gateway that is told SIGHUP.

#![cfg(unix)]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

const CONFIG: &str = r#"
data = "{data}"
public_url = "http://lot"
log = "info"
[listen]
standard = "127.0.0.1:0"
devices = "127.0.0.1:0"
local = "127.0.0.1:0"
[tls]
plain = true
[platform]
base_url = "http://127.0.0.1:1"
app_id = "99848791"
secret = "do-not-show-this"
[[lot]]
id = "L1"
"#;

/// A gateway, and what it logs.
struct Gateway {
    process: Child,
    log: BufReader<ChildStderr>,
}

impl Gateway {
    fn start(config: &Path) -> Gateway {
        let mut process = Command::new(env!("CARGO_BIN_EXE_boshi"))
            .args(["gateway", "run", "--config"])
            .arg(config)
            .env_remove("BOSHI_LOG")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(process.stderr.take().unwrap());
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
        assert!(said.next().unwrap().unwrap().contains("网关已启动"));
        Gateway { process, log }
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.process);
        kill_process(pid, signal).unwrap();
    }

    /// The next line of the log that says `what`.
    fn says(&mut self, what: &str) -> String {
        let mut line = String::new();
        while !line.contains(what) {
            line.clear();
            assert_ne!(
                self.log.read_line(&mut line).unwrap(),
                0,
                "{what} was not said"
            );
            assert!(!line.contains("do-not-show-this"), "{line}");
        }
        line
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_gateway_that_is_told_to_reads_its_configuration_anew_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.toml");
    let data = folder.path().join("data").display().to_string();
    let text = CONFIG.replace("{data}", &data);
    std::fs::write(&file, &text).unwrap();
    let mut gateway = Gateway::start(&file);

    let changed = text.replace("[tls]", "[timing]\ntravel = \"2s\"\n[tls]");
    std::fs::write(&file, changed.replace("http://lot", "http://elsewhere")).unwrap();
    gateway.signal(Signal::HUP);
    assert!(gateway.says("read anew").contains("timing"));
    assert!(gateway.says("needs a restart").contains("public_url"));

    std::fs::write(&file, text.replace("plain = true", "plane = true")).unwrap();
    gateway.signal(Signal::HUP);
    assert!(gateway.says("the old one stays").contains("plane"));

    // Once errors alone are logged, nobody is told of what is applied.
    std::fs::write(&file, text.replace("\"info\"", "\"error\"")).unwrap();
    gateway.signal(Signal::HUP);
    gateway.says("read anew");
    std::fs::write(&file, changed.replace("\"info\"", "\"error\"")).unwrap();
    gateway.signal(Signal::HUP);
    std::fs::write(&file, "").unwrap();
    gateway.signal(Signal::HUP);
    let mut rest = String::new();
    while !rest.contains("the old one stays") {
        assert_ne!(gateway.log.read_line(&mut rest).unwrap(), 0);
    }
    assert!(!rest.contains("read anew"), "{rest}");

    gateway.signal(Signal::TERM);
    assert!(gateway.process.wait().unwrap().success());
}
