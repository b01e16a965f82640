//! Lists of what happened, newest first.

use clap::Args;
use serde_json::Value;

use super::access::{Access, Query};
use super::show::{Column, origin, print, state, text, time};

/// Rows of a lot.
#[derive(Args)]
pub(crate) struct ByLot {
    /// Only of this lot
    #[arg(long)]
    lot: Option<String>,
    #[command(flatten)]
    page: Page,
}

/// Rows of a lot and of plates.
#[derive(Args)]
pub(crate) struct ByPlate {
    /// Only plates with this in them
    #[arg(long)]
    plate: Option<String>,
    /// Only at this lane, told by its recognizer, or at this device
    #[arg(long)]
    device: Option<String>,
    #[command(flatten)]
    of: ByLot,
}

/// Part of a list.
#[derive(Args)]
pub(crate) struct Page {
    /// At most so many, up to 200
    #[arg(long)]
    limit: Option<u32>,
    /// Only from this time on, as 2026-01-15 or "2026-01-15 08:00"
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only before this time
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Go on after a page, with what it printed
    #[arg(long, value_name = "CURSOR")]
    before: Option<String>,
    #[command(flatten)]
    access: Access,
}

pub(super) async fn records(wanted: ByPlate) -> anyhow::Result<()> {
    const COLUMNS: &[Column] = &[
        ("时间", |row| time(&row["recognized_at"])),
        ("车场", |row| text(&row["lot"])),
        ("设备", |row| text(&row["device"])),
        ("车牌", |row| text(&row["plate"])),
        ("放行", |row| text(&row["pass"])),
        ("原因", |row| text(&row["reason"])),
        ("过闸", |row| time(&row["crossed_at"])),
        ("来源", origin),
    ];
    wanted.list("recognitions", COLUMNS).await
}

pub(super) async fn crossings(wanted: ByPlate) -> anyhow::Result<()> {
    const COLUMNS: &[Column] = &[
        ("时间", |row| time(&row["crossed_at"])),
        ("车场", |row| text(&row["lot"])),
        ("设备", |row| text(&row["device"])),
        ("车牌", |row| text(&row["plate"])),
        ("来源", origin),
    ];
    wanted.list("crossings", COLUMNS).await
}

pub(super) async fn abnormalities(wanted: ByLot) -> anyhow::Result<()> {
    const COLUMNS: &[Column] = &[
        ("收到", |row| time(&row["received_at"])),
        ("车场", |row| text(&row["lot"])),
        ("编号", |row| text(&row["code"])),
        ("设备", |row| text(&row["device"])),
        ("内容", |row| text(&row["msg"])),
        ("状态", abnormal),
        ("标识", |row| text(&row["id"])),
    ];
    wanted
        .list("abnormalities", Query::default(), COLUMNS)
        .await
}

pub(super) async fn commands(wanted: ByPlate) -> anyhow::Result<()> {
    const COLUMNS: &[Column] = &[
        ("时间", |row| time(&row["asked_at"])),
        ("车场", |row| text(&row["lot"])),
        ("设备", |row| text(&row["device"])),
        ("命令", |row| text(&row["what"])),
        ("车牌或文字", |row| match row["what"].as_str() {
            Some("show") => text(&row["text"]),
            _ => text(&row["plate"]),
        }),
        ("结果", |row| state(&row["state"])),
        ("应答", |row| text(&row["said"])),
        ("操作人", |row| text(&row["by"])),
        ("原因", |row| text(&row["reason"])),
    ];
    wanted.list("commands", COLUMNS).await
}

pub(super) async fn outages(wanted: ByLot) -> anyhow::Result<()> {
    const COLUMNS: &[Column] = &[
        ("车场", |row| text(&row["lot"])),
        ("自", |row| time(&row["since"])),
        ("至", |row| match row["until"].is_null() {
            true => "仍未恢复".to_owned(),
            false => time(&row["until"]),
        }),
    ];
    wanted.list("outages", Query::default(), COLUMNS).await
}

pub(super) async fn audit(wanted: ByLot) -> anyhow::Result<()> {
    const COLUMNS: &[Column] = &[
        ("时间", |row| time(&row["at"])),
        ("车场", |row| text(&row["lot"])),
        ("操作人", |row| text(&row["by"])),
        ("操作", |row| text(&row["act"])),
        ("对象", |row| text(&row["target"])),
        ("原因", |row| text(&row["reason"])),
    ];
    wanted.list("audit", Query::default(), COLUMNS).await
}

fn abnormal(row: &Value) -> String {
    match row["state"].as_str() {
        Some("open") => "未处理".to_owned(),
        Some("acknowledged") => format!("{} 已确认", text(&row["acknowledged_by"])),
        Some("cleared") => format!("{} 已解除", text(&row["cleared_by"])),
        _ => text(&row["state"]),
    }
}

impl ByPlate {
    pub(super) async fn list(&self, path: &str, columns: &[Column]) -> anyhow::Result<()> {
        self.list_with(path, Query::default(), columns).await
    }

    pub(super) async fn list_with(
        &self,
        path: &str,
        query: Query,
        columns: &[Column],
    ) -> anyhow::Result<()> {
        let query = query
            .with("plate", self.plate.as_deref())
            .with("device", self.device.as_deref());
        self.of.list(path, query, columns).await
    }
}

impl ByLot {
    async fn list(&self, path: &str, query: Query, columns: &[Column]) -> anyhow::Result<()> {
        let query = query.with("lot", self.lot.as_deref());
        self.page.list(path, query, columns).await
    }
}

impl Page {
    pub(super) async fn list(
        &self,
        path: &str,
        query: Query,
        columns: &[Column],
    ) -> anyhow::Result<()> {
        let query = query
            .with("limit", self.limit)
            .with("from", self.from.as_deref())
            .with("to", self.to.as_deref())
            .with("before", self.before.as_deref());
        let listing = self.access.get(&[path], &query).await?;
        self.access.print(&listing, || print(&listing, columns));
        Ok(())
    }
}
