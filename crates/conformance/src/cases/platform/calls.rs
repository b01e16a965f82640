//! What a platform asks of a supplier: heartbeats, gates, texts.

use crate::bench::Bench;
use crate::book::Exchange;
use crate::case::Severity::{Must, Remark, Should};
use crate::case::{Case, Checked, Need, Stop, check};
use crate::endpoint::{Field, HEARTBEAT, OPEN_GATE, OPEN_GATE_FIELDS, SHOW, SHOW_FIELDS, fault};
use crate::hands::Act;
use crate::peer::Reaction;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "BEAT-1.asks",
            Should,
            (
                "平台定时调用 /checkConnect",
                "the platform asks /checkConnect at an interval",
            ),
            |bench| Box::pin(heartbeats(bench)),
        ),
        Case::new(
            "OPEN-3.command",
            Must,
            (
                "远程开闸的请求字段齐全，正常模式带车牌",
                "a gate command has its fields, in normal mode the plate",
            ),
            |bench| Box::pin(gate_command(bench)),
        )
        .needing(&[Need::Act(Act::OperatorOpens)]),
        ordered(
            "OPEN-1.command",
            ("常开指令的 openMode 为 0", "holding open is openMode 0"),
            Act::OperatorHolds,
            "0",
        ),
        ordered(
            "OPEN-2.command",
            ("恢复指令的 openMode 为 1", "restoring is openMode 1"),
            Act::OperatorRestores,
            "1",
        ),
        ordered(
            "OPEN-4.command",
            ("强制开闸的 openMode 为 3", "forcing is openMode 3"),
            Act::OperatorForces,
            "3",
        ),
        Case::new(
            "D-5.sent-once",
            Remark,
            (
                "没有应答的开闸指令不自动重发",
                "a gate command that nobody answered is not sent again",
            ),
            |bench| Box::pin(sent_once(bench)),
        )
        .needing(&[Need::Act(Act::OperatorOpens)]),
        Case::new(
            "SHOW-1.command",
            Must,
            (
                "下发的显示信息符合格式",
                "a text for a display has the standard's form",
            ),
            |bench| {
                Box::pin(async move {
                    let shown = commanded(bench, Act::OperatorShows, SHOW).await?;
                    has_fields(&shown, SHOW_FIELDS)
                })
            },
        )
        .needing(&[Need::Act(Act::OperatorShows)]),
    ]
}

/// What an operator orders is what is sent.
fn ordered(id: &str, title: (&'static str, &'static str), act: Act, mode: &'static str) -> Case {
    Case::new(id, Must, title, move |bench| {
        Box::pin(async move {
            let command = commanded(bench, act, OPEN_GATE).await?;
            has_fields(&command, OPEN_GATE_FIELDS)?;
            let told = command.text("openMode");
            check(told == mode, || {
                (
                    format!("openMode 为 {told}"),
                    format!("the openMode is {told}"),
                )
            })
        })
    })
    .needing(&[Need::Act(act)])
}

async fn heartbeats(bench: &Bench) -> Checked {
    let within = bench.timing().heartbeat * 2 + bench.timing().tolerance;
    let asks = |exchange: &Exchange| exchange.came_to(HEARTBEAT);
    let came = bench.book.wait(bench.book.mark(), 2, within, asks).await;
    check(came.len() >= 2, || {
        let (seconds, times) = (within.as_secs(), came.len());
        (
            format!("{seconds} 秒内收到 {times} 次"),
            format!("it asked {times} times within {seconds} s"),
        )
    })
}

async fn gate_command(bench: &Bench) -> Checked {
    let command = commanded(bench, Act::OperatorOpens, OPEN_GATE).await?;
    has_fields(&command, OPEN_GATE_FIELDS)?;
    let is_normal = command.text("openMode") == "2";
    check(
        !is_normal
            || command
                .fields()
                .is_some_and(|it| it.contains_key("plateNumber")),
        || {
            (
                "正常模式没有 plateNumber".to_owned(),
                "normal mode without plateNumber".to_owned(),
            )
        },
    )
}

async fn sent_once(bench: &Bench) -> Checked {
    bench
        .peer
        .plan(OPEN_GATE, Vec::new(), Some(Reaction::Reset));
    let mark = bench.book.mark();
    commanded(bench, Act::OperatorOpens, OPEN_GATE).await?;
    bench.watch().await;
    let times = bench
        .book
        .since(mark, |exchange| exchange.came_to(OPEN_GATE))
        .len();
    check(times == 1, || {
        (format!("收到 {times} 次"), format!("it came {times} times"))
    })
}

/// Has an operator act, and waits for what the platform then asks. That the tool of an operator
/// reports a failure is no reason to stop: the command may have been sent all the same.
async fn commanded(bench: &Bench, act: Act, path: &str) -> Result<Exchange, Stop> {
    let mark = bench.book.mark();
    let acted = bench.act(act, &bench.setting.plates.allowed).await;
    let came = bench.came(mark, path, bench.timing().push, |_| true).await;
    match (came, acted) {
        (Ok(exchange), _) => Ok(exchange),
        (Err(_), Err(skipped)) => Err(skipped),
        (Err(missing), Ok(())) => Err(missing),
    }
}

fn has_fields(exchange: &Exchange, fields: &[Field]) -> Checked {
    let wrong = fault(&exchange.fields().cloned().unwrap_or_default(), fields);
    wrong.map_or(Ok(()), |(zh, en)| Err(Stop::unmet(zh, en)))
}
