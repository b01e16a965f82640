//! A disk that is full, read-only or does not sync, and a process that may open no more files: errors that
//! strace injects into the system calls of a side that runs.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::process::{Child, Command};

/// Longest that strace may take to let go of a process.
const LETTING_GO: Duration = Duration::from_secs(10);

/// What fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failing {
    /// No space is left.
    Full,
    /// Nothing may be written.
    ReadOnly,
    /// What was written does not get to the disk.
    Syncs,
    /// No file and no connection may be opened.
    Descriptors,
}

impl Failing {
    pub(super) const ALL: [Failing; 4] = [
        Failing::Full,
        Failing::ReadOnly,
        Failing::Syncs,
        Failing::Descriptors,
    ];

    /// The system calls, and how they fail.
    const fn injection(self) -> &'static str {
        match self {
            Failing::Full => "pwrite64,ftruncate,fallocate:error=ENOSPC",
            Failing::ReadOnly => "pwrite64,ftruncate,fallocate:error=EROFS",
            Failing::Syncs => "fdatasync,fsync:error=EIO",
            Failing::Descriptors => "openat,accept4,socket:error=EMFILE",
        }
    }
}

/// A process whose system calls fail, until it is let go.
pub(super) struct Failure {
    strace: Child,
}

impl Failure {
    /// From now on these fail in process `id`.
    pub(super) fn begin(id: u32, what: Failing) -> anyhow::Result<Failure> {
        let (calls, _) = what
            .injection()
            .split_once(':')
            .expect("calls and how they fail");
        let strace = Command::new("strace")
            .args(["-f", "-qq", "-o", "/dev/null", "-p", &id.to_string()])
            .args(["-e", &format!("trace={calls}")])
            .args(["-e", &format!("inject={}", what.injection())])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("--disk needs strace")?;
        Ok(Failure { strace })
    }

    /// They succeed again.
    pub(super) async fn end(mut self) -> anyhow::Result<()> {
        // Asked to end, it lets go of the process; killed, it might leave it stopped. It has ended by
        // itself when the process has.
        if let Some(id) = self.strace.id().and_then(|id| i32::try_from(id).ok())
            && let Some(id) = rustix::process::Pid::from_raw(id)
        {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        }
        let ended = tokio::time::timeout(LETTING_GO, self.strace.wait()).await;
        ensure!(ended.is_ok(), "strace does not let go");
        Ok(())
    }
}
