//! What a platform decides about a recognition (RECOG-1, RECOG-2), and late events (CROSS-2).

use std::time::Duration;

use jiff::Timestamp;

use crate::bench::Bench;
use crate::case::Severity::{Must, Remark};
use crate::case::{Case, Checked, Given, Need, check};
use crate::cases::probe::Expect::Accepted;
use crate::cases::probe::{crossing, probe, recognition};
use crate::clock::wire_time;
use crate::endpoint::{CROSSING, RECOGNITION};
use crate::hands::Act;

/// How old a record may be that could not be pushed when it happened.
const BACKLOG: Duration = Duration::from_secs(6 * 3600);

const REFUSED: Need = Need::Given(Given::RefusedPlate);

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        probe(
            "RECOG-1.allowed",
            Must,
            (
                "可通行的车牌应答 0",
                "the plate that may pass is answered 0",
            ),
            Accepted,
            |bench| {
                bench.draft(
                    RECOGNITION,
                    recognition(bench, &bench.setting.plates.allowed),
                )
            },
        ),
        Case::new(
            "RECOG-1.refused",
            Must,
            (
                "不可通行的车牌应答 1",
                "the plate that may not pass is answered 1",
            ),
            |bench| {
                Box::pin(async move {
                    let plate = &bench.setting.plates.refused;
                    bench
                        .call(RECOGNITION, recognition(bench, plate))
                        .await
                        .declined()
                })
            },
        )
        .needing(&[REFUSED]),
        Case::new(
            "RECOG-1.unreadable",
            Must,
            (
                "空车牌（识别不到）也得到 0 或 1 的应答",
                "an empty plate is decided on too",
            ),
            |bench| {
                Box::pin(async move {
                    bench
                        .call(RECOGNITION, recognition(bench, ""))
                        .await
                        .decided()
                })
            },
        ),
    ];
    cases.extend(again_and_late());
    cases
}

fn again_and_late() -> Vec<Case> {
    vec![
        Case::new(
            "RECOG-2.again",
            Must,
            (
                "同一识别重复发送，仍得到同样的应答",
                "the same recognition again gets the same decision",
            ),
            |bench| Box::pin(again(bench)),
        )
        .needing(&[REFUSED]),
        Case::new(
            "RECOG-2.allowed-again",
            Must,
            (
                "已放行的识别重复发送，仍应答 0",
                "a recognition that may pass still may when it comes again",
            ),
            |bench| {
                Box::pin(async move {
                    let fields = recognition(bench, &bench.setting.plates.allowed);
                    bench.call(RECOGNITION, fields.clone()).await.accepted()?;
                    bench.call(RECOGNITION, fields).await.accepted().map(drop)
                })
            },
        ),
        Case::new(
            "D-13.afresh",
            Remark,
            (
                "被拒后获准的车辆，以同一 uuid 再问即放行",
                "a refused vehicle that was permitted meanwhile may pass with the same uuid",
            ),
            |bench| Box::pin(afresh(bench)),
        )
        .needing(&[
            REFUSED,
            Need::Act(Act::PermitPlate),
            Need::Act(Act::WithdrawPermit),
        ]),
        Case::new(
            "CROSS-2.late",
            Must,
            (
                "数小时前发生的识别、过闸仍被接受",
                "a record of hours ago is accepted",
            ),
            |bench| Box::pin(late(bench)),
        ),
    ]
}

async fn again(bench: &Bench) -> Checked {
    let fields = recognition(bench, &bench.setting.plates.refused);
    for _ in 0..3 {
        bench.call(RECOGNITION, fields.clone()).await.declined()?;
    }
    Ok(())
}

async fn afresh(bench: &Bench) -> Checked {
    let plate = &bench.setting.plates.refused;
    let fields = recognition(bench, plate);
    bench.call(RECOGNITION, fields.clone()).await.declined()?;
    bench.act(Act::PermitPlate, plate).await?;
    let permitted = bench.call(RECOGNITION, fields.clone()).await;
    bench.act(Act::WithdrawPermit, plate).await?;
    permitted.accepted()?;
    let withdrawn = bench.call(RECOGNITION, recognition(bench, plate)).await;
    check(withdrawn.code().as_deref() == Some("1"), || {
        (
            "取消放行后仍应答 0".to_owned(),
            "still 0 after the permit was withdrawn".to_owned(),
        )
    })
}

async fn late(bench: &Bench) -> Checked {
    let then: Timestamp = bench.clock.now() - BACKLOG;
    let plate = &bench.setting.plates.allowed;
    let uuid = bench.uuid();
    let mut recognized = recognition(bench, plate);
    recognized.insert("uuid".to_owned(), uuid.clone().into());
    recognized.insert("recognitionTime".to_owned(), wire_time(then).into());
    bench.call(RECOGNITION, recognized).await.decided()?;
    let mut crossed = crossing(bench, &uuid, plate);
    crossed.insert("crossTime".to_owned(), wire_time(then).into());
    bench.call(CROSSING, crossed).await.accepted().map(drop)
}
