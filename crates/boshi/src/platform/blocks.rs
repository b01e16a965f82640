//! The block list: plates that may not pass, whatever permit they have.

use clap::{Args, Subcommand};
use serde_json::json;

use super::access::{Access, Query};
use super::lists::Page;
use super::show::{Column, text, time};
use super::tables;
use crate::terminal::say;

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
    /// Put the plates of a table on it: plate, reason
    Import(tables::Import),
    /// List it, the latest first
    List(Wanted),
}

/// Part of the block list.
#[derive(Args)]
pub(crate) struct Wanted {
    /// Only plates with this in them
    #[arg(long)]
    plate: Option<String>,
    #[command(flatten)]
    page: Page,
}

pub(super) async fn block(command: Block) -> anyhow::Result<()> {
    const COLUMNS: &[Column] = &[
        ("车牌", |row| text(&row["plate"])),
        ("原因", |row| text(&row["reason"])),
        ("自", |row| time(&row["since"])),
    ];
    match command {
        Block::Add {
            plate,
            reason,
            access,
        } => {
            let body = json!({"plate": plate, "reason": reason});
            let added = access.post(&["blocks"], body).await?;
            let plate = text(&added["plate"]);
            access.print(&added, || say(&format!("{plate} 已列入黑名单")));
            Ok(())
        }
        Block::Remove { plate, access } => {
            let query = Query::default().with("plate", Some(&plate));
            let answer = access.delete(&["blocks"], &query).await?;
            access.print(&answer, || say(&format!("{plate} 已移出黑名单")));
            Ok(())
        }
        Block::Import(wanted) => tables::import("blocks", wanted).await,
        Block::List(wanted) => {
            let query = Query::default().with("plate", wanted.plate.as_deref());
            wanted.page.list("blocks", query, COLUMNS).await
        }
    }
}
