//! Tries a camera through a broker: both are clients of it, so that only what the camera says, and
//! answers, can be found out.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::super::message::{decoded, number};
use super::super::reply;
use super::envelope::{self, OUTPUT, Word};
use super::placed;
use crate::config::{self, CameraClock, Topic};
use crate::devices::mqtt::{Exchange, Heard, Line, Said};
use crate::devices::probe::{ANSWER, Opening, Probed};
use crate::devices::relays::Step;

/// How long the broker may take to let a client in, and to have it subscribe.
const BROKER: Duration = Duration::from_secs(6);

/// How long a picture is waited for: it is taken only then.
const PICTURE: Duration = Duration::from_secs(5);

/// Command that changes nothing and is answered.
const CLOCK: &str = "get_device_timestamp";

/// Command that has a picture taken, and the name under which that is told.
const SNAPSHOT: &str = "snapshot";

/// Longest name of the camera that is repeated, in characters.
const MAX_SHOWN_CHARS: usize = 40;

/// How a camera is tried.
#[derive(Clone, Debug)]
pub struct VzMqttProbe {
    /// Who one is to the broker, if it asks.
    pub user: Option<String>,
    /// What shows that.
    pub password: Option<SecretString>,
    /// The camera's serial number, `{sn}` in the topics.
    pub serial: String,
    /// Under which topics it speaks.
    pub up: Topic,
    /// Under which it is spoken to.
    pub down: Topic,
    /// Under which it answers.
    pub reply: Topic,
    /// How long its first word is waited for: it says only now and then that it is there.
    pub patience: Duration,
    /// The output to be closed for a while, if that is really wanted.
    pub open: Option<Opening>,
}

/// A connection that is only for this, and what was heard through it.
struct Talk<'a> {
    line: Line,
    probe: &'a VzMqttProbe,
    up: Topic,
    reply: Topic,
    first: Option<First>,
    inputs: BTreeMap<u16, bool>,
    answers: BTreeMap<String, Option<String>>,
    picture: Option<Result<Vec<u8>, String>>,
    /// Another camera's number, heard under this one's topics.
    other: Option<String>,
}

/// The first word of the camera.
struct First {
    name: String,
    firmware: Option<i64>,
    second: Option<i64>,
}

/// Tries the camera of that serial number through the broker at `address` (`host:port`). What it does
/// not do or say is among the findings.
pub async fn vz_mqtt(address: &str, probe: VzMqttProbe) -> Probed {
    let mut exchange = Exchange::of(config::Mqtt {
        address: address.to_owned(),
        // Nobody else's: a broker throws out a client whose name another one has.
        client: format!("boshi-probe-{}", Uuid::now_v7().simple()),
        user: probe.user.clone(),
        password: probe.password.clone(),
    });
    let own = |topic: &Topic| topic.with("sn", &probe.serial);
    let (up, reply) = (own(&probe.up), own(&probe.reply));
    let line = exchange.line(vec![up.clone(), reply.clone()]);
    let stop = CancellationToken::new();
    let _ends = stop.clone().drop_guard();
    tokio::spawn(stop.run_until_cancelled_owned(exchange.serve(CancellationToken::new())));
    let mut talk = Talk {
        line,
        probe: &probe,
        up,
        reply,
        first: None,
        inputs: BTreeMap::new(),
        answers: BTreeMap::new(),
        picture: None,
        other: None,
    };
    let mut probed = Probed::default();
    talk.find_out(&mut probed).await;
    probed
}

impl Talk<'_> {
    async fn find_out(&mut self, probed: &mut Probed) {
        let connected = self.connected().await;
        let is_there = connected.is_ok();
        probed.say(
            "连接",
            connected.map(|()| "MQTT 服务器已连接，已订阅".to_owned()),
        );
        if !is_there {
            return;
        }
        let answer = self.ask(CLOCK, &json!({})).await;
        let heard = self.until(self.probe.patience, |it| it.first.is_some());
        let lost = heard.await.err();
        probed.say("上报", self.first_word(lost));
        if self.first.is_none() && answer.is_err() {
            // Whoever is not known is told nothing else.
            return;
        }
        if let Some(first) = &self.first {
            probed.say("时钟", clock_of(first.second));
        }
        probed.say("应答", answer.map(|()| "相机应答指令，代码 200".to_owned()));
        let picture = self.picture().await;
        let shown = picture.as_ref().map(|it| format!("{} 字节", it.len()));
        probed.say("抓拍", shown.map_err(Clone::clone));
        probed.picture = picture.ok();
        if let Some(opening) = self.probe.open {
            probed.say("开闸脉冲", self.pulse(opening).await);
        }
        for (number, level) in &self.inputs {
            probed.say(&format!("输入 {number}"), Ok(u8::from(*level).to_string()));
        }
        probed.cannot("输入", "MQTT 不能查询：相机只在变化时上报");
        probed.cannot("道闸状态", "MQTT 不能查询：相机自行上报，含义没有可靠文档");
    }

    /// Whether the broker is there, as the connection says first.
    async fn connected(&mut self) -> Result<(), String> {
        let end = Instant::now() + BROKER;
        loop {
            match timeout_at(end, self.line.hear()).await {
                Err(_) => return Err("MQTT 服务器未及时应答".to_owned()),
                Ok(None) => return Err("连接已结束".to_owned()),
                Ok(Some(Heard::Up)) => return Ok(()),
                Ok(Some(Heard::Down(why))) => return Err(why),
                Ok(Some(Heard::Said(said))) => self.hear(&said),
            }
        }
    }

    /// Hears the camera until that holds.
    async fn until(
        &mut self,
        patience: Duration,
        holds: impl Fn(&Self) -> bool,
    ) -> Result<(), String> {
        let end = Instant::now() + patience;
        while !holds(self) {
            match timeout_at(end, self.line.hear()).await {
                Err(_) => return Err("未及时应答".to_owned()),
                Ok(None) => return Err("连接已结束".to_owned()),
                Ok(Some(Heard::Up)) => {}
                Ok(Some(Heard::Down(why))) => return Err(why),
                Ok(Some(Heard::Said(said))) => self.hear(&said),
            }
        }
        Ok(())
    }

    /// What the broker had kept says nothing of now.
    fn hear(&mut self, said: &Said) {
        if said.retained {
            return;
        }
        let (is_reply, named) = placed(&self.up, &self.reply, &said.topic);
        let named = named.as_deref();
        let Ok(envelope) = envelope::opened(&said.payload) else {
            return;
        };
        let Ok(heard) = envelope::read(&said.payload, named, is_reply, CameraClock::default())
        else {
            return;
        };
        let serial = heard.serial.as_deref();
        if let Some(serial) = serial.filter(|it| !it.eq_ignore_ascii_case(&self.probe.serial)) {
            self.other = Some(serial.to_owned());
            return;
        }
        let is_picture = matches!(&heard.word, Word::Other(name) if name == SNAPSHOT);
        if is_picture {
            self.picture = Some(picture_of(&envelope));
        }
        match heard.word {
            Word::Answer { id, refused } => _ = self.answers.insert(id, refused),
            Word::Input { number, level } => _ = self.inputs.insert(number, level),
            _ => {}
        }
        if !is_reply && self.first.is_none() {
            let own = envelope.get("name").and_then(Value::as_str).or(named);
            let name = own.unwrap_or("-").chars().filter(|c| !c.is_control());
            self.first = Some(First {
                name: name.take(MAX_SHOWN_CHARS).collect(),
                firmware: envelope.get("bv").and_then(number),
                second: envelope.get("timestamp").and_then(number),
            });
        }
    }

    /// What the camera said first, or why it was not heard.
    fn first_word(&self, lost: Option<String>) -> Result<String, String> {
        let serial = &self.probe.serial;
        if let Some(First { name, firmware, .. }) = &self.first {
            let firmware = firmware.map_or_else(|| "-".to_owned(), |it| it.to_string());
            return Ok(format!("序列号 {serial}，固件 {firmware}，收到 {name}"));
        }
        if let Some(other) = &self.other {
            return Err(format!("主题下是另一台相机：序列号 {other}，不是 {serial}"));
        }
        let (seconds, topic) = (self.probe.patience.as_secs(), self.up.filter());
        match lost {
            Some(why) if why != "未及时应答" => Err(why),
            _ => Err(format!("{seconds} 秒内没有收到上报，主题 {topic}")),
        }
    }

    /// Tells a command, once, and waits for its answer.
    async fn ask(&mut self, name: &str, body: &Value) -> Result<(), String> {
        let id = Uuid::now_v7().simple().to_string();
        let second = Timestamp::now().as_second();
        let serial = &self.probe.serial;
        let command = envelope::command(&id, serial, name, body, second).to_string();
        let topic = self.probe.down.with("sn", serial).with("name", name);
        // Not at least once: a broker may keep that for a camera that is away, and open later.
        let until = Instant::now() + ANSWER;
        let said = self
            .line
            .say(topic.filter(), command.into_bytes(), false, until);
        said.await.map_err(|error| error.to_string())?;
        self.until(ANSWER, |it| it.answers.contains_key(&id))
            .await?;
        match self.answers.remove(&id).flatten() {
            None => Ok(()),
            Some(why) => Err(why),
        }
    }

    /// A picture comes in a message of its own, behind the answer or before it.
    async fn picture(&mut self) -> Result<Vec<u8>, String> {
        self.picture = None;
        self.ask(SNAPSHOT, &json!({})).await?;
        let told = self.until(PICTURE, |it| it.picture.is_some()).await;
        told.map_err(|why| format!("相机已接受，{why}图片"))?;
        self.picture
            .take()
            .unwrap_or_else(|| Err("没有图片".to_owned()))
    }

    /// Closes an output for a while, once. Whatever comes back, it is never told again.
    async fn pulse(&mut self, opening: Opening) -> Result<String, String> {
        let (relay, length) = (opening.output, opening.pulse);
        let output = reply::output(Step::Pulse { relay, length });
        let answered = self.ask(OUTPUT, &output).await;
        answered.map_err(|why| match why.starts_with("相机拒绝") {
            true => why,
            false => format!("{why}，结果未知"),
        })?;
        Ok(format!(
            "相机已接受输出 {relay} 的 {} 毫秒脉冲，是否抬杆请目视",
            length.as_millis()
        ))
    }
}

fn clock_of(second: Option<i64>) -> Result<String, String> {
    let second = second.ok_or("字段 timestamp 缺失，应为秒数")?;
    let ahead = second.saturating_sub(Timestamp::now().as_second());
    Ok(format!("与本机相差 {ahead} 秒"))
}

fn picture_of(envelope: &Map<String, Value>) -> Result<Vec<u8>, String> {
    let code = envelope::within(envelope, "state_code").and_then(number);
    if let Some(code) = code.filter(|it| *it != 200) {
        return Err(format!("相机拒绝 {SNAPSHOT}，代码 {code}"));
    }
    let content = envelope::within(envelope, "image_content").and_then(Value::as_str);
    let bytes = decoded(content.unwrap_or_default());
    let jpeg = bytes.filter(|it| it.starts_with(&[0xFF, 0xD8]));
    jpeg.ok_or_else(|| "字段 image_content 不是 JPEG 的 base64".to_owned())
}
