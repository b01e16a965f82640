//! A run: the cases that were chosen, one after the other, each with its verdict.

use std::time::Duration;

use serde::Serialize;

use crate::bench::Bench;
use crate::case::{Case, Given, Need, Severity, Side, Stop};
use crate::config::name;
use crate::requirement::requirement;
use crate::text::Text;

/// What became of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As expected.
    Passed,
    /// It could not be tried.
    Skipped,
    /// Not as this project decided where the standard is silent.
    Remark,
    /// Not as the standard means it, or as working together needs it: what should be is not.
    Weak,
    /// Not as the standard says: what must be is not.
    Failed,
}

impl Verdict {
    /// Whether it fails a run, which may be `strict` about what should be.
    pub fn fails(self, strict: bool) -> bool {
        match self {
            Verdict::Passed | Verdict::Skipped | Verdict::Remark => false,
            Verdict::Weak => strict,
            Verdict::Failed => true,
        }
    }

    /// Whether there is something to be said.
    pub fn is_odd(self) -> bool {
        match self {
            Verdict::Passed | Verdict::Skipped => false,
            Verdict::Remark | Verdict::Weak | Verdict::Failed => true,
        }
    }
}

/// A case and what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The case's id.
    pub id: String,
    /// The requirement's id.
    pub requirement: &'static str,
    /// How much depends on it.
    pub severity: Severity,
    /// What is expected.
    pub title: Text,
    /// The verdict.
    pub verdict: Verdict,
    /// What was seen instead, or why it was not tried.
    pub seen: Option<Text>,
    /// How long it took.
    pub took: Duration,
}

/// Who is told how it goes on.
pub trait Progress: Send {
    /// A case begins: the place of it among all, and how many there are.
    fn begins(&mut self, case: &Case, place: usize, of: usize);

    /// It has ended.
    fn ended(&mut self, outcome: &Outcome);
}

/// Nobody.
pub struct Silent;

impl Progress for Silent {
    fn begins(&mut self, _case: &Case, _place: usize, _of: usize) {}

    fn ended(&mut self, _outcome: &Outcome) {}
}

/// Which cases are chosen.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Requirements or cases, also by the beginning of their names (`OPEN`); all if there are none.
    pub only: Vec<String>,
}

/// A choice that chooses nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("没有名为 {0} 的用例或要求 (no such case or requirement)")]
pub struct NoSuchCase(pub String);

impl Choice {
    /// The cases for judging `side` that are chosen, in order.
    ///
    /// # Errors
    /// [`NoSuchCase`] for a name that chooses none.
    pub fn cases(&self, side: Side) -> Result<Vec<Case>, NoSuchCase> {
        let all = crate::cases::all(side);
        for name in &self.only {
            if !all.iter().any(|case| is_chosen(case, name)) {
                return Err(NoSuchCase(name.clone()));
            }
        }
        let is_wanted = |case: &Case| {
            self.only.is_empty() || self.only.iter().any(|name| is_chosen(case, name))
        };
        Ok(all.into_iter().filter(is_wanted).collect())
    }
}

/// `OPEN` chooses `OPEN-3.match`, and so do `OPEN-3` and the case's own id; `D-1` chooses no
/// `D-10`.
fn is_chosen(case: &Case, name: &str) -> bool {
    let rest = case.id.strip_prefix(name);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.']))
}

/// Runs `cases`, and tells `progress` of each.
pub async fn run(bench: &Bench, cases: &[Case], progress: &mut dyn Progress) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(cases.len());
    for (place, case) in cases.iter().enumerate() {
        progress.begins(case, place, cases.len());
        let outcome = one(bench, case).await;
        progress.ended(&outcome);
        outcomes.push(outcome);
    }
    outcomes
}

async fn one(bench: &Bench, case: &Case) -> Outcome {
    bench.book.turn_to(&case.id);
    let begun = tokio::time::Instant::now();
    let checked = match case.needs.iter().find_map(|need| lacking(bench, *need)) {
        Some(why) => Err(Stop::Skipped(why)),
        None => (case.run)(bench).await,
    };
    bench.tidy().await;
    let (verdict, seen) = match (checked, case.severity) {
        (Ok(()), _) => (Verdict::Passed, None),
        (Err(Stop::Skipped(why)), _) => (Verdict::Skipped, Some(why)),
        (Err(Stop::Unmet(seen)), Severity::Remark) => (Verdict::Remark, Some(seen)),
        (Err(Stop::Unmet(seen)), Severity::Should) => (Verdict::Weak, Some(seen)),
        (Err(Stop::Unmet(seen)), Severity::Must) => (Verdict::Failed, Some(seen)),
    };
    Outcome {
        id: case.id.clone(),
        requirement: case.requirement,
        severity: case.severity,
        title: case.title.clone(),
        verdict,
        seen,
        took: begun.elapsed(),
    }
}

/// Why a need is not met; `None` when it is.
fn lacking(bench: &Bench, need: Need) -> Option<Text> {
    let setting = &bench.setting;
    let named = |kind: &str, name: String| {
        Some(Text::new(
            format!("无人值守且未配置 {kind}.{name}"),
            format!("nobody is there and {kind}.{name} is not configured"),
        ))
    };
    match need {
        Need::Act(act) if !bench.hands.can(act) => named("acts", name(&act)),
        Need::Sight(sight) if !bench.hands.can_see(sight) => named("sights", name(&sight)),
        Need::Act(_) | Need::Sight(_) => None,
        Need::Given(given) => {
            let (is_given, key) = match given {
                Given::Display => (!setting.devices.display.is_empty(), "devices.display"),
                Given::Places => (setting.devices.places.len() >= 3, "devices.places (≥ 3)"),
                Given::RefusedPlate => (!setting.plates.refused.is_empty(), "plates.refused"),
                Given::OtherLot => (setting.other.is_some(), "[other]"),
            };
            let why = || Text::new(format!("未配置 {key}"), format!("{key} is not configured"));
            (!is_given).then(why)
        }
    }
}

/// The verdict on each requirement: the worst of its cases; skipped only when all were.
pub fn by_requirement(outcomes: &[Outcome]) -> Vec<(&'static str, Verdict)> {
    let mut verdicts: Vec<(&'static str, Verdict)> = Vec::new();
    for outcome in outcomes {
        let known = verdicts
            .iter_mut()
            .find(|(id, _)| *id == outcome.requirement);
        match known {
            None => verdicts.push((outcome.requirement, outcome.verdict)),
            Some((_, verdict)) => *verdict = worse(*verdict, outcome.verdict),
        }
    }
    let place = |id: &str| {
        crate::requirement::REQUIREMENTS
            .iter()
            .position(|requirement| requirement.id == id)
    };
    verdicts.sort_by_key(|(id, _)| place(id));
    debug_assert!(verdicts.iter().all(|(id, _)| requirement(id).is_some()));
    verdicts
}

fn worse(one: Verdict, other: Verdict) -> Verdict {
    match (one, other) {
        // What was tried and is well counts more than what was not tried.
        (Verdict::Passed, Verdict::Skipped) | (Verdict::Skipped, Verdict::Passed) => {
            Verdict::Passed
        }
        (one, other) => one.max(other),
    }
}
