//! Abnormalities: which, with what words, when, and after an outage (ABN-1 to ABN-4, PUSH-5, D-15).

use std::time::Duration;

use super::lane::{arrive_refused, leave};
use crate::bench::Bench;
use crate::book::Exchange;
use crate::case::Severity::{Must, Remark};
use crate::case::{Case, Checked, Need, Stop, check};
use crate::endpoint::{ABNORMAL, ABNORMAL_FIELDS, fault};
use crate::hands::Act;
use crate::peer::Reaction;

/// A device that can be lost.
#[derive(Clone, Copy)]
struct Part {
    code: &'static str,
    word: &'static str,
    lost: Act,
    back: Act,
}

const DISPLAY: Part = Part {
    code: "1101",
    word: "显示屏",
    lost: Act::DisplayLost,
    back: Act::DisplayBack,
};
const RECOGNIZER: Part = Part {
    code: "1201",
    word: "车牌识别器",
    lost: Act::RecognizerLost,
    back: Act::RecognizerBack,
};
const BARRIER: Part = Part {
    code: "1301",
    word: "栏杆机",
    lost: Act::BarrierLost,
    back: Act::BarrierBack,
};

/// The one that is lost when it does not matter which.
const ANY: [Need; 2] = [Need::Act(Act::DisplayLost), Need::Act(Act::DisplayBack)];

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = [DISPLAY, RECOGNIZER, BARRIER]
        .into_iter()
        .map(lost)
        .collect();
    cases.extend([
        Case::new(
            "ABN-1.1401",
            Must,
            (
                "车辆压线圈过长上报 1401",
                "a loop that is pressed too long is reported as 1401",
            ),
            |bench| Box::pin(pressed_too_long(bench)),
        )
        .needing(&[
            Need::Act(Act::VehicleArrives),
            Need::Act(Act::VehicleLeaves),
            Need::Act(Act::VehicleStays),
        ]),
        Case::new(
            "ABN-3.interval",
            Must,
            (
                "在检测间隔内发现设备失联",
                "a lost device is noticed within the interval",
            ),
            |bench| Box::pin(within_the_interval(bench)),
        )
        .needing(&ANY),
        Case::new(
            "ABN-4.arm-up",
            Must,
            (
                "栏杆不落下作为异常上报",
                "an arm that does not come down is reported",
            ),
            |bench| Box::pin(arm_up(bench)),
        )
        .needing(&[Need::Act(Act::ArmStaysUp), Need::Act(Act::ArmComesDown)]),
    ]);
    cases.extend(delivered());
    cases
}

fn delivered() -> Vec<Case> {
    vec![
        Case::new(
            "D-15.once",
            Remark,
            ("一次异常只上报一次", "one occurrence is reported once"),
            |bench| Box::pin(once(bench)),
        )
        .needing(&ANY),
        Case::new(
            "PUSH-5.recovers",
            Must,
            (
                "推送失败的异常在网络恢复后继续推送",
                "a failed abnormality is pushed once the network is back",
            ),
            |bench| Box::pin(recovers(bench)),
        )
        .needing(&ANY),
        Case::new(
            "ABN-1.fields",
            Must,
            (
                "异常信息字段齐全、类型正确",
                "abnormalities have their fields, of the right types",
            ),
            |bench| Box::pin(fields(bench)),
        ),
        Case::new(
            "ABN-2.words",
            Must,
            ("异常信息符合消息模板", "their messages follow the template"),
            |bench| Box::pin(words(bench)),
        ),
    ]
}

fn lost(part: Part) -> Case {
    let title = (
        format!("{}失联上报 {}", part.word, part.code),
        format!("a lost device of that kind is reported as {}", part.code),
    );
    Case::new(format!("ABN-1.{}", part.code), Must, title, move |bench| {
        Box::pin(async move {
            let mark = bench.book.mark();
            bench.act(part.lost, "").await?;
            let came = reported(bench, mark, part.code, patience(bench)).await;
            bench.act(part.back, "").await?;
            came.map(drop)
        })
    })
    .needing(&[Need::Act(part.lost), Need::Act(part.back)])
}

/// Twice the interval at which devices are checked.
fn patience(bench: &Bench) -> Duration {
    bench.timing().device_check * 2 + bench.timing().push
}

async fn reported(
    bench: &Bench,
    mark: usize,
    code: &str,
    within: Duration,
) -> Result<Exchange, Stop> {
    bench
        .came(mark, ABNORMAL, within, |it| it.text("abnormalCode") == code)
        .await
}

async fn pressed_too_long(bench: &Bench) -> Checked {
    arrive_refused(bench).await?;
    let mark = bench.book.mark();
    bench
        .act(Act::VehicleStays, &bench.setting.plates.allowed)
        .await?;
    let came = reported(
        bench,
        mark,
        "1401",
        bench.timing().loop_alarm + bench.timing().push,
    )
    .await;
    leave(bench).await?;
    came.map(drop)
}

async fn within_the_interval(bench: &Bench) -> Checked {
    let mark = bench.book.mark();
    let pulled = tokio::time::Instant::now();
    bench.act(DISPLAY.lost, "").await?;
    let came = reported(bench, mark, DISPLAY.code, patience(bench)).await;
    bench.act(DISPLAY.back, "").await?;
    let came = came.map_err(|_| Stop::skipped("没有上报", "nothing was reported"))?;
    let took = came.instant - pulled;
    let most = bench.timing().device_check + bench.timing().push + bench.timing().tolerance;
    check(took <= most, || {
        let seconds = took.as_secs();
        (
            format!("{seconds} 秒后才上报"),
            format!("it was reported after {seconds} s"),
        )
    })
}

async fn arm_up(bench: &Bench) -> Checked {
    let mark = bench.book.mark();
    bench.act(Act::ArmStaysUp, "").await?;
    let within = bench.timing().loop_alarm * 3 + bench.timing().push;
    let known = ["1101", "1201", "1301", "1401"];
    let came = bench
        .came(mark, ABNORMAL, within, |it| {
            !known.contains(&it.text("abnormalCode").as_str()) || it.text("msg").contains("落")
        })
        .await;
    bench.act(Act::ArmComesDown, "").await?;
    came.map(drop)
}

async fn once(bench: &Bench) -> Checked {
    let mark = bench.book.mark();
    bench.act(DISPLAY.lost, "").await?;
    let came = reported(bench, mark, DISPLAY.code, patience(bench)).await;
    bench.watch().await;
    bench.act(DISPLAY.back, "").await?;
    let first = came.map_err(|_| Stop::skipped("没有上报", "nothing was reported"))?;
    let same = |it: &Exchange| {
        it.came_to(ABNORMAL)
            && it.text("abnormalCode") == first.text("abnormalCode")
            && it.text("deviceNo") == first.text("deviceNo")
    };
    let times = bench.book.since(mark, same).len();
    check(times == 1, || {
        (
            format!("上报 {times} 次"),
            format!("it was reported {times} times"),
        )
    })
}

async fn recovers(bench: &Bench) -> Checked {
    bench.peer.plan(ABNORMAL, Vec::new(), Some(Reaction::Reset));
    let mark = bench.book.mark();
    bench.act(DISPLAY.lost, "").await?;
    let is_report = |it: &Exchange| it.came_to(ABNORMAL);
    let within = patience(bench)
        + bench.timing().attempt * u32::try_from(bench.timing().attempts).unwrap_or(u32::MAX);
    let tried = bench
        .book
        .wait(mark, bench.timing().attempts, within, is_report)
        .await;
    bench.watch().await;
    bench.peer.behave().await;
    let after = bench.book.mark();
    let came = bench
        .came(after, ABNORMAL, bench.timing().recovery, |_| true)
        .await;
    bench.act(DISPLAY.back, "").await?;
    if tried.is_empty() {
        return Err(Stop::skipped("没有上报", "nothing was reported"));
    }
    came.map(drop)
}

/// The reports of the run.
fn reports(bench: &Bench) -> Result<Vec<Exchange>, Stop> {
    let reports = bench.book.since(0, |it| it.came_to(ABNORMAL));
    if reports.is_empty() {
        return Err(Stop::skipped("没有异常信息", "no abnormality came"));
    }
    Ok(reports)
}

async fn fields(bench: &Bench) -> Checked {
    for report in reports(bench)? {
        let fields = report.fields().cloned().unwrap_or_default();
        if let Some((zh, en)) = fault(&fields, ABNORMAL_FIELDS) {
            return Err(Stop::unmet(zh, en));
        }
    }
    Ok(())
}

async fn words(bench: &Bench) -> Checked {
    for report in reports(bench)? {
        let (code, message) = (report.text("abnormalCode"), report.text("msg"));
        check(follows(&code, &report.text("deviceNo"), &message), || {
            (
                format!("{code} 的信息为 {message}"),
                format!("the message of {code} is {message}"),
            )
        })?;
    }
    Ok(())
}

/// Whether a message is the template's, `门` and `道` filled in, with the device that the report
/// names, if it names one; the list of codes is open, and other codes have no template.
fn follows(code: &str, device: &str, message: &str) -> bool {
    let part = [DISPLAY, RECOGNIZER, BARRIER]
        .into_iter()
        .find(|part| part.code == code);
    let rest = match part {
        Some(part) => {
            let device = match device {
                "" => named_in(message).unwrap_or_default(),
                device => device,
            };
            format!("的{}【{device}】连接异常！", part.word)
        }
        None if code == "1401" => "车辆压线圈过长！".to_owned(),
        None => return true,
    };
    let place = message
        .strip_suffix(rest.as_str())
        .and_then(|place| place.strip_suffix('道'));
    let filled = place.and_then(|place| place.split_once('门'));
    filled.is_some_and(|(gate, lane)| !gate.is_empty() && !lane.is_empty())
}

/// The device that a message names.
fn named_in(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once('【')?;
    let (device, _) = rest.split_once('】')?;
    Some(device).filter(|device| !device.is_empty())
}
