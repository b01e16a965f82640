//! A running gateway that is told SIGHUP.

#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// How long a line is waited for: far longer than a busy machine needs.
const PATIENCE: Duration = Duration::from_secs(30);

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

/// What a process writes, line by line.
struct Lines {
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Lines {
    fn of(output: impl Read + Send + 'static) -> Lines {
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let said = Vec::new();
        Lines { lines, said }
    }

    /// The next line; none when there will be no more.
    fn next(&mut self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => {
                self.said.push(line.clone());
                Some(line)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("nothing more is said: {:#?}", self.said),
        }
    }

    /// The next line that holds `what`.
    fn says(&mut self, what: &str) -> String {
        while let Some(line) = self.next() {
            if line.contains(what) {
                return line;
            }
        }
        panic!("{what} is not said: {:#?}", self.said);
    }

    fn end(mut self) -> Vec<String> {
        while self.next().is_some() {}
        self.said
    }
}

/// A gateway, its configuration, and what it logs.
struct Gateway {
    process: Child,
    file: PathBuf,
    log: Lines,
}

impl Gateway {
    fn start(folder: &Path, text: &str, environment: &[(&str, &str)]) -> Gateway {
        let file = folder.join("gateway.toml");
        std::fs::write(&file, text).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_boshi"))
            .args(["gateway", "run", "--config"])
            .arg(&file)
            .env_remove("BOSHI_LOG")
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Lines::of(process.stderr.take().unwrap());
        let mut said = Lines::of(process.stdout.take().unwrap());
        let gateway = Gateway { process, file, log };
        said.says("网关已启动");
        gateway
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    /// It is told to read this.
    fn reads(&self, text: &str) {
        std::fs::write(&self.file, text).unwrap();
        self.signal(Signal::HUP);
    }

    /// It is told to stop; everything that it has logged.
    fn stops(mut self) -> Vec<String> {
        self.signal(Signal::TERM);
        let Lines { lines, said } = &mut self.log;
        let log = Lines {
            lines: std::mem::replace(lines, channel().1),
            said: std::mem::take(said),
        };
        let logged = log.end();
        assert!(self.process.wait().unwrap().success());
        logged
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn configured(folder: &Path) -> String {
    CONFIG.replace("{data}", &folder.join("data").display().to_string())
}

/// D-7: also when what is wrong stands beside a secret.
#[test]
fn a_gateway_that_is_told_to_reads_its_configuration_anew_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let text = configured(folder.path());
    let mut gateway = Gateway::start(folder.path(), &text, &[]);

    let changed = text.replace("[tls]", "[timing]\ntravel = \"2s\"\n[tls]");
    gateway.reads(&changed.replace("http://lot", "http://elsewhere"));
    assert!(gateway.log.says("read anew").contains("timing"));
    assert!(gateway.log.says("needs a restart").contains("public_url"));

    gateway.reads(&text.replace("plain = true", "plane = true"));
    assert!(gateway.log.says("the old one stays").contains("plane"));

    let logged = gateway.stops();
    assert!(
        logged.iter().all(|line| !line.contains("do-not-show-this")),
        "{logged:#?}"
    );
}

/// Who turns the log down is told so; then only of what is wrong.
#[test]
fn the_log_follows_its_level_after_the_line_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let text = configured(folder.path());
    let quiet = text.replace("\"info\"", "\"error\"");
    let mut gateway = Gateway::start(folder.path(), &text, &[]);
    gateway.reads(&quiet);
    assert!(gateway.log.says("read anew").contains("log"));
    gateway.reads(&quiet.replace("[tls]", "[timing]\ntravel = \"2s\"\n[tls]"));
    gateway.reads("");
    gateway.log.says("the old one stays");
    gateway.reads(&text);
    let logged = gateway.log.says("read anew");
    assert!(logged.contains("log"), "{logged}");
    // Once errors alone are logged, nobody is told of what is applied.
    let logged = gateway.stops();
    let told = logged.iter().filter(|line| line.contains("read anew"));
    assert_eq!(told.count(), 2, "{logged:#?}");
}

#[test]
fn a_level_that_the_environment_has_chosen_stays_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let text = configured(folder.path());
    let mut gateway = Gateway::start(folder.path(), &text, &[("BOSHI_LOG", "info")]);
    gateway.reads(&text.replace("\"info\"", "\"error\""));
    gateway.log.says("read anew");
    gateway.log.says("BOSHI_LOG");
    gateway.reads(&text);
    gateway.log.says("read anew");
    gateway.stops();
}
