//! Reports: what was run, what was found, and what was exchanged, with secrets masked.

mod files;

pub use self::files::{FILES, ReportError, html, json, junit, write};

use std::time::Duration;

use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde::Serialize;

use crate::bench::Bench;
use crate::book::{Exchange, mask};
use crate::case::Side;
use crate::cases;
use crate::clock::in_china;
use crate::config::About;
use crate::requirement::{Requirement, requirement};
use crate::run::{Outcome, Verdict, by_requirement};
use crate::text::Text;

/// Most of a body, in characters, that a report shows: pictures are far longer than they help.
const BODY_CHARS: usize = 4_000;

/// Most exchanges of one case that a report shows: the first and the last are what matters.
const EXCHANGES_PER_CASE: usize = 40;

/// A run, as it is reported.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Which side was judged.
    pub side: Side,
    /// What is said of it.
    pub about: About,
    /// Where it listens.
    pub target: String,
    /// The lot.
    pub lot: String,
    /// The kit's version.
    pub version: &'static str,
    /// The seed of the run.
    pub seed: u64,
    /// When it began, in RFC 3339.
    pub begun: String,
    /// The same in China.
    pub begun_in_china: String,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// How many cases were chosen; more than were run when the run was broken off.
    pub chosen: usize,
    /// How many cases there are.
    pub all: usize,
    /// Whether also what should be is demanded.
    pub strict: bool,
    /// Whether everything that is demanded and was tried is as it should be.
    pub conforms: bool,
    /// How many cases were run.
    pub total: usize,
    /// How many of them fail the run.
    pub failures: usize,
    /// How many cases have which verdict.
    pub summary: Summary,
    /// The verdict on each requirement, with its cases.
    pub requirements: Vec<Judged>,
}

/// How many cases have which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// As expected.
    pub passed: usize,
    /// Not as the standard says: what must be is not.
    pub failed: usize,
    /// Not as the standard means it: what should be is not.
    pub weak: usize,
    /// Not as this project decided.
    pub remarks: usize,
    /// Not tried.
    pub skipped: usize,
}

/// A requirement and what was found of it.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// The requirement, with its clause.
    #[serde(flatten)]
    pub requirement: Requirement,
    /// The worst verdict of its cases.
    pub verdict: Verdict,
    /// How many of its cases fail the run.
    pub failures: usize,
    /// How many of its cases passed.
    pub passed: usize,
    /// How long its cases took, in seconds.
    pub seconds: f64,
    /// Its cases.
    pub cases: Vec<Shown>,
}

/// A case, what was found, and what was exchanged.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// The outcome.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Whether it fails the run: what must be, or, in a strict run, what should be.
    pub fails: bool,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// What was exchanged meanwhile.
    pub exchanges: Vec<Message>,
    /// How many further exchanges are left out.
    pub left_out: usize,
}

/// One exchange.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// Its number in the run.
    pub number: usize,
    /// Whether the judged side asked.
    pub incoming: bool,
    /// When, in RFC 3339.
    pub at: String,
    /// The time of day in China.
    pub at_in_china: String,
    /// Milliseconds until there was a reply.
    pub milliseconds: Option<u128>,
    /// `POST /path`
    pub request: String,
    /// Header lines of the request.
    pub headers: Vec<String>,
    /// The request's body.
    pub body: String,
    /// HTTP status of the reply.
    pub status: Option<u16>,
    /// Header lines of the reply.
    pub reply_headers: Vec<String>,
    /// The reply's body.
    pub reply: String,
    /// What was done instead of a plain reply.
    pub note: Option<Text>,
}

impl Summary {
    /// Counts `outcomes`.
    pub fn of(outcomes: &[Outcome]) -> Summary {
        let count = |verdict| outcomes.iter().filter(|it| it.verdict == verdict).count();
        Summary {
            passed: count(Verdict::Passed),
            failed: count(Verdict::Failed),
            weak: count(Verdict::Weak),
            remarks: count(Verdict::Remark),
            skipped: count(Verdict::Skipped),
        }
    }
}

impl Report {
    /// The report of what was run on `bench` of the `chosen` cases; `strict` if also what should be
    /// is demanded.
    pub fn new(bench: &Bench, outcomes: &[Outcome], chosen: usize, strict: bool) -> Report {
        let judged = |(id, verdict): (&'static str, Verdict)| {
            let its = outcomes.iter().filter(|outcome| outcome.requirement == id);
            let cases: Vec<Shown> = its.map(|outcome| shown(bench, outcome, strict)).collect();
            Some(Judged {
                requirement: *requirement(id)?,
                verdict,
                failures: cases.iter().filter(|case| case.fails).count(),
                passed: cases
                    .iter()
                    .filter(|case| case.outcome.verdict == Verdict::Passed)
                    .count(),
                seconds: seconds(cases.iter().map(|case| case.outcome.took).sum()),
                cases,
            })
        };
        let begun: Timestamp = bench.clock.now() - bench.clock.elapsed();
        let summary = Summary::of(outcomes);
        Report {
            side: bench.setting.side,
            about: bench.setting.about.clone(),
            target: bench.setting.target.to_string(),
            lot: bench.setting.lot.clone(),
            version: env!("CARGO_PKG_VERSION"),
            seed: bench.setting.seed,
            begun: begun.to_string(),
            begun_in_china: in_china(begun).strftime("%Y-%m-%d %H:%M:%S").to_string(),
            seconds: seconds(bench.clock.elapsed()),
            chosen,
            all: cases::all(bench.setting.side).len(),
            strict,
            conforms: !outcomes.iter().any(|it| it.verdict.fails(strict)),
            total: outcomes.len(),
            failures: outcomes
                .iter()
                .filter(|it| it.verdict.fails(strict))
                .count(),
            summary,
            requirements: by_requirement(outcomes)
                .into_iter()
                .filter_map(judged)
                .collect(),
        }
    }
}

fn shown(bench: &Bench, outcome: &Outcome, strict: bool) -> Shown {
    let exchanges = bench.book.since(0, |exchange| exchange.case == outcome.id);
    let left_out = exchanges.len().saturating_sub(EXCHANGES_PER_CASE);
    let half = EXCHANGES_PER_CASE / 2;
    let is_kept = |place: usize| place < half || place >= half + left_out;
    let kept = exchanges
        .iter()
        .enumerate()
        .filter(|(place, _)| is_kept(*place));
    Shown {
        outcome: outcome.clone(),
        fails: outcome.verdict.fails(strict),
        seconds: seconds(outcome.took),
        exchanges: kept.map(|(_, exchange)| message(bench, exchange)).collect(),
        left_out,
    }
}

fn message(bench: &Bench, exchange: &Exchange) -> Message {
    let (request, response) = (&exchange.request, exchange.response.as_ref());
    let header = |(name, value): &(String, String)| clean(bench, &format!("{name}: {value}"));
    Message {
        number: exchange.number,
        incoming: exchange.incoming,
        at: exchange.at.to_string(),
        at_in_china: in_china(exchange.at).strftime("%H:%M:%S%.3f").to_string(),
        milliseconds: exchange.took.map(|took| took.as_millis()),
        request: clean(bench, &format!("{} {}", request.method, request.path)),
        headers: request.headers.iter().map(header).collect(),
        body: clean(bench, &exchange.masked_body()),
        status: response.map(|response| response.status),
        reply_headers: response
            .map(|response| response.headers.iter().map(header).collect())
            .unwrap_or_default(),
        reply: response.map_or_else(String::new, |response| {
            clean(bench, &mask(&String::from_utf8_lossy(&response.body)))
        }),
        note: exchange.note.clone(),
    }
}

/// A text without secrets, and not longer than is read.
fn clean(bench: &Bench, text: &str) -> String {
    let setting = &bench.setting;
    let signers = setting.other.iter().map(|other| &other.signer);
    let mut clean = text.to_owned();
    for signer in signers.chain([&setting.signer]) {
        let secret = signer.secret.expose_secret();
        if !secret.is_empty() {
            clean = clean.replace(secret, "…");
        }
    }
    if clean.chars().count() <= BODY_CHARS {
        return clean;
    }
    let kept: String = clean.chars().take(BODY_CHARS).collect();
    format!("{kept}…")
}

fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}
