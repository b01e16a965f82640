//! A live, readable account of what happens in the lanes: one aligned line each.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

/// The language of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Language {
    /// 中文
    #[default]
    #[value(name = "zh")]
    Chinese,
    /// English
    #[value(name = "en")]
    English,
}

/// Widths of the columns, in half-width characters: time, lane, plate, colour, what.
const WIDTHS: [usize; 5] = [12, 6, 12, 7, 26];

/// Turns happenings into lines.
pub(crate) struct Account {
    language: Language,
    refused: HashSet<String>,
}

impl Account {
    pub(crate) fn new(language: Language) -> Account {
        Account {
            language,
            refused: HashSet::new(),
        }
    }

    /// The names of the columns.
    pub(crate) fn head(&self) -> String {
        let names = match self.language {
            Language::Chinese => ["时间", "车道", "车牌", "颜色", "发生了什么", "用时"],
            Language::English => ["time", "lane", "plate", "colour", "what happened", "took"],
        };
        aligned(&names)
    }

    /// The line of a happening; `None` when it is not worth one, such as the tenth refusal of the
    /// same vehicle.
    pub(crate) fn line(&mut self, json: &str) -> Option<String> {
        let it: Value = serde_json::from_str(json).ok()?;
        let (what, took) = match it["what"].as_str()? {
            "passage" => {
                self.refused.remove(it["record"].as_str()?);
                (
                    self.outcome(it["outcome"].as_str()?),
                    self.steps(&it["steps"]),
                )
            }
            "refused" => {
                if !self.refused.insert(it["record"].as_str()?.to_owned()) {
                    return None;
                }
                let word = self.pick("不放行：", "refused: ");
                (format!("{word}{}", it["reason"].as_str()?), String::new())
            }
            "abnormal" => {
                let (code, text) = (it["code"].as_str()?, it["text"].as_str()?);
                (
                    format!("{} {code} {text}", self.pick("异常", "abnormal")),
                    String::new(),
                )
            }
            "cleared" => {
                let code = it["code"].as_str()?;
                (
                    format!("{} {code}", self.pick("异常解除", "cleared")),
                    String::new(),
                )
            }
            "drive_failed" => {
                let word = self.pick("道闸故障：", "barrier failed: ");
                (format!("{word}{}", it["reason"].as_str()?), String::new())
            }
            "gate" => (self.gate(it["state"].as_str()?), String::new()),
            "lift_seen" => {
                let word = self.pick("栏杆被手动抬起", "arm lifted by hand");
                (word.to_owned(), String::new())
            }
            other => (self.around(other, &it)?, String::new()),
        };
        let plate = match it["plate"].as_str() {
            Some("") => self.pick("无牌车", "no plate"),
            Some(plate) => plate,
            None => "",
        };
        let time = clock_time(it["at"].as_str().unwrap_or_default());
        let lane = it["lane"].as_str().unwrap_or_default();
        let color = self.color(it["color"].as_str().unwrap_or_default());
        Some(aligned(&[&time, lane, plate, color, &what, &took]))
    }

    /// What happens around the lanes.
    fn around(&self, what: &str, it: &Value) -> Option<String> {
        let (chinese, english) = match what {
            "network_lost" => ("与平台断线", "the platform is out of reach"),
            "network_back" => ("与平台连通", "the platform is in reach"),
            "clock_skewed" => ("与平台时钟相差过大", "the platform's clock is too far off"),
            "clock_agrees" => ("与平台时钟恢复一致", "the platform's clock agrees again"),
            "disk" => match it["level"].as_str()? {
                "fine" => ("磁盘空间恢复正常", "the disk has room again"),
                "filling" => ("磁盘已用七成以上", "the disk is filling"),
                _ => (
                    "磁盘已用九成以上，正在删除最旧的图片",
                    "the disk is nearly full: the oldest pictures go",
                ),
            },
            "missed" => ("略过若干条", "some lines were missed"),
            _ => return None,
        };
        Some(self.pick(chinese, english).to_owned())
    }

    fn outcome(&self, outcome: &str) -> String {
        let words = outcome_words(outcome);
        let words = words.map(|(chinese, english)| self.pick(chinese, english));
        words.unwrap_or(outcome).to_owned()
    }

    fn steps(&self, steps: &Value) -> String {
        let names = match self.language {
            Language::Chinese => ["回复", "抬杆", "过闸"],
            Language::English => ["reply", "lift", "cross"],
        };
        let keys = ["replied", "lifted", "crossed"];
        let step =
            |(name, key): (&str, &str)| Some(format!("{name} {}", span(steps[key].as_u64()?)));
        let steps: Vec<String> = names.into_iter().zip(keys).filter_map(step).collect();
        steps.join("  ")
    }

    fn gate(&self, state: &str) -> String {
        let (chinese, english) = match state {
            "normal" => ("道闸恢复一车一抬", "barrier back to one lift a vehicle"),
            "fire" => ("消防联动，道闸常开", "fire alarm: held open"),
            "held_after_fire" => ("消防解除，等待人工恢复", "fire over: held until restored"),
            _ => ("道闸常开", "barrier held open"),
        };
        self.pick(chinese, english).to_owned()
    }

    fn color(&self, color: &str) -> &'static str {
        let (chinese, english) = match color {
            "blue" => ("蓝", "blue"),
            "yellow" => ("黄", "yellow"),
            "black" => ("黑", "black"),
            "white" => ("白", "white"),
            "green" => ("绿", "green"),
            "other" => ("其他", "other"),
            _ => ("", ""),
        };
        self.pick(chinese, english)
    }

    fn pick<'a>(&self, chinese: &'a str, english: &'a str) -> &'a str {
        match self.language {
            Language::Chinese => chinese,
            Language::English => english,
        }
    }
}

/// Fills every column but the last up to its width.
fn aligned(cells: &[&str; 6]) -> String {
    let mut line = String::new();
    for (place, cell) in cells.iter().enumerate() {
        line.push_str(cell);
        if let Some(width) = WIDTHS.get(place) {
            let gap = width.saturating_sub(cell.width()).max(1);
            line.extend(std::iter::repeat_n(' ', gap));
        }
    }
    line.trim_end().to_owned()
}

/// The time of day in China, where the lots are.
pub(crate) fn clock_time(timestamp: &str) -> String {
    let Ok(at) = timestamp.parse::<Timestamp>() else {
        return String::new();
    };
    let civil = TimeZone::fixed(Offset::constant(8)).to_datetime(at);
    let millis = civil.subsec_nanosecond() / 1_000_000;
    let (hour, minute, second) = (civil.hour(), civil.minute(), civil.second());
    format!("{hour:02}:{minute:02}:{second:02}.{:01}", millis / 100)
}

/// Date and time in China.
pub(crate) fn china_time(timestamp: &str) -> String {
    let at = timestamp.parse::<Timestamp>();
    at.map_or_else(
        |_| timestamp.to_owned(),
        |at| {
            let zone = TimeZone::fixed(Offset::constant(8));
            zone.to_datetime(at)
                .strftime("%Y-%m-%d %H:%M:%S")
                .to_string()
        },
    )
}

fn span(millis: u64) -> String {
    if millis < 1000 {
        format!("{millis} ms")
    } else {
        format!("{}.{} s", millis / 1000, millis % 1000 / 100)
    }
}

/// How a passage ended, in Chinese and in English.
pub(crate) fn outcome_words(outcome: &str) -> Option<(&'static str, &'static str)> {
    Some(match outcome {
        "crossed" => ("放行，已过闸", "let through, crossed"),
        "released_blind" => ("断网放行，已过闸", "released blind, crossed"),
        "commanded" => ("指令放行，已过闸", "opened by command, crossed"),
        "forced" => ("强制开闸，已过闸", "forced open, crossed"),
        "held_open" => ("常开通过", "crossed while held open"),
        "by_hand" => ("手动抬杆，已过闸", "opened by hand, crossed"),
        "tailgated" => ("跟车过闸", "tailgated"),
        "unexplained" => ("原因不明过闸", "crossed, unexplained"),
        "opened_not_crossed" => ("已开闸，未过闸", "opened, did not cross"),
        "backed_out" => ("未过闸，已离开", "left without crossing"),
        "never_arrived" => ("识别后未到闸口", "read, never arrived"),
        "let_through" => ("已放行", "let through"),
        "replayed" => ("补传的历史识别", "history of the recognizer"),
        "interrupted" => ("重启时未结束", "cut off by a restart"),
        "crosstalk" => ("相邻车道的车辆", "a vehicle of another lane"),
        "open" => ("尚未结束", "not over yet"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passage_is_one_line_with_its_steps() {
        let passage = r#"{"at":"2026-01-01T00:00:01.25Z","lot":"L","lane":"01","what":"passage",
            "record":"r","plate":"粤B12345","color":"blue","outcome":"crossed",
            "steps":{"replied":12,"lifted":15,"crossed":4250}}"#;
        let mut account = Account::new(Language::Chinese);
        assert_eq!(
            account.line(passage).unwrap(),
            "08:00:01.2  01    粤B12345    蓝     放行，已过闸              \
             回复 12 ms  抬杆 15 ms  过闸 4.2 s"
        );
        let mut account = Account::new(Language::English);
        assert!(
            account
                .line(passage)
                .unwrap()
                .contains("let through, crossed")
        );
    }

    #[test]
    fn a_vehicle_that_is_refused_again_and_again_is_told_of_once() {
        let refused = r#"{"at":"2026-01-01T00:00:01Z","lot":"L","lane":"02","what":"refused",
            "record":"r","plate":"","reason":"未缴费"}"#;
        let mut account = Account::new(Language::Chinese);
        assert!(account.line(refused).unwrap().contains("无牌车"));
        assert_eq!(account.line(refused), None);
    }

    #[test]
    fn columns_stand_under_each_other_whatever_the_width_of_their_characters() {
        let narrow = aligned(&["1", "2", "3", "4", "5", "6"]);
        let wide = aligned(&["时间", "车道", "粤B12345", "蓝", "放行", "6"]);
        assert_eq!(narrow.width(), wide.width());
    }
}
