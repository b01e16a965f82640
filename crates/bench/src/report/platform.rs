//! The parts that measure the platform.

use std::fmt::Write as _;

use super::{cpu, latencies, memory, mib, millis};
use crate::records;
use crate::section::{Goal, goals};
use crate::stats::{middle, ratio};
use crate::throughput::Contest;
use crate::{COMPARED, many_lots};

/// Against the handler that stores nothing.
pub(crate) fn bare(contests: &[Contest]) -> String {
    let mut text =
        "The platform decides, stores recognition and decision, and answers after the commit is on disk. The\n\
         bare axum handler parses the same body, verifies the same token and stores nothing. *Ratio* is the\n\
         platform's throughput over the bare handler's, *p99 ratio* its p99 over the bare handler's.\n"
            .to_owned();
    let mut wanted = Vec::new();
    for contest in contests.iter().filter(|it| it.connections == COMPARED) {
        let [bare, platform] = contest.contestants.as_slice() else {
            continue;
        };
        let scheme = scheme(contest);
        let rate = ratio(&platform.runs, &bare.runs, |run| run.rate);
        let p99 = ratio(&platform.runs, &bare.runs, |run| run.p99.as_secs_f64());
        wanted.push(Goal::at_least(
            &format!("throughput against the bare handler, {scheme}, {COMPARED} connections"),
            0.5,
            rate,
        ));
        wanted.push(Goal::below(
            &format!("p99 against the bare handler's, {scheme}, {COMPARED} connections"),
            3.0,
            "",
            p99,
        ));
    }
    text += &goals(&wanted);
    text.push_str(
        "\n| | connections | bare /s | platform /s | ratio | bare p50 / p99 ms | platform p50 / p99 ms | p99 ratio | CPU a request, bare / platform µs | memory, bare / platform MiB |\n\
         |---|---|---|---|---|---|---|---|---|---|\n",
    );
    for contest in contests {
        let [bare, platform] = contest.contestants.as_slice() else {
            continue;
        };
        let _ = writeln!(
            text,
            "| {} | {} | {:.0} | {:.0} | **{:.2}** | {} | {} | {:.1} | {:.0} / {:.0} | {:.0} / {:.0} |",
            scheme(contest),
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
    text
}

fn scheme(contest: &Contest) -> &'static str {
    if contest.tls { "HTTPS" } else { "HTTP" }
}

/// Against what would otherwise be written.
pub(crate) fn alternatives(contest: &Contest) -> String {
    let mut text = format!(
        "`crates/bench/alternatives`: the same endpoint with the same durability (WAL, `synchronous=FULL`, answer\n\
         after the commit), one process, HTTP, {} connections.\n",
        contest.connections
    );
    let [first, others @ ..] = contest.contestants.as_slice() else {
        return text;
    };
    let wanted: Vec<Goal> = others
        .iter()
        .map(|other| {
            let what = format!("throughput against {}", other.name);
            let faster = ratio(&first.runs, &other.runs, |run| run.rate);
            Goal::at_least(&what, 10.0, faster)
        })
        .collect();
    text += &goals(&wanted);
    text.push_str(
        "\n| | requests/s | boshi is faster by | p50 / p99 ms | CPU a request µs | memory MiB |\n\
         |---|---|---|---|---|---|\n",
    );
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
    text
}

/// With very many records.
pub(crate) fn records(figures: &records::Figures) -> String {
    let mut text = format!(
        "Two platforms with the same lot; in one are {} recognitions and as many decisions, made in its own\n\
         schema, spread over 300 days. The uuids that come lie anywhere among those that are there, HTTP,\n\
         {} connections.\n",
        figures.stored, figures.contest.connections
    );
    let [empty, full] = figures.contest.contestants.as_slice() else {
        return text;
    };
    let rate = ratio(&full.runs, &empty.runs, |run| run.rate);
    text += &goals(&[Goal::at_least(
        "throughput with the records against that without",
        0.9,
        rate,
    )]);
    let _ = write!(
        text,
        "\n| | requests/s | p50 / p99 ms | CPU a request µs | memory MiB |\n|---|---|---|---|---|\n"
    );
    for (name, contestant) in [("empty", empty), ("full", full)] {
        let _ = writeln!(
            text,
            "| {name} | {:.0} | {} | {:.0} | {:.0} |",
            middle(&contestant.runs, |run| run.rate),
            latencies(contestant),
            cpu(contestant),
            memory(contestant),
        );
    }
    let _ = write!(
        text,
        "\nThe full one's database has {:.1} GiB, and it started within {:.0} ms.\n",
        mib(figures.bytes) / 1024.0,
        millis(figures.started)
    );
    text
}

/// With very many lots.
pub(crate) fn lots(figures: &many_lots::Figures) -> String {
    let mut text = format!(
        "Requests of all lots in turn, HTTP, {} connections; no gateway answers. Idle memory is that of ten seconds\n\
         after the start, when every gateway was asked whether it is there.\n",
        figures.contest.connections
    );
    text.push_str(
        "\n| lots | start ms | idle MiB | requests/s | ratio | p50 / p99 ms | CPU a request µs | memory after it MiB |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    let [one, many] = figures.contest.contestants.as_slice() else {
        return text;
    };
    let rows = [
        (1, figures.started.0, figures.idle.0, one),
        (many_lots::LOTS, figures.started.1, figures.idle.1, many),
    ];
    for (lots, started, idle, contestant) in rows {
        let _ = writeln!(
            text,
            "| {lots} | {:.0} | {:.0} | {:.0} | {:.2} | {} | {:.0} | {:.0} |",
            millis(started),
            mib(idle),
            middle(&contestant.runs, |run| run.rate),
            ratio(&contestant.runs, &one.runs, |run| run.rate),
            latencies(contestant),
            cpu(contestant),
            memory(contestant),
        );
    }
    text
}
