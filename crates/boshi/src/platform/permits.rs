//! Permits: who may pass, from when to when.

use anyhow::bail;
use boshi_platform::china::ChinaTime;
use clap::{Args, Subcommand, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::access::{Access, Query};
use super::lists::Page;
use super::show::{Column, text, time};
use super::tables;
use crate::terminal::say;

/// Permits.
#[derive(Subcommand)]
pub(crate) enum Permit {
    /// Give a plate a permit
    Add(Add),
    /// Take permits from a plate: all of them, or those of a kind or lot
    Remove(Remove),
    /// Take permits from a table: plate, kind, to, and as wanted from, lots, lanes, hours, note
    Import(tables::Import),
    /// List permits, the latest first
    List(List),
}

/// Give a plate a permit.
#[derive(Args)]
pub(crate) struct Add {
    /// The plate
    plate: String,
    /// Why it has one
    #[arg(long, value_enum, default_value_t = Kind::White)]
    kind: Kind,
    /// The lots it is for, A,B; every lot when none is given
    #[arg(long, visible_alias = "lot")]
    lots: Option<String>,
    /// The recognizers of the lanes it is for, A,B; every lane when none is given
    #[arg(long)]
    lanes: Option<String>,
    /// When within a week, as "1-5 08:00-18:00; 6,7 09:00-12:00" (1 is Monday); always when not given
    #[arg(long)]
    hours: Option<String>,
    /// A note
    #[arg(long)]
    note: Option<String>,
    /// Who gives it
    #[arg(long)]
    by: Option<String>,
    /// From when, as 2026-01-15 or "2026-01-15 08:00"; now when not given
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    #[command(flatten)]
    until: Until,
    #[command(flatten)]
    access: Access,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Until {
    /// Until when
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// For how many days
    #[arg(long)]
    days: Option<u32>,
    /// For how many minutes
    #[arg(long)]
    minutes: Option<u32>,
}

/// Take permits from a plate.
#[derive(Args)]
pub(crate) struct Remove {
    /// The plate
    plate: String,
    /// Only of this kind
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// Only for this lot
    #[arg(long)]
    lot: Option<String>,
    #[command(flatten)]
    access: Access,
}

/// List permits.
#[derive(Args)]
pub(crate) struct List {
    /// Only plates with this in them
    #[arg(long)]
    plate: Option<String>,
    /// Only those that hold at this lot
    #[arg(long)]
    lot: Option<String>,
    #[command(flatten)]
    page: Page,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    White,
    Monthly,
    Visitor,
    Paid,
}

pub(super) async fn permit(command: Permit) -> anyhow::Result<()> {
    const COLUMNS: &[Column] = &[
        ("车牌", |row| text(&row["plate"])),
        ("类型", |row| kind_word(&row["kind"])),
        ("车场", |row| all(&row["lots"])),
        ("车道", |row| all(&row["lanes"])),
        ("时段", |row| all(&row["hours"])),
        ("自", |row| time(&row["from"])),
        ("至", |row| time(&row["to"])),
        ("备注", |row| text(&row["note"])),
    ];
    match command {
        Permit::Add(wanted) => add(wanted).await,
        Permit::Remove(wanted) => remove(wanted).await,
        Permit::Import(wanted) => tables::import("permits", wanted).await,
        Permit::List(wanted) => {
            let query = Query::default()
                .with("plate", wanted.plate)
                .with("lot", wanted.lot);
            wanted.page.list("permits", query, COLUMNS).await
        }
    }
}

async fn add(wanted: Add) -> anyhow::Result<()> {
    let begin = match &wanted.from {
        None => ChinaTime::new(Timestamp::now()),
        Some(text) => match ChinaTime::parse(text) {
            Ok(time) => time,
            Err(expected) => bail!("--from {text:?}：{expected}"),
        },
    };
    let body = json!({
        "plate": wanted.plate, "kind": wanted.kind.word(), "lots": wanted.lots,
        "lanes": wanted.lanes, "hours": wanted.hours, "note": wanted.note, "by": wanted.by,
        "from": wanted.from, "to": wanted.until.end(begin)?
    });
    let added = wanted.access.post(&["permits"], body).await?;
    wanted.access.print(&added, || {
        let (plate, to) = (text(&added["plate"]), time(&added["to"]));
        let kind = kind_word(&added["kind"]);
        say(&format!("{plate} 可以通行至 {to}（{kind}）"));
    });
    Ok(())
}

async fn remove(wanted: Remove) -> anyhow::Result<()> {
    let query = Query::default()
        .with("plate", Some(wanted.plate))
        .with("kind", wanted.kind.map(Kind::word))
        .with("lot", wanted.lot);
    let answer = wanted.access.delete(&["permits"], &query).await?;
    let removed = text(&answer["removed"]);
    wanted
        .access
        .print(&answer, || say(&format!("已删除 {removed} 条许可")));
    Ok(())
}

impl Until {
    fn end(self, begin: ChinaTime) -> anyhow::Result<String> {
        if let Some(to) = self.to {
            return Ok(to);
        }
        let days = i64::from(self.days.unwrap_or_default());
        let minutes = i64::from(self.minutes.unwrap_or_default());
        let span = SignedDuration::from_mins(days * 24 * 60 + minutes);
        let end = begin.timestamp().checked_add(span)?;
        Ok(ChinaTime::new(end).to_string())
    }
}

fn all(scope: &Value) -> String {
    scope.as_str().unwrap_or("全部").to_owned()
}

fn kind_word(word: &Value) -> String {
    let said = match word.as_str() {
        Some("white") => "白名单",
        Some("monthly") => "月卡",
        Some("visitor") => "访客",
        Some("paid") => "已缴费",
        _ => return text(word),
    };
    said.to_owned()
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::White => "white",
            Kind::Monthly => "monthly",
            Kind::Visitor => "visitor",
            Kind::Paid => "paid",
        }
    }
}
