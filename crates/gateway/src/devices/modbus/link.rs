//! One connection to a module: a question at a time.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;

use super::frame::{Answer, Call, Decoded, FrameError, MAX_FRAME, Peer};
use crate::config::SerialLine;
use crate::devices::health::Health;
use crate::devices::stream::{self, OpenError, Stream};

/// Why a connection is of no use any more. What was asked last may have been done.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("连接中断：{0}")]
    Broken(#[from] io::Error),
    #[error("连接被对方关闭")]
    Closed,
    #[error("未及时应答")]
    Silent,
    #[error("应答无法读取：{0}")]
    Frame(#[from] FrameError),
}

/// A connection.
#[derive(Debug)]
pub(super) struct Link {
    stream: Stream,
    peer: Peer,
    /// Longest that an answer may take.
    patience: Duration,
    transaction: u16,
    /// What has come and is not read yet.
    buffer: Vec<u8>,
    /// How each of the few questions about inputs and relays was answered last.
    latest: Vec<(Call, Answer)>,
    /// How long the line has to be silent between two frames, and when it was not.
    gap: Duration,
    spoken: Instant,
}

impl Link {
    pub(super) async fn open(
        address: &str,
        line: SerialLine,
        peer: Peer,
        patience: Duration,
    ) -> Result<Link, LinkError> {
        Ok(Link {
            stream: stream::open(address, line).await?,
            peer,
            patience,
            transaction: 0,
            buffer: Vec::with_capacity(MAX_FRAME),
            latest: Vec::new(),
            gap: stream::gap(address, line),
            spoken: Instant::now(),
        })
    }

    /// Asks, once. After an error the connection is of no use: an answer that comes late would be
    /// taken for that of the next question.
    pub(super) async fn ask(&mut self, call: Call, health: &Health) -> Result<Answer, LinkError> {
        self.transaction = self.transaction.wrapping_add(1);
        let question = self.peer.encode(call, self.transaction);
        let patience = self.patience;
        tokio::time::sleep_until(self.spoken + self.gap).await;
        let asking = async {
            self.stream.write_all(&question).await?;
            self.answer(call).await
        };
        let answer = tokio::time::timeout(patience, asking).await;
        let answer = answer.unwrap_or(Err(LinkError::Silent));
        self.spoken = Instant::now();
        match &answer {
            Ok((answer, _)) if self.is_as_before(call, answer) => {
                health.asked();
                health.heard_again();
            }
            Ok((_, frame)) => {
                health.sent(&question);
                health.heard(frame);
            }
            Err(_) => health.sent(&question),
        }
        Ok(answer?.0)
    }

    /// Whether it is a question that was answered the same the last time.
    fn is_as_before(&mut self, call: Call, answer: &Answer) -> bool {
        if !matches!(answer, Answer::Bits(_)) {
            return false;
        }
        if let Some((_, latest)) = self.latest.iter_mut().find(|(asked, _)| *asked == call) {
            return std::mem::replace(latest, answer.clone()) == *answer;
        }
        self.latest.push((call, answer.clone()));
        false
    }

    /// The answer, and the frame that it came in.
    async fn answer(&mut self, call: Call) -> Result<(Answer, Vec<u8>), LinkError> {
        loop {
            match self.peer.decode(&self.buffer, call, self.transaction)? {
                Decoded::Answer(answer) => {
                    // Nothing may follow: the next question is not asked yet.
                    return Ok((answer, std::mem::take(&mut self.buffer)));
                }
                Decoded::Stale(passed) => {
                    self.buffer.drain(..passed);
                }
                Decoded::Incomplete => {
                    let mut bytes = [0; MAX_FRAME];
                    match self.stream.read(&mut bytes).await? {
                        0 => return Err(LinkError::Closed),
                        read => self.buffer.extend_from_slice(&bytes[..read]),
                    }
                }
            }
        }
    }
}
