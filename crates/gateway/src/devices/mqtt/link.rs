//! A connection to a broker.

use std::io;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::frame::{self, FrameError, Frames, Packet};
use crate::config;

/// Longest that a connection on the lot's own network may take, and as long again to be let in.
const CONNECT: Duration = Duration::from_secs(2);

/// Longest that a message may take to leave: the broker reads no more.
const SEND: Duration = Duration::from_secs(2);

/// Silence after which the broker may end the connection, in seconds.
const KEEP_ALIVE: u16 = 15;

/// How often the broker is asked for a sign of life.
pub(super) const PING: Duration = Duration::from_secs(5);

/// How long after its last word the broker counts as gone: two questions without an answer.
pub(super) const SILENT: Duration = Duration::from_secs(12);

/// Why a connection ends.
#[derive(Debug, thiserror::Error)]
pub(super) enum End {
    #[error("无法连接：{0}")]
    Connect(io::Error),
    #[error("连接超时")]
    ConnectSlow,
    #[error("连接中断：{0}")]
    Broken(#[from] io::Error),
    #[error("连接被对方关闭")]
    Closed,
    #[error("服务器无应答")]
    Silent,
    #[error("服务器拒绝连接：{0}")]
    Refused(&'static str),
    #[error("服务器拒绝订阅 {0}")]
    Unsubscribed(String),
    #[error("应先应答连接，收到其他报文")]
    Unexpected,
    #[error(transparent)]
    Frame(#[from] FrameError),
}

/// A connection, which the broker has taken.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) stream: TcpStream,
    pub(super) frames: Frames,
    pub(super) heard: Instant,
    id: u16,
}

impl Link {
    pub(super) async fn open(config: &config::Mqtt) -> Result<Link, End> {
        let stream = timeout(CONNECT, TcpStream::connect(&config.address)).await;
        let stream = stream
            .map_err(|_| End::ConnectSlow)?
            .map_err(End::Connect)?;
        stream.set_nodelay(true)?;
        let mut link = Link {
            stream,
            frames: Frames::default(),
            heard: Instant::now(),
            id: 0,
        };
        let who = frame::Connect {
            client: &config.client,
            user: config.user.as_deref(),
            password: config.password.as_ref().map(|it| it.expose_secret()),
            keep_alive: KEEP_ALIVE,
        };
        link.write(&frame::connect(&who)).await?;
        let answer = timeout(CONNECT, link.first()).await;
        match answer.map_err(|_| End::Silent)?? {
            Packet::Connected(0) => Ok(link),
            Packet::Connected(code) => Err(End::Refused(refusal(code))),
            _ => Err(End::Unexpected),
        }
    }

    async fn first(&mut self) -> Result<Packet, End> {
        loop {
            if let Some(packet) = self.frames.next()? {
                return Ok(packet);
            }
            if self.stream.read_buf(self.frames.room()).await? == 0 {
                return Err(End::Closed);
            }
        }
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), End> {
        let written = timeout(SEND, self.stream.write_all(bytes)).await;
        Ok(written.map_err(|_| End::Silent)??)
    }

    /// The next number of a message, never 0.
    pub(super) fn next_id(&mut self) -> u16 {
        self.id = self.id.checked_add(1).unwrap_or(1);
        self.id
    }
}

/// What a broker's refusal means (MQTT 3.1.1, 3.2.2.3).
fn refusal(code: u8) -> &'static str {
    match code {
        1 => "协议版本不受支持",
        2 => "客户端标识不被接受",
        3 => "服务不可用",
        4 => "用户名或密码错误",
        5 => "未授权",
        _ => "原因不明",
    }
}
