//! Lists of plates: permits and the block list.

use anyhow::bail;
use boshi_platform::china::ChinaTime;
use clap::{Args, Subcommand, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::access::{Access, Query};
use super::show::{print, text, time};
use crate::terminal::say;

/// Permits.
#[derive(Subcommand)]
pub(crate) enum Permit {
    /// Give a plate a permit
    Add(AddPermit),
    /// Take permits from a plate: all of them, or those of a kind or lot
    Remove {
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
    },
    /// List permits, the latest first
    List {
        /// Only plates with this in them
        #[arg(long)]
        plate: Option<String>,
        /// Only for this lot
        #[arg(long)]
        lot: Option<String>,
        /// At most so many
        #[arg(long)]
        limit: Option<u32>,
        /// Go on after a page
        #[arg(long)]
        before: Option<String>,
        #[command(flatten)]
        access: Access,
    },
}

/// Give a plate a permit.
#[derive(Args)]
pub(crate) struct AddPermit {
    /// The plate
    plate: String,
    /// Why it has one
    #[arg(long, value_enum, default_value_t = Kind::White)]
    kind: Kind,
    /// The lot it is for; every lot when none is given
    #[arg(long)]
    lot: Option<String>,
    /// From when, as 2026-01-15 or "2026-01-15 08:00"; now when not given
    #[arg(long)]
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
    #[arg(long)]
    to: Option<String>,
    /// For how many days
    #[arg(long)]
    days: Option<u32>,
    /// For how many minutes
    #[arg(long)]
    minutes: Option<u32>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    White,
    Monthly,
    Visitor,
    Paid,
}

/// The block list.
#[derive(Subcommand)]
pub(crate) enum Block {
    /// Put a plate on it
    Add {
        /// The plate
        plate: String,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        access: Access,
    },
    /// Take a plate from it
    Remove {
        /// The plate
        plate: String,
        #[command(flatten)]
        access: Access,
    },
    /// List it, the latest first
    List {
        /// Only plates with this in them
        #[arg(long)]
        plate: Option<String>,
        /// At most so many
        #[arg(long)]
        limit: Option<u32>,
        /// Go on after a page
        #[arg(long)]
        before: Option<String>,
        #[command(flatten)]
        access: Access,
    },
}

pub(super) async fn permit(command: Permit) -> anyhow::Result<()> {
    match command {
        Permit::Add(wanted) => add_permit(wanted).await,
        Permit::Remove {
            plate,
            kind,
            lot,
            access,
        } => {
            let query = Query::default()
                .with("plate", Some(plate))
                .with("kind", kind.map(Kind::word))
                .with("lot", lot);
            removed(&access, access.delete(&["permits"], &query).await?)
        }
        Permit::List {
            plate,
            lot,
            limit,
            before,
            access,
        } => {
            let query = Query::default()
                .with("plate", plate)
                .with("lot", lot)
                .with("limit", limit)
                .with("before", before);
            let listing = access.get(&["permits"], &query).await?;
            if access.json {
                say(&listing.to_string());
                return Ok(());
            }
            print(
                &listing,
                &[
                    ("车牌", |row| text(&row["plate"])),
                    ("类型", |row| kind_word(&row["kind"])),
                    ("车场", |row| {
                        row["lot"].as_str().unwrap_or("全部").to_owned()
                    }),
                    ("自", |row| time(&row["from"])),
                    ("至", |row| time(&row["to"])),
                ],
            );
            Ok(())
        }
    }
}

async fn add_permit(wanted: AddPermit) -> anyhow::Result<()> {
    let AddPermit {
        plate,
        kind,
        lot,
        from,
        until,
        access,
    } = wanted;
    let begin = match &from {
        None => ChinaTime::new(Timestamp::now()),
        Some(text) => match ChinaTime::parse(text) {
            Ok(time) => time,
            Err(expected) => bail!("--from {text:?}：{expected}"),
        },
    };
    let minutes = until
        .minutes
        .or(until.days.map(|days| days.saturating_mul(24 * 60)));
    let to = match (until.to, minutes) {
        (Some(to), _) => to,
        (None, minutes) => {
            let span = SignedDuration::from_mins(i64::from(minutes.unwrap_or_default()));
            ChinaTime::new(begin.timestamp().checked_add(span)?).to_string()
        }
    };
    let body = json!({
        "plate": plate, "kind": kind.word(), "lot": lot, "from": from, "to": to
    });
    let added = access.post(&["permits"], body).await?;
    if access.json {
        say(&added.to_string());
    } else {
        let (plate, to) = (text(&added["plate"]), time(&added["to"]));
        say(&format!(
            "{plate} 可以通行至 {to}（{}）",
            kind_word(&added["kind"])
        ));
    }
    Ok(())
}

pub(super) async fn block(command: Block) -> anyhow::Result<()> {
    match command {
        Block::Add {
            plate,
            reason,
            access,
        } => {
            let added = access
                .post(&["blocks"], json!({"plate": plate, "reason": reason}))
                .await?;
            if access.json {
                say(&added.to_string());
            } else {
                say(&format!("{} 已列入黑名单", text(&added["plate"])));
            }
            Ok(())
        }
        Block::Remove { plate, access } => {
            let query = Query::default().with("plate", Some(plate));
            removed(&access, access.delete(&["blocks"], &query).await?)
        }
        Block::List {
            plate,
            limit,
            before,
            access,
        } => {
            let query = Query::default()
                .with("plate", plate)
                .with("limit", limit)
                .with("before", before);
            let listing = access.get(&["blocks"], &query).await?;
            if access.json {
                say(&listing.to_string());
                return Ok(());
            }
            print(
                &listing,
                &[
                    ("车牌", |row| text(&row["plate"])),
                    ("原因", |row| text(&row["reason"])),
                    ("自", |row| time(&row["since"])),
                ],
            );
            Ok(())
        }
    }
}

fn removed(access: &Access, answer: Value) -> anyhow::Result<()> {
    if access.json {
        say(&answer.to_string());
    } else {
        say(&format!("已删除 {} 条", text(&answer["removed"])));
    }
    Ok(())
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
