//! A barrier that is held open, and one that is not any more (OPEN-1, OPEN-2, OPEN-6).

use serde_json::Value;

use super::lane::{
    DRIVE, LIFTS, VISIT, arrive_refused, command, cross, lifts, not_lifted, recognized,
};
use crate::bench::Bench;
use crate::case::Severity::Must;
use crate::case::{Case, Checked, check};
use crate::endpoint::{CROSSING, RECOGNITION};
use crate::hands::{Act, Sight};
use crate::peer::Reaction;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = held();
    cases.push(pushes());
    cases
}

fn held() -> Vec<Case> {
    vec![
        Case::new(
            "OPEN-1.hold",
            Must,
            ("常开：栏杆抬起并保持", "it holds the barrier open"),
            |bench| {
                Box::pin(restored(bench, async {
                    command(bench, "0", "").await.accepted()?;
                    arm(bench, "up").await
                }))
            },
        ),
        Case::new(
            "OPEN-2.restore",
            Must,
            ("恢复：栏杆不再保持抬起", "it restores one lift per vehicle"),
            |bench| {
                Box::pin(async move {
                    command(bench, "0", "").await.accepted()?;
                    command(bench, "1", "").await.accepted()?;
                    arm(bench, "down").await
                })
            },
        ),
        Case::new(
            "OPEN-2.refused-again",
            Must,
            (
                "恢复后被拒绝的车辆不放行",
                "after a restore a refused vehicle stays outside",
            ),
            |bench| {
                Box::pin(async move {
                    command(bench, "0", "").await.accepted()?;
                    command(bench, "1", "").await.accepted()?;
                    tokio::time::sleep(bench.timing().settle).await;
                    let before = lifts(bench).await?;
                    arrive_refused(bench).await?;
                    not_lifted(bench, before).await
                })
            },
        )
        .needing(VISIT)
        .needing(&[LIFTS]),
    ]
}

fn pushes() -> Case {
    Case::new(
        "OPEN-6.pushes",
        Must,
        (
            "常开期间仍推送识别与过闸，不管应答",
            "while held open, recognitions and crossings are pushed, whatever the reply",
        ),
        |bench| {
            Box::pin(restored(bench, async {
                command(bench, "0", "").await.accepted()?;
                bench.peer.plan(
                    RECOGNITION,
                    Vec::new(),
                    Some(Reaction::refuse("测试：不允许通行")),
                );
                let mark = bench.book.mark();
                bench
                    .act(Act::VehicleArrives, &bench.setting.plates.allowed)
                    .await?;
                recognized(bench, mark).await?;
                cross(bench).await?;
                bench
                    .came(mark, CROSSING, bench.timing().push, |_| true)
                    .await
                    .map(drop)
            }))
        },
    )
    .needing(DRIVE)
}

/// Does it, and restores the barrier whatever came of it.
async fn restored(bench: &Bench, work: impl Future<Output = Checked> + Send) -> Checked {
    let checked = work.await;
    command(bench, "1", "").await;
    tokio::time::sleep(bench.timing().settle).await;
    checked
}

/// Demands that the arm is as it was told, if anybody sees it.
async fn arm(bench: &Bench, wanted: &str) -> Checked {
    if !bench.hands.can_see(Sight::Arm) {
        return Ok(());
    }
    tokio::time::sleep(bench.timing().settle).await;
    let seen = bench.see(Sight::Arm).await?;
    let seen = serde_json::from_str::<Value>(&seen)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or(seen);
    check(seen.trim() == wanted, || {
        (format!("栏杆为 {seen}"), format!("the barrier is {seen}"))
    })
}
