//! A vehicle crosses, or does not (CROSS-1, D-14, D-16).

use tokio::sync::watch;

use super::lane::{
    DRIVE, VISIT, arrive, command, cross, crossed, leave, pushes, recognized, still_asked,
};
use crate::bench::Bench;
use crate::book::Exchange;
use crate::case::Severity::{Must, Remark, Should};
use crate::case::{Case, Checked, Need, Stop, check};
use crate::endpoint::{CROSSING, CROSSING_FIELDS, RECOGNITION, fault};
use crate::hands::Act;
use crate::peer::Reaction;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "CROSS-1.fields",
            Must,
            (
                "过闸信息字段齐全，uuid 为其识别的 uuid",
                "a crossing has its fields, and its recognition's uuid",
            ),
            |bench| Box::pin(fields(bench)),
        )
        .needing(DRIVE),
        Case::new(
            "CROSS-1.once",
            Must,
            (
                "应答 0 的过闸信息只推送一次",
                "a crossing that was taken is pushed once",
            ),
            |bench| Box::pin(once(bench)),
        )
        .needing(DRIVE),
        Case::new(
            "CROSS-1.backed-out",
            Must,
            (
                "未过闸的车辆没有过闸信息",
                "a vehicle that did not cross has no crossing",
            ),
            |bench| Box::pin(backed_out(bench)),
        )
        .needing(VISIT),
        Case::new(
            "CROSS-1.after-recognition",
            Should,
            (
                "过闸信息在其识别得到应答之后推送",
                "a crossing is pushed after its recognition was answered",
            ),
            |bench| Box::pin(after_recognition(bench)),
        )
        .needing(DRIVE),
        Case::new(
            "D-14.tailgating",
            Remark,
            (
                "未识别而过闸的车辆有一条空车牌识别",
                "a vehicle that crosses unrecognized gets a recognition with an empty plate",
            ),
            |bench| Box::pin(tailgating(bench)),
        )
        .needing(&[Need::Act(Act::VehicleTailgates)]),
        Case::new(
            "D-16.refused-crossing",
            Remark,
            (
                "被应答 1 的过闸信息再次推送",
                "a crossing that was refused is pushed again",
            ),
            |bench| Box::pin(refused_crossing(bench)),
        )
        .needing(DRIVE),
    ]
}

/// A vehicle drives through; its recognition, and the mark before it.
async fn passage(bench: &Bench) -> Result<(usize, Exchange), Stop> {
    let mark = bench.book.mark();
    let recognition = arrive(bench).await?;
    tokio::time::sleep(bench.timing().settle).await;
    cross(bench).await?;
    Ok((mark, recognition))
}

/// The crossing of whatever `uuid` since `mark`.
async fn any_crossing(bench: &Bench, mark: usize) -> Result<Exchange, Stop> {
    bench
        .came(mark, CROSSING, bench.timing().push, |_| true)
        .await
}

async fn fields(bench: &Bench) -> Checked {
    let (mark, recognition) = passage(bench).await?;
    let crossing = any_crossing(bench, mark).await?;
    if let Some((zh, en)) = fault(
        &crossing.fields().cloned().unwrap_or_default(),
        CROSSING_FIELDS,
    ) {
        return Err(Stop::unmet(zh, en));
    }
    let (uuid, wanted) = (crossing.text("uuid"), recognition.text("uuid"));
    check(uuid == wanted, || {
        (
            format!("uuid 为 {uuid}，识别为 {wanted}"),
            format!("the uuid is {uuid}, its recognition's {wanted}"),
        )
    })
}

async fn once(bench: &Bench) -> Checked {
    let (mark, _) = passage(bench).await?;
    any_crossing(bench, mark).await?;
    bench.watch().await;
    let times = bench.book.since(mark, |it| it.came_to(CROSSING)).len();
    check(times == 1, || {
        (format!("推送 {times} 次"), format!("it came {times} times"))
    })
}

async fn backed_out(bench: &Bench) -> Checked {
    let mark = bench.book.mark();
    bench.peer.plan(
        RECOGNITION,
        Vec::new(),
        Some(Reaction::refuse("测试：不允许通行")),
    );
    arrive(bench).await?;
    leave(bench).await?;
    bench.watch().await;
    let times = bench.book.since(mark, |it| it.came_to(CROSSING)).len();
    check(times == 0, || {
        (
            format!("推送 {times} 次过闸"),
            format!("{times} crossings came"),
        )
    })
}

/// Held open, so that the vehicle can cross while its recognition is unanswered.
async fn after_recognition(bench: &Bench) -> Checked {
    command(bench, "0", "")
        .await
        .accepted()
        .map_err(|_| Stop::skipped("常开指令未被接受", "the barrier was not held open"))?;
    let checked = crossing_waits(bench).await;
    command(bench, "1", "").await;
    tokio::time::sleep(bench.timing().settle).await;
    checked
}

async fn crossing_waits(bench: &Bench) -> Checked {
    let (release, released) = watch::channel(false);
    bench.peer.plan(
        RECOGNITION,
        Vec::new(),
        Some(Reaction::accept().held(released)),
    );
    let mark = bench.book.mark();
    let came = arrive(bench).await;
    let recognition =
        came.map_err(|_| Stop::skipped("常开时没有识别", "no recognition while held open"))?;
    let uuid = recognition.text("uuid");
    cross(bench).await?;
    let timing = bench.timing();
    tokio::time::sleep(timing.poll.min(timing.tolerance)).await;
    let in_time = still_asked(bench, mark, &recognition);
    let early = pushes(bench, mark, CROSSING, &uuid).len();
    release.send_replace(true);
    let came = crossed(bench, mark, &uuid).await;
    in_time?;
    came.map_err(|_| Stop::skipped("没有过闸信息", "no crossing came"))?;
    check(early == 0, || {
        (
            "过闸先于识别的应答".to_owned(),
            "the crossing came before its recognition was answered".to_owned(),
        )
    })
}

async fn tailgating(bench: &Bench) -> Checked {
    let mark = bench.book.mark();
    bench.act(Act::VehicleTailgates, "").await?;
    let recognition = recognized(bench, mark).await?;
    let plate = recognition.text("plateNumber");
    any_crossing(bench, mark).await?;
    check(plate.is_empty(), || {
        (format!("车牌为 {plate}"), format!("its plate is {plate}"))
    })
}

async fn refused_crossing(bench: &Bench) -> Checked {
    bench
        .peer
        .plan(CROSSING, vec![Reaction::refuse("测试：暂不接受")], None);
    let (mark, _) = passage(bench).await?;
    let first = any_crossing(bench, mark).await;
    let first = first.map_err(|_| Stop::skipped("没有过闸信息", "no crossing came"))?;
    bench
        .came(first.number + 1, CROSSING, bench.timing().attempt, |_| true)
        .await
        .map(drop)
}
