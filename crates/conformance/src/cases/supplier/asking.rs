//! A refused vehicle is asked for again, until it may pass or is gone (RECOG-2).

use std::time::Duration;

use super::lane::{
    DRIVE, LIFTS, VISIT, arrive_refused, cross, leave, lifted, lifts, new_pushes, pushes,
};
use crate::bench::Bench;
use crate::book::Exchange;
use crate::case::Severity::Must;
use crate::case::{Case, Checked, Stop, check};
use crate::endpoint::RECOGNITION;
use crate::peer::Reaction;

/// Pushes of one refused recognition that are looked at.
const REPEATS: usize = 4;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "RECOG-2.repeats",
            Must,
            (
                "被拒绝的识别按间隔重复推送",
                "a refused recognition is pushed again at the interval",
            ),
            |bench| Box::pin(repeats(bench)),
        )
        .needing(VISIT),
        Case::new(
            "RECOG-2.same-uuid",
            Must,
            (
                "重复推送的 uuid 不变",
                "the repeated push has the same uuid",
            ),
            |bench| Box::pin(same_uuid(bench)),
        )
        .needing(VISIT),
        Case::new(
            "RECOG-2.until-allowed",
            Must,
            (
                "放行后不再重复推送",
                "once it may pass it is not pushed again",
            ),
            |bench| Box::pin(until_allowed(bench)),
        )
        .needing(DRIVE),
        Case::new(
            "RECOG-2.opens-then",
            Must,
            (
                "先拒绝后放行，放行时开闸",
                "the barrier lifts once a refused vehicle may pass",
            ),
            |bench| Box::pin(opens_then(bench)),
        )
        .needing(DRIVE)
        .needing(&[LIFTS]),
        Case::new(
            "RECOG-2.until-gone",
            Must,
            (
                "车辆离开后不再重复推送",
                "once the vehicle is gone it is not pushed again",
            ),
            |bench| Box::pin(until_gone(bench)),
        )
        .needing(VISIT),
    ]
}

/// The first pushes of a vehicle that stands there refused: those of any recognition.
async fn refused(bench: &Bench) -> Result<Vec<Exchange>, Stop> {
    let mark = bench.book.mark();
    arrive_refused(bench).await?;
    let timing = bench.timing();
    let within = (timing.poll + timing.tolerance) * 2 * u32::try_from(REPEATS).unwrap_or(u32::MAX);
    let came = new_pushes(bench, mark, RECOGNITION, REPEATS, within).await;
    leave(bench).await?;
    check(came.len() >= REPEATS, || {
        let (seconds, times) = (within.as_secs(), came.len());
        (
            format!("{seconds} 秒内推送 {times} 次"),
            format!("it came {times} times within {seconds} s"),
        )
    })?;
    Ok(came)
}

/// The middle one of the pauses counts: a busy machine or network moves single ones.
async fn repeats(bench: &Bench) -> Checked {
    let came = refused(bench).await?;
    let timing = bench.timing();
    let mut pauses: Vec<Duration> = came
        .windows(2)
        .map(|pair| pair[1].instant - pair[0].instant)
        .collect();
    pauses.sort_unstable();
    let pause = pauses[pauses.len() / 2];
    let is_regular =
        pause + timing.tolerance >= timing.poll && pause <= timing.poll + timing.tolerance;
    check(is_regular, || {
        let (pause, wanted) = (pause.as_secs_f64(), timing.poll.as_secs_f64());
        (
            format!("间隔 {pause:.1} 秒，应为 {wanted:.1} 秒"),
            format!("a pause of {pause:.1} s, not {wanted:.1} s"),
        )
    })
}

async fn same_uuid(bench: &Bench) -> Checked {
    let came = refused(bench)
        .await
        .map_err(|_| Stop::skipped("没有重复推送", "it is not pushed again"))?;
    let uuids: std::collections::BTreeSet<String> = came.iter().map(|it| it.text("uuid")).collect();
    check(uuids.len() == 1, || {
        (
            format!("同一车辆有 {} 个 uuid", uuids.len()),
            format!("one vehicle has {} uuids", uuids.len()),
        )
    })
}

/// Refused twice, then accepted.
fn twice_refused(bench: &Bench) {
    let refused = Reaction::refuse("测试：不允许通行");
    bench.peer.plan(RECOGNITION, vec![refused; 2], None);
}

async fn until_allowed(bench: &Bench) -> Checked {
    let mark = bench.book.mark();
    twice_refused(bench);
    bench
        .act(
            crate::hands::Act::VehicleArrives,
            &bench.setting.plates.allowed,
        )
        .await?;
    let within = (bench.timing().poll + bench.timing().tolerance) * 4 + bench.timing().push;
    let came = new_pushes(bench, mark, RECOGNITION, 3, within).await.len();
    if came < 3 {
        return Err(Stop::skipped("没有重复推送", "it is not pushed again"));
    }
    bench.watch().await;
    let times = new_pushes(bench, mark, RECOGNITION, 3, Duration::ZERO)
        .await
        .len();
    cross(bench).await?;
    check(times == 3, || {
        (
            format!("放行后又推送 {} 次", times - 3),
            format!("it came {} more times", times - 3),
        )
    })
}

async fn opens_then(bench: &Bench) -> Checked {
    let before = lifts(bench).await?;
    let mark = bench.book.mark();
    twice_refused(bench);
    bench
        .act(
            crate::hands::Act::VehicleArrives,
            &bench.setting.plates.allowed,
        )
        .await?;
    let within = (bench.timing().poll + bench.timing().tolerance) * 4 + bench.timing().push;
    let came = new_pushes(bench, mark, RECOGNITION, 3, within).await.len();
    if came < 3 {
        return Err(Stop::skipped("没有重复推送", "it is not pushed again"));
    }
    lifted(bench, before).await?;
    cross(bench).await
}

async fn until_gone(bench: &Bench) -> Checked {
    let mark = bench.book.mark();
    let pushed = arrive_refused(bench).await?;
    leave(bench).await?;
    // What was on its way when it left is not held against anybody.
    tokio::time::sleep(bench.timing().poll / 2 + bench.timing().tolerance).await;
    let uuid = pushed.text("uuid");
    let before = pushes(bench, mark, RECOGNITION, &uuid).len();
    bench.watch().await;
    let later = pushes(bench, mark, RECOGNITION, &uuid).len() - before;
    check(later == 0, || {
        (
            format!("车辆离开后又推送 {later} 次"),
            format!("it came {later} more times"),
        )
    })
}
