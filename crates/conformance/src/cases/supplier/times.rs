//! Times are those of the event, never of the push (CROSS-2).

use jiff::{SignedDuration, Timestamp};

use super::lane::{DRIVE, VISIT, arrive, arrive_refused, cross, leave, new_pushes};
use crate::bench::Bench;
use crate::book::Exchange;
use crate::case::Severity::Must;
use crate::case::{Case, Checked, Stop, check};
use crate::clock::read_wire_time;
use crate::endpoint::{CROSSING, RECOGNITION};
use crate::peer::Reaction;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "CROSS-2.recognized-when",
            Must,
            (
                "recognitionTime 为识别发生的时间，重发时不变",
                "recognitionTime is when it happened, also when it is pushed again",
            ),
            |bench| Box::pin(recognized_when(bench)),
        )
        .needing(VISIT),
        Case::new(
            "CROSS-2.crossed-when",
            Must,
            (
                "crossTime 为过闸发生的时间，重发时不变",
                "crossTime is when it happened, also when it is pushed again",
            ),
            |bench| Box::pin(crossed_when(bench)),
        )
        .needing(DRIVE),
    ]
}

async fn recognized_when(bench: &Bench) -> Checked {
    let mark = bench.book.mark();
    let began = bench.clock.now();
    arrive_refused(bench).await?;
    let ended = bench.clock.now();
    let within = (bench.timing().poll + bench.timing().tolerance) * 3;
    let pushes = new_pushes(bench, mark, RECOGNITION, 3, within).await;
    leave(bench).await?;
    all_at(bench, &pushes, "recognitionTime", (began, ended))
}

/// Three failures lie between the event and the push that is answered.
async fn crossed_when(bench: &Bench) -> Checked {
    bench.peer.plan(CROSSING, vec![Reaction::Reset; 3], None);
    let mark = bench.book.mark();
    arrive(bench).await?;
    tokio::time::sleep(bench.timing().settle).await;
    let began = bench.clock.now();
    cross(bench).await?;
    let ended = bench.clock.now();
    let within = bench.timing().push + bench.timing().attempt * 3;
    let pushes = new_pushes(bench, mark, CROSSING, 4, within).await;
    all_at(bench, &pushes, "crossTime", (began, ended))
}

/// How far the supplier's clock is ahead: what its first push says of the time at which it came.
/// Whose clock is wrong has not taken the time of the push for that of the event. A zone is no
/// clock that is a little wrong.
fn ahead(pushes: &[Exchange]) -> SignedDuration {
    const ZONE: SignedDuration = SignedDuration::from_mins(30);
    let told = pushes
        .first()
        .and_then(|it| Some(read_wire_time(&it.text("time"))?.duration_since(it.at)));
    told.filter(|ahead| ahead.abs() < ZONE).unwrap_or_default()
}

fn all_at(
    bench: &Bench,
    pushes: &[Exchange],
    name: &str,
    (began, ended): (Timestamp, Timestamp),
) -> Checked {
    // Wire times have whole seconds.
    let slack = bench.timing().tolerance + std::time::Duration::from_secs(1);
    let ahead = ahead(pushes);
    let (began, ended) = (began + ahead, ended + ahead);
    let told: Vec<String> = pushes
        .iter()
        .map(|it| it.text(name))
        .filter(|it| !it.is_empty())
        .collect();
    if told.is_empty() {
        return Err(Stop::skipped(
            format!("没有 {name}"),
            format!("no {name} came"),
        ));
    }
    for text in &told {
        let Some(time) = read_wire_time(text) else {
            return Err(Stop::skipped(
                format!("{name} 格式错误"),
                format!("{name} is no time"),
            ));
        };
        check(time >= began - slack && time <= ended + slack, || {
            (
                format!(
                    "{name} 为 {text}，事件发生于 {}",
                    crate::clock::wire_time(began)
                ),
                format!(
                    "{name} is {text}, it happened at {}",
                    crate::clock::wire_time(began)
                ),
            )
        })?;
    }
    check(told.iter().all(|text| *text == told[0]), || {
        (
            format!("重发时 {name} 改变"),
            format!("{name} changes when it is pushed again"),
        )
    })
}
