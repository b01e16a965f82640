//! One side as a process of its own.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use tokio::process::{Child, Command};

/// Longest that a side may take to stop: it finishes what is under way.
const STOPPING: Duration = Duration::from_secs(20);

/// A process of this program, killed when it is dropped.
pub(crate) struct Process {
    name: &'static str,
    config: PathBuf,
    log: PathBuf,
    /// Of its environment.
    surroundings: Vec<(&'static str, String)>,
    child: Child,
}

impl Process {
    /// Runs `boshi NAME run --config CONFIG`, with its log in `log`.
    pub(crate) fn start(name: &'static str, config: &Path, log: &Path) -> anyhow::Result<Process> {
        Ok(Process {
            name,
            config: config.to_owned(),
            log: log.to_owned(),
            surroundings: Vec::new(),
            child: spawn(name, config, log, &[])?,
        })
    }

    /// Pulls its plug: SIGKILL.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("it could not be killed")
    }

    /// Its number, while it runs.
    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// What its environment has from the next start on.
    pub(crate) fn surround(
        &mut self,
        surroundings: impl IntoIterator<Item = (&'static str, String)>,
    ) {
        self.surroundings.extend(surroundings);
    }

    /// Runs it again, with the same configuration and data.
    pub(crate) fn start_again(&mut self) -> anyhow::Result<()> {
        self.child = spawn(self.name, &self.config, &self.log, &self.surroundings)?;
        Ok(())
    }

    /// Whether it has ended by itself, which it should not.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// What it said last, for whoever has to find out why it does not run.
    pub(crate) fn last_words(&self) -> String {
        const LINES: usize = 5;
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let mut lines: Vec<&str> = log.lines().rev().take(LINES).collect();
        lines.reverse();
        format!(
            "{} ({}):\n{}",
            self.name,
            self.log.display(),
            lines.join("\n")
        )
    }

    /// Asks it to stop, and waits until it has; kills it if it takes too long.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.ask_to_stop()?;
        match tokio::time::timeout(STOPPING, self.child.wait()).await {
            Ok(status) => {
                let status = status?;
                anyhow::ensure!(status.success(), "{} ended with {status}", self.name);
                Ok(())
            }
            Err(_) => anyhow::bail!("{} did not stop in time", self.name),
        }
    }

    #[cfg(unix)]
    fn ask_to_stop(&self) -> anyhow::Result<()> {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(id) = id.and_then(rustix::process::Pid::from_raw) {
            rustix::process::kill_process(id, rustix::process::Signal::TERM)?;
        }
        Ok(())
    }

    #[cfg(not(unix))]
    fn ask_to_stop(&mut self) -> anyhow::Result<()> {
        Ok(self.child.start_kill()?)
    }
}

fn spawn(
    name: &str,
    config: &Path,
    log: &Path,
    surroundings: &[(&'static str, String)],
) -> anyhow::Result<Child> {
    let program = std::env::current_exe().context("this program cannot be found")?;
    let log = File::options().create(true).append(true).open(log)?;
    let mut command = Command::new(program);
    command
        .args([name, "run", "--config"])
        .arg(config)
        .envs(surroundings.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .kill_on_drop(true);
    // Ctrl-C is for the demo, which then stops the others in good order.
    #[cfg(unix)]
    command.process_group(0);
    command
        .spawn()
        .with_context(|| format!("{name} cannot be started"))
}
