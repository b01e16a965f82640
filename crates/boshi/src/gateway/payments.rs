//! Payments, as toll software and pay stations told them.

use std::borrow::Cow;

use clap::Args;
use serde_json::Value;

use super::access::{Access, Chosen};
use super::look::{date_time, text, yuan};
use crate::terminal::{say, table};

/// The latest payments.
#[derive(Args)]
pub(crate) struct Payments {
    #[command(flatten)]
    lot: Chosen,
    /// A part of the plate
    #[arg(long, default_value = "")]
    plate: String,
    /// How many, newest first
    #[arg(long, default_value_t = 30)]
    limit: u32,
    #[command(flatten)]
    access: Access,
}

pub(super) async fn payments(wanted: Payments) -> anyhow::Result<()> {
    let query = [
        ("plate", Cow::from(wanted.plate)),
        ("limit", wanted.limit.to_string().into()),
    ];
    let lot = wanted.access.lot(wanted.lot)?;
    let path = ["lots", &lot, "payments"];
    let payments = wanted.access.interface()?.get_with(&path, &query).await?;
    wanted.access.print(&payments, || {
        let rows = payments["items"].as_array().into_iter().flatten();
        let rows = rows.map(|row| {
            vec![
                date_time(&row["at"]),
                text(&row["plate"]),
                yuan(&row["fen"]),
                match row["kind"].as_str() {
                    Some("prepay") => "场内预付".to_owned(),
                    _ => "出口支付".to_owned(),
                },
                way(&row["pay_type"]),
                text(&row["order_no"]),
                text(&row["id"]),
                text(&row["stay"]),
            ]
        });
        let names = [
            "时间",
            "车牌",
            "金额（元）",
            "种类",
            "方式",
            "订单号",
            "支付号",
            "停车",
        ];
        say(&table(&names, rows.collect()));
    });
    Ok(())
}

/// As the standard counts them.
fn way(pay_type: &Value) -> String {
    let word = match pay_type.as_u64() {
        Some(1) => "预缴费",
        Some(2) => "显示屏扫码",
        Some(3) => "微信公众号",
        Some(4) => "自助缴费机",
        Some(5) => "现金",
        _ => return text(pay_type),
    };
    word.to_owned()
}
