//! A connection to a camera: what is told, and what was taken of it.

use std::io;
use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::frame::{self, FrameError, Frames};
use crate::devices::controller::CommandError;
use crate::devices::relays::Step;

/// Longest that a command may take to leave: the camera reads no more.
const SEND: Duration = Duration::from_secs(2);

/// Why a connection ends.
#[derive(Debug, thiserror::Error)]
pub(super) enum End {
    #[error("网关正在停止")]
    Over,
    #[error("无法连接：{0}")]
    Connect(io::Error),
    #[error("连接超时")]
    ConnectSlow,
    #[error("连接中断：{0}")]
    Broken(#[from] io::Error),
    #[error("连接被对方关闭")]
    Closed,
    #[error("心跳中断")]
    Silent,
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("序列号 {0} 不是 {1}")]
    Stranger(String, String),
}

/// An order that was sent; the answer to a question behind it shows that the camera took it.
pub(super) struct Sent {
    pub(super) question: u64,
    /// Which output of whose it drives, if it does.
    pub(super) output: Option<(DeviceNo, Step)>,
    pub(super) until: Instant,
    pub(super) answer: oneshot::Sender<Result<(), CommandError>>,
    /// What it is worth that the camera took it.
    pub(super) taken: Result<(), CommandError>,
}

/// A connection.
pub(super) struct Link {
    pub(super) stream: TcpStream,
    pub(super) frames: Frames,
    pub(super) sequence: u8,
    /// The number of the next command.
    pub(super) id: u64,
    /// Questions for the serial number, asked and answered.
    pub(super) asked: u64,
    pub(super) answered: u64,
    pub(super) sent: Vec<Sent>,
    pub(super) heard: Instant,
}

impl Link {
    pub(super) fn new(stream: TcpStream) -> Link {
        Link {
            stream,
            frames: Frames::default(),
            sequence: 0,
            id: 0,
            asked: 0,
            answered: 0,
            sent: Vec::new(),
            heard: Instant::now(),
        }
    }

    pub(super) async fn tell(&mut self, command: impl FnOnce(u64) -> Value) -> Result<(), End> {
        self.id += 1;
        self.sequence = self.sequence.wrapping_add(1);
        let bytes = frame::command(self.sequence, &command(self.id));
        self.write(&bytes).await
    }

    pub(super) async fn ask(&mut self) -> Result<(), End> {
        self.asked += 1;
        self.tell(frame::ask_serial).await
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), End> {
        let written = timeout(SEND, self.stream.write_all(bytes)).await;
        Ok(written.map_err(|_| End::Silent)??)
    }

    /// The orders before the latest answered question were taken.
    pub(super) fn settle(&mut self) {
        let answered = self.answered;
        for sent in self.sent.extract_if(.., |it| it.question <= answered) {
            // Who ordered may have given up.
            let _ = sent.answer.send(sent.taken);
        }
    }

    /// The orders that nothing shows the camera to have taken, and that should have been by then.
    pub(super) fn overdue(&mut self, by: Instant) -> Vec<Sent> {
        self.sent.extract_if(.., |it| it.until <= by).collect()
    }
}
