//! Commands to gates and displays.

use anyhow::bail;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::access::Access;
use super::show::state;
use crate::terminal::say;

/// Open a gate.
#[derive(Args)]
pub(crate) struct Open {
    /// The lot
    lot: String,
    /// The number of the recognizer at the gate
    device: String,
    /// The vehicle that must be there, in normal mode
    #[arg(long)]
    plate: Option<String>,
    /// normal: if the vehicle is there; forced: whatever is there; hold: and stay open; restore: end that
    #[arg(long, value_enum, default_value_t = Mode::Normal)]
    mode: Mode,
    /// Who wants it, when that is somebody else than whose key is used
    #[arg(long)]
    by: Option<String>,
    /// Why
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    access: Access,
}

/// Show a text on a display.
#[derive(Args)]
pub(crate) struct Show {
    /// The lot
    lot: String,
    /// The number of the display
    device: String,
    /// The lines, from the top
    #[arg(required = true)]
    lines: Vec<String>,
    /// Where they stand
    #[arg(long, value_enum, default_value_t = Align::Left)]
    align: Align,
    /// Who wants it, when that is somebody else than whose key is used
    #[arg(long)]
    by: Option<String>,
    #[command(flatten)]
    access: Access,
}

#[derive(Clone, Copy, ValueEnum)]
enum Mode {
    Normal,
    Forced,
    Hold,
    Restore,
}

#[derive(Clone, Copy, ValueEnum)]
enum Align {
    Left,
    Center,
    Right,
}

pub(super) async fn open(open: Open) -> anyhow::Result<()> {
    let mode = match open.mode {
        Mode::Normal => "normal",
        Mode::Forced => "forced",
        Mode::Hold => "hold",
        Mode::Restore => "restore",
    };
    let body = json!({
        "device": open.device, "mode": mode, "plate": open.plate, "by": open.by,
        "reason": open.reason
    });
    let end = open.access.post(&["lots", &open.lot, "open"], body).await?;
    told(&open.access, &end)
}

pub(super) async fn show(show: Show) -> anyhow::Result<()> {
    let alignment = match show.align {
        Align::Left => "left",
        Align::Center => "center",
        Align::Right => "right",
    };
    let lines = show.lines.iter();
    let lines: Vec<Value> = lines
        .map(|text| json!({"text": text, "alignment": alignment}))
        .collect();
    let body = json!({"device": show.device, "lines": lines, "by": show.by});
    let end = show.access.post(&["lots", &show.lot, "show"], body).await?;
    told(&show.access, &end)
}

/// Prints how a command ended; an error, so that the exit code tells, unless it was executed.
fn told(access: &Access, end: &Value) -> anyhow::Result<()> {
    let said = end["said"].as_str().unwrap_or_default();
    let words = format!("{}　{said}", state(&end["state"]));
    let executed = end["state"] == "executed";
    access.print(end, || {
        if executed {
            say(words.trim());
        }
    });
    if !executed {
        bail!("{}", words.trim());
    }
    Ok(())
}
