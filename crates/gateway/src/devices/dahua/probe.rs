//! Tries a camera of 大华 as far as something is documented that it can be asked: its stream of events,
//! which whoever logs in may read, and its barrier.

use std::time::Duration;

use reqwest::Response;
use secrecy::SecretString;
use tokio::time::{Instant, timeout_at};

use super::message;
use crate::config::Password;
use crate::devices::caller::{Access, Call, CallError, Caller, Refusal};
use crate::devices::probe::{ANSWER, Probed};
use crate::devices::trust::Trust;

/// How often a sign of life is asked for, in seconds: as often as can be, so that nobody waits long.
const BEATS_EVERY: u64 = 1;

/// How long one is waited for.
const BEAT: Duration = Duration::from_secs(5);

/// What a sign of life is called in the stream.
const HEARTBEAT: &[u8] = b"Heartbeat";

/// How a camera is tried.
#[derive(Clone, Debug)]
pub struct DahuaProbe {
    /// Whom one logs in as.
    pub user: String,
    /// With which password; only digests of it are sent.
    pub password: SecretString,
    /// The channel of its barrier.
    pub channel: u16,
    /// Whether the barrier is really to be opened.
    pub open: bool,
}

/// Tries the camera at `address` (`host:port`). What it does not do or say is among the findings.
pub async fn dahua(address: &str, probe: DahuaProbe) -> Probed {
    let mut probed = Probed::default();
    let password = Password::from(probe.password.clone());
    let access = Access {
        address,
        user: &probe.user,
        password: &password,
        answer: ANSWER,
        trust: &Trust::Plain,
    };
    let mut camera = match Caller::new(access, Refusal::default()) {
        Ok(camera) => camera,
        Err(error) => {
            probed.say("登录", Err(error.to_string()));
            return probed;
        }
    };
    let path = message::events_path(probe.channel, BEATS_EVERY);
    let stream = camera.listen(&path).await.map_err(|it| it.to_string());
    let stream = stream.and_then(stream_of);
    let told = stream.as_ref().map(|_| "已登录，事件流已打开".to_owned());
    probed.say("登录与事件流", told.map_err(Clone::clone));
    let Ok(stream) = stream else {
        return probed;
    };
    let beat = heartbeat(stream).await;
    probed.say("心跳", beat.map(|()| "已收到".to_owned()));
    if probe.open {
        probed.say("开闸", open(&mut camera, probe.channel).await);
    }
    probed.cannot("身份", "没有可查询的文档：相机自己上报 DeviceInfo");
    probed.cannot("输入", "没有可查询的文档：地感请接继电器模块");
    probed.cannot("抓拍", "没有可查询的文档：图片随识别上报");
    probed
}

/// The stream of events, if it is one.
fn stream_of(response: Response) -> Result<Response, String> {
    let status = response.status().as_u16();
    let kind = response.headers().get(reqwest::header::CONTENT_TYPE);
    let kind = kind.and_then(|it| it.to_str().ok()).unwrap_or_default();
    let is_stream = kind.to_ascii_lowercase().starts_with("multipart/");
    match (status, is_stream) {
        (200, true) => Ok(response),
        (200, false) => Err("答复不是事件流，可能不是大华相机".to_owned()),
        _ => Err(format!("相机拒绝：HTTP {status}")),
    }
}

async fn heartbeat(mut stream: Response) -> Result<(), String> {
    let end = Instant::now() + BEAT;
    let mut seen = Vec::new();
    loop {
        let piece = timeout_at(end, stream.chunk()).await;
        let piece = piece.map_err(|_| "未及时收到心跳".to_owned())?;
        let piece = piece.map_err(|error| error.without_url().to_string())?;
        seen.extend_from_slice(&piece.ok_or("事件流被对方关闭")?);
        if seen.windows(HEARTBEAT.len()).any(|it| it == HEARTBEAT) {
            return Ok(());
        }
        // The word may be cut anywhere; what is before that is of no use.
        let rest = seen.len().saturating_sub(HEARTBEAT.len());
        seen.drain(..rest);
    }
}

/// Opens once. Whatever comes back, it is never told again.
async fn open(camera: &mut Caller, channel: u16) -> Result<String, String> {
    let path = message::open_path(channel);
    let answer = camera.tell(Call::Get(&path), Instant::now() + ANSWER).await;
    let answer = answer.map_err(|error| match error {
        CallError::NotHeard(why) => why,
        CallError::Unknown(why) => format!("{why}，结果未知"),
    })?;
    message::taken(answer.status, &answer.body)?;
    Ok("相机已接受，是否抬杆请目视".to_owned())
}
