//! How the judged side's own requests are written, over the whole run (T-1 to T-6, D-17).

use serde_json::Value;

use crate::bench::Bench;
use crate::book::Exchange;
use crate::case::Severity::{Must, Remark, Should};
use crate::case::{Case, Checked, Side, Stop, check};
use crate::clock::read_wire_time;
use crate::endpoint::PATHS;

pub(super) fn cases(side: Side) -> Vec<Case> {
    let mut cases = written();
    if side == Side::Supplier {
        let title = (
            "每次重发用新的 time 与 token",
            "each attempt has a new time and token",
        );
        cases.push(Case::new("D-17.fresh", Remark, title, |bench| {
            Box::pin(fresh(bench))
        }));
    }
    cases
}

fn written() -> Vec<Case> {
    let mut cases = vec![
        Case::new(
            "T-1.requests",
            Must,
            (
                "发出的请求都是 POST 的 UTF-8 JSON 对象",
                "requests are POSTs of JSON objects in UTF-8",
            ),
            |bench| {
                Box::pin(each(bench, |_, it| {
                    it.request.method == "POST" && it.fields().is_some()
                }))
            },
        ),
        Case::new(
            "T-2.requests",
            Must,
            (
                "发出的请求带 Content-Type: application/json",
                "requests have the content type",
            ),
            |bench| {
                Box::pin(each(bench, |_, it| {
                    let content_type = it.request.header("content-type").unwrap_or_default();
                    let media = content_type.split(';').next().unwrap_or_default().trim();
                    media.eq_ignore_ascii_case("application/json")
                }))
            },
        ),
    ];
    cases.extend(enveloped());
    cases.extend(signed());
    cases
}

fn enveloped() -> Vec<Case> {
    vec![
        Case::new(
            "T-3.requests",
            Must,
            (
                "发出的请求带全部公共参数，均为字符型",
                "requests have every field of the envelope, as texts",
            ),
            |bench| {
                Box::pin(each(bench, |bench, it| {
                    let fields = it.fields().cloned().unwrap_or_default();
                    let has = |name: &str| {
                        fields
                            .get(name)
                            .and_then(Value::as_str)
                            .is_some_and(|text| !text.is_empty())
                    };
                    let app = bench.setting.side == Side::Platform
                        || it.text("appId") == bench.setting.signer.app_id;
                    ["version", "token", "parkingLotId", "time"]
                        .into_iter()
                        .all(has)
                        && app
                }))
            },
        ),
        Case::new(
            "T-3.version",
            Should,
            ("发出的 version 为 1.0", "requests say version 1.0"),
            |bench| {
                Box::pin(each(bench, |_, it| {
                    ["", "1.0"].contains(&it.text("version").as_str())
                }))
            },
        ),
        Case::new(
            "T-3.lot",
            Must,
            (
                "发出的 parkingLotId 为分配的停车场",
                "requests name the lot that was assigned",
            ),
            |bench| {
                Box::pin(each(bench, |bench, it| {
                    ["", bench.setting.lot.as_str()].contains(&it.text("parkingLotId").as_str())
                }))
            },
        ),
    ]
}

fn signed() -> Vec<Case> {
    vec![
        Case::new(
            "T-5.requests",
            Must,
            (
                "发出的 time 为 17 个字符的 yyyyMMdd HH:mm:ss",
                "requests say their time in the standard's form",
            ),
            |bench| {
                Box::pin(each(bench, |_, it| {
                    read_wire_time(&it.text("time")).is_some()
                }))
            },
        ),
        Case::new(
            "T-5.china",
            Must,
            ("发出的 time 为北京时间", "requests say China Standard Time"),
            |bench| {
                Box::pin(each(bench, |_, it| {
                    // Half an hour tells a zone from a clock that is merely wrong.
                    const ZONE_SECONDS: i64 = 1800;
                    let time = read_wire_time(&it.text("time"));
                    time.is_none_or(|time| {
                        (time.as_second() - it.at.as_second()).abs() < ZONE_SECONDS
                    })
                }))
            },
        ),
        Case::new(
            "T-6.requests",
            Must,
            ("发出的 token 正确", "requests have the right token"),
            |bench| {
                Box::pin(each(bench, |bench, it| {
                    let token = it.text("token");
                    token.is_empty() || token == bench.setting.signer.token(&it.text("time"))
                }))
            },
        ),
    ]
}

async fn each(bench: &Bench, is_sound: fn(&Bench, &Exchange) -> bool) -> Checked {
    // A browser or a scanner that looks in is not the judged side.
    let is_known = |it: &Exchange| it.incoming && PATHS.iter().any(|path| it.came_to(path));
    let came = bench.book.since(0, is_known);
    if came.is_empty() {
        return Err(Stop::skipped("没有收到任何请求", "no request came"));
    }
    let odd = came.iter().find(|exchange| !is_sound(bench, exchange));
    check(odd.is_none(), || {
        let exchange = odd.expect("there is one");
        let body: String = exchange.masked_body().chars().take(300).collect();
        let (path, number) = (&exchange.request.path, exchange.number);
        (
            format!("{path}（第 {number} 次往来）：{body}"),
            format!("{path} (exchange {number}): {body}"),
        )
    })
}

/// Two requests with the same `uuid`, more than a second apart, must not say the same time.
async fn fresh(bench: &Bench) -> Checked {
    const APART: std::time::Duration = std::time::Duration::from_millis(1500);
    let came = bench.book.since(0, |exchange| {
        exchange.incoming && !exchange.text("uuid").is_empty()
    });
    let mut repeated = false;
    for (place, later) in came.iter().enumerate() {
        let before = came[..place].iter().filter(|before| {
            before.request.path == later.request.path
                && before.text("uuid") == later.text("uuid")
                && later.instant - before.instant >= APART
        });
        for before in before {
            repeated = true;
            let time = later.text("time");
            check(time != before.text("time"), || {
                (
                    format!("重发仍用 time {time}"),
                    format!("sent again with time {time}"),
                )
            })?;
        }
    }
    if repeated {
        return Ok(());
    }
    Err(Stop::skipped("没有重发的请求", "nothing was sent again"))
}
