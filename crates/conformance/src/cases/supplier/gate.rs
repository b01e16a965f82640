//! Gate commands in every mode, with the matching plate, another and none (OPEN-1 to OPEN-7).

use serde_json::Value;

use super::lane::{
    DRIVE, LIFTS, VISIT, arrive, arrive_refused, command, cross, lifted, lifts, not_lifted,
    recognized,
};
use crate::bench::Bench;
use crate::case::Severity::{Must, Remark};
use crate::case::{Case, Checked, check};
use crate::draft::{Draft, object};
use crate::endpoint::{CROSSING, OPEN_GATE, RECOGNITION};
use crate::hands::{Act, Sight};
use crate::peer::Reaction;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = modes();
    cases.extend(refusals());
    cases.extend(held());
    cases.extend(decisions());
    cases
}

fn modes() -> Vec<Case> {
    let mut cases = vec![
        Case::new(
            "OPEN-3.match",
            Must,
            (
                "闸口车牌与指令车牌一致时开闸",
                "it opens for the plate at the gate",
            ),
            |bench| {
                Box::pin(async move {
                    arrive_refused(bench).await?;
                    let before = lifts(bench).await?;
                    command(bench, "2", &bench.setting.plates.allowed)
                        .await
                        .accepted()?;
                    lifted(bench, before).await
                })
            },
        )
        .needing(VISIT),
        Case::new(
            "OPEN-3.other-plate",
            Must,
            (
                "闸口车牌与指令车牌不一致时不开闸，应答 1",
                "it does not open for another plate, and says so",
            ),
            |bench| {
                Box::pin(async move {
                    arrive_refused(bench).await?;
                    tokio::time::sleep(bench.timing().settle).await;
                    declined_and_shut(bench, "2", &bench.setting.plates.refused).await
                })
            },
        )
        .needing(VISIT),
        Case::new(
            "OPEN-3.no-vehicle",
            Must,
            (
                "闸口无车时正常模式不开闸，应答 1",
                "it does not open in normal mode when nobody is there",
            ),
            |bench| {
                Box::pin(async move {
                    declined_and_shut(bench, "2", &bench.setting.plates.allowed).await
                })
            },
        ),
    ];
    cases.extend(whoever_is_there());
    cases
}

fn whoever_is_there() -> Vec<Case> {
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

fn refusals() -> Vec<Case> {
    let spoiled =
        |id: &'static str, title: (&'static str, &'static str), spoil: fn(Draft) -> Draft| {
            Case::new(id, Must, title, move |bench| {
                Box::pin(async move {
                    let before = lifts(bench).await?;
                    let draft = bench.anew(|| spoil(order(bench, "3", "")));
                    bench.send(&draft.await).await.refused()?;
                    not_lifted(bench, before).await
                })
            })
        };
    vec![
        spoiled(
            "OPEN-7.unknown-device",
            ("未知设备编号应答 1", "an unknown device is refused"),
            |draft| draft.with("deviceNo", "NO-SUCH-DEVICE"),
        ),
        spoiled(
            "OPEN-7.no-device",
            (
                "缺少 deviceNo 应答 1",
                "a command without deviceNo is refused",
            ),
            |draft| draft.without("deviceNo"),
        ),
        spoiled(
            "OPEN-7.unknown-mode",
            ("未知开闸模式应答 1", "an unknown mode is refused"),
            |draft| draft.with("openMode", "9"),
        ),
        spoiled(
            "OPEN-7.array-device",
            (
                "deviceNo 为数组应答 1",
                "a command with an array for deviceNo is refused",
            ),
            |draft| {
                let device = draft.fields["deviceNo"].clone();
                draft.with("deviceNo", serde_json::json!([device]))
            },
        ),
        spoiled(
            "T-6.gate-wrong-token",
            (
                "token 错误的开闸指令被拒绝，栏杆不动",
                "a gate command with a wrong token is refused and moves nothing",
            ),
            |draft| draft.with("token", "0123456789abcdef0123456789abcdef"),
        ),
    ]
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
        .needing(DRIVE),
    ]
}

fn decisions() -> Vec<Case> {
    let normal =
        |id: &'static str, title: (&'static str, &'static str), spoil: fn(Draft) -> Draft| {
            Case::new(id, Remark, title, move |bench| {
                Box::pin(async move {
                    let before = lifts(bench).await?;
                    let plate = &bench.setting.plates.allowed;
                    let draft = bench.anew(|| spoil(order(bench, "2", plate)));
                    bench.send(&draft.await).await.declined()?;
                    not_lifted(bench, before).await
                })
            })
        };
    vec![
        normal(
            "D-8.no-mode",
            ("没有 openMode 即正常模式", "no openMode is normal mode"),
            |draft| draft.without("openMode"),
        ),
        normal(
            "D-8.empty-mode",
            ("空 openMode 即正常模式", "an empty openMode is normal mode"),
            |draft| draft.with("openMode", ""),
        ),
        Case::new(
            "D-5.identical",
            Remark,
            (
                "逐字节相同的开闸指令再次到达，应答相同，栏杆只动一次",
                "an identical command again gets the same reply and moves nothing",
            ),
            |bench| {
                Box::pin(async move {
                    let before = lifts(bench).await?;
                    let draft = bench.anew(|| order(bench, "3", "")).await;
                    let first = bench.send(&draft).await;
                    first.accepted()?;
                    let second = bench.send(&draft).await;
                    check(first.object().ok() == second.object().ok(), || {
                        ("两次应答不同".to_owned(), "the replies differ".to_owned())
                    })?;
                    lifted(bench, before).await
                })
            },
        ),
    ]
}

/// A gate command that is not sent yet.
fn order(bench: &Bench, mode: &str, plate: &str) -> Draft {
    let fields = object(serde_json::json!({
        "deviceNo": bench.setting.devices.recognizer,
        "plateNumber": plate,
        "openMode": mode,
    }));
    bench.draft(OPEN_GATE, fields)
}

async fn declined_and_shut(bench: &Bench, mode: &str, plate: &str) -> Checked {
    let before = lifts(bench).await?;
    command(bench, mode, plate).await.declined()?;
    not_lifted(bench, before).await
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
