//! Tries a camera of 海康.

use std::path::PathBuf;
use std::time::Duration;

use boshi_protocol::lane::Position;
use secrecy::SecretString;
use tokio::time::Instant;

use super::isapi::{self, GateStatus};
use crate::config::Password;
use crate::devices::caller::{Access, Answer, Call, CallError, Caller, Refusal};
use crate::devices::probe::{ANSWER, Probed};
use crate::devices::trust::Trust;

/// How long a picture is waited for: it is taken only then.
const PICTURE: Duration = Duration::from_secs(5);

/// How a camera is tried.
#[derive(Clone, Debug)]
pub struct HikProbe {
    /// Whom one logs in as.
    pub user: String,
    /// With which password; only digests of it are sent.
    pub password: SecretString,
    /// The authorities of its certificate, PEM, if it is called over HTTPS.
    pub ca_file: Option<PathBuf>,
    /// Its certificate itself in place of those.
    pub certificate_file: Option<PathBuf>,
    /// The channel of its barrier and its picture.
    pub channel: u16,
    /// How many inputs are asked for.
    pub inputs: u16,
    /// The output that is driven in place of the barrier, if it is to be.
    pub output: Option<u16>,
    /// Whether the barrier is really to be opened.
    pub open: bool,
}

/// Tries the camera at `address` (`host:port`). What it does not do or say is among the findings.
pub async fn hik(address: &str, probe: HikProbe) -> Probed {
    let mut probed = Probed::default();
    let password = Password::from(probe.password.clone());
    let (ca_file, certificate_file) = (&probe.ca_file, &probe.certificate_file);
    let files = (ca_file.as_deref(), certificate_file.as_deref());
    let trust = match Trust::read(("--ca", files.0), ("--certificate", files.1)) {
        Ok(trust) => trust,
        Err(error) => {
            probed.say("证书", Err(error.to_string()));
            return probed;
        }
    };
    let caller = |answer| {
        let access = Access {
            address,
            user: &probe.user,
            password: &password,
            answer,
            trust: &trust,
        };
        Caller::new(access, Refusal::default())
    };
    let (mut camera, mut slow) = match (caller(ANSWER), caller(PICTURE)) {
        (Ok(camera), Ok(slow)) => (camera, slow),
        (Err(error), _) | (_, Err(error)) => {
            probed.say("登录", Err(error.to_string()));
            return probed;
        }
    };
    let info = asked(&mut camera, isapi::DEVICE_INFO).await;
    let info = info.and_then(|body| isapi::device_info(&body));
    let is_there = info.is_ok();
    let shown = info.map(|info| {
        let word = |it: Option<String>| it.unwrap_or_else(|| "-".to_owned());
        let (model, serial) = (word(info.model), word(info.serial));
        format!("{model}，序列号 {serial}，固件 {}", word(info.firmware))
    });
    probed.say("登录与身份", shown);
    if !is_there {
        return probed;
    }
    for input in 1..=probe.inputs {
        let level = asked(&mut camera, &isapi::input_path(input)).await;
        let level = level.and_then(|body| isapi::level(&body));
        let level = level.map(|it| u8::from(it).to_string());
        probed.say(&format!("输入 {input}"), level);
    }
    let gate = asked(&mut camera, &isapi::gate_path(probe.channel)).await;
    let gate = gate.and_then(|body| isapi::gate_status(&body));
    probed.say("道闸状态", gate.map(|it| position(it).to_owned()));
    let path = isapi::picture_path(probe.channel);
    let picture = whole(slow.picture(&path).await);
    let picture = picture.and_then(|body| match body.starts_with(&[0xFF, 0xD8]) {
        true => Ok(body),
        false => Err("答复不是 JPEG".to_owned()),
    });
    let bytes = picture.as_ref().map(|it| format!("{} 字节", it.len()));
    probed.say("抓拍", bytes.map_err(Clone::clone));
    probed.picture = picture.ok();
    if probe.open {
        probed.say("开闸", pulse(&mut camera, &probe).await);
    }
    probed
}

async fn asked(camera: &mut Caller, path: &str) -> Result<Vec<u8>, String> {
    whole(camera.get(path).await)
}

fn whole(answer: Result<Answer, CallError>) -> Result<Vec<u8>, String> {
    match answer {
        Ok(Answer { status: 200, body }) => Ok(body),
        Ok(Answer { status, .. }) => Err(isapi::refusal(&format!("HTTP {status}"), None)),
        Err(error) => Err(error.to_string()),
    }
}

fn position(status: GateStatus) -> &'static str {
    match status {
        GateStatus::At(Position::Up) => "开到位",
        GateStatus::At(Position::Down) => "关到位",
        GateStatus::NoSignal => "相机没有到位信号",
    }
}

/// Opens once. Whatever comes back, it is never told again.
async fn pulse(camera: &mut Caller, probe: &HikProbe) -> Result<String, String> {
    let command = isapi::opening(probe.channel, probe.output);
    let call = Call::Put(&command.path, &command.body);
    let answer = camera.tell(call, Instant::now() + ANSWER).await;
    let answer = answer.map_err(|error| match error {
        CallError::NotHeard(why) => why,
        CallError::Unknown(why) => format!("{why}，结果未知"),
    })?;
    isapi::taken(answer.status, &answer.body)?;
    Ok("相机已执行，是否抬杆请目视".to_owned())
}
