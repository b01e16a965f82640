//! Questions that are wrong, or to which the answer is nothing (UNPUSH-1, D-11).

use std::time::Duration;

use serde_json::json;

use super::{Kind, Row, named, period};
use crate::case::Severity::{Must, Remark, Should};
use crate::case::{Case, check};
use crate::draft::object;
use crate::reply::{number, rows};

pub(super) fn cases(kind: Kind) -> Vec<Case> {
    let mut cases = vec![
        named(
            "UNPUSH-1.no-begin",
            kind,
            Must,
            (
                "缺少 beginTime 被拒绝",
                "a question without beginTime is refused",
            ),
            |bench, kind| {
                Box::pin(async move { bench.call(kind.path(), Row::new()).await.refused() })
            },
        ),
        named(
            "UNPUSH-1.time-form",
            kind,
            Should,
            (
                "beginTime 格式错误被拒绝",
                "a beginTime in another form is refused",
            ),
            |bench, kind| {
                Box::pin(async move {
                    let query = object(json!({"beginTime": "2017-08-18 17:14:15"}));
                    bench.call(kind.path(), query).await.refused()
                })
            },
        ),
    ];
    cases.extend(empty_questions(kind));
    cases
}

fn empty_questions(kind: Kind) -> Vec<Case> {
    vec![
        named(
            "D-11.reversed",
            kind,
            Remark,
            (
                "beginTime 晚于 endTime 被拒绝",
                "beginTime after endTime is refused",
            ),
            |bench, kind| {
                Box::pin(async move {
                    let now = bench.clock.now();
                    let query = period(
                        now - Duration::from_secs(60),
                        Some(now - Duration::from_secs(120)),
                    );
                    bench.call(kind.path(), query).await.refused()
                })
            },
        ),
        named(
            "UNPUSH-1.empty-period",
            kind,
            Must,
            (
                "没有记录的时段为空结果，total 为 0",
                "a period without records gives nothing, total 0",
            ),
            |bench, kind| {
                Box::pin(async move {
                    let query = object(
                        json!({"beginTime": "20100101 00:00:00", "endTime": "20100101 00:00:01"}),
                    );
                    let page = bench.call(kind.path(), query).await.accepted()?;
                    let (total, found) = (number(&page, "total")?, rows(&page)?.len());
                    check((total, found) == (0, 0), || {
                        (
                            format!("total {total}，{found} 行"),
                            format!("total {total}, {found} rows"),
                        )
                    })
                })
            },
        ),
    ]
}
