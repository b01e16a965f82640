//! System calls of a running process that fail until they are mended.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit};

use crate::process::Lines;

/// How a disk fails.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failing {
    calls: &'static str,
    error: &'static str,
}

impl Failing {
    /// No space is left.
    pub(super) const FULL: Failing = Failing::writes("ENOSPC");
    /// Nothing may be written.
    pub(super) const READ_ONLY: Failing = Failing::writes("EROFS");
    /// Nothing can be written.
    pub(super) const BROKEN: Failing = Failing::writes("EIO");
    /// What is written does not get to the disk.
    pub(super) const UNSYNCED: Failing = Failing {
        calls: "fdatasync,fsync",
        error: "EIO",
    };

    const fn writes(error: &'static str) -> Failing {
        let calls = "pwrite64,ftruncate,fallocate";
        Failing { calls, error }
    }
}

/// A process whose disk fails.
pub(super) struct Fault {
    strace: Child,
    /// What `strace` says is read, so that it never waits.
    _said: Lines,
}

impl Fault {
    /// From now on the disk of process `id` fails; none, and that is said, where nothing may be traced.
    pub(super) fn strikes(id: u32, failing: Failing) -> Option<Fault> {
        let Failing { calls, error } = failing;
        let strace = Command::new("strace")
            .args(["-f", "-o", "/dev/null", "-p", &id.to_string()])
            .args(["-e", &format!("trace={calls}")])
            .args(["-e", &format!("inject={calls}:error={error}")])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut strace) = strace else {
            return skipped("strace is not installed");
        };
        let mut said = Lines::of(strace.stderr.take().unwrap());
        while let Some(line) = said.next() {
            if line.contains(" attached") {
                let _said = said;
                return Some(Fault { strace, _said });
            }
        }
        strace.wait().unwrap();
        skipped("strace may not trace")
    }

    /// It is mended.
    pub(super) fn ends(mut self) {
        self.let_go();
    }

    /// Asked to end, it lets go of the process; killed, it might leave it stopped.
    fn let_go(&mut self) {
        // It has ended by itself when the process has.
        let _ = kill_process(Pid::from_child(&self.strace), Signal::TERM);
        self.strace.wait().unwrap();
    }
}

impl Drop for Fault {
    fn drop(&mut self) {
        if self.strace.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.let_go();
        }
    }
}

fn skipped(why: &str) -> Option<Fault> {
    let line = format!("SKIPPED: no disk failed, since {why} (apt-get install strace)");
    let _ = writeln!(std::io::stderr(), "{line}");
    None
}

/// A process that may open no more files and connections.
pub(super) struct Exhausted {
    process: Pid,
    before: Rlimit,
}

impl Exhausted {
    /// From now on process `id` may have none but those that it has.
    pub(super) fn strikes(id: u32) -> Exhausted {
        let process = Pid::from_raw(id.cast_signed()).unwrap();
        let is_open = |number: &u64| {
            let path = format!("/proc/{id}/fd/{number}");
            std::fs::symlink_metadata(path).is_ok()
        };
        // The limit is one of numbers, the lowest free one of which is taken next.
        let first_free = (0..).find(|number| !is_open(number));
        let maximum = getrlimit(Resource::Nofile).maximum;
        let limit = Rlimit {
            current: first_free,
            maximum,
        };
        let before = prlimit(Some(process), Resource::Nofile, limit).unwrap();
        Exhausted { process, before }
    }

    /// It may again.
    pub(super) fn ends(self) {
        prlimit(Some(self.process), Resource::Nofile, self.before).unwrap();
    }
}
