//! What people do beside the gates: send again, show, count.

use clap::Args;
use serde_json::json;

use super::access::{Access, Chosen};
use super::look::text;
use crate::terminal::say;

/// Send failed records again.
#[derive(Args)]
pub(crate) struct Resend {
    #[command(flatten)]
    lot: Chosen,
    /// One record (uuid): its recognition and its crossing
    #[arg(long, conflicts_with_all = ["from", "to"], required_unless_present = "from")]
    record: Option<String>,
    /// Everything that failed from this time on, as 2026-11-24T08:00:00+08:00
    #[arg(long, value_name = "TIME")]
    from: Option<jiff::Timestamp>,
    /// Up to this time; now when not given
    #[arg(long, value_name = "TIME")]
    to: Option<jiff::Timestamp>,
    /// Who wants it
    #[arg(long)]
    by: String,
    /// Why
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    access: Access,
}

/// Show a text on a display, one line an argument.
#[derive(Args)]
pub(crate) struct Show {
    /// The lot
    lot: String,
    /// The display's number
    display: String,
    /// The lines
    #[arg(required = true)]
    lines: Vec<String>,
    /// Who wants it
    #[arg(long)]
    by: String,
    /// Why
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    access: Access,
}

/// How many vehicles are inside.
#[derive(Args)]
pub(crate) struct Occupancy {
    #[command(flatten)]
    lot: Chosen,
    /// As somebody has counted just now
    #[arg(long, value_name = "NUMBER", requires_all = ["by", "reason"])]
    set: Option<u32>,
    /// Who counted
    #[arg(long)]
    by: Option<String>,
    /// Why
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    access: Access,
}

pub(super) async fn occupancy(wanted: Occupancy) -> anyhow::Result<()> {
    let lot = wanted.access.lot(wanted.lot)?;
    let path = ["lots", &lot, "occupancy"];
    let interface = wanted.access.interface()?;
    let now = match wanted.set {
        None => interface.get(&path).await?,
        Some(inside) => {
            let body = json!({"inside": inside, "by": wanted.by, "reason": wanted.reason});
            interface.post(&path, &body).await?
        }
    };
    wanted.access.print(&now, || {
        let count = |name: &str| text(&now[name]);
        let (entered, left) = (count("entered_since"), count("left_since"));
        let since = match now["counted"].is_null() {
            true => "自有记录以来".to_owned(),
            false => format!("清点为 {} 之后", text(&now["counted"]["inside"])),
        };
        say(&format!(
            "在场 {}　（{since}进 {entered}，出 {left}）",
            count("inside")
        ));
    });
    Ok(())
}

pub(super) async fn resend(wanted: Resend) -> anyhow::Result<()> {
    let body = json!({
        "record": wanted.record,
        "from": wanted.from,
        "to": wanted.to,
        "by": wanted.by,
        "reason": wanted.reason,
    });
    let lot = wanted.access.lot(wanted.lot)?;
    let path = ["lots", &lot, "resend"];
    let done = wanted.access.interface()?.post(&path, &body).await?;
    let more = match done["more"] == true {
        true => "，还有更多，请再次执行",
        false => "",
    };
    let count = text(&done["count"]);
    wanted
        .access
        .print(&done, || say(&format!("已重新推送 {count} 条{more}")));
    Ok(())
}

pub(super) async fn show(wanted: Show) -> anyhow::Result<()> {
    let body = json!({
        "display": wanted.display,
        "lines": wanted.lines,
        "by": wanted.by,
        "reason": wanted.reason,
    });
    let path = ["lots", &wanted.lot, "show"];
    let done = wanted.access.interface()?.post(&path, &body).await?;
    wanted.access.print(&done, || say("已显示"));
    Ok(())
}
