//! Parking spaces: paging and filters (PAGE-1, PLACE-1, PLACE-2, D-10).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::paging::{Row, every_row, page, walks};
use crate::bench::Bench;
use crate::case::Severity::{Must, Remark, Should};
use crate::case::{Case, Checked, Given, Need, Stop, check};
use crate::draft::object;
use crate::endpoint::{PLACE_STATES, PLACES};
use crate::reply::{number, rows, text};

const LOT: &[Need] = &[Need::Given(Given::Places)];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = pages();
    cases.extend(filters());
    cases.into_iter().map(|case| case.needing(LOT)).collect()
}

fn pages() -> Vec<Case> {
    vec![
        Case::new(
            "PAGE-1.default",
            Must,
            (
                "不给分页参数时为第 1 页、每页 10 行",
                "without paging it is the first page of ten rows",
            ),
            |bench| Box::pin(default_page(bench)),
        ),
        Case::new(
            "PAGE-1.walk",
            Must,
            (
                "逐页取到的记录不重不漏，total 为全部记录数",
                "page by page no row is twice or missing, and total counts all",
            ),
            |bench| Box::pin(walks_all(bench)),
        ),
        Case::new(
            "PAGE-1.past-the-end",
            Must,
            (
                "越界页为空，total 不变",
                "a page past the end is empty with the same total",
            ),
            |bench| Box::pin(past_the_end(bench)),
        ),
        Case::new(
            "D-10.over-100",
            Remark,
            (
                "pageSize 超过 100 按 100 返回并说明",
                "pageSize over 100 is served as 100 and said so",
            ),
            |bench| {
                Box::pin(async move {
                    let page = page(bench, PLACES, &Row::new(), 101, 1).await?;
                    let size = number(&page, "pageSize")?;
                    check(size == 100 && !text(&page, "respDesc").is_empty(), || {
                        (
                            format!("pageSize 为 {size}，或没有说明"),
                            format!("pageSize is {size}, or it is not said"),
                        )
                    })
                })
            },
        ),
        Case::new(
            "PAGE-1.size-word",
            Should,
            (
                "pageSize 不是数字被拒绝",
                "a pageSize that is no number is refused",
            ),
            |bench| {
                Box::pin(async move {
                    let query = object(json!({"pageSize": "many"}));
                    bench.call(PLACES, query).await.refused()
                })
            },
        ),
        below_one("D-10.size-0", "pageSize", 0),
        below_one("D-10.size-negative", "pageSize", -1),
        below_one("D-10.page-0", "currentPage", 0),
    ]
}

fn below_one(id: &'static str, name: &'static str, value: i64) -> Case {
    let title = (
        format!("{name} 为 {value} 被拒绝"),
        format!("{name} {value} is refused"),
    );
    Case::new(id, Remark, title, move |bench| {
        Box::pin(async move {
            let query = object(json!({name: value}));
            bench.call(PLACES, query).await.refused()
        })
    })
}

fn filters() -> Vec<Case> {
    let mut cases = vec![
        Case::new(
            "PLACE-1.fields",
            Must,
            (
                "车位记录的字段齐全，状态为 vacancy、occupy 或 unusual",
                "rows have their fields and a known state",
            ),
            |bench| Box::pin(row_fields(bench)),
        ),
        Case::new(
            "PLACE-1.configured",
            Must,
            ("约定的车位都在结果中", "the lot's spaces are all there"),
            |bench| Box::pin(configured(bench)),
        ),
        Case::new(
            "PLACE-1.by-status",
            Must,
            (
                "按状态查询只返回该状态的车位，三种状态合计为全部",
                "each status gives its own spaces, all three together all of them",
            ),
            |bench| Box::pin(by_status(bench)),
        ),
    ];
    cases.extend(of_one_space());
    cases
}

fn of_one_space() -> Vec<Case> {
    vec![
        Case::new(
            "PLACE-1.by-number",
            Must,
            ("按车位编号查询只返回该车位", "a number gives that space"),
            |bench| Box::pin(by_number(bench)),
        ),
        Case::new(
            "PLACE-1.by-both",
            Must,
            (
                "状态与编号同时给出时两者都须符合",
                "status and number must both fit",
            ),
            |bench| Box::pin(by_both(bench)),
        ),
        Case::new(
            "PLACE-1.unknown-number",
            Must,
            (
                "不存在的车位编号返回空结果",
                "a number that there is not gives nothing",
            ),
            |bench| {
                Box::pin(async move {
                    let found = matching(bench, json!({"placeNo": "NO-SUCH-PLACE"})).await?;
                    check(found.is_empty(), || {
                        (
                            format!("返回 {} 条", found.len()),
                            format!("{} rows came", found.len()),
                        )
                    })
                })
            },
        ),
        Case::new(
            "PLACE-1.unknown-status",
            Should,
            (
                "未定义的状态被拒绝",
                "a status that there is not is refused",
            ),
            |bench| {
                Box::pin(async move {
                    bench
                        .call(PLACES, object(json!({"placeStatus": "parked"})))
                        .await
                        .refused()
                })
            },
        ),
        Case::new(
            "PLACE-2.picture",
            Must,
            ("图像为 base64 编码的 jpg", "pictures are JPEGs in base64"),
            |bench| Box::pin(pictures(bench)),
        ),
    ]
}

async fn default_page(bench: &Bench) -> Checked {
    let page = bench.call(PLACES, Row::new()).await.accepted()?;
    let (size, current) = (number(&page, "pageSize")?, number(&page, "currentPage")?);
    let (found, total) = (rows(&page)?.len() as u64, number(&page, "total")?);
    check((size, current, found) == (10, 1, total.min(10)), || {
        (
            format!("pageSize {size}、currentPage {current}、{found} 行、total {total}"),
            format!("pageSize {size}, currentPage {current}, {found} rows, total {total}"),
        )
    })
}

async fn walks_all(bench: &Bench) -> Checked {
    walks(bench, PLACES, &Row::new(), "placeNo").await
}

async fn past_the_end(bench: &Bench) -> Checked {
    let first = page(bench, PLACES, &Row::new(), 100, 1).await?;
    let total = number(&first, "total")?;
    let past = page(bench, PLACES, &Row::new(), 100, total / 100 + 2).await?;
    let (found, told) = (rows(&past)?.len(), number(&past, "total")?);
    check(found == 0 && told == total, || {
        (
            format!("返回 {found} 行，total {told}"),
            format!("{found} rows came with total {told}"),
        )
    })
}

async fn matching(bench: &Bench, query: Value) -> Result<Vec<Row>, Stop> {
    every_row(bench, PLACES, &object(query), 100).await
}

async fn row_fields(bench: &Bench) -> Checked {
    for row in matching(bench, json!({})).await? {
        let number = text(&row, "placeNo");
        let state = text(&row, "placeStatus");
        let texts = ["image", "plateNumber"]
            .into_iter()
            .all(|name| row.get(name).is_none_or(Value::is_string));
        check(
            !number.is_empty() && PLACE_STATES.contains(&state) && texts,
            || {
                let seen = Value::Object(row.clone())
                    .to_string()
                    .chars()
                    .take(200)
                    .collect::<String>();
                (format!("记录 {seen}"), format!("the row {seen}"))
            },
        )?;
    }
    Ok(())
}

async fn configured(bench: &Bench) -> Checked {
    let found = matching(bench, json!({})).await?;
    for place in &bench.setting.devices.places {
        check(
            found.iter().any(|row| text(row, "placeNo") == place),
            || (format!("没有车位 {place}"), format!("{place} is not there")),
        )?;
    }
    Ok(())
}

async fn by_status(bench: &Bench) -> Checked {
    let all = matching(bench, json!({})).await?.len();
    let mut together = 0;
    for state in PLACE_STATES {
        let found = matching(bench, json!({"placeStatus": state})).await?;
        together += found.len();
        check(
            found.iter().all(|row| text(row, "placeStatus") == state),
            || {
                (
                    format!("查询 {state} 返回了其它状态"),
                    format!("{state} gave other states too"),
                )
            },
        )?;
    }
    check(together == all, || {
        (
            format!("三种状态合计 {together}，全部 {all}"),
            format!("{together} of {all} have a state"),
        )
    })
}

async fn by_number(bench: &Bench) -> Checked {
    let place = &bench.setting.devices.places[0];
    only(&matching(bench, json!({"placeNo": place})).await?, place)
}

async fn by_both(bench: &Bench) -> Checked {
    let place = &bench.setting.devices.places[0];
    let own = matching(bench, json!({"placeNo": place})).await?;
    let own = own
        .first()
        .map(|row| text(row, "placeStatus").to_owned())
        .unwrap_or_default();
    for state in PLACE_STATES {
        let found = matching(bench, json!({"placeNo": place, "placeStatus": state})).await?;
        if state == own {
            only(&found, place)?;
        } else {
            check(found.is_empty(), || {
                (
                    format!("{place} 为 {own}，查询 {state} 仍返回"),
                    format!("{place} is {own}, but came for {state}"),
                )
            })?;
        }
    }
    Ok(())
}

fn only(found: &[Row], place: &str) -> Checked {
    check(
        found.len() == 1 && text(&found[0], "placeNo") == place,
        || {
            (
                format!("查询 {place} 返回 {} 条", found.len()),
                format!("{place} gave {} rows", found.len()),
            )
        },
    )
}

async fn pictures(bench: &Bench) -> Checked {
    const JPEG: [u8; 2] = [0xff, 0xd8];
    let found = matching(bench, json!({})).await?;
    let pictures: Vec<&str> = found
        .iter()
        .map(|row| text(row, "image"))
        .filter(|it| !it.is_empty())
        .collect();
    if pictures.is_empty() {
        return Err(Stop::skipped("没有带图像的车位", "no space has a picture"));
    }
    let is_jpeg = |picture: &&str| {
        STANDARD
            .decode(picture)
            .is_ok_and(|bytes| bytes.starts_with(&JPEG))
    };
    check(pictures.iter().all(is_jpeg), || {
        (
            "image 不是 base64 编码的 jpg".to_owned(),
            "an image is no JPEG in base64".to_owned(),
        )
    })
}
