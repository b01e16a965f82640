//! The lots as they are now.

use serde_json::Value;

use super::access::Access;
use super::look::{date_time, online};
use crate::terminal::{say, table};

/// How much is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    All,
    Lanes,
    Devices,
}

pub(super) async fn status(access: &Access, part: Part) -> anyhow::Result<()> {
    let status = access.interface()?.get(&["status"]).await?;
    access.print(&status, || {
        print_disk(&status["disk"]);
        for lot in status["lots"].as_array().into_iter().flatten() {
            print_head(lot);
            if part != Part::Devices {
                let lanes = lot["lanes"].as_array().into_iter().flatten();
                let lanes = lanes.map(lane).collect();
                say(&table(&["闸口", "车道", "道闸", "栏杆", "车辆"], lanes));
            }
            if part != Part::Lanes {
                let devices = lot["devices"].as_array().into_iter().flatten();
                let devices = devices.map(device).collect();
                say(&table(
                    &["设备", "类型", "车道", "状态", "自", "最近应答"],
                    devices,
                ));
                print_drivers(lot);
            }
        }
    });
    Ok(())
}

/// Nothing, while there is room.
fn print_disk(disk: &Value) {
    let level = match disk["level"].as_str() {
        Some("filling") => "磁盘空间偏紧",
        Some("full") => "磁盘将满，正在删除最旧的图片",
        _ => return,
    };
    say(&format!("{level}：已用 {}%", disk["percent"]));
}

fn print_head(lot: &Value) {
    let outbox = &lot["outbox"];
    say(&format!(
        "{} {}　平台{}　时钟差 {} 秒　待推送 {}　推送失败待恢复 {}",
        text(&lot["lot"]),
        text(&lot["name"]),
        match lot["platform"].as_str() {
            Some("up") => "在线",
            Some("lost") => "断线",
            _ => "尚未联系",
        },
        text(&lot["skew_seconds"]),
        number(&outbox["live"]) + number(&outbox["backlog"]),
        number(&outbox["failed"]),
    ));
    if lot["skewed"] == true {
        say("  本机时钟与平台相差过大，请校时：记录的时间以本机为准");
    }
    if number(&lot["unwritten"]) > 0 {
        say(&format!("  磁盘写入失败，{} 条记录待写", lot["unwritten"]));
    }
}

fn lane(lane: &Value) -> Vec<String> {
    let gate = match lane["state"].as_str() {
        Some("normal") => "一车一抬",
        Some("fire") => "消防常开",
        Some("held_after_fire") => "消防后常开",
        Some("held_by_platform") => "平台常开",
        Some("held_by_booth") => "岗亭常开",
        _ => "常开",
    };
    let arm = match lane["arm"].as_str() {
        Some("up") => "抬起",
        Some("down") => "落下",
        _ => "-",
    };
    let sides = lane["sides"].as_array().into_iter().flatten();
    let present: Vec<String> = sides
        .filter(|side| side["present"] == true)
        .map(|side| {
            let plate = side["plate"].as_str().unwrap_or("未识别");
            format!("{plate}（{}）", doing(&side["doing"]))
        })
        .collect();
    let present = if present.is_empty() {
        "-".to_owned()
    } else {
        present.join("，")
    };
    vec![
        text(&lane["gate"]),
        text(&lane["lane"]),
        gate.to_owned(),
        arm.to_owned(),
        present,
    ]
}

fn doing(doing: &Value) -> &'static str {
    match doing.as_str() {
        Some("approaching") => "驶近",
        Some("unread") => "识别中",
        Some("asked") => "等待平台",
        Some("refused") => "不放行",
        Some("cleared") => "即将抬杆",
        Some("let_through") => "放行中",
        Some("through") => "已通过",
        Some("yielding") => "等待对向",
        _ => "等待人工",
    }
}

/// The equipment that the gateway's own drivers speak to, if there is any.
fn print_drivers(lot: &Value) {
    let drivers = lot["drivers"].as_array().into_iter().flatten();
    let drivers: Vec<Vec<String>> = drivers.map(driver).collect();
    if !drivers.is_empty() {
        let head = [
            "设备连接",
            "驱动",
            "地址",
            "状态",
            "最近应答",
            "连接",
            "发",
            "收",
            "故障",
            "最近故障",
        ];
        say(&table(&head, drivers));
    }
}

fn driver(driver: &Value) -> Vec<String> {
    let state = match driver["state"].as_str() {
        Some("online") => "在线",
        Some("degraded") => "正在重连",
        Some("offline") => "离线",
        // Of a board that does not answer only the way to it is known.
        _ => "未知",
    };
    let seconds = driver["heard_seconds_ago"].as_u64();
    let count = |key: &str| number(&driver[key]).to_string();
    vec![
        text(&driver["name"]),
        text(&driver["driver"]),
        text(&driver["address"]),
        state.to_owned(),
        seconds.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds} 秒前")),
        count("connections"),
        count("sent"),
        count("received"),
        count("faults"),
        driver["last_fault"].as_str().unwrap_or("-").to_owned(),
    ]
}

fn device(device: &Value) -> Vec<String> {
    let kind = match device["kind"].as_str() {
        Some("display") => "显示屏",
        Some("recognizer") => "车牌识别器",
        _ => "栏杆机",
    };
    let heard = device["heard_seconds_ago"].as_u64();
    vec![
        text(&device["device"]),
        kind.to_owned(),
        text(&device["lane"]),
        online(&device["online"]).to_owned(),
        date_time(&device["since"]),
        heard.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds} 秒前")),
    ]
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// ABN-3: what nobody knows is not said to be lost.
    #[test]
    fn a_board_without_answers_is_not_shown_as_offline() {
        for (state, shown) in [
            ("online", "在线"),
            ("degraded", "正在重连"),
            ("offline", "离线"),
            ("unknown", "未知"),
        ] {
            let row = driver(&json!({"name": "屏-01", "driver": "olm", "state": state}));
            assert_eq!(row[3], shown, "{state}");
        }
    }
}
