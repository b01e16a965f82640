//! Tries a camera that the gateway connects to.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::super::message::{number, text};
use super::frame::{self, Frame, Frames};
use crate::devices::probe::{ANSWER, Opening, Probed};

/// How long a picture is waited for: it is taken only then.
const PICTURE: Duration = Duration::from_secs(5);

/// The camera's inputs.
const INPUTS: u16 = 2;

/// How much is read at once.
const PIECE: usize = 32 * 1024;

/// A connection that is only for this.
struct Talk {
    stream: TcpStream,
    frames: Frames,
    sequence: u8,
}

/// Tries the camera at `address` (`host:port`). What it does not do or say is among the findings.
pub async fn vz_tcp(address: &str, open: Option<Opening>) -> Probed {
    let mut probed = Probed::default();
    let connected = timeout(ANSWER, TcpStream::connect(address)).await;
    let stream = match connected {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            probed.say("连接", Err(error.to_string()));
            return probed;
        }
        Err(_) => {
            probed.say("连接", Err("连接超时".to_owned()));
            return probed;
        }
    };
    probed.say("连接", Ok("已连接".to_owned()));
    let mut talk = Talk {
        stream,
        frames: Frames::default(),
        sequence: 0,
    };
    let serial = talk.ask(frame::ask_serial(1), ANSWER).await;
    let is_there = serial.is_ok();
    probed.say("序列号", serial.map(|it| word(&it["value"])));
    if !is_there {
        return probed;
    }
    let clock = talk.ask(json!({"cmd": "get_device_timestamp", "id": "2"}), ANSWER);
    probed.say("时钟", clock.await.and_then(|it| clock_of(&it)));
    for input in 1..=INPUTS {
        let level = talk.ask(frame::ask_input(input, 2 + u64::from(input)), ANSWER);
        probed.say(
            &format!("输入 {input}"),
            level.await.map(|it| word(&it["value"])),
        );
    }
    let picture = talk.ask(json!({"cmd": "get_snapshot", "id": "9"}), PICTURE);
    let picture = picture.await.and_then(|it| picture_of(&it));
    probed.say(
        "抓拍",
        picture
            .as_ref()
            .map(|it| format!("{} 字节", it.len()))
            .map_err(Clone::clone),
    );
    probed.picture = picture.ok();
    if let Some(opening) = open {
        probed.say("开闸脉冲", talk.pulse(opening).await);
    }
    probed
}

impl Talk {
    /// Asks, and waits for the answer of that name.
    async fn ask(&mut self, command: Value, patience: Duration) -> Result<Value, String> {
        let name = word(&command["cmd"]);
        self.tell(&command).await?;
        let end = Instant::now() + patience;
        let mut piece = vec![0; PIECE];
        loop {
            while let Some(frame) = self.frames.next().map_err(|error| error.to_string())? {
                if let Some(answer) = answer_to(&name, &frame) {
                    return answer;
                }
            }
            let read = timeout_at(end, self.stream.read(&mut piece)).await;
            match read.map_err(|_| "未及时应答".to_owned())? {
                Ok(0) => return Err("连接被对方关闭".to_owned()),
                Ok(length) => self.frames.push(&piece[..length]),
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    /// Closes an output for a while, once. Nothing answers that; that the camera answers the
    /// question behind it shows that it was read.
    async fn pulse(&mut self, opening: Opening) -> Result<String, String> {
        let Opening { output, pulse } = opening;
        let millis = u64::try_from(pulse.as_millis()).unwrap_or(u64::MAX);
        let wanted = json!({"io": output.saturating_sub(1), "value": 2, "delay": millis});
        self.tell(&frame::output(&wanted, 10)).await?;
        let read = self.ask(frame::ask_serial(11), ANSWER).await;
        read.map_err(|why| format!("{why}，结果未知"))?;
        Ok(format!(
            "输出 {output} 的 {millis} 毫秒脉冲已被相机读取，是否抬杆请目视"
        ))
    }

    async fn tell(&mut self, command: &Value) -> Result<(), String> {
        self.sequence = self.sequence.wrapping_add(1);
        let bytes = frame::command(self.sequence, command);
        let written = timeout(ANSWER, self.stream.write_all(&bytes)).await;
        let written = written.map_err(|_| "对方不读取".to_owned())?;
        written.map_err(|error| error.to_string())
    }
}

/// What a frame says to the question of that name; none when it is about something else.
fn answer_to(name: &str, frame: &Frame) -> Option<Result<Value, String>> {
    let Frame::Json(payload) = frame else {
        return None;
    };
    let end = payload.iter().position(|byte| *byte == 0);
    let said = text(&payload[..end.unwrap_or(payload.len())]);
    let value: Value = serde_json::from_str(&said).ok()?;
    if value["cmd"] != name {
        return None;
    }
    Some(match number(&value["state_code"]) {
        None | Some(200) => Ok(value),
        Some(code) => Err(format!("相机拒绝，代码 {code}")),
    })
}

fn clock_of(answer: &Value) -> Result<String, String> {
    let said = number(&answer["timestamp"]).and_then(|it| Timestamp::from_second(it).ok());
    let said =
        said.ok_or_else(|| format!("字段 timestamp 收到 {}，应为秒数", answer["timestamp"]))?;
    let ahead = said.as_second() - Timestamp::now().as_second();
    Ok(format!("与本机相差 {ahead} 秒"))
}

fn picture_of(answer: &Value) -> Result<Vec<u8>, String> {
    let said = answer["imgdata"].as_str().unwrap_or_default();
    let bytes = STANDARD
        .decode(said.trim())
        .map_err(|error| format!("字段 imgdata：{error}"))?;
    if bytes.starts_with(&[0xFF, 0xD8]) {
        Ok(bytes)
    } else {
        Err("字段 imgdata 不是 JPEG".to_owned())
    }
}

/// A value as it is printed.
fn word(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
