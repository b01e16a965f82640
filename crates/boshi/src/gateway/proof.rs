//! The proof of a day.

use std::borrow::Cow;

use anyhow::bail;
use clap::Args;
use serde_json::Value;

use super::access::{Access, Chosen};
use super::look::text;
use super::words;
use crate::terminal::{say, table};

/// The proof of a day: pushed, failed and pending together are all there was.
#[derive(Args)]
pub(crate) struct Prove {
    #[command(flatten)]
    lot: Chosen,
    /// The day, as 2026-11-24; today when not given
    #[arg(long)]
    day: Option<jiff::civil::Date>,
    #[command(flatten)]
    access: Access,
}

pub(super) async fn prove(wanted: Prove) -> anyhow::Result<()> {
    let day = wanted.day.map(|day| ("day", Cow::from(day.to_string())));
    let query: Vec<_> = day.into_iter().collect();
    let lot = wanted.access.lot(wanted.lot)?;
    let path = ["lots", &lot, "proof"];
    let proof = wanted.access.interface()?.get_with(&path, &query).await?;
    wanted.access.print(&proof, || print(&proof));
    if proof["holds"] != true {
        bail!("{} 的记录对不上", text(&proof["day"]));
    }
    Ok(())
}

fn print(proof: &Value) {
    let account = |name: &str, of: &Value| {
        let columns = ["total", "delivered", "failed", "pending"];
        let counts = columns.map(|column| text(&of[column]));
        [vec![name.to_owned()], counts.into()].concat()
    };
    let rows = vec![
        account("识别", &proof["recognitions"]),
        account("过闸", &proof["crossings"]),
    ];
    say(&format!("{} 的记录", text(&proof["day"])));
    say(&table(&["", "合计", "已送达", "推送失败", "待推送"], rows));
    let counted = |of: &Value, word: fn(&str) -> String| {
        let counts = of.as_object().into_iter().flatten();
        let counts = counts.map(|(name, count)| format!("{} {count}", word(name)));
        counts.collect::<Vec<_>>().join("；")
    };
    say(&format!(
        "结果：{}",
        counted(&proof["outcomes"], words::outcome)
    ));
    say(&format!("动作：{}", counted(&proof["lifts"], words::cause)));
    say(&format!(
        "无识别的过闸 {}，无法解释的过闸 {}",
        text(&proof["crossings_without_recognition"]),
        text(&proof["crossings_unexplained"])
    ));
    let verdict = match proof["holds"] == true {
        true => "每条记录恰在一种状态，核对一致",
        false => "核对不一致",
    };
    say(verdict);
}
