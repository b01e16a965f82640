//! Every fault is found, and nothing else; the good implementations pass without a remark.

use std::collections::BTreeSet;

use boshi_conformance::broken::{FAULTS, Line, judged};
use boshi_conformance::case::Side;
use boshi_conformance::cases::all;
use boshi_conformance::run::Verdict;

fn told(line: &Line) -> String {
    let name = line.fault.map_or("nothing", |fault| fault.name);
    let odd = line.outcomes.iter().filter(|it| it.verdict.is_odd());
    let odd: Vec<String> = odd
        .map(|it| {
            format!(
                "  {} {}",
                it.id,
                it.seen.as_ref().map_or("", |seen| &seen.en)
            )
        })
        .collect();
    format!(
        "{:?} {name}: wanted {:?}, found {:?}\n{}",
        line.side,
        line.wanted(),
        line.found,
        odd.join("\n")
    )
}

#[tokio::test(start_paused = true)]
async fn the_good_implementations_pass_without_a_remark_and_nothing_is_skipped() {
    for side in [Side::Supplier, Side::Platform] {
        let line = judged(side, None).await.unwrap();
        assert!(line.is_right(), "{}", told(&line));
        let skipped = line
            .outcomes
            .iter()
            .filter(|it| it.verdict == Verdict::Skipped);
        let skipped: Vec<_> = skipped.map(|it| (&it.id, &it.seen)).collect();
        assert!(skipped.is_empty(), "{skipped:?}");
    }
}

/// The kit against every faulty implementation of `side`: each fault is found and nothing else, and
/// there is no case that none of them fails, which would judge nothing.
async fn each_fault_is_found_and_each_case_finds_one(side: Side) {
    // What only calculates lets those go first who wait for what takes its time in life.
    let _ = rustix::process::nice(10);
    let mut wrong = Vec::new();
    let mut idle: BTreeSet<String> = all(side).into_iter().map(|case| case.id).collect();
    for fault in FAULTS
        .iter()
        .copied()
        .flatten()
        .filter(|it| it.side == side)
    {
        let line = judged(side, Some(*fault)).await.unwrap();
        if !line.is_right() {
            wrong.push(told(&line));
        }
        for outcome in line.outcomes.iter().filter(|it| it.verdict.is_odd()) {
            idle.remove(&outcome.id);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(idle.is_empty(), "cases that find no fault: {idle:#?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_faulty_supplier_is_found_and_nothing_else() {
    each_fault_is_found_and_each_case_finds_one(Side::Supplier).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_faulty_platform_is_found_and_nothing_else() {
    each_fault_is_found_and_each_case_finds_one(Side::Platform).await;
}

#[test]
fn there_are_more_than_sixty_faults_and_no_two_of_a_side_have_the_same_name() {
    let all: Vec<_> = FAULTS.iter().copied().flatten().collect();
    let names: BTreeSet<_> = all
        .iter()
        .map(|fault| (format!("{:?}", fault.side), fault.name))
        .collect();
    assert_eq!(names.len(), all.len());
    assert!(all.len() >= 60, "{}", all.len());
}
