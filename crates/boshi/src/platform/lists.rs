//! Lists of what happened, newest first.

use clap::Args;

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
    #[command(flatten)]
    of: ByLot,
}

/// Part of a list.
#[derive(Args)]
pub(crate) struct Page {
    /// At most so many, up to 200
    #[arg(long)]
    limit: Option<u32>,
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

impl ByPlate {
    pub(super) async fn list(&self, path: &str, columns: &[Column]) -> anyhow::Result<()> {
        let query = Query::default().with("plate", self.plate.as_deref());
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
            .with("before", self.before.as_deref());
        let listing = self.access.get(&[path], &query).await?;
        self.access.print(&listing, || print(&listing, columns));
        Ok(())
    }
}
