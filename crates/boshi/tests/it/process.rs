//! Either side as a real process, and what it says.

use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::line::Line;

/// How long a line is waited for: far longer than a busy machine needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Pause between two looks at whether something holds.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// What a process writes, line by line.
pub(crate) struct Lines {
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Lines {
    pub(crate) fn of(output: impl Read + Send + 'static) -> Lines {
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
    pub(crate) fn next(&mut self) -> Option<String> {
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
    pub(crate) fn says(&mut self, what: &str) -> String {
        while let Some(line) = self.next() {
            if line.contains(what) {
                return line;
            }
        }
        panic!("{what} is not said: {:#?}", self.said);
    }

    /// Everything that was said, when there is no more.
    fn end(&mut self) -> Vec<String> {
        while self.next().is_some() {}
        std::mem::take(&mut self.said)
    }

    /// Of a process that is dead.
    fn never_told_of_a_panic(&mut self) {
        let said = self.end();
        assert!(said.iter().all(|it| !it.contains("panicked")), "{said:#?}");
    }
}

/// A gateway, its configuration, and what it logs.
pub(crate) struct Gateway {
    process: Child,
    file: PathBuf,
    pub(crate) log: Lines,
    /// Where it is told events, and where it is asked.
    pub(crate) devices: String,
    pub(crate) local: String,
}

impl Gateway {
    pub(crate) fn start(folder: &Path, text: &str, environment: &[(&str, &str)]) -> Gateway {
        let file = folder.join("gateway.toml");
        std::fs::write(&file, text).unwrap();
        let (process, log, line) = run("gateway", &file, environment, "网关已启动");
        Gateway {
            process,
            file,
            log,
            devices: address(&line, "设备接口 http://"),
            local: address(&line, "本地接口 http://"),
        }
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    /// It is told to read this.
    pub(crate) fn reads(&self, text: &str) {
        std::fs::write(&self.file, text).unwrap();
        self.signal(Signal::HUP);
    }

    /// It is told to stop; everything that it has logged.
    pub(crate) fn stops(mut self) -> Vec<String> {
        self.signal(Signal::TERM);
        let logged = self.log.end();
        assert!(self.process.wait().unwrap().success());
        logged
    }
}

impl Gateway {
    /// It is killed, and has not panicked until then.
    pub(crate) fn dies(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.log.never_told_of_a_panic();
    }

    /// An event of its devices, which has to be taken.
    pub(crate) fn event(&self, key: &str, event: &Value) {
        let answer = exchange(&self.devices, "POST", "/v1/events", key, &event.to_string());
        assert_eq!(answer["ok"], true, "{answer}");
    }

    /// What it answers on its local interface.
    pub(crate) fn asked(&self, data: &Path, path: &str) -> Value {
        let key = std::fs::read_to_string(data.join("local.key")).unwrap();
        exchange(
            &self.local,
            "GET",
            &format!("/local/v1{path}"),
            key.trim(),
            "",
        )
    }
}

/// A platform, its configuration, and what it logs.
pub(crate) struct Platform {
    process: Child,
    pub(crate) log: Lines,
    /// Where suppliers push, and where operators ask.
    pub(crate) standard: String,
    pub(crate) operators: String,
    pub(crate) key: String,
}

impl Platform {
    /// Its data are in `folder/data`.
    pub(crate) fn start(folder: &Path, text: &str, environment: &[(&str, &str)]) -> Platform {
        let file = folder.join("platform.toml");
        std::fs::write(&file, text).unwrap();
        let (process, log, line) = run("platform", &file, environment, "平台已启动");
        let key = std::fs::read_to_string(folder.join("data/operator.key")).unwrap();
        Platform {
            process,
            log,
            standard: address(&line, "供应商接口 http://"),
            operators: address(&line, "操作员接口 http://"),
            key: key.trim().to_owned(),
        }
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it answers its operators.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let path = format!("/api/v1{path}");
        exchange(&self.operators, method, &path, &self.key, &body.to_string())
    }

    /// It is killed, and has not panicked until then.
    pub(crate) fn dies(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.log.never_told_of_a_panic();
    }
}

/// Runs a side until it says that it has started; also what it logs, and that line.
fn run(
    side: &str,
    file: &Path,
    environment: &[(&str, &str)],
    started: &str,
) -> (Child, Lines, String) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_boshi"))
        .args([side, "run", "--config"])
        .arg(file)
        .env_remove("BOSHI_LOG")
        .envs(environment.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let log = Lines::of(process.stderr.take().unwrap());
    let line = Lines::of(process.stdout.take().unwrap()).says(started);
    (process, log, line)
}

/// The address behind `of` in the line of a side that has started.
fn address(line: &str, of: &str) -> String {
    let address = line.split(of).nth(1).unwrap().trim_start();
    let end = address.find(|it: char| !(it.is_ascii_digit() || ".:".contains(it)));
    address[..end.unwrap_or(address.len())].to_owned()
}

/// Returns when it holds.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// The body of the answer to a request on a connection of its own.
pub(crate) fn exchange(address: &str, method: &str, path: &str, key: &str, body: &str) -> Value {
    let (_, answer) = Line::to(address).ask(method, path, key, body);
    serde_json::from_str(&answer).unwrap()
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
