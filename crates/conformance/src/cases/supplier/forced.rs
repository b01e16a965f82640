//! A gate that opens whoever is there: by force, or for no plate (OPEN-4, OPEN-5).

use super::gate::order;
use super::lane::{VISIT, arrive, arrive_refused, command, lifted, lifts};
use crate::case::Case;
use crate::case::Severity::Must;
use crate::endpoint::RECOGNITION;
use crate::peer::Reaction;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = by_force();
    cases.extend(without_a_plate());
    cases
}

fn by_force() -> Vec<Case> {
    vec![
        Case::new(
            "OPEN-4.forced",
            Must,
            ("强制模式无条件开闸", "forced mode opens whoever is there"),
            |bench| {
                Box::pin(async move {
                    let before = lifts(bench).await?;
                    command(bench, "3", "").await.accepted()?;
                    lifted(bench, before).await
                })
            },
        ),
        Case::new(
            "OPEN-4.other-plate",
            Must,
            (
                "强制模式不比对车牌",
                "forced mode opens whatever plate is at the gate",
            ),
            |bench| {
                Box::pin(async move {
                    arrive_refused(bench).await?;
                    let before = lifts(bench).await?;
                    command(bench, "3", &bench.setting.plates.refused)
                        .await
                        .accepted()?;
                    lifted(bench, before).await
                })
            },
        )
        .needing(VISIT),
        Case::new(
            "OPEN-4.while-pushing",
            Must,
            (
                "推送未得到应答期间仍执行指令",
                "commands are obeyed while a push is unanswered",
            ),
            |bench| {
                Box::pin(async move {
                    bench
                        .peer
                        .plan(RECOGNITION, Vec::new(), Some(Reaction::Hang));
                    arrive(bench).await?;
                    command(bench, "3", "").await.accepted()?;
                    // The arm goes up before the vehicle goes away.
                    tokio::time::sleep(bench.timing().settle).await;
                    Ok(())
                })
            },
        )
        .needing(VISIT),
    ]
}

fn without_a_plate() -> Vec<Case> {
    vec![
        Case::new(
            "OPEN-5.empty-plate",
            Must,
            (
                "正常模式下空车牌即强制",
                "normal mode with an empty plate is forced",
            ),
            |bench| {
                Box::pin(async move {
                    let before = lifts(bench).await?;
                    command(bench, "2", "").await.accepted()?;
                    lifted(bench, before).await
                })
            },
        ),
        Case::new(
            "OPEN-5.no-plate",
            Must,
            (
                "正常模式下没有车牌字段即强制",
                "normal mode without a plate is forced",
            ),
            |bench| {
                Box::pin(async move {
                    let before = lifts(bench).await?;
                    let draft = bench.anew(|| order(bench, "2", "").without("plateNumber"));
                    bench.send(&draft.await).await.accepted()?;
                    lifted(bench, before).await
                })
            },
        ),
    ]
}
