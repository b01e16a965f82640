//! A push that fails is made again, however it failed (PUSH-1, PUSH-2, D-2).

use super::lane::{DRIVE, arrive, cross, new_pushes, recognized};
use super::paging::Row;
use crate::bench::Bench;
use crate::case::Severity::{Must, Remark, Should};
use crate::case::{Case, Checked, Severity, Stop, check};
use crate::clock::wire_time;
use crate::endpoint::{FAILED_RECOGNITIONS, RECOGNITION};
use crate::hands::Act;
use crate::peer::Reaction;
use crate::reply::text;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        again(
            "PUSH-1.hangs",
            Must,
            ("不应答后重新推送", "it is pushed again after no answer"),
            || Reaction::Hang,
        ),
        again(
            "PUSH-1.resets",
            Must,
            ("连接被重置后重新推送", "it is pushed again after a reset"),
            || Reaction::Reset,
        ),
        again(
            "PUSH-1.drips",
            Should,
            (
                "应答过慢后重新推送",
                "it is pushed again after an answer that drips",
            ),
            || Reaction::Drip,
        ),
        again(
            "PUSH-1.noise",
            Must,
            (
                "应答不是 HTTP 后重新推送",
                "it is pushed again after an answer that is no HTTP",
            ),
            || Reaction::Noise,
        ),
    ];
    cases.extend(no_answers());
    cases.push(
        Case::new(
            "PUSH-1.refused-connection",
            Must,
            (
                "连接被拒绝后重新推送",
                "it is pushed again after a refused connection",
            ),
            |bench| Box::pin(refused_connection(bench)),
        )
        .needing(DRIVE),
    );
    cases.push(
        Case::new(
            "PUSH-2.in-a-row",
            Must,
            (
                "连续失败未满次数而成功的，不是推送失败",
                "fewer failures in a row are no failed push",
            ),
            |bench| Box::pin(in_a_row(bench)),
        )
        .needing(DRIVE),
    );
    cases
}

/// Answers that are none, where the standard speaks of the network only.
fn no_answers() -> Vec<Case> {
    vec![
        again(
            "D-2.status-500",
            Remark,
            ("HTTP 500 后重新推送", "it is pushed again after HTTP 500"),
            || Reaction::status(500),
        ),
        again(
            "D-2.redirect",
            Remark,
            ("重定向后重新推送", "it is pushed again after a redirect"),
            Reaction::redirect,
        ),
        again(
            "D-2.page",
            Remark,
            (
                "应答不是 JSON 后重新推送",
                "it is pushed again after an answer that is no JSON",
            ),
            Reaction::page,
        ),
    ]
}

fn again(
    id: &'static str,
    severity: Severity,
    title: (&'static str, &'static str),
    reaction: fn() -> Reaction,
) -> Case {
    Case::new(id, severity, title, move |bench| {
        Box::pin(async move {
            bench.peer.plan(RECOGNITION, vec![reaction()], None);
            let mark = bench.book.mark();
            arrive(bench).await?;
            let tried = new_pushes(bench, mark, RECOGNITION, 2, bench.timing().attempt)
                .await
                .len();
            tokio::time::sleep(bench.timing().settle).await;
            cross(bench).await?;
            check(tried >= 2, || {
                (
                    "没有重新推送".to_owned(),
                    "it was not pushed again".to_owned(),
                )
            })
        })
    })
    .needing(DRIVE)
}

async fn refused_connection(bench: &Bench) -> Checked {
    bench.peer.open(false).await;
    let mark = bench.book.mark();
    bench
        .act(Act::VehicleArrives, &bench.setting.plates.allowed)
        .await?;
    // Long enough for a first attempt, and too short for all of them.
    tokio::time::sleep(bench.timing().poll).await;
    bench.peer.open(true).await;
    recognized(bench, mark).await?;
    tokio::time::sleep(bench.timing().settle).await;
    cross(bench).await
}

async fn in_a_row(bench: &Bench) -> Checked {
    let attempts = bench.timing().attempts;
    bench
        .peer
        .plan(RECOGNITION, vec![Reaction::Reset; attempts - 1], None);
    let mark = bench.book.mark();
    let began = bench.clock.now();
    let first = arrive(bench).await?;
    let uuid = first.text("uuid");
    let within = bench.timing().attempt * u32::try_from(attempts).unwrap_or(u32::MAX);
    let tried = new_pushes(bench, mark, RECOGNITION, attempts, within)
        .await
        .len();
    tokio::time::sleep(bench.timing().settle).await;
    cross(bench).await?;
    check(tried == attempts, || {
        (
            format!("只推送 {tried} 次"),
            format!("it came only {tried} times"),
        )
    })?;
    let mut query = Row::new();
    let before = std::time::Duration::from_secs(60);
    query.insert("beginTime".to_owned(), wire_time(began - before).into());
    let failed = super::paging::every_row(bench, FAILED_RECOGNITIONS, &query, 100).await;
    let failed = failed.map_err(|_| {
        Stop::skipped(
            "推送失败的识别无法查询",
            "failed pushes cannot be asked for",
        )
    })?;
    check(failed.iter().all(|row| text(row, "uuid") != uuid), || {
        (
            "成功的推送被记为失败".to_owned(),
            "a push that succeeded is recorded as failed".to_owned(),
        )
    })
}
