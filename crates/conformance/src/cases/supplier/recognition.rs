//! What a supplier says of a vehicle, and what it makes of the answer (RECOG-1, RECOG-3, RECOG-4).

use serde_json::Value;
use tokio::sync::watch;

use super::lane::{
    DRIVE, LIFTS, VISIT, arrive, arrive_refused, cross, leave, lifted, lifts, not_lifted,
    still_asked,
};
use crate::bench::Bench;
use crate::case::Severity::Must;
use crate::case::{Case, Checked, Stop, check};
use crate::endpoint::{RECOGNITION, RECOGNITION_FIELDS, fault};
use crate::hands::Act;
use crate::http::client::{Fault, send};
use crate::http::{Request, Response};
use crate::net::Address;
use crate::peer::Reaction;

/// How often a picture's URL may send a browser on.
const REDIRECTS: usize = 5;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new(
            "RECOG-1.fields",
            Must,
            (
                "识别信息字段齐全、类型正确",
                "a recognition has its fields, of the right types",
            ),
            |bench| {
                Box::pin(async move {
                    let pushed = arrive_refused(bench).await?;
                    leave(bench).await?;
                    let wrong = fault(
                        &pushed.fields().cloned().unwrap_or_default(),
                        RECOGNITION_FIELDS,
                    );
                    wrong.map_or(Ok(()), |(zh, en)| Err(Stop::unmet(zh, en)))
                })
            },
        )
        .needing(VISIT),
        Case::new(
            "RECOG-1.vehicle",
            Must,
            (
                "识别信息的车牌与设备编号为该车、该识别器",
                "a recognition names the vehicle's plate and the recognizer",
            ),
            |bench| {
                Box::pin(async move {
                    let pushed = arrive_refused(bench).await?;
                    leave(bench).await?;
                    let (plate, device) = (pushed.text("plateNumber"), pushed.text("deviceNo"));
                    let wanted = (
                        &bench.setting.plates.allowed,
                        &bench.setting.devices.recognizer,
                    );
                    check((&plate, &device) == wanted, || {
                        (
                            format!("收到 {plate} @ {device}"),
                            format!("{plate} at {device} came"),
                        )
                    })
                })
            },
        )
        .needing(VISIT),
        Case::new(
            "RECOG-4.picture",
            Must,
            (
                "image 的地址可打开，内容是图片",
                "the picture's URL opens and is a picture",
            ),
            |bench| Box::pin(picture(bench)),
        )
        .needing(VISIT),
    ];
    cases.extend(verdicts());
    cases
}

fn verdicts() -> Vec<Case> {
    vec![
        Case::new(
            "RECOG-1.allowed-opens",
            Must,
            (
                "应答 0 后栏杆抬起一次",
                "the barrier lifts once when the vehicle may pass",
            ),
            |bench| {
                Box::pin(async move {
                    let before = lifts(bench).await?;
                    arrive(bench).await?;
                    lifted(bench, before).await?;
                    cross(bench).await
                })
            },
        )
        .needing(DRIVE)
        .needing(&[LIFTS]),
        Case::new(
            "RECOG-1.refused-shut",
            Must,
            (
                "应答 1 时栏杆不动",
                "the barrier stays shut when the vehicle may not pass",
            ),
            |bench| {
                Box::pin(async move {
                    let before = lifts(bench).await?;
                    arrive_refused(bench).await?;
                    not_lifted(bench, before).await?;
                    leave(bench).await
                })
            },
        )
        .needing(VISIT)
        .needing(&[LIFTS]),
        Case::new(
            "RECOG-3.gone",
            Must,
            (
                "应答到达时地感上已无车，不开闸",
                "no lift when the vehicle is gone before the reply",
            ),
            |bench| Box::pin(late_reply(bench, false)),
        )
        .needing(VISIT)
        .needing(&[LIFTS]),
        Case::new(
            "RECOG-3.next-vehicle",
            Must,
            (
                "前车的迟到应答不为后车开闸",
                "a late reply for one vehicle does not open for the next",
            ),
            |bench| Box::pin(late_reply(bench, true)),
        )
        .needing(VISIT)
        .needing(&[LIFTS]),
    ]
}

/// The reply is held back until the vehicle has left, and, if `next`, another one stands there.
async fn late_reply(bench: &Bench, next: bool) -> Checked {
    let (release, released) = watch::channel(false);
    let late = Reaction::accept().held(released);
    bench.peer.plan(RECOGNITION, Vec::new(), Some(late));
    let before = lifts(bench).await?;
    let mark = bench.book.mark();
    let first = arrive(bench).await?;
    leave(bench).await?;
    still_asked(bench, mark, &first)?;
    if next {
        // The next vehicle's own replies are refusals.
        bench.peer.plan(
            RECOGNITION,
            Vec::new(),
            Some(Reaction::refuse("测试：不允许通行")),
        );
        bench
            .act(Act::VehicleArrives, &bench.setting.plates.allowed)
            .await?;
    }
    release.send_replace(true);
    let checked = not_lifted(bench, before).await;
    if first.text("uuid").is_empty() {
        return Err(Stop::skipped(
            "识别没有 uuid",
            "the recognition has no uuid",
        ));
    }
    checked
}

async fn picture(bench: &Bench) -> Checked {
    let pushed = arrive_refused(bench).await?;
    leave(bench).await?;
    let url = pushed
        .fields()
        .and_then(|it| it.get("image").and_then(Value::as_str).map(str::to_owned));
    let url = url.unwrap_or_default();
    let answer = opened(bench, &url).await?;
    let content_type = answer.header("content-type").unwrap_or_default();
    let is_picture =
        answer.status == 200 && content_type.starts_with("image/") && is_image(&answer.body);
    check(is_picture, || {
        let seen = format!("HTTP {}, {content_type}", answer.status);
        (
            format!("{url} 应答 {seen}"),
            format!("{url} answered {seen}"),
        )
    })
}

/// What a browser finds at `url`, also when it is sent on.
async fn opened(bench: &Bench, url: &str) -> Result<Response, Stop> {
    let mut url = url.to_owned();
    for _ in 0..=REDIRECTS {
        let address = Address::parse(&url).map_err(|_| {
            Stop::unmet(
                format!("image 为 {url:?}，不是地址"),
                format!("image is {url:?}, which is no URL"),
            )
        })?;
        let request = Request {
            method: "GET".to_owned(),
            ..Request::default()
        };
        let answer = send(&*bench.network, &address, &request, bench.timing().reply).await;
        let answer = answer.map_err(|fault| {
            let told = (format!("{url}：{fault}"), format!("{url}: {fault}"));
            match fault {
                // Pictures may lie elsewhere, under an authority that a browser knows and the
                // kit does not.
                Fault::Untrusted(_) if address.host != bench.setting.target.host => {
                    Stop::skipped(told.0, told.1)
                }
                Fault::Untrusted(_) | Fault::Timeout(_) | Fault::Network(_) => {
                    Stop::unmet(told.0, told.1)
                }
            }
        })?;
        match answer.header("location") {
            Some(onward) if (300..400).contains(&answer.status) => {
                url = if onward.starts_with('/') {
                    let scheme = if address.tls { "https" } else { "http" };
                    format!("{scheme}://{}:{}{onward}", address.host, address.port)
                } else {
                    onward.to_owned()
                };
            }
            Some(_) | None => return Ok(answer),
        }
    }
    Err(Stop::unmet(
        format!("{url} 重定向过多"),
        format!("{url} is sent on too often"),
    ))
}

/// JPEG, PNG, GIF or WebP.
fn is_image(bytes: &[u8]) -> bool {
    let starts = [&b"\xff\xd8"[..], b"\x89PNG", b"GIF8", b"RIFF"];
    starts.into_iter().any(|start| bytes.starts_with(start))
}
