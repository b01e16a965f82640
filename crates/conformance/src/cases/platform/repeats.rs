//! Repeated, reordered and simultaneous pushes (CROSS-3, PUSH-3).

use std::time::Duration;

use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::bench::Bench;
use crate::case::Severity::{Must, Should};
use crate::case::{Case, Checked, check};
use crate::cases::probe::{abnormality, crossing, recognition};
use crate::endpoint::{ABNORMAL, CROSSING, RECOGNITION};

/// Requests at the same time: the lanes of a large lot.
const AT_ONCE: usize = 16;

/// Longest that a vehicle may wait for a decision while others are decided on.
const DECIDED_WITHIN: Duration = Duration::from_secs(5);

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new(
            "CROSS-1.sound",
            Must,
            (
                "识别之后的过闸信息应答 0",
                "a crossing after its recognition is answered 0",
            ),
            |bench| Box::pin(passage(bench, false)),
        ),
        Case::new(
            "CROSS-3.again",
            Must,
            (
                "同一过闸信息再次到达应答 0",
                "the same crossing again is answered 0",
            ),
            |bench| Box::pin(passage(bench, true)),
        ),
        Case::new(
            "PUSH-3.without-recognition",
            Must,
            (
                "识别推送失败而自动放行的车辆，其过闸信息应答 0",
                "the crossing of a vehicle whose recognition could not be pushed is answered 0",
            ),
            |bench| {
                Box::pin(async move {
                    let uuid = bench.uuid();
                    let fields = crossing(bench, &uuid, &bench.setting.plates.allowed);
                    bench.call(CROSSING, fields).await.accepted().map(drop)
                })
            },
        ),
        Case::new(
            "CROSS-3.reordered",
            Must,
            (
                "过闸先于识别到达，两者都得到应答",
                "a crossing before its recognition: both are answered",
            ),
            |bench| Box::pin(reordered(bench)),
        ),
    ];
    cases.extend(at_the_same_time());
    cases
}

fn at_the_same_time() -> Vec<Case> {
    vec![
        Case::new(
            "CROSS-3.at-once",
            Must,
            (
                "同一过闸信息同时到达多次，都应答 0",
                "the same crossing many times at once is always answered 0",
            ),
            |bench| Box::pin(same_at_once(bench)),
        ),
        Case::new(
            "RECOG-1.at-once",
            Must,
            (
                "多辆车同时识别，各得到应答",
                "many recognitions at once are all decided on",
            ),
            |bench| Box::pin(many_at_once(bench)),
        ),
        Case::new(
            "RECOG-1.quick",
            Should,
            (
                "识别在 5 秒内得到应答",
                "a recognition is decided on within 5 s",
            ),
            |bench| Box::pin(quick(bench)),
        ),
        Case::new(
            "PUSH-5.again",
            Must,
            (
                "同一异常信息再次到达应答 0",
                "the same abnormality again is answered 0",
            ),
            |bench| {
                Box::pin(async move {
                    let fields = abnormality(bench);
                    bench.call(ABNORMAL, fields.clone()).await.accepted()?;
                    bench.call(ABNORMAL, fields).await.accepted().map(drop)
                })
            },
        ),
    ]
}

fn vehicle(bench: &Bench) -> (Map<String, Value>, Map<String, Value>) {
    let plate = &bench.setting.plates.allowed;
    let uuid = bench.uuid();
    let mut recognized = recognition(bench, plate);
    recognized.insert("uuid".to_owned(), uuid.clone().into());
    (recognized, crossing(bench, &uuid, plate))
}

async fn passage(bench: &Bench, twice: bool) -> Checked {
    let (recognized, crossed) = vehicle(bench);
    bench.call(RECOGNITION, recognized).await.decided()?;
    if twice {
        bench.call(CROSSING, crossed.clone()).await;
    }
    bench.call(CROSSING, crossed).await.accepted().map(drop)
}

async fn reordered(bench: &Bench) -> Checked {
    let (recognized, crossed) = vehicle(bench);
    bench.call(CROSSING, crossed.clone()).await.accepted()?;
    bench.call(RECOGNITION, recognized).await.decided()?;
    bench.call(CROSSING, crossed).await.accepted().map(drop)
}

async fn same_at_once(bench: &Bench) -> Checked {
    let (recognized, crossed) = vehicle(bench);
    bench.call(RECOGNITION, recognized).await.decided()?;
    let drafts = vec![bench.draft(CROSSING, crossed); AT_ONCE];
    for reply in bench.at_once(&drafts).await {
        reply.accepted()?;
    }
    Ok(())
}

async fn many_at_once(bench: &Bench) -> Checked {
    let draft = |_| bench.draft(RECOGNITION, vehicle(bench).0);
    let drafts: Vec<_> = (0..AT_ONCE).map(draft).collect();
    for reply in bench.at_once(&drafts).await {
        reply.decided()?;
    }
    Ok(())
}

async fn quick(bench: &Bench) -> Checked {
    let begun = Instant::now();
    bench.call(RECOGNITION, vehicle(bench).0).await.decided()?;
    let took = begun.elapsed();
    check(took <= DECIDED_WITHIN, || {
        let seconds = took.as_secs_f64();
        (
            format!("用了 {seconds:.1} 秒"),
            format!("it took {seconds:.1} s"),
        )
    })
}
