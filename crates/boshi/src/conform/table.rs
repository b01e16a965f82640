//! The tables of a run.

use boshi_conformance::case::{Case, Severity};
use boshi_conformance::report::Summary;
use boshi_conformance::requirement::requirement;
use boshi_conformance::run::{Outcome, Verdict, by_requirement};
use boshi_conformance::text::Language;

use crate::terminal::table;

/// A verdict in a word.
pub(super) fn word(verdict: Verdict, language: Language) -> &'static str {
    let (zh, en) = match verdict {
        Verdict::Passed => ("✔ 通过", "✔ passed"),
        Verdict::Failed => ("✘ 不符合", "✘ failed"),
        Verdict::Weak => ("▲ 待改进", "▲ weak"),
        Verdict::Remark => ("● 备注", "● remark"),
        Verdict::Skipped => ("○ 未测", "○ skipped"),
    };
    chosen(language, zh, en)
}

/// Every case that would be run.
pub(super) fn listed(cases: &[Case], language: Language) -> String {
    let row = |case: &Case| {
        let severity = match case.severity {
            Severity::Must => chosen(language, "必须", "must"),
            Severity::Should => chosen(language, "应当", "should"),
            Severity::Remark => chosen(language, "备注", "remark"),
        };
        let title = case.title.read(language).to_owned();
        vec![case.id.clone(), severity.to_owned(), title]
    };
    let head = chosen(
        language,
        ["用例", "级别", "预期"],
        ["case", "level", "expected"],
    );
    table(&head, cases.iter().map(row).collect())
}

/// The verdict on each requirement, what did not pass, and how many cases have which verdict.
pub(super) fn verdicts(outcomes: &[Outcome], language: Language) -> String {
    let row = |(id, verdict): (&'static str, Verdict)| {
        let about = requirement(id).map_or("", |it| chosen(language, it.zh, it.en));
        let cells = [id, word(verdict, language), about];
        cells.map(str::to_owned).to_vec()
    };
    let head = chosen(
        language,
        ["要求", "结论", "内容"],
        ["requirement", "verdict", "about"],
    );
    let rows = by_requirement(outcomes).into_iter().map(row).collect();
    let mut told = vec![table(&head, rows), String::new()];
    let odd = outcomes.iter().filter(|it| it.verdict.is_odd());
    for outcome in odd {
        let verdict = word(outcome.verdict, language);
        let title = outcome.title.read(language);
        told.push(format!("{verdict} {} {title}", outcome.id));
        if let Some(seen) = &outcome.seen {
            told.push(format!("      {}", seen.read(language)));
        }
    }
    if outcomes.iter().any(|it| it.verdict.is_odd()) {
        told.push(String::new());
    }
    told.push(counted(Summary::of(outcomes), language));
    told.join("\n")
}

fn counted(summary: Summary, language: Language) -> String {
    let Summary {
        passed,
        failed,
        weak,
        remarks,
        skipped,
    } = summary;
    match language {
        Language::Zh => {
            format!("通过 {passed}，不符合 {failed}，待改进 {weak}，备注 {remarks}，未测 {skipped}")
        }
        Language::En => format!(
            "{passed} passed, {failed} failed, {weak} weak, {remarks} remarks, {skipped} skipped"
        ),
    }
}

fn chosen<T>(language: Language, zh: T, en: T) -> T {
    match language {
        Language::Zh => zh,
        Language::En => en,
    }
}
