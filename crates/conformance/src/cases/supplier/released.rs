//! Whom nobody answers is let through, and nobody sooner (PUSH-3, D-17).

use std::time::Duration;

use super::lane::{DRIVE, LIFTS, VISIT, arrive, cross, leave, lifts, new_pushes, not_lifted};
use crate::bench::Bench;
use crate::case::Severity::{Must, Remark};
use crate::case::{Case, Checked, Stop, check};
use crate::endpoint::{CROSSING, RECOGNITION};
use crate::hands::{Act, Sight};
use crate::peer::Reaction;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "PUSH-3.not-before",
            Must,
            (
                "连续失败未满次数的车辆不自动放行",
                "fewer failures in a row let nobody through",
            ),
            |bench| Box::pin(not_before(bench)),
        )
        .needing(VISIT)
        .needing(&[LIFTS]),
        Case::new(
            "PUSH-3.hanging",
            Must,
            (
                "平台始终不应答时，车辆最终自动放行",
                "a vehicle about which nobody answers is let through",
            ),
            |bench| Box::pin(async move { let_through(hanging(bench).await?.is_some()) }),
        )
        .needing(DRIVE)
        .needing(&[LIFTS]),
        Case::new(
            "D-17.hanging",
            Remark,
            (
                "平台始终不应答时，车辆等待不超过约定时间",
                "a vehicle about which nobody answers waits no longer than agreed",
            ),
            |bench| Box::pin(soon(bench)),
        )
        .needing(DRIVE)
        .needing(&[LIFTS]),
        Case::new(
            "PUSH-3.unreachable",
            Must,
            (
                "平台拒绝连接时，车辆最终自动放行",
                "a vehicle is let through while connections are refused",
            ),
            |bench| Box::pin(unreachable(bench)),
        )
        .needing(DRIVE)
        .needing(&[LIFTS]),
    ]
}

/// One failure too few, and then a refusal.
async fn not_before(bench: &Bench) -> Checked {
    let attempts = bench.timing().attempts;
    let mark = bench.book.mark();
    let before = lifts(bench).await?;
    bench.peer.plan(
        RECOGNITION,
        vec![Reaction::Reset; attempts.saturating_sub(1)],
        Some(Reaction::refuse("测试：不允许通行")),
    );
    arrive(bench).await?;
    let came = new_pushes(bench, mark, RECOGNITION, attempts, all_attempts(bench)).await;
    let checked = not_lifted(bench, before).await;
    leave(bench).await?;
    if came.len() < attempts {
        return Err(Stop::skipped("没有重新推送", "it was not pushed again"));
    }
    checked
}

/// The longest that all attempts may take.
fn all_attempts(bench: &Bench) -> Duration {
    let timing = bench.timing();
    timing.attempt * u32::try_from(timing.attempts).unwrap_or(u32::MAX) + timing.push
}

fn let_through(lifted: bool) -> Checked {
    check(lifted, || {
        (
            "栏杆未抬起".to_owned(),
            "the barrier did not lift".to_owned(),
        )
    })
}

/// How long a vehicle waits while every push hangs, if the barrier lifts at all; once a run.
async fn hanging(bench: &Bench) -> Result<Option<Duration>, Stop> {
    bench.hanging.get_or_init(|| hang(bench)).await.clone()
}

async fn hang(bench: &Bench) -> Result<Option<Duration>, Stop> {
    bench
        .peer
        .plan(RECOGNITION, Vec::new(), Some(Reaction::Hang));
    let before = bench.lifts_before().await?;
    let first = arrive(bench).await?;
    let lifted = bench.lifts_within(before + 1, all_attempts(bench)).await? > before;
    let waited = first.instant.elapsed();
    bench.peer.behave().await;
    gone(bench, lifted).await?;
    Ok(lifted.then_some(waited))
}

/// The vehicle is gone, and so is its crossing: what comes later is about another one.
async fn gone(bench: &Bench, lifted: bool) -> Checked {
    if !lifted {
        return leave(bench).await;
    }
    let mark = bench.book.mark();
    cross(bench).await?;
    // That it does not come at all is for other cases to say.
    let _ = bench
        .came(mark, CROSSING, bench.timing().push, |_| true)
        .await;
    Ok(())
}

async fn soon(bench: &Bench) -> Checked {
    let waited = hanging(bench).await?;
    let waited = waited.ok_or_else(|| Stop::skipped("未放行", "it was not let through"))?;
    if !bench.hands.looks_by_itself(Sight::Lifts) {
        return Err(Stop::skipped(
            "栏杆由人观察，时间不可测",
            "a person looks at the barrier: the time is not measured",
        ));
    }
    let most = bench.timing().release + bench.timing().tolerance;
    check(waited <= most, || {
        let seconds = waited.as_secs_f64();
        (
            format!("等待了 {seconds:.1} 秒"),
            format!("it waited {seconds:.1} s"),
        )
    })
}

async fn unreachable(bench: &Bench) -> Checked {
    let before = bench.lifts_before().await?;
    bench.peer.open(false).await;
    bench
        .act(Act::VehicleArrives, &bench.setting.plates.allowed)
        .await?;
    let lifted = bench.lifts_within(before + 1, all_attempts(bench)).await? > before;
    bench.peer.open(true).await;
    gone(bench, lifted).await?;
    let_through(lifted)
}
