//! Five failures in a row, and what follows (PUSH-2, PUSH-3, PUSH-4, ABN-5, D-17).

use std::time::Duration;

use tokio::time::Instant;

use super::lane::{DRIVE, LIFTS, arrive, cross, leave, lifts, new_at, new_pushes, pushes};
use crate::bench::{Bench, FailedPush};
use crate::book::Exchange;
use crate::case::Severity::{Must, Remark};
use crate::case::{Case, Checked, Stop, check};
use crate::endpoint::{ABNORMAL, CROSSING, RECOGNITION};
use crate::peer::Reaction;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new(
            "PUSH-2.recognition-attempts",
            Must,
            (
                "识别推送失败前恰好尝试规定次数",
                "a recognition is tried exactly as often as agreed",
            ),
            |bench| {
                Box::pin(async move { tried(bench, failed(bench).await?.recognition_attempts) })
            },
        )
        .needing(DRIVE),
        Case::new(
            "PUSH-1.same-uuid",
            Must,
            ("重新推送的 uuid 不变", "each attempt has the same uuid"),
            |bench| {
                Box::pin(async move {
                    let uuids = failed(bench).await?.uuids;
                    check(uuids == 1, || {
                        (
                            format!("有 {uuids} 个 uuid"),
                            format!("there are {uuids} uuids"),
                        )
                    })
                })
            },
        )
        .needing(DRIVE),
        Case::new(
            "PUSH-3.released",
            Must,
            (
                "识别推送失败后自动放行",
                "after the failed push the vehicle is let through",
            ),
            |bench| {
                Box::pin(async move {
                    let released = failed(bench).await?.released;
                    check(released.is_some(), || {
                        (
                            "栏杆未抬起".to_owned(),
                            "the barrier did not lift".to_owned(),
                        )
                    })
                })
            },
        )
        .needing(DRIVE)
        .needing(&[LIFTS]),
        Case::new(
            "D-17.release-time",
            Remark,
            (
                "车辆等待不超过约定时间",
                "the vehicle waits no longer than agreed",
            ),
            |bench| Box::pin(release_time(bench)),
        )
        .needing(DRIVE)
        .needing(&[LIFTS]),
    ];
    cases.extend(afterwards());
    cases
}

fn afterwards() -> Vec<Case> {
    vec![
        Case::new(
            "PUSH-3.not-again",
            Must,
            (
                "推送失败的识别不再推送",
                "a failed recognition is not pushed again",
            ),
            |bench| Box::pin(async move { quiet(failed(bench).await?.recognition_later) }),
        )
        .needing(DRIVE),
        Case::new(
            "PUSH-2.crossing-attempts",
            Must,
            (
                "过闸推送失败前恰好尝试规定次数",
                "a crossing is tried exactly as often as agreed",
            ),
            |bench| {
                Box::pin(async move {
                    let attempts = failed(bench).await?.crossing_attempts;
                    tried(bench, attempts.ok_or_else(no_crossing)?)
                })
            },
        )
        .needing(DRIVE),
        Case::new(
            "PUSH-4.not-again",
            Must,
            (
                "推送失败的过闸不再推送",
                "a failed crossing is not pushed again",
            ),
            |bench| {
                Box::pin(async move {
                    let failed = failed(bench).await?;
                    failed.crossing_attempts.ok_or_else(no_crossing)?;
                    quiet(failed.crossing_later)
                })
            },
        )
        .needing(DRIVE),
        Case::new(
            "ABN-5.not-reported",
            Must,
            (
                "推送失败不作为异常上报",
                "failed pushes are not reported as abnormalities",
            ),
            |bench| Box::pin(not_reported(bench)),
        )
        .needing(DRIVE),
    ]
}

fn no_crossing() -> Stop {
    Stop::skipped("没有过闸信息", "no crossing came")
}

/// Every push of a vehicle fails, and then of its crossing; once a run.
pub(super) async fn failed(bench: &Bench) -> Result<FailedPush, Stop> {
    bench.failed.get_or_init(|| fail(bench)).await.clone()
}

async fn fail(bench: &Bench) -> Result<FailedPush, Stop> {
    for path in [RECOGNITION, CROSSING] {
        bench.peer.plan(path, Vec::new(), Some(Reaction::Reset));
    }
    let before = lifts(bench).await?;
    let mark = bench.book.mark();
    let first = arrive(bench).await?;
    let plate = first.text("plateNumber");
    settled(bench, mark, RECOGNITION).await;
    let is_new = new_at(bench, mark);
    let counted = |path: &str| {
        bench
            .book
            .since(mark, |it| it.came_to(path) && is_new(it))
            .len()
    };
    let recognition_attempts = counted(RECOGNITION);
    let released = released(bench, before, &first).await?;
    let crossing_mark = bench.book.mark();
    match released {
        Some(_) => cross(bench).await?,
        // It cannot drive through a barrier that is shut, if anybody sees that it is.
        None if before.is_some() => leave(bench).await?,
        None => cross(bench).await?,
    }
    settled(bench, mark, CROSSING).await;
    let crossing_attempts = counted(CROSSING);
    bench.peer.behave().await;
    // Also now that everything is well again, what has failed is not pushed.
    bench.watch().await;
    let is_its = |it: &Exchange| it.came_to(RECOGNITION) && it.text("plateNumber") == plate;
    let uuids: std::collections::BTreeSet<String> = bench
        .book
        .since(mark, is_its)
        .iter()
        .map(|it| it.text("uuid"))
        .collect();
    let crossing = bench
        .book
        .since(crossing_mark, |it| it.came_to(CROSSING))
        .into_iter()
        .next();
    Ok(FailedPush {
        mark,
        recognition_attempts,
        recognition_later: counted(RECOGNITION) - recognition_attempts,
        crossing_attempts: crossing.as_ref().map(|_| crossing_attempts),
        crossing_later: counted(CROSSING) - crossing_attempts,
        uuids: uuids.len(),
        recognition: first,
        crossing,
        released,
    })
}

/// Waits until no attempt has come for longer than any two attempts are apart.
async fn settled(bench: &Bench, mark: usize, path: &str) {
    // One attempt too many is looked for as well; more than twice as many end the waiting.
    for count in 1..=bench.timing().attempts * 2 + 1 {
        let came = new_pushes(bench, mark, path, count, bench.timing().attempt).await;
        if came.len() < count {
            return;
        }
    }
}

/// When the barrier lifted, counted from the first attempt; `None` when it did not, or nobody
/// looked.
async fn released(
    bench: &Bench,
    before: Option<u64>,
    first: &Exchange,
) -> Result<Option<Duration>, Stop> {
    let Some(before) = before else {
        return Ok(None);
    };
    let lifts = bench.lifts_within(before + 1, bench.timing().push).await?;
    let last = pushes(bench, first.number, RECOGNITION, &first.text("uuid")).pop();
    let last = last.map_or(first.instant, |it| it.instant);
    // A lift that is seen late was not late: it is taken to follow the last attempt.
    let seen = last.max(first.instant).min(Instant::now());
    Ok((lifts > before).then(|| seen - first.instant))
}

fn tried(bench: &Bench, attempts: usize) -> Checked {
    let wanted = bench.timing().attempts;
    check(attempts == wanted, || {
        (
            format!("推送 {attempts} 次，应为 {wanted} 次"),
            format!("it came {attempts} times, not {wanted}"),
        )
    })
}

fn quiet(later: usize) -> Checked {
    check(later == 0, || {
        (
            format!("之后又推送 {later} 次"),
            format!("it came {later} more times"),
        )
    })
}

async fn release_time(bench: &Bench) -> Checked {
    let waited = failed(bench).await?.released;
    let waited = waited.ok_or_else(|| Stop::skipped("未放行", "it was not let through"))?;
    let most = bench.timing().release + bench.timing().tolerance;
    check(waited <= most, || {
        let seconds = waited.as_secs_f64();
        (
            format!("等待了 {seconds:.1} 秒"),
            format!("it waited {seconds:.1} s"),
        )
    })
}

async fn not_reported(bench: &Bench) -> Checked {
    let failed = failed(bench).await?;
    let plate = failed.recognition.text("plateNumber");
    let uuid = failed.recognition.text("uuid");
    let reports = bench.book.since(failed.mark, |it| {
        let message = it.text("msg");
        let told = |word: &str| !word.is_empty() && message.contains(word);
        it.came_to(ABNORMAL) && (told("推送") || told(&plate) || told(&uuid))
    });
    check(reports.is_empty(), || {
        let message = reports[0].text("msg");
        (
            format!("上报了 {message}"),
            format!("it reported {message}"),
        )
    })
}
