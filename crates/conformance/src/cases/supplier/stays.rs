//! Stays and payments, which a supplier may leave out (STAY-1, PAY-1, D-12).

use serde_json::{Value, json};

use super::paging::Row;
use crate::bench::Bench;
use crate::case::Severity::{Remark, Should};
use crate::case::{Case, Checked, Stop, check};
use crate::clock::{read_wire_time, wire_time};
use crate::draft::object;
use crate::endpoint::{EXIT_PAYMENTS, PREPAYMENTS, STAYS};
use crate::reply::{number, rows, text};

/// How far back the questions go.
const PERIOD: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "STAY-1.form",
            Should,
            (
                "进出场记录应答 total 与 data，时间格式正确",
                "stays have total and data, times in the standard's form",
            ),
            |bench| {
                Box::pin(async move {
                    let page = answered(
                        bench,
                        STAYS,
                        json!({"plateNumber": bench.setting.plates.allowed}),
                    )
                    .await?;
                    counted(&page)?;
                    for row in rows(&page)? {
                        timed(&row, &["inTime", "outTime"])?;
                    }
                    Ok(())
                })
            },
        ),
        Case::new(
            "PAY-1.exit-form",
            Should,
            (
                "出场缴费记录应答 total、totalAmount 与 data",
                "exit payments have total, totalAmount and data",
            ),
            |bench| Box::pin(payments(bench, EXIT_PAYMENTS)),
        ),
        Case::new(
            "PAY-1.prepaid-form",
            Should,
            (
                "预缴费记录应答 total、totalAmount 与 data",
                "prepayments have total, totalAmount and data",
            ),
            |bench| Box::pin(payments(bench, PREPAYMENTS)),
        ),
        Case::new(
            "D-12.record-types",
            Remark,
            (
                "recordType 为 A、B、A|B、A&B 均被接受",
                "the record types A, B, A|B and A&B are accepted",
            ),
            |bench| Box::pin(record_types(bench)),
        ),
    ]
}

async fn answered(bench: &Bench, path: &str, own: Value) -> Result<Row, Stop> {
    let mut fields = object(own);
    fields.insert(
        "beginTime".to_owned(),
        wire_time(bench.clock.now() - PERIOD).into(),
    );
    let reply = bench.call(path, fields).await;
    // The standard marks these 忽略.
    if matches!(reply.status(), 404 | 405 | 501) {
        return Err(Stop::skipped(
            "未提供（标准允许）",
            "not served, which the standard allows",
        ));
    }
    reply.accepted()
}

fn counted(page: &Row) -> Checked {
    let (total, found) = (number(page, "total")?, rows(page)?.len() as u64);
    check(total >= found, || {
        (
            format!("total {total}，{found} 行"),
            format!("total {total}, {found} rows"),
        )
    })
}

fn timed(row: &Row, names: &[&str]) -> Checked {
    for name in names {
        let time = text(row, name);
        check(time.is_empty() || read_wire_time(time).is_some(), || {
            (format!("{name} 为 {time:?}"), format!("{name} is {time:?}"))
        })?;
    }
    Ok(())
}

async fn payments(bench: &Bench, path: &str) -> Checked {
    let page = answered(bench, path, json!({})).await?;
    counted(&page)?;
    let amount = page.get("totalAmount").cloned().unwrap_or_default();
    let is_amount = amount.is_number()
        || amount
            .as_str()
            .is_some_and(|text| text.parse::<f64>().is_ok());
    check(is_amount, || {
        (
            format!("totalAmount 为 {amount}"),
            format!("totalAmount is {amount}"),
        )
    })?;
    for row in rows(&page)? {
        timed(&row, &["inTime", "outTime", "payTime"])?;
        let kind = text(&row, "payType").to_owned();
        check(["1", "2", "3", "4", "5"].contains(&kind.as_str()), || {
            (
                format!("payType 为 {kind:?}"),
                format!("payType is {kind:?}"),
            )
        })?;
    }
    Ok(())
}

async fn record_types(bench: &Bench) -> Checked {
    for kind in ["A", "B", "A|B", "A&B"] {
        let query = json!({"plateNumber": bench.setting.plates.allowed, "recordType": kind});
        answered(bench, STAYS, query).await?;
    }
    Ok(())
}
