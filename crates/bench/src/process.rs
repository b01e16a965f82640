//! A server as a process of its own, on the core that servers have.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

/// The core of every server; the load has the other.
pub(crate) const SERVER_CORE: usize = 0;
/// The core of the load.
pub(crate) const LOAD_CORE: usize = 1;
/// Longest that a server may take to start: an interpreter on a busy machine takes seconds.
const START: Duration = Duration::from_secs(30);
/// The kernel counts processor time in hundredths of a second, whatever the machine (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);
/// The kernel's unit of `VmRSS`.
const KIB: u64 = 1024;

/// A process that is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    name: &'static str,
}

impl Process {
    /// Starts `command` on the servers' core; what it says goes to `log`.
    pub(crate) fn start(
        name: &'static str,
        command: &Command,
        log: &Path,
    ) -> anyhow::Result<Process> {
        // Killed with whoever measures, also when that is killed and drops nothing.
        let mut pinned = Command::new("setpriv");
        pinned.args(["--pdeathsig", "KILL", "taskset"]);
        pinned.arg("--cpu-list").arg(SERVER_CORE.to_string());
        pinned.arg(command.get_program()).args(command.get_args());
        for (key, value) in command.get_envs() {
            if let Some(value) = value {
                pinned.env(key, value);
            }
        }
        if let Some(folder) = command.get_current_dir() {
            pinned.current_dir(folder);
        }
        let output = File::create(log)?;
        pinned
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let child = pinned
            .spawn()
            .with_context(|| format!("cannot start {pinned:?}"))?;
        Ok(Process { child, name })
    }

    /// Waits until it listens at `address`; how long that took from `since` on.
    pub(crate) fn listens(
        &mut self,
        address: SocketAddr,
        since: Instant,
    ) -> anyhow::Result<Duration> {
        while TcpStream::connect(address).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended with {status} instead of listening", self.name);
            }
            if since.elapsed() > START {
                bail!("{} does not listen after {START:?}", self.name);
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(since.elapsed())
    }

    /// Its processor time until now, of all its threads.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let stat = self.proc("stat")?;
        // The name before it may hold anything, also spaces and parentheses.
        let (_, fields) = stat.rsplit_once(')').context("no name in stat")?;
        let field = |at: usize| -> anyhow::Result<u32> {
            let text = fields.split_whitespace().nth(at);
            Ok(text.context("stat is too short")?.parse()?)
        };
        Ok(TICK * (field(11)? + field(12)?))
    }

    /// Its resident memory now, in bytes.
    pub(crate) fn memory(&self) -> anyhow::Result<u64> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next());
        Ok(kib.context("no VmRSS")?.parse::<u64>()? * KIB)
    }

    fn proc(&self, file: &str) -> anyhow::Result<String> {
        let path = format!("/proc/{}/{file}", self.child.id());
        fs::read_to_string(&path).with_context(|| format!("{} is gone: {path}", self.name))
    }
}

impl Process {
    /// Waits until it has ended by itself.
    pub(crate) async fn ends(mut self, within: Duration) -> anyhow::Result<()> {
        let since = Instant::now();
        loop {
            match self.child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => bail!("{} ended with {status}", self.name),
                None if since.elapsed() > within => {
                    bail!("{} has not ended after {within:?}", self.name)
                }
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address on this machine that nobody uses at the moment.
pub(crate) fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?)
}
