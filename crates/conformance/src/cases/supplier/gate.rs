//! Gate commands in normal mode, and those that are to be refused (OPEN-3, OPEN-7, D-5, D-8).

use super::lane::{VISIT, arrive_refused, command, lifted, lifts, not_lifted};
use crate::bench::Bench;
use crate::case::Severity::{Must, Remark};
use crate::case::{Case, Checked, check};
use crate::draft::{Draft, object};
use crate::endpoint::OPEN_GATE;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = modes();
    cases.extend(refusals());
    cases.extend(decisions());
    cases
}

fn modes() -> Vec<Case> {
    vec![
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
pub(super) fn order(bench: &Bench, mode: &str, plate: &str) -> Draft {
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
