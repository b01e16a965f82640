//! Whether all that happened at a lot on a day is here; every gate of a lot at once.

use anyhow::bail;
use clap::Args;
use serde_json::{Value, json};

use super::access::{Access, Query};
use super::show::{Column, print, state, text, time};
use crate::terminal::{say, table};

/// Prove that all of a day is here.
#[derive(Args)]
pub(crate) struct Prove {
    /// Only this lot; every lot when none is given
    #[arg(long)]
    lot: Option<String>,
    /// The day, as 2026-01-15
    #[arg(long)]
    day: String,
    #[command(flatten)]
    access: Access,
}

/// Every gate of a lot.
#[derive(Args)]
pub(crate) struct Gates {
    /// The lot
    lot: String,
    /// Who wants it, when that is somebody else than whose key is used
    #[arg(long)]
    by: Option<String>,
    /// Why
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    access: Access,
}

/// Prints the proof of each lot; an error, so that the exit code tells, unless all are complete.
pub(super) async fn prove(wanted: Prove) -> anyhow::Result<()> {
    let access = &wanted.access;
    let lots = match wanted.lot {
        Some(lot) => vec![lot],
        None => {
            let lots = access.get(&["lots"], &Query::default()).await?;
            let lots = lots["items"].as_array().into_iter().flatten();
            lots.map(|lot| text(&lot["lot"])).collect()
        }
    };
    let (mut proofs, query) = (Vec::new(), Query::default().with("day", Some(wanted.day)));
    for lot in &lots {
        proofs.push(access.get(&["lots", lot, "proof"], &query).await?);
    }
    let complete = proofs.iter().all(|proof| proof["complete"] == true);
    let answer = json!({"items": proofs});
    access.print(&answer, || shown(&proofs));
    let is_missing = |proof: &Value| proof["missing"].as_u64() != Some(0);
    if proofs.iter().any(is_missing) {
        bail!("记录不完整");
    }
    if !complete {
        bail!("当日尚未结束，或日终后尚未向车场补取：还不能下结论");
    }
    Ok(())
}

fn shown(proofs: &[Value]) {
    let head = [
        "车场",
        "日期",
        "推送",
        "补取",
        "缺失",
        "合计",
        "日终后已补取",
        "完整",
        "放行",
        "指令开闸",
        "过闸",
        "放行未过",
        "拒绝却过",
        "最近补取",
    ];
    let row = |proof: &Value| {
        let count = |name: &str| text(&proof[name]);
        vec![
            count("lot"),
            count("day"),
            count("pushed"),
            count("fetched"),
            count("missing"),
            count("seen"),
            count("reconciled"),
            count("complete"),
            count("allowed"),
            count("commanded"),
            count("crossings"),
            count("allowed_not_crossed"),
            count("refused_but_crossed"),
            time(&proof["reconciled_at"]),
        ]
    };
    say(&table(&head, proofs.iter().map(row).collect()));
    for proof in proofs {
        let gaps = proof["missing_uuids"].as_array().into_iter().flatten();
        for uuid in gaps {
            say(&format!("{} 缺识别：{}", text(&proof["lot"]), text(uuid)));
        }
    }
}

pub(super) async fn hold(wanted: Gates) -> anyhow::Result<()> {
    everywhere(wanted, "hold").await
}

pub(super) async fn restore(wanted: Gates) -> anyhow::Result<()> {
    everywhere(wanted, "restore").await
}

async fn everywhere(wanted: Gates, what: &str) -> anyhow::Result<()> {
    const COLUMNS: &[Column] = &[
        ("设备", |row| text(&row["device"])),
        ("结果", |row| match row["state"].is_null() {
            true => "未发出".to_owned(),
            false => state(&row["state"]),
        }),
        ("应答", |row| text(&row["said"])),
    ];
    let body = json!({"by": wanted.by, "reason": wanted.reason});
    let done = wanted
        .access
        .post(&["lots", &wanted.lot, what], body)
        .await?;
    wanted.access.print(&done, || print(&done, COLUMNS));
    if done["executed"] != true {
        bail!("并非所有闸口都已执行，请查看现场");
    }
    Ok(())
}
