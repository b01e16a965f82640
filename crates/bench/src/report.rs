//! What is written of each part.

mod gateway;
mod platform;

use std::time::Duration;

use crate::stats::middle;
use crate::throughput::{Contestant, Extent};

pub(crate) use self::gateway::{cameras, chain, crowd, lanes, outbox, unpushed};
pub(crate) use self::platform::{alternatives, bare, lots, records};

/// A load average before the run above which somebody else's work is in the figures: half a core.
const QUIET: f64 = 0.5;

/// What stands before all sections.
pub(crate) fn intro() -> String {
    "# Benchmarks\n\n\
     Written by `cargo xtask bench`, which repeats it all, or with `--only PART` some of it (`--help` names the\n\
     parts): Linux with two cores, util-linux, 12 GB of disk, and for the alternatives `node`, `npm` and `python3`.\n\
     Every server has one core, the load has the other. Contestants take turns, with a shorter run before that\n\
     does not count; a ratio is the median of the ratios of runs made one after the other. Compare ratios, not\n\
     machines. Each section says when and on what it was measured.\n"
        .to_owned()
}

/// On what and when a section was measured.
pub(crate) fn measured(machine: &str, day: &str, extent: Extent, load: f64) -> String {
    let Extent { span, rounds } = extent;
    let noise = if load > QUIET {
        " **Other work was on the machine**: the ratios hold roughly, the absolute figures do not."
    } else {
        ""
    };
    format!(
        "{day}, {machine}; {rounds} rounds of {:.1} s where contestants take turns; load average before {load:.2}.{noise}\n",
        span.as_secs_f64()
    )
}

fn latencies(contestant: &Contestant) -> String {
    let of =
        |of: fn(&crate::stats::Run) -> Duration| middle(&contestant.runs, |run| millis(of(run)));
    format!("{:.2} / {:.2}", of(|run| run.p50), of(|run| run.p99))
}

fn cpu(contestant: &Contestant) -> f64 {
    middle(&contestant.runs, |run| run.cpu.as_secs_f64() * 1e6)
}

fn memory(contestant: &Contestant) -> f64 {
    middle(&contestant.runs, |run| mib(run.memory))
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}
