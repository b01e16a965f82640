//! The lane under test: a vehicle arrives, stands, leaves or crosses, and the barrier is looked at.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::bench::Bench;
use crate::book::Exchange;
use crate::case::{Checked, Need, Stop, check};
use crate::draft::object;
use crate::endpoint::{CROSSING, OPEN_GATE, RECOGNITION};
use crate::hands::{Act, Sight};
use crate::peer::Reaction;
use crate::reply::Reply;

/// A vehicle that comes and goes.
pub(super) const VISIT: &[Need] = &[
    Need::Act(Act::VehicleArrives),
    Need::Act(Act::VehicleLeaves),
];

/// A vehicle that drives through.
pub(super) const DRIVE: &[Need] = &[
    Need::Act(Act::VehicleArrives),
    Need::Act(Act::VehicleCrosses),
];

/// Somebody or something that counts the barrier's lifts.
pub(super) const LIFTS: Need = Need::Sight(Sight::Lifts);

/// A vehicle arrives; the first push of its recognition, which may already be answered.
pub(super) async fn arrive(bench: &Bench) -> Result<Exchange, Stop> {
    let mark = bench.book.mark();
    bench
        .act(Act::VehicleArrives, &bench.setting.plates.allowed)
        .await?;
    recognized(bench, mark).await
}

/// The first push since `mark` of a recognition that was not there before it.
pub(super) async fn recognized(bench: &Bench, mark: usize) -> Result<Exchange, Stop> {
    let is_new = new_at(bench, mark);
    bench
        .came(mark, RECOGNITION, bench.timing().push, is_new)
        .await
}

/// Whether an exchange is about a `uuid` that did not come before `mark`: a vehicle that is gone
/// may still be pushed.
pub(super) fn new_at(bench: &Bench, mark: usize) -> impl Fn(&Exchange) -> bool + use<> {
    let before = bench.book.since(0, |it| it.number < mark && it.incoming);
    let before: BTreeSet<String> = before.iter().map(|it| it.text("uuid")).collect();
    move |exchange| !before.contains(&exchange.text("uuid"))
}

/// At least `count` pushes since `mark` to `path` about what was not there before it, or as many
/// as come within `within`.
pub(super) async fn new_pushes(
    bench: &Bench,
    mark: usize,
    path: &str,
    count: usize,
    within: Duration,
) -> Vec<Exchange> {
    let is_new = new_at(bench, mark);
    bench
        .book
        .wait(mark, count, within, |it| it.came_to(path) && is_new(it))
        .await
}

/// A vehicle arrives that the kit does not let pass, and stands there.
pub(super) async fn arrive_refused(bench: &Bench) -> Result<Exchange, Stop> {
    bench.peer.plan(
        RECOGNITION,
        Vec::new(),
        Some(Reaction::refuse("测试：不允许通行")),
    );
    arrive(bench).await
}

/// The vehicle that may pass drives through.
pub(super) async fn cross(bench: &Bench) -> Checked {
    bench
        .act(Act::VehicleCrosses, &bench.setting.plates.allowed)
        .await
}

/// The vehicle backs out.
pub(super) async fn leave(bench: &Bench) -> Checked {
    bench
        .act(Act::VehicleLeaves, &bench.setting.plates.allowed)
        .await
}

/// The first push since `mark` of the crossing of `uuid`.
pub(super) async fn crossed(bench: &Bench, mark: usize, uuid: &str) -> Result<Exchange, Stop> {
    let is_its = |exchange: &Exchange| exchange.text("uuid") == uuid;
    bench
        .came(mark, CROSSING, bench.timing().push, is_its)
        .await
}

/// Every push since `mark` to `path` with that `uuid`.
pub(super) fn pushes(bench: &Bench, mark: usize, path: &str, uuid: &str) -> Vec<Exchange> {
    bench
        .book
        .since(mark, |it| it.came_to(path) && it.text("uuid") == uuid)
}

/// Skips the case when the vehicle of `first` has stood there for so long that its push has failed
/// meanwhile: what a supplier then does is what PUSH-3 says. A person takes that long.
pub(super) fn still_asked(bench: &Bench, mark: usize, first: &Exchange) -> Checked {
    let timing = bench.timing();
    let tried = pushes(bench, mark, RECOGNITION, &first.text("uuid")).len();
    if first.instant.elapsed() < timing.release && tried < timing.attempts {
        return Ok(());
    }
    Err(Stop::skipped(
        "车辆停留过久，推送已失败；请用 [acts] 自动触发",
        "the vehicle stood there until its push had failed; trigger it under [acts]",
    ))
}

/// A gate command.
pub(super) async fn command(bench: &Bench, mode: &str, plate: &str) -> Reply {
    let fields = object(serde_json::json!({
        "deviceNo": bench.setting.devices.recognizer,
        "plateNumber": plate,
        "openMode": mode,
    }));
    let draft = bench.anew(|| bench.draft(OPEN_GATE, fields.clone()));
    bench.send(&draft.await).await
}

/// How often the barrier has lifted, if anybody counts.
pub(super) async fn lifts(bench: &Bench) -> Result<Option<u64>, Stop> {
    if bench.hands.can_see(Sight::Lifts) {
        return bench.lifts_before().await.map(Some);
    }
    Ok(None)
}

/// Demands that the barrier has lifted once since it had lifted `before`, if anybody counts.
pub(super) async fn lifted(bench: &Bench, before: Option<u64>) -> Checked {
    let Some(before) = before else { return Ok(()) };
    let mut settled = bench.lifts_within(before + 1, bench.timing().push).await?;
    if bench.hands.looks_by_itself(Sight::Lifts) {
        // Also once, and not twice.
        tokio::time::sleep(bench.timing().settle).await;
        settled = bench.lifts().await?;
    }
    check(settled == before + 1, || {
        let times = settled.saturating_sub(before);
        (
            format!("栏杆抬起了 {times} 次"),
            format!("the barrier lifted {times} times"),
        )
    })
}

/// Demands that the barrier has not lifted since it had lifted `before`, if anybody counts.
pub(super) async fn not_lifted(bench: &Bench, before: Option<u64>) -> Checked {
    let Some(before) = before else { return Ok(()) };
    tokio::time::sleep(bench.timing().settle).await;
    let times = bench.lifts().await?.saturating_sub(before);
    check(times == 0, || {
        (
            format!("栏杆抬起了 {times} 次"),
            format!("the barrier lifted {times} times"),
        )
    })
}
