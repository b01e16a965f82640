//! What could not be pushed can be asked for (UNPUSH-1, UNPUSH-2, D-11, PAGE-1).

mod questions;

use std::time::Duration;

use jiff::Timestamp;

use super::failed::failed;
use super::lane::{DRIVE, arrive, cross, pushes};
use super::paging::{Row, every_row, page, walking_size};
use crate::bench::Bench;
use crate::book::Exchange;
use crate::case::Severity::Must;
use crate::case::{Case, Checked, Stop, check};
use crate::clock::{read_wire_time, wire_time};
use crate::endpoint::{
    CROSSING, FAILED_CROSSING_FIELDS, FAILED_CROSSINGS, FAILED_RECOGNITION_FIELDS,
    FAILED_RECOGNITIONS, Field, RECOGNITION, fault,
};
use crate::peer::Reaction;
use crate::reply::{number, rows, text};

/// The two kinds of records.
#[derive(Clone, Copy)]
enum Kind {
    Recognition,
    Crossing,
}

impl Kind {
    fn path(self) -> &'static str {
        match self {
            Kind::Recognition => FAILED_RECOGNITIONS,
            Kind::Crossing => FAILED_CROSSINGS,
        }
    }

    fn pushed_to(self) -> &'static str {
        match self {
            Kind::Recognition => RECOGNITION,
            Kind::Crossing => CROSSING,
        }
    }

    fn time(self) -> &'static str {
        match self {
            Kind::Recognition => "recognitionTime",
            Kind::Crossing => "crossTime",
        }
    }

    fn fields(self) -> &'static [Field] {
        match self {
            Kind::Recognition => FAILED_RECOGNITION_FIELDS,
            Kind::Crossing => FAILED_CROSSING_FIELDS,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Recognition => "recognition",
            Kind::Crossing => "crossing",
        }
    }
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in [Kind::Recognition, Kind::Crossing] {
        cases.extend(questions::cases(kind));
        cases.extend(records(kind));
    }
    cases.push(
        Case::new(
            "UNPUSH-1.under-way",
            Must,
            (
                "仍在重新推送的记录不是推送失败的记录",
                "a record that is still being pushed is not there",
            ),
            |bench| Box::pin(under_way(bench)),
        )
        .needing(DRIVE),
    );
    cases
}

/// Asked after the first failure, while further attempts are to come.
async fn under_way(bench: &Bench) -> Checked {
    let kind = Kind::Recognition;
    bench
        .peer
        .plan(RECOGNITION, Vec::new(), Some(Reaction::Reset));
    let mark = bench.book.mark();
    let began = bench.clock.now();
    let first = arrive(bench).await?;
    let uuid = first.text("uuid");
    let came = found(bench, kind, &around(began), &uuid).await;
    let attempts = pushes(bench, mark, RECOGNITION, &uuid).len();
    bench.peer.behave().await;
    tokio::time::sleep(bench.timing().settle).await;
    cross(bench).await?;
    if attempts >= bench.timing().attempts {
        return Err(Stop::skipped(
            "重新推送过快，来不及查询",
            "it was tried too fast to ask in between",
        ));
    }
    check(came?.is_empty(), || {
        (
            format!("第 {attempts} 次推送后已在其中"),
            format!("it is there after {attempts} attempts"),
        )
    })
}

fn named(
    id: &str,
    kind: Kind,
    severity: crate::case::Severity,
    (zh, en): (&str, &str),
    run: fn(&Bench, Kind) -> crate::net::Later<'_, Checked>,
) -> Case {
    let path = kind.path();
    let title = (format!("{path}：{zh}"), format!("{path}: {en}"));
    Case::new(
        format!("{id}-{}", kind.name()),
        severity,
        title,
        move |bench| run(bench, kind),
    )
}

fn records(kind: Kind) -> Vec<Case> {
    let cases = vec![
        named(
            "UNPUSH-1.holds",
            kind,
            Must,
            (
                "推送失败的记录在其中，endTime 默认为当前时间",
                "the failed record is there; endTime is now by default",
            ),
            |bench, kind| Box::pin(holds(bench, kind)),
        ),
        named(
            "UNPUSH-1.fields",
            kind,
            Must,
            (
                "记录字段齐全，与推送的内容一致",
                "a record has its fields, as they were pushed",
            ),
            |bench, kind| Box::pin(fields(bench, kind)),
        ),
        named(
            "UNPUSH-1.only-failed",
            kind,
            Must,
            (
                "成功推送的记录不在其中",
                "records that were pushed are not there",
            ),
            |bench, kind| Box::pin(only_failed(bench, kind)),
        ),
    ];
    let cases = cases.into_iter().chain(periods(kind));
    cases.map(|case| case.needing(DRIVE)).collect()
}

fn periods(kind: Kind) -> Vec<Case> {
    vec![
        named(
            "UNPUSH-1.bounds",
            kind,
            Must,
            ("起止时间都包含在内", "both bounds are included"),
            |bench, kind| Box::pin(bounds(bench, kind)),
        ),
        named(
            "UNPUSH-1.outside",
            kind,
            Must,
            (
                "时段以外的记录不返回",
                "records outside the period do not come",
            ),
            |bench, kind| Box::pin(outside(bench, kind)),
        ),
        named(
            "UNPUSH-2.again",
            kind,
            Must,
            ("再次查询仍然返回", "they come again when asked again"),
            |bench, kind| {
                Box::pin(async move {
                    holds(bench, kind).await?;
                    holds(bench, kind).await
                })
            },
        ),
        named(
            "PAGE-1.unpushed",
            kind,
            Must,
            (
                "分页：total 为全部记录数，越界页为空",
                "paging: total counts all, a page past the end is empty",
            ),
            |bench, kind| Box::pin(paged(bench, kind)),
        ),
    ]
}

/// The record that could not be pushed, and its time.
async fn record(bench: &Bench, kind: Kind) -> Result<(Exchange, Timestamp), Stop> {
    let failed = failed(bench).await?;
    let pushed = match kind {
        Kind::Recognition => Some(failed.recognition),
        Kind::Crossing => failed.crossing,
    };
    let pushed = pushed.ok_or_else(|| Stop::skipped("没有推送失败的记录", "nothing failed"))?;
    let time = read_wire_time(&pushed.text(kind.time()));
    let time = time.ok_or_else(|| Stop::skipped("推送的时间格式错误", "its time is none"))?;
    Ok((pushed, time))
}

fn period(begin: Timestamp, end: Option<Timestamp>) -> Row {
    let mut query = Row::new();
    query.insert("beginTime".to_owned(), wire_time(begin).into());
    if let Some(end) = end {
        query.insert("endTime".to_owned(), wire_time(end).into());
    }
    query
}

/// The rows of a period that are about `uuid`.
async fn found(bench: &Bench, kind: Kind, query: &Row, uuid: &str) -> Result<Vec<Row>, Stop> {
    let all = every_row(bench, kind.path(), query, 100).await?;
    Ok(all
        .into_iter()
        .filter(|row| text(row, "uuid") == uuid)
        .collect())
}

async fn once(bench: &Bench, kind: Kind, query: &Row, uuid: &str) -> Result<Row, Stop> {
    let mut found = found(bench, kind, query, uuid).await?;
    match (found.pop(), found.len()) {
        (Some(row), 0) => Ok(row),
        (_, more) => {
            let times = if more == 0 { 0 } else { more + 1 };
            Err(Stop::unmet(
                format!("返回 {times} 次"),
                format!("it came {times} times"),
            ))
        }
    }
}

/// A period around the record, without an end.
fn around(time: Timestamp) -> Row {
    period(time - Duration::from_secs(60), None)
}

async fn holds(bench: &Bench, kind: Kind) -> Checked {
    let (pushed, time) = record(bench, kind).await?;
    once(bench, kind, &around(time), &pushed.text("uuid"))
        .await
        .map(drop)
}

async fn fields(bench: &Bench, kind: Kind) -> Checked {
    let (pushed, time) = record(bench, kind).await?;
    let found = found(bench, kind, &around(time), &pushed.text("uuid")).await?;
    let row = found
        .first()
        .ok_or_else(|| Stop::skipped("记录不在其中", "the record is not there"))?;
    if let Some((zh, en)) = fault(row, kind.fields()) {
        return Err(Stop::unmet(zh, en));
    }
    for name in ["deviceNo", "plateNumber", "color", kind.time()] {
        let (now, then) = (text(row, name), pushed.text(name));
        // What was not pushed at all is another case's.
        let is_told = pushed.fields().is_some_and(|it| it.contains_key(name));
        check(now == then || !is_told, || {
            (
                format!("{name} 为 {now}，推送时为 {then}"),
                format!("{name} is {now}, it was pushed as {then}"),
            )
        })?;
    }
    Ok(())
}

async fn only_failed(bench: &Bench, kind: Kind) -> Checked {
    let (_, time) = record(bench, kind).await?;
    let day = Duration::from_secs(24 * 3600);
    let all = every_row(bench, kind.path(), &period(time - day, None), 100).await?;
    let taken = bench.book.since(0, |it| {
        let ok = it.response.as_ref().is_some_and(|response| {
            let text = String::from_utf8_lossy(&response.body);
            response.status == 200 && text.contains("\"respCode\":\"0\"")
        });
        it.came_to(kind.pushed_to()) && ok
    });
    let taken: std::collections::BTreeSet<String> =
        taken.iter().map(|it| it.text("uuid")).collect();
    let wrong = all.iter().find(|row| taken.contains(text(row, "uuid")));
    check(wrong.is_none(), || {
        let uuid = wrong
            .map(|row| text(row, "uuid").to_owned())
            .unwrap_or_default();
        (
            format!("{uuid} 已成功推送"),
            format!("{uuid} had been pushed"),
        )
    })
}

async fn bounds(bench: &Bench, kind: Kind) -> Checked {
    let (pushed, time) = record(bench, kind).await?;
    once(bench, kind, &period(time, Some(time)), &pushed.text("uuid"))
        .await
        .map(drop)
}

async fn outside(bench: &Bench, kind: Kind) -> Checked {
    let (pushed, time) = record(bench, kind).await?;
    let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
    for query in [
        period(time + second, Some(time + minute)),
        period(time - minute, Some(time - second)),
    ] {
        let found = found(bench, kind, &query, &pushed.text("uuid")).await?;
        check(found.is_empty(), || {
            let query = serde_json::Value::Object(query.clone());
            (
                format!("查询 {query} 也返回"),
                format!("it came for {query} too"),
            )
        })?;
    }
    Ok(())
}

async fn paged(bench: &Bench, kind: Kind) -> Checked {
    let (_, time) = record(bench, kind).await?;
    let query = period(
        time - Duration::from_secs(24 * 3600),
        Some(bench.clock.now()),
    );
    let first = page(bench, kind.path(), &query, 1, 1).await?;
    let size = walking_size(number(&first, "total")?);
    let all = every_row(bench, kind.path(), &query, size).await?.len() as u64;
    let past = page(bench, kind.path(), &query, 1, all + 2).await?;
    let (total, found) = (number(&past, "total")?, rows(&past)?.len());
    check(total == all && found == 0, || {
        (
            format!("逐页取到 {all} 条，越界页 total {total}、{found} 行"),
            format!("{all} came page by page; past the end total is {total} with {found} rows"),
        )
    })
}
