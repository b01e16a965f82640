//! What is to be reached, and whether it was.

use std::fmt::Write as _;

use super::{Report, mib, millis};
use crate::stats::{median, ratio};
use crate::throughput::Contest;

/// The connections at which throughput has its goals.
const AT: usize = 64;

struct Goal {
    what: String,
    wanted: String,
    got: String,
    reached: bool,
}

impl Goal {
    fn at_least(what: &str, wanted: f64, got: f64) -> Goal {
        Goal {
            what: what.to_owned(),
            wanted: format!("at least {wanted}"),
            got: format!("{got:.2}"),
            reached: got >= wanted,
        }
    }

    fn below(what: &str, wanted: f64, unit: &str, got: f64) -> Goal {
        Goal {
            what: what.to_owned(),
            wanted: format!("below {wanted}{unit}"),
            got: format!("{got:.2}{unit}"),
            reached: got < wanted,
        }
    }
}

/// Why the platform's throughput is what it is, from profiles of it (`cargo xtask effort` runs the same
/// work under callgrind).
const WHY: &str = "
Why throughput falls short: the one core spends about five times the bare handler's time on each
recognition. Of the instructions, about a sixth writes the event as JSON within the writer, a quarter reads
the request's JSON and its fields, a seventh is the cache of statements, a twelfth the four reads of what is
known of the plate, and each body is hashed although only some requests need it. What would have to change:
the event's text is made outside the writer, fields are read without a tree of values in between, the facts
are kept in memory by the writer, and several rows go into one statement.
";

/// Every goal that was measured, as a table, and why one falls short.
pub(super) fn table(report: &Report) -> String {
    let mut text = "\n## Goals\n\n| | wanted | got | |\n|---|---|---|---|\n".to_owned();
    let goals = goals(report);
    let is_slow = goals
        .iter()
        .any(|goal| !goal.reached && goal.what.starts_with("throughput"));
    for goal in goals {
        let verdict = if goal.reached {
            "reached"
        } else {
            "**falls short**"
        };
        let Goal {
            what, wanted, got, ..
        } = goal;
        let _ = writeln!(text, "| {what} | {wanted} | {got} | {verdict} |");
    }
    if is_slow {
        text.push_str(WHY);
    }
    text
}

fn goals(report: &Report) -> Vec<Goal> {
    let mut goals = Vec::new();
    for contest in report
        .bare
        .iter()
        .filter(|contest| contest.connections == AT)
    {
        against_bare(&mut goals, contest);
    }
    if let Some([boshi, others @ ..]) = report
        .alternatives
        .as_ref()
        .map(|it| it.contestants.as_slice())
    {
        for other in others {
            let what = format!("throughput against {}", other.name);
            let faster = ratio(&boshi.runs, &other.runs, |run| run.rate);
            goals.push(Goal::at_least(&what, 10.0, faster));
        }
    }
    if let Some(lot) = &report.lot {
        let starts = lot.starts.iter().map(|&start| millis(start)).collect();
        goals.extend([
            Goal::below(
                "recognition to barrier, p50",
                2.0,
                " ms",
                millis(lot.pulse(0.5)),
            ),
            Goal::below(
                "recognition to barrier, p99",
                10.0,
                " ms",
                millis(lot.pulse(0.99)),
            ),
            Goal::below("start of a gateway", 200.0, " ms", median(starts)),
            Goal::below("idle memory of a gateway", 30.0, " MiB", mib(lot.idle)),
        ]);
    }
    goals
}

fn against_bare(goals: &mut Vec<Goal>, contest: &Contest) {
    let [bare, platform] = contest.contestants.as_slice() else {
        return;
    };
    let scheme = if contest.tls { "HTTPS" } else { "HTTP" };
    let rate = ratio(&platform.runs, &bare.runs, |run| run.rate);
    let p99 = ratio(&platform.runs, &bare.runs, |run| run.p99.as_secs_f64());
    goals.push(Goal::at_least(
        &format!("throughput against the bare handler, {scheme}, {AT} connections"),
        0.5,
        rate,
    ));
    goals.push(Goal::below(
        &format!("p99 against the bare handler's, {scheme}, {AT} connections"),
        3.0,
        "",
        p99,
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_reached_at_its_bound_from_above_and_under_it_from_below() {
        assert!(Goal::at_least("", 0.5, 0.5).reached);
        assert!(!Goal::at_least("", 0.5, 0.49).reached);
        assert!(!Goal::below("", 3.0, "", 3.0).reached);
        assert!(Goal::below("", 3.0, "", 2.99).reached);
    }
}
