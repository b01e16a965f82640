//! Commands from the booth.

use clap::{Args, ValueEnum};
use serde_json::json;

use super::access::Access;
use crate::terminal::say;

/// Command a gate from the booth.
#[derive(Args)]
pub(crate) struct Open {
    /// The lot
    lot: String,
    /// The lane's name
    lane: String,
    /// How to open
    #[arg(long, value_enum, default_value_t = Mode::Forced)]
    mode: Mode,
    /// The plate that the vehicle must have, in normal mode
    #[arg(long, required_if_eq("mode", "normal"))]
    plate: Option<String>,
    /// Who commands it
    #[arg(long)]
    by: String,
    /// Why
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    access: Access,
}

/// How to open.
#[derive(Clone, Copy, ValueEnum)]
enum Mode {
    /// Only for the vehicle with the plate given (正常)
    Normal,
    /// Whoever is there (强制)
    Forced,
}

/// The barrier of a lane.
#[derive(Args)]
pub(crate) struct Gate {
    /// The lot
    lot: String,
    /// The lane's name
    lane: String,
    /// Who commands it
    #[arg(long)]
    by: String,
    /// Why
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    access: Access,
}

/// Type in the plate of the vehicle that waits.
#[derive(Args)]
pub(crate) struct Plate {
    /// The lot
    lot: String,
    /// The lane's name
    lane: String,
    /// The plate
    plate: String,
    /// The side from which the vehicle comes, in a mixed lane; whoever waits there otherwise
    #[arg(long, value_enum)]
    side: Option<Side>,
    /// Who typed it
    #[arg(long)]
    by: String,
    /// Why
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    access: Access,
}

/// The side from which a vehicle comes.
#[derive(Clone, Copy, ValueEnum)]
enum Side {
    /// It drives in (入口)
    Entry,
    /// It drives out (出口)
    Exit,
}

pub(super) async fn gate(wanted: Gate, mode: &str) -> anyhow::Result<()> {
    let body = json!({"mode": mode, "by": wanted.by, "reason": wanted.reason});
    let path = ["lots", &wanted.lot, "lanes", &wanted.lane, "open"];
    let done = wanted.access.interface()?.post(&path, &body).await?;
    let note = done["note"].as_str().unwrap_or("已执行");
    wanted.access.print(&done, || say(note));
    Ok(())
}

pub(super) async fn open(wanted: Open) -> anyhow::Result<()> {
    let mode = match wanted.mode {
        Mode::Normal => "normal",
        Mode::Forced => "forced",
    };
    let body = json!({
        "mode": mode,
        "plate": wanted.plate.unwrap_or_default(),
        "by": wanted.by,
        "reason": wanted.reason,
    });
    let path = ["lots", &wanted.lot, "lanes", &wanted.lane, "open"];
    let done = wanted.access.interface()?.post(&path, &body).await?;
    let note = done["note"].as_str().unwrap_or("已执行");
    wanted.access.print(&done, || say(note));
    Ok(())
}

pub(super) async fn plate(wanted: Plate) -> anyhow::Result<()> {
    let side = wanted.side.map(|side| match side {
        Side::Entry => "entry",
        Side::Exit => "exit",
    });
    let body = json!({
        "plate": wanted.plate,
        "side": side,
        "by": wanted.by,
        "reason": wanted.reason,
    });
    let path = ["lots", &wanted.lot, "lanes", &wanted.lane, "plate"];
    let done = wanted.access.interface()?.post(&path, &body).await?;
    wanted.access.print(&done, || say("已补录"));
    Ok(())
}
