//! The kit goes away and comes back: what a platform then asks for (D-19, UNPUSH-1, PAGE-1).

use serde_json::{Map, Value, json};

use crate::bench::{Bench, Outage};
use crate::book::Exchange;
use crate::case::Severity::{Must, Remark};
use crate::case::{Case, Checked, Stop, check};
use crate::clock::{read_wire_time, wire_time};
use crate::endpoint::{FAILED_CROSSINGS, FAILED_RECOGNITIONS, HEARTBEAT, PERIOD_FIELDS, fault};
use crate::reply::{number, rows, text};

/// Records of each kind that could not be pushed: more than two of the largest pages.
const MISSED: u32 = 230;

/// Both questions.
const QUESTIONS: [(&str, &str); 2] = [
    (FAILED_RECOGNITIONS, "recognitionTime"),
    (FAILED_CROSSINGS, "crossTime"),
];

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "D-19.asks",
            Remark,
            (
                "车场恢复后平台查询推送失败的识别与过闸",
                "after an outage the platform asks for what it missed",
            ),
            |bench| {
                Box::pin(async move {
                    let outage = after_outage(bench).await?;
                    for (path, _) in QUESTIONS {
                        check(!asked(bench, &outage, path).is_empty(), || none(path))?;
                    }
                    Ok(())
                })
            },
        ),
        Case::new(
            "D-19.all-pages",
            Remark,
            ("平台取完所有页", "the platform fetches every page"),
            |bench| Box::pin(all_pages(bench)),
        ),
        Case::new(
            "D-19.from-before",
            Remark,
            ("查询从故障开始之前算起", "it asks from before the outage"),
            |bench| Box::pin(from_before(bench)),
        ),
        Case::new(
            "UNPUSH-1.asks",
            Must,
            (
                "查询带 beginTime，时间格式正确",
                "the questions have beginTime, in the standard's form",
            ),
            |bench| {
                Box::pin(
                    async move { each_question(bench, |query| fault(query, PERIOD_FIELDS)).await },
                )
            },
        ),
        Case::new(
            "PAGE-1.asks",
            Must,
            (
                "查询的 pageSize 为 1 至 100，currentPage 不小于 1",
                "the questions ask for pages within the bounds",
            ),
            |bench| Box::pin(async move { each_question(bench, beyond_bounds).await }),
        ),
    ]
}

/// Waits for a heartbeat, goes away, comes back, and waits for all pages of both questions; once
/// a run.
async fn after_outage(bench: &Bench) -> Result<Outage, Stop> {
    bench.outage.get_or_init(|| go_away(bench)).await.clone()
}

async fn go_away(bench: &Bench) -> Result<Outage, Stop> {
    let timing = bench.timing();
    let mark = bench.book.mark();
    let within = timing.heartbeat * 2 + timing.tolerance;
    let beat = bench.came(mark, HEARTBEAT, within, |_| true).await;
    beat.map_err(|_| {
        Stop::skipped(
            "平台不调用 /checkConnect",
            "the platform does not ask /checkConnect",
        )
    })?;
    bench.peer.open(false).await;
    let began = bench.clock.now();
    tokio::time::sleep(timing.outage).await;
    let ended = bench.clock.now();
    miss(bench, began);
    let after = bench.book.mark();
    bench.peer.open(true).await;
    let outage = Outage {
        mark,
        began,
        ended,
        after,
    };
    let is_question = |exchange: &Exchange| {
        QUESTIONS.iter().any(|(path, _)| exchange.came_to(path)) && exchange.response.is_some()
    };
    let deadline = tokio::time::Instant::now() + timing.reconcile;
    let mut questions = 0;
    while QUESTIONS
        .iter()
        .any(|(path, _)| fetched(bench, &outage, path) < MISSED as usize)
    {
        let left = deadline.saturating_duration_since(tokio::time::Instant::now());
        let came = bench
            .book
            .wait(after, questions + 1, left, is_question)
            .await
            .len();
        if came == questions {
            break;
        }
        questions = came;
    }
    Ok(outage)
}

/// What could not be pushed while the kit was away.
fn miss(bench: &Bench, began: jiff::Timestamp) {
    let time = wire_time(began + std::time::Duration::from_secs(1));
    let row = |kind: &str, time_name: &str, place: u32| {
        json!({
            "uuid": format!("{}-{kind}-{place}", bench.uuid()),
            "deviceNo": bench.setting.devices.recognizer,
            "plateNumber": bench.setting.plates.allowed,
            "color": "blue",
            "image": "https://127.0.0.1/conform.jpg",
            time_name: time,
        })
    };
    let recognitions = (0..MISSED)
        .map(|place| row("r", "recognitionTime", place))
        .collect();
    let mut crossings: Vec<Value> = (0..MISSED)
        .map(|place| row("c", "crossTime", place))
        .collect();
    for row in crossings.iter_mut().filter_map(Value::as_object_mut) {
        row.shift_remove("image");
    }
    bench.missed.are(recognitions, crossings);
}

fn asked(bench: &Bench, outage: &Outage, path: &str) -> Vec<Exchange> {
    bench
        .book
        .since(outage.after, |exchange| exchange.came_to(path))
}

/// How many different records the platform was given.
fn fetched(bench: &Bench, outage: &Outage, path: &str) -> usize {
    let mut uuids = std::collections::BTreeSet::new();
    for exchange in asked(bench, outage, path) {
        let body = exchange
            .response
            .map(|response| response.body)
            .unwrap_or_default();
        let page: Map<String, Value> = serde_json::from_slice(&body).unwrap_or_default();
        uuids.extend(
            rows(&page)
                .unwrap_or_default()
                .iter()
                .map(|row| text(row, "uuid").to_owned()),
        );
    }
    uuids.len()
}

async fn all_pages(bench: &Bench) -> Checked {
    let outage = after_outage(bench).await?;
    for (path, _) in QUESTIONS {
        asked_at_all(bench, &outage, path)?;
        // What it did not ask for because its period was wrong is another case's.
        let query =
            |exchange: &Exchange| begin(exchange).is_some_and(|begin| begin <= outage.began);
        if !asked(bench, &outage, path).iter().any(query) {
            return Err(Stop::skipped(
                "没有覆盖故障的查询",
                "no question covers the outage",
            ));
        }
        let fetched = fetched(bench, &outage, path);
        check(fetched == MISSED as usize, || {
            (
                format!("{path} 只取到 {fetched} / {MISSED} 条"),
                format!("{path}: it fetched {fetched} of {MISSED}"),
            )
        })?;
    }
    Ok(())
}

async fn from_before(bench: &Bench) -> Checked {
    let outage = after_outage(bench).await?;
    for (path, _) in QUESTIONS {
        asked_at_all(bench, &outage, path)?;
        let begins: Vec<_> = asked(bench, &outage, path)
            .iter()
            .filter_map(begin)
            .collect();
        if begins.is_empty() {
            return Err(Stop::skipped("没有 beginTime", "there is no beginTime"));
        }
        let earliest = begins.iter().min().copied();
        check(earliest.is_some_and(|begin| begin <= outage.began), || {
            let (began, earliest) = (
                wire_time(outage.began),
                earliest.map(wire_time).unwrap_or_default(),
            );
            (
                format!("{path} 的 beginTime 最早为 {earliest}，故障始于 {began}"),
                format!("{path}: the earliest beginTime is {earliest}, the outage began {began}"),
            )
        })?;
    }
    Ok(())
}

fn begin(exchange: &Exchange) -> Option<jiff::Timestamp> {
    read_wire_time(&exchange.text("beginTime"))
}

fn none(path: &str) -> (String, String) {
    (format!("没有收到 {path}"), format!("{path} was not asked"))
}

fn asked_at_all(bench: &Bench, outage: &Outage, path: &str) -> Checked {
    if asked(bench, outage, path).is_empty() {
        let (zh, en) = none(path);
        return Err(Stop::skipped(zh, en));
    }
    Ok(())
}

/// Looks at every question of the run.
async fn each_question(
    bench: &Bench,
    wrong: impl Fn(&Map<String, Value>) -> Option<(String, String)>,
) -> Checked {
    after_outage(bench).await?;
    let is_question =
        |exchange: &Exchange| QUESTIONS.iter().any(|(path, _)| exchange.came_to(path));
    let questions = bench.book.since(0, is_question);
    if questions.is_empty() {
        return Err(Stop::skipped("没有收到查询", "no question came"));
    }
    for exchange in questions {
        if let Some((zh, en)) = wrong(&exchange.fields().cloned().unwrap_or_default()) {
            return Err(Stop::unmet(zh, en));
        }
    }
    Ok(())
}

fn beyond_bounds(query: &Map<String, Value>) -> Option<(String, String)> {
    for (name, most) in [("pageSize", 100), ("currentPage", u64::MAX)] {
        if query.contains_key(name) && !number(query, name).is_ok_and(|it| (1..=most).contains(&it))
        {
            let seen = format!("{name} = {}", query[name]);
            return Some((seen.clone(), seen));
        }
    }
    None
}
