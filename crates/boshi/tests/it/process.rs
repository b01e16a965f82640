//! A real gateway: its process, and what it says.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// How long a line is waited for: far longer than a busy machine needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

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
    pub(crate) fn says(&mut self, what: &str) -> String {
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
pub(crate) struct Gateway {
    process: Child,
    file: PathBuf,
    pub(crate) log: Lines,
    /// Where it is told events, and where it is asked.
    devices: String,
    local: String,
}

impl Gateway {
    pub(crate) fn start(folder: &Path, text: &str, environment: &[(&str, &str)]) -> Gateway {
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
        let line = said.says("网关已启动");
        let address = |of: &str| {
            let address = line.split(of).nth(1).unwrap().trim_start();
            let end = address.find(|it: char| !(it.is_ascii_digit() || ".:".contains(it)));
            address[..end.unwrap_or(address.len())].to_owned()
        };
        Gateway {
            process,
            file,
            log,
            devices: address("设备接口 http://"),
            local: address("本地接口 http://"),
        }
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

impl Gateway {
    /// It loses its power.
    pub(crate) fn dies(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
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

pub(crate) fn exchange(address: &str, method: &str, path: &str, key: &str, body: &str) -> Value {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
