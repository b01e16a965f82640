//! The lots: how they are, what they could not push, what would be decided, how much there is.

use clap::Args;
use serde_json::{Value, json};

use super::access::{Access, Query};
use super::show::{Column, print, text, time};
use crate::terminal::{say, table};

/// Fetch now what a lot could not push.
#[derive(Args)]
pub(crate) struct Reconcile {
    /// The lot
    lot: String,
    #[command(flatten)]
    access: Access,
}

/// Ask what would be decided about a vehicle now.
#[derive(Args)]
pub(crate) struct Decide {
    /// The lot
    #[arg(long)]
    lot: String,
    /// The recognizer
    #[arg(long)]
    device: String,
    /// The plate; empty for a vehicle without one
    #[arg(long)]
    plate: String,
    /// When, as "2026-01-15 08:00"; now when not given
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    #[command(flatten)]
    access: Access,
}

/// Count what there is.
#[derive(Args)]
pub(crate) struct Summary {
    /// Only of this lot
    #[arg(long)]
    lot: Option<String>,
    #[command(flatten)]
    access: Access,
}

pub(super) async fn list(access: &Access) -> anyhow::Result<()> {
    const COLUMNS: &[Column] = &[
        ("车场", |lot| text(&lot["lot"])),
        ("名称", |lot| text(&lot["name"])),
        ("状态", standing),
        ("最近应答", |lot| time(&lot["last_heard"])),
        ("时钟差（秒）", skew),
        ("最近补取", reconciled),
        ("故障", |lot| text(&lot["fault"])),
    ];
    let lots = access.get(&["lots"], &Query::default()).await?;
    access.print(&lots, || print(&lots, COLUMNS));
    Ok(())
}

pub(super) async fn reconcile(wanted: Reconcile) -> anyhow::Result<()> {
    let access = &wanted.access;
    let path = ["lots", &wanted.lot, "reconcile"];
    let counts = access.post(&path, json!({})).await?;
    access.print(&counts, || say(&counted(&counts)));
    Ok(())
}

pub(super) async fn decide(wanted: Decide) -> anyhow::Result<()> {
    const COLUMNS: &[Column] = &[
        ("规则", |step| text(&step["rule"])),
        ("结果", |step| text(&step["found"])),
        ("决定", |step| match step["decides"] == true {
            true => "←".to_owned(),
            false => String::new(),
        }),
    ];
    let body = json!({
        "lot": wanted.lot, "device": wanted.device, "plate": wanted.plate, "at": wanted.at
    });
    let access = &wanted.access;
    let decision = access.post(&["decide"], body).await?;
    let word = match decision["pass"] == true {
        true => "放行",
        false => "不放行",
    };
    let (code, reason) = (text(&decision["code"]), text(&decision["reason"]));
    access.print(&decision, || {
        print(&json!({"items": decision["steps"]}), COLUMNS);
        say(&format!("{word}　{code} {reason}"));
        if decision["external"] == true {
            say("本车场还会询问外部系统，其结果可能不同");
        }
    });
    Ok(())
}

pub(super) async fn summary(wanted: Summary) -> anyhow::Result<()> {
    let query = Query::default().with("lot", wanted.lot);
    let summary = wanted.access.get(&["summary"], &query).await?;
    let origins = |kind: &str| {
        let of = &summary[kind];
        let count = |name: &str| text(&of[name]);
        let (total, pushed, fetched) = (count("total"), count("pushed"), count("fetched"));
        format!(
            "{total}（推送 {pushed}，补取 {fetched}，两者 {}）",
            count("both")
        )
    };
    let count = |name: &str| text(&summary[name]);
    let unknown = format!(
        "{}（结果未知 {}）",
        count("commands"),
        count("commands_unknown")
    );
    let rows = [
        (
            "车场",
            format!("{}（在线 {}）", count("lots"), count("lots_online")),
        ),
        ("识别", origins("recognitions")),
        ("过闸", origins("crossings")),
        ("曾被拒绝", count("refused")),
        ("异常", count("abnormalities")),
        ("断线", count("outages")),
        ("命令", unknown),
        ("许可", count("permits")),
        ("黑名单", count("blocks")),
    ];
    let rows = rows.map(|(name, value)| vec![name.to_owned(), value]);
    let table = table(&["项目", "数量"], rows.into());
    wanted.access.print(&summary, || say(&table));
    Ok(())
}

fn standing(lot: &Value) -> String {
    match lot["state"].as_str() {
        Some("up") => "在线".to_owned(),
        Some("suspected") => "可能断线".to_owned(),
        Some("unheard") => "尚无应答".to_owned(),
        Some("outage") => format!("断线，自 {}", time(&lot["outage_since"])),
        _ => text(&lot["state"]),
    }
}

fn skew(lot: &Value) -> String {
    let alarm = match lot["skew_alarm"] == true {
        true => "（过大）",
        false => "",
    };
    format!("{}{alarm}", text(&lot["skew_seconds"]))
}

fn reconciled(lot: &Value) -> String {
    let pass = &lot["reconciled"];
    match (pass.is_null(), pass["error"].as_str()) {
        (true, _) => "-".to_owned(),
        (false, Some(error)) => format!("{} 失败：{error}", time(&pass["began"])),
        (false, None) => format!("{} {}", time(&pass["began"]), counted(pass)),
    }
}

fn counted(counts: &Value) -> String {
    let count = |name: &str| text(&counts[name]);
    let (recognitions, crossings, new) = (count("recognitions"), count("crossings"), count("new"));
    let unreadable = match counts["unreadable"].as_u64() {
        None | Some(0) => String::new(),
        Some(rows) => format!("，另有 {rows} 条无法读取"),
    };
    format!("识别 {recognitions} 条，过闸 {crossings} 条，其中新增 {new} 条{unreadable}")
}
