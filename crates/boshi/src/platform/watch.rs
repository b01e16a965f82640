//! Printing what happens, as it happens; goes on where it was when the connection is lost.

use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::access::{Access, Query};
use super::show::{text, time};
use crate::lines::Lines;
use crate::terminal::{complain, say};

/// Wait before it connects again.
const PAUSE: Duration = Duration::from_secs(2);

/// Print what happens.
#[derive(Args)]
pub(crate) struct Watch {
    /// Only of these lots, A,B
    #[arg(long)]
    lot: Option<String>,
    /// Only these kinds or families of kinds, as crossing,stay.closed
    #[arg(long)]
    kind: Option<String>,
    /// Begin after this event; 0 for the oldest there is
    #[arg(long, value_name = "ID")]
    after: Option<String>,
    #[command(flatten)]
    access: Access,
}

pub(super) async fn watch(wanted: Watch) -> anyhow::Result<()> {
    let query = Query::default()
        .with("lot", wanted.lot.as_deref())
        .with("kind", wanted.kind.as_deref())
        .with("after", wanted.after.as_deref());
    let (mut last, mut is_lost) = (None, false);
    loop {
        if let Some(response) = wanted.access.follow(&query, last.as_deref()).await? {
            is_lost = false;
            let mut lines = Lines::of(response);
            while let Ok(Some(line)) = lines.next().await {
                match line.split_once(": ") {
                    Some(("id", id)) => last = Some(id.to_owned()),
                    Some(("data", data)) => print(data, wanted.access.is_raw()),
                    Some(_) | None => {}
                }
            }
        }
        if !std::mem::replace(&mut is_lost, true) {
            complain("与平台的连接中断，正在重连");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn print(data: &str, is_raw: bool) {
    if is_raw {
        say(data);
        return;
    }
    match serde_json::from_str::<Value>(data) {
        Ok(event) if event["kind"].is_null() => {
            let (asked, oldest) = (text(&event["asked"]), text(&event["oldest"]));
            say(&format!(
                "事件 {asked} 之后的一部分已不在平台上，从 {oldest} 继续"
            ));
        }
        Ok(event) => say(&line(&event)),
        Err(_) => say(data),
    }
}

/// An event as a line: when, what, where, and what matters of the rest.
fn line(event: &Value) -> String {
    const TOLD: [&str; 11] = [
        "plate",
        "device",
        "direction",
        "what",
        "state",
        "code",
        "msg",
        "said",
        "reason",
        "webhook",
        "by",
    ];
    let kind = event["kind"].as_str().unwrap_or_default();
    let data = &event["data"];
    let told = TOLD.iter().map(|name| &data[*name]);
    let told = told.filter(|value| value.as_str().is_some_and(|text| !text.is_empty()));
    let told: Vec<String> = told.map(text).collect();
    let (at, lot) = (time(&event["at"]), text(&event["lot"]));
    format!("{at}  {lot}  {}  {}", word(kind, data), told.join("  "))
}

fn word<'a>(kind: &'a str, data: &Value) -> &'a str {
    match kind {
        "recognition.decided" if data["pass"] == true => "放行",
        "recognition.decided" => "不放行",
        "recognition.fetched" => "补取识别",
        "crossing.recorded" => "过闸",
        "crossing.corrected" => "更正车牌",
        "stay.opened" => "停车开始",
        "stay.closed" => "停车结束",
        "stay.superseded" => "停车被取代",
        "stay.orphaned" => "无入场记录的出场",
        "stay.withdrawn" => "停车撤销",
        "abnormality.opened" => "异常",
        "abnormality.acknowledged" => "异常已确认",
        "abnormality.cleared" => "异常已解除",
        "command.asked" => "命令下发",
        "command.ended" => "命令结果",
        "outage.began" => "断线",
        "outage.ended" => "恢复",
        "permit.added" => "发放许可",
        "permit.removed" => "取消许可",
        "block.added" => "列入黑名单",
        "block.removed" => "移出黑名单",
        "occupancy.counted" => "清点车辆",
        "lot.changed" => "车场登记",
        "lot.retired" => "车场注销",
        "webhook.disabled" => "推送已停止",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_is_one_line_with_what_matters_of_it() {
        let event = json!({
            "id": "1-2", "kind": "recognition.decided", "at": "2026-01-15T08:00:00+08:00",
            "lot": "L1", "data": {
                "uuid": "u1", "device": "CAM-01", "plate": "粤B12345", "pass": false,
                "code": "NO_PERMIT", "reason": "车辆没有通行许可", "image": ""
            }
        });
        assert_eq!(
            line(&event),
            "2026-01-15 08:00:00  L1  不放行  粤B12345  CAM-01  NO_PERMIT  车辆没有通行许可"
        );
    }
}
