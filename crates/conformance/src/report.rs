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
    /// How long it took, in seconds.
    pub seconds: f64,
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
    /// Its cases.
    pub cases: Vec<Shown>,
}

/// A case, what was found, and what was exchanged.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// The outcome.
    #[serde(flatten)]
    pub outcome: Outcome,
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
    /// The report of what was run on `bench`.
    pub fn new(bench: &Bench, outcomes: &[Outcome]) -> Report {
        let judged = |(id, verdict): (&'static str, Verdict)| {
            let its = outcomes.iter().filter(|outcome| outcome.requirement == id);
            Some(Judged {
                requirement: *requirement(id)?,
                verdict,
                cases: its.map(|outcome| shown(bench, outcome)).collect(),
            })
        };
        let begun: Timestamp = bench.clock.now() - bench.clock.elapsed();
        Report {
            side: bench.setting.side,
            target: bench.setting.target.to_string(),
            lot: bench.setting.lot.clone(),
            version: env!("CARGO_PKG_VERSION"),
            seed: bench.setting.seed,
            begun: begun.to_string(),
            seconds: seconds(bench.clock.elapsed()),
            summary: Summary::of(outcomes),
            requirements: by_requirement(outcomes)
                .into_iter()
                .filter_map(judged)
                .collect(),
        }
    }
}

fn shown(bench: &Bench, outcome: &Outcome) -> Shown {
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
        milliseconds: exchange.took.map(|took| took.as_millis()),
        request: clean(bench, &format!("{} {}", request.method, request.path)),
        headers: request.headers.iter().map(header).collect(),
        body: clean(bench, &exchange.masked_body()),
        status: response.map(|response| response.status),
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
