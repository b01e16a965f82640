//! What the engineer on the phone looks up.

mod cell;

use std::borrow::Cow;
use std::pin::pin;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::Value;

pub(super) use self::cell::{date_time, online, text, yuan};
use self::cell::{kind, push_state, standing, time};
use super::access::{Access, Chosen};
use super::status::{Part, status};
use super::words;
use crate::terminal::{aligned, say, table, widths as widths_of};
use crate::told::told_to_stop;

/// Pause between two looks with `--follow`.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A column: its name, and its text of a row.
type Column = (&'static str, fn(&Value) -> String);

/// The records to be pushed.
#[derive(Args)]
pub(crate) struct Outbox {
    #[command(flatten)]
    lot: Chosen,
    /// Only in this state
    #[arg(long, value_enum)]
    state: Option<PushState>,
    #[command(flatten)]
    list: List,
}

/// How far a push is.
#[derive(Clone, Copy, ValueEnum)]
enum PushState {
    /// 待推送
    Pending,
    /// 已送达
    Delivered,
    /// 推送失败
    Failed,
}

/// Attempts to push.
#[derive(Args)]
pub(crate) struct Attempts {
    #[command(flatten)]
    lot: Chosen,
    /// Only of this record (uuid)
    #[arg(long)]
    record: Option<String>,
    #[command(flatten)]
    list: List,
}

/// Acts of the barriers.
#[derive(Args)]
pub(crate) struct Lifts {
    #[command(flatten)]
    lot: Chosen,
    /// Only of this lane
    #[arg(long)]
    lane: Option<String>,
    #[command(flatten)]
    list: List,
}

/// What people did.
#[derive(Args)]
pub(crate) struct Acts {
    #[command(flatten)]
    lot: Chosen,
    #[command(flatten)]
    list: List,
}

/// The devices as they are, or how they have been.
#[derive(Args)]
pub(crate) struct Devices {
    /// How the devices of this lot have been: each time that one was lost, or answered again
    #[arg(long, value_name = "LOT")]
    changes: Option<String>,
    /// Only this device
    #[arg(long, requires = "changes")]
    device: Option<String>,
    #[command(flatten)]
    list: List,
}

/// What a device and the gateway say to each other.
#[derive(Args)]
pub(crate) struct Trace {
    /// The device's connection, as `devices` names it
    device: String,
    /// The lot; may be left out when there is only one
    #[arg(long)]
    lot: Option<String>,
    #[command(flatten)]
    list: List,
}

/// The latest stays.
#[derive(Args)]
pub(crate) struct Stays {
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

/// How much of a list, and how.
#[derive(Args)]
struct List {
    /// How many rows, newest first
    #[arg(long, default_value_t = 30)]
    limit: u32,
    /// Only rows before this number
    #[arg(long)]
    before: Option<i64>,
    /// Go on with what comes
    #[arg(long, conflicts_with = "before")]
    follow: bool,
    #[command(flatten)]
    access: Access,
}

pub(super) async fn outbox(wanted: Outbox) -> anyhow::Result<()> {
    const COLUMNS: &[Column] = &[
        ("时间", |row| time(&row["at"])),
        ("种类", |row| kind(&row["kind"])),
        ("记录", |row| text(&row["record"])),
        ("状态", push_state),
        ("次数", |row| text(&row["attempts"])),
        ("原因", |row| text(&row["reason"])),
    ];
    let state = wanted.state.map(|state| match state {
        PushState::Pending => "pending",
        PushState::Delivered => "delivered",
        PushState::Failed => "failed",
    });
    let filter = state.map(|state| ("state", Cow::from(state)));
    let lot = wanted.list.access.lot(wanted.lot)?;
    wanted.list.print(&lot, "outbox", filter, COLUMNS).await
}

pub(super) async fn attempts(wanted: Attempts) -> anyhow::Result<()> {
    const COLUMNS: &[Column] = &[
        ("时间", |row| time(&row["at"])),
        ("种类", |row| kind(&row["kind"])),
        ("记录", |row| text(&row["record"])),
        ("第几次", |row| text(&row["attempt"])),
        ("毫秒", |row| text(&row["millis"])),
        ("结果", |row| words::attempt(&text(&row["outcome"]))),
    ];
    let filter = wanted.record.map(|record| ("record", record.into()));
    let lot = wanted.list.access.lot(wanted.lot)?;
    wanted.list.print(&lot, "attempts", filter, COLUMNS).await
}

pub(super) async fn lifts(wanted: Lifts) -> anyhow::Result<()> {
    const COLUMNS: &[Column] = &[
        ("时间", |row| time(&row["at"])),
        ("车道", |row| text(&row["lane"])),
        ("原因", |row| words::cause(&text(&row["cause"]))),
        ("记录", |row| text(&row["record"])),
        ("结果", |row| match row["result"].as_str() {
            None => "未应答".to_owned(),
            Some("done") => "已执行".to_owned(),
            Some(other) => other.to_owned(),
        }),
    ];
    let filter = wanted.lane.map(|lane| ("lane", lane.into()));
    let lot = wanted.list.access.lot(wanted.lot)?;
    wanted.list.print(&lot, "lifts", filter, COLUMNS).await
}

pub(super) async fn acts(wanted: Acts) -> anyhow::Result<()> {
    const COLUMNS: &[Column] = &[
        ("时间", |row| time(&row["at"])),
        ("操作人", |row| text(&row["by"])),
        ("操作", |row| words::act(&text(&row["what"]))),
        ("对象", |row| text(&row["subject"])),
        ("原因", |row| text(&row["reason"])),
        ("结果", |row| words::done(&text(&row["outcome"]))),
    ];
    let lot = wanted.list.access.lot(wanted.lot)?;
    wanted.list.print(&lot, "acts", None, COLUMNS).await
}

pub(super) async fn devices(wanted: Devices) -> anyhow::Result<()> {
    const COLUMNS: &[Column] = &[
        ("时间", |row| date_time(&row["at"])),
        ("设备", |row| text(&row["device"])),
        ("车道", |row| text(&row["lane"])),
        ("状态", |row| online(&row["online"]).to_owned()),
    ];
    let Some(lot) = wanted.changes else {
        return status(&wanted.list.access, Part::Devices).await;
    };
    let filter = wanted.device.map(|device| ("device", device.into()));
    let changes = "device-changes";
    wanted.list.print(&lot, changes, filter, COLUMNS).await
}

pub(super) async fn trace(wanted: Trace) -> anyhow::Result<()> {
    const COLUMNS: &[Column] = &[
        ("时间", |row| time(&row["at"])),
        ("方向", |row| match row["way"].as_str() {
            Some("sent") => "发".to_owned(),
            _ => "收".to_owned(),
        }),
        ("字节", |row| text(&row["bytes"])),
        ("内容", |row| text(&row["text"])),
    ];
    let lot = wanted.list.access.lot(Chosen { lot: wanted.lot })?;
    let filter = Some(("device", wanted.device.into()));
    wanted.list.print(&lot, "frames", filter, COLUMNS).await
}

pub(super) async fn stays(wanted: Stays) -> anyhow::Result<()> {
    let query = [
        ("plate", Cow::from(wanted.plate)),
        ("limit", wanted.limit.to_string().into()),
    ];
    let lot = wanted.access.lot(wanted.lot)?;
    let path = ["lots", &lot, "stays"];
    let stays = wanted.access.interface()?.get_with(&path, &query).await?;
    wanted.access.print(&stays, || {
        let rows = stays["items"].as_array().into_iter().flatten();
        let rows = rows.map(|row| {
            vec![
                text(&row["plate"]),
                standing(&row["standing"]),
                date_time(&row["entered_at"]),
                text(&row["entry"]),
                date_time(&row["left_at"]),
                text(&row["exit"]),
                yuan(&row["fen"]),
            ]
        });
        let names = [
            "车牌",
            "状态",
            "进场时间",
            "进口",
            "出场时间",
            "出口",
            "金额（元）",
        ];
        say(&table(&names, rows.collect()));
    });
    Ok(())
}

impl List {
    async fn print(
        &self,
        lot: &str,
        what: &str,
        filter: Option<(&'static str, Cow<'static, str>)>,
        columns: &[Column],
    ) -> anyhow::Result<()> {
        let interface = self.access.interface()?;
        let mut query = vec![("limit", self.limit.to_string().into())];
        query.extend(
            self.before
                .map(|before| ("before", before.to_string().into())),
        );
        query.extend(filter);
        let path = ["lots", lot, what];
        let (mut seen, mut is_first) = (None, true);
        let mut widths = Vec::new();
        // One for all looks: a new one hears nothing of what came before it.
        let mut stopped = pin!(told_to_stop());
        loop {
            let answer = tokio::select! {
                biased;
                stopped = &mut stopped, if self.follow => return stopped,
                answer = interface.get_with(&path, &query) => answer?,
            };
            let rows = answer["items"].as_array().cloned().unwrap_or_default();
            let newest = rows.first().and_then(|row| row["number"].as_i64());
            let new = rows.into_iter().filter(|row| row["number"].as_i64() > seen);
            let new: Vec<Value> = new.collect();
            self.print_rows(&answer, &new, is_first, columns, &mut widths);
            if !self.follow {
                return Ok(());
            }
            (seen, is_first) = (newest.max(seen), false);
            tokio::select! {
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                stopped = &mut stopped => return stopped,
            }
        }
    }

    /// The whole table at first, later only what is new, the newest last, in columns of the same
    /// `widths`.
    fn print_rows(
        &self,
        answer: &Value,
        rows: &[Value],
        first: bool,
        columns: &[Column],
        widths: &mut Vec<usize>,
    ) {
        let cells = |row: &Value| columns.iter().map(|(_, cell)| cell(row)).collect();
        if self.access.json {
            if first && !self.follow {
                return say(&answer.to_string());
            }
            return rows.iter().rev().for_each(|row| say(&row.to_string()));
        }
        if first {
            let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
            let rows: Vec<Vec<String>> = rows.iter().map(cells).collect();
            *widths = widths_of(&names, &rows);
            return say(&table(&names, rows));
        }
        for row in rows.iter().rev() {
            let cells: Vec<String> = cells(row);
            say(&aligned(&cells, widths));
        }
    }
}
