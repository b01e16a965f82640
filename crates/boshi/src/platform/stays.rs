//! Stays, their missing halves, what people say about them, and how many vehicles are inside.

use clap::Args;
use serde_json::{Value, json};

use super::access::{Access, Query};
use super::lists::ByPlate;
use super::show::{Column, print, text, time};
use crate::terminal::say;

/// List stays.
#[derive(Args)]
pub(crate) struct Stays {
    /// Only open, closed, superseded or orphaned ones
    #[arg(long)]
    state: Option<String>,
    #[command(flatten)]
    of: ByPlate,
}

/// A crossing or a stay.
#[derive(Args)]
pub(crate) struct Candidates {
    /// The lot
    lot: String,
    /// The uuid of the unpaired stay
    uuid: String,
    #[command(flatten)]
    access: Access,
}

/// Say what plate a crossing had.
#[derive(Args)]
pub(crate) struct Correct {
    /// The lot
    lot: String,
    /// The uuid of the crossing
    uuid: String,
    /// The plate; empty when nobody can tell
    plate: String,
    #[command(flatten)]
    why: Why,
}

/// Show how many vehicles are in a lot, or say it.
#[derive(Args)]
pub(crate) struct Occupancy {
    /// The lot
    lot: String,
    /// What somebody has counted; needs --reason
    #[arg(long, requires = "reason")]
    set: Option<u32>,
    /// Who
    #[arg(long)]
    by: Option<String>,
    /// Why
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    access: Access,
}

/// An abnormality, and what is done about it.
#[derive(Args)]
pub(crate) struct Abnormality {
    /// The lot
    lot: String,
    /// The id that `abnormalities` shows
    id: String,
    #[command(flatten)]
    why: Why,
}

/// Who acts, and why.
#[derive(Args)]
struct Why {
    /// Who
    #[arg(long)]
    by: Option<String>,
    /// Why
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    access: Access,
}

pub(super) async fn stays(wanted: Stays) -> anyhow::Result<()> {
    const COLUMNS: &[Column] = &[
        ("车场", |row| text(&row["lot"])),
        ("车牌", |row| text(&row["plate"])),
        ("状态", |row| state(&row["state"])),
        ("入场", |row| time(&row["in_at"])),
        ("入口", |row| text(&row["in_device"])),
        ("出场", |row| time(&row["out_at"])),
        ("出口", |row| text(&row["out_device"])),
        ("更正", |row| text(&row["corrected"])),
        ("编号", |row| text(&row["uuid"])),
    ];
    let query = Query::default().with("state", wanted.state);
    wanted.of.list_with("stays", query, COLUMNS).await
}

pub(super) async fn candidates(wanted: Candidates) -> anyhow::Result<()> {
    const COLUMNS: &[Column] = &[
        ("差异", |row| text(&row["distance"])),
        ("车牌", |row| text(&row["plate"])),
        ("时间", |row| time(&row["at"])),
        ("编号", |row| text(&row["uuid"])),
        ("图片", |row| text(&row["image"])),
    ];
    let path = ["lots", &wanted.lot, "stays", &wanted.uuid, "candidates"];
    let found = wanted.access.get(&path, &Query::default()).await?;
    wanted.access.print(&found, || print(&found, COLUMNS));
    Ok(())
}

pub(super) async fn correct(wanted: Correct) -> anyhow::Result<()> {
    let path = ["lots", &wanted.lot, "crossings", &wanted.uuid, "correct"];
    let Why { by, reason, access } = &wanted.why;
    let body = json!({"plate": wanted.plate, "by": by, "reason": reason});
    let done = access.post(&path, body).await?;
    let plate = text(&done["plate"]);
    access.print(&done, || {
        say(&format!("过闸 {} 的车牌现为 {plate}", wanted.uuid))
    });
    Ok(())
}

pub(super) async fn occupancy(wanted: Occupancy) -> anyhow::Result<()> {
    let path = ["lots", &wanted.lot, "occupancy"];
    let found = match wanted.set {
        None => wanted.access.get(&path, &Query::default()).await?,
        Some(vehicles) => {
            let body = json!({"vehicles": vehicles, "by": wanted.by, "reason": wanted.reason});
            wanted.access.post(&path, body).await?
        }
    };
    let since = match found["base"].is_null() {
        true => "从未清点".to_owned(),
        false => format!("{} 清点为 {}", time(&found["since"]), text(&found["base"])),
    };
    let (vehicles, moved) = (text(&found["vehicles"]), text(&found["moved"]));
    let words = format!("场内 {vehicles} 辆（{since}，此后进减出 {moved}）");
    wanted.access.print(&found, || say(&words));
    Ok(())
}

pub(super) async fn acknowledge(wanted: Abnormality) -> anyhow::Result<()> {
    step(wanted, "acknowledge", "已确认").await
}

pub(super) async fn clear(wanted: Abnormality) -> anyhow::Result<()> {
    step(wanted, "clear", "已解除").await
}

async fn step(wanted: Abnormality, step: &str, word: &str) -> anyhow::Result<()> {
    let path = ["lots", &wanted.lot, "abnormalities", &wanted.id, step];
    let Why { by, reason, access } = &wanted.why;
    let done = access
        .post(&path, json!({"by": by, "reason": reason}))
        .await?;
    access.print(&done, || say(word));
    Ok(())
}

fn state(word: &Value) -> String {
    let said = match word.as_str() {
        Some("open") => "在场",
        Some("closed") => "已离场",
        Some("superseded") => "再次入场（缺出场）",
        Some("orphaned") => "无入场记录",
        _ => return text(word),
    };
    said.to_owned()
}
