//! The table that a run writes.

mod goals;

use std::fmt::Write as _;
use std::time::Duration;

use crate::lot::{Figures, LANES};
use crate::stats::{median, middle, ratio};
use crate::throughput::{Contest, Contestant, Extent};

/// What was measured, and on what.
pub(crate) struct Report {
    pub(crate) machine: String,
    pub(crate) extent: Extent,
    /// The load average before and after.
    pub(crate) load: (f64, f64),
    pub(crate) bare: Vec<Contest>,
    pub(crate) alternatives: Option<Contest>,
    pub(crate) lot: Option<Figures>,
}

/// A load average before the run above which somebody else's work is in the figures: half a core.
const QUIET: f64 = 0.5;

impl Report {
    /// The whole document.
    pub(crate) fn markdown(&self) -> String {
        let mut text = self.head();
        text.push_str(&goals::table(self));
        self.against_bare(&mut text);
        if let Some(contest) = &self.alternatives {
            alternatives(&mut text, contest);
        }
        if let Some(figures) = &self.lot {
            lot(&mut text, figures);
        }
        text
    }

    fn head(&self) -> String {
        let Extent { span, rounds } = self.extent;
        let (before, after) = self.load;
        let noise = if before > QUIET {
            "\n**Other work was on the machine**: the ratios hold roughly, the absolute figures do not.\n"
        } else {
            ""
        };
        format!(
            "# Benchmarks\n\n\
             Written by `cargo xtask bench`, which repeats it: Linux with two cores, util-linux, and for the\n\
             alternatives `node`, `npm` and `python3` (`--without-alternatives` leaves them out). Every server has\n\
             one core, the load has the other. Contestants take turns, {rounds} rounds of {seconds:.1} s each after a\n\
             shorter one that does not count; a ratio is the median of the ratios of runs made one after the\n\
             other. Compare ratios, not machines.\n\n\
             Machine: {machine}. Load average before {before:.2}, after {after:.2}.\n{noise}",
            seconds = span.as_secs_f64(),
            machine = self.machine,
        )
    }

    fn against_bare(&self, text: &mut String) {
        text.push_str(
            "\n## Durable `receivePlateNumber`\n\n\
             The platform decides, stores recognition and decision, and answers after the commit is on disk. The\n\
             bare axum handler parses the same body, verifies the same token and stores nothing. *Ratio* is the\n\
             platform's throughput over the bare handler's, *p99 ratio* its p99 over the bare handler's.\n\n\
             | | connections | bare /s | platform /s | ratio | bare p50 / p99 ms | platform p50 / p99 ms | p99 ratio | CPU a request, bare / platform µs | memory, bare / platform MiB |\n\
             |---|---|---|---|---|---|---|---|---|---|\n",
        );
        for contest in &self.bare {
            let [bare, platform] = contest.contestants.as_slice() else {
                continue;
            };
            let _ = writeln!(
                text,
                "| {} | {} | {:.0} | {:.0} | **{:.2}** | {} | {} | {:.1} | {:.0} / {:.0} | {:.0} / {:.0} |",
                if contest.tls { "HTTPS" } else { "HTTP" },
                contest.connections,
                middle(&bare.runs, |run| run.rate),
                middle(&platform.runs, |run| run.rate),
                ratio(&platform.runs, &bare.runs, |run| run.rate),
                latencies(bare),
                latencies(platform),
                ratio(&platform.runs, &bare.runs, |run| run.p99.as_secs_f64()),
                cpu(bare),
                cpu(platform),
                memory(bare),
                memory(platform),
            );
        }
    }
}

fn alternatives(text: &mut String, contest: &Contest) {
    let _ = write!(
        text,
        "\n## Against what would otherwise be written\n\n\
         `crates/bench/alternatives`: the same endpoint with the same durability (WAL, `synchronous=FULL`, answer\n\
         after the commit), one process, HTTP, {} connections.\n\n\
         | | requests/s | boshi is faster by | p50 / p99 ms | CPU a request µs | memory MiB |\n\
         |---|---|---|---|---|---|\n",
        contest.connections
    );
    let [first, ..] = contest.contestants.as_slice() else {
        return;
    };
    for contestant in &contest.contestants {
        let _ = writeln!(
            text,
            "| {} | {:.0} | {:.1} | {} | {:.0} | {:.0} |",
            contestant.name,
            middle(&contestant.runs, |run| run.rate),
            ratio(&first.runs, &contestant.runs, |run| run.rate),
            latencies(contestant),
            cpu(contestant),
            memory(contestant),
        );
    }
}

fn lot(text: &mut String, figures: &Figures) {
    let starts = figures.starts.iter().map(Duration::as_secs_f64).collect();
    let _ = write!(
        text,
        "\n## A gateway with {LANES} lanes\n\n\
         Gateway and platform are real processes on the servers' core, HTTPS between them; the controller is the\n\
         load. From the event that a plate was read to the arrival of the pulse: the journal's commit, the push,\n\
         the platform's decision and commit, and the command.\n\n\
         | | |\n|---|---|\n\
         | recognition to barrier, p50 | {:.2} ms |\n\
         | recognition to barrier, p99 | {:.2} ms |\n\
         | vehicles measured | {} |\n\
         | start to first connection, median of {} | {:.0} ms |\n\
         | idle memory | {:.1} MiB |\n",
        millis(figures.pulse(0.5)),
        millis(figures.pulse(0.99)),
        figures.pulses.len(),
        figures.starts.len(),
        median(starts) * 1e3,
        mib(figures.idle),
    );
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
