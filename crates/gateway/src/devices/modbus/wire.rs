//! An open way to modules: one question at a time, and what comes of it.

use std::io;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::frame::{ABSENT, Answer, Call, Decoded, FrameError, MAX_FRAME, Peer};
use crate::config::{Framing, SerialLine};
use crate::devices::stream::{self, OpenError, Stream};

/// How long a serial line has to be silent before it counts as drained of a late answer: serial
/// servers hand over in pieces that are some milliseconds apart.
const QUIET: Duration = Duration::from_millis(50);

/// Longest that a line is drained: what is heard all that time is noise, and others wait.
const DRAINED: Duration = Duration::from_millis(200);

/// Most bytes that are kept while an answer is looked for among others.
const KEPT: usize = 2 * MAX_FRAME;

/// Why a question has no answer. It may have been obeyed, unless it was never sent.
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
    #[error("未应答（网关代答，异常码 0B）")]
    Absent,
    #[error("应答无法读取：{0}")]
    Frame(#[from] FrameError),
    #[error("连接已断开")]
    Gone,
    #[error("所在线路忙，指令已过时")]
    TooLate,
}

impl LinkError {
    /// Whether the question never left: nothing was done.
    pub(super) const fn is_unsent(&self) -> bool {
        matches!(
            self,
            LinkError::Open(_) | LinkError::Gone | LinkError::TooLate
        )
    }
}

/// An answer, and the frame that it came in.
pub(super) type Answered = (Answer, Vec<u8>);

/// An open way.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Stream,
    framing: Framing,
    transaction: u16,
    /// What has come and is not read yet.
    buffer: Vec<u8>,
    /// How long the line has to be silent between two frames, and when it was not.
    gap: Duration,
    spoken: Instant,
}

impl Wire {
    /// Opens the way to `address`. Frames that travel on a serial line are `gap` apart.
    pub(super) async fn open(
        address: &str,
        line: SerialLine,
        framing: Framing,
        gap: Duration,
    ) -> Result<Wire, OpenError> {
        let stream = stream::open(address, line).await?;
        Ok(Wire::over(stream, framing, gap))
    }

    pub(super) fn over(stream: Stream, framing: Framing, gap: Duration) -> Wire {
        Wire {
            stream,
            framing,
            transaction: 0,
            buffer: Vec::with_capacity(KEPT),
            gap,
            spoken: Instant::now(),
        }
    }

    /// Asks, once; the question as it was sent, and what came of it. What answers another question, or
    /// is of another unit, is passed over.
    pub(super) async fn ask(
        &mut self,
        peer: Peer,
        call: Call,
        patience: Duration,
    ) -> (Vec<u8>, Result<Answered, LinkError>) {
        self.transaction = self.transaction.wrapping_add(1);
        let question = peer.encode(call, self.transaction);
        sleep_until(self.spoken + self.gap).await;
        let (mut sent, mut wrong) = (false, None);
        let asking = async {
            self.pass_over()?;
            self.stream.write_all(&question).await?;
            sent = true;
            self.answer(peer, call, &mut wrong).await
        };
        let answer = match timeout(patience, asking).await {
            Ok(Ok((Answer::Exception(ABSENT), _))) => Err(LinkError::Absent),
            Ok(answer) => answer,
            // Half a question may be on its way: nothing makes sense behind it.
            Err(_) if !sent => Err(LinkError::Broken(io::ErrorKind::TimedOut.into())),
            Err(_) => Err(wrong.map_or(LinkError::Silent, LinkError::Frame)),
        };
        self.spoken = Instant::now();
        (question, answer)
    }

    /// After a question without an answer, before the next: on a serial line, whatever still comes is
    /// heard out. An answer over TCP has its question's number instead.
    pub(super) async fn drain(&mut self) -> Result<(), LinkError> {
        if self.framing == Framing::Tcp {
            return Ok(());
        }
        let end = Instant::now() + DRAINED;
        while let Ok(read) = timeout_at(end.min(Instant::now() + QUIET), self.read()).await {
            read?;
            self.buffer.clear();
            if end <= Instant::now() {
                break;
            }
        }
        self.buffer.clear();
        self.spoken = Instant::now();
        Ok(())
    }

    /// On a serial line, what has come without a question answers nothing.
    fn pass_over(&mut self) -> Result<(), LinkError> {
        if self.framing == Framing::Tcp {
            return Ok(());
        }
        self.buffer.clear();
        while let Some(read) = self.read().now_or_never() {
            read?;
            self.buffer.clear();
        }
        Ok(())
    }

    /// Reads what comes; what is read is not lost when nobody waits any more.
    async fn read(&mut self) -> Result<(), LinkError> {
        let mut bytes = [0; MAX_FRAME];
        match self.stream.read(&mut bytes).await? {
            0 => Err(LinkError::Closed),
            read => {
                self.buffer.extend_from_slice(&bytes[..read]);
                Ok(())
            }
        }
    }

    /// The answer; `wrong` is what was wrong with what came instead, as far as anything did.
    async fn answer(
        &mut self,
        peer: Peer,
        call: Call,
        wrong: &mut Option<FrameError>,
    ) -> Result<Answered, LinkError> {
        loop {
            let found = match self.framing {
                Framing::Tcp => self.numbered(peer, call)?,
                Framing::Rtu => self.among_others(peer, call, wrong),
            };
            if let Some(answered) = found {
                return Ok(answered);
            }
            self.read().await?;
        }
    }

    /// The answer with the question's number, behind those to earlier questions.
    fn numbered(&mut self, peer: Peer, call: Call) -> Result<Option<Answered>, LinkError> {
        loop {
            match peer.decode(&self.buffer, call, self.transaction)? {
                Decoded::Answer(answer, length) => {
                    let frame = self.buffer.drain(..length).collect();
                    return Ok(Some((answer, frame)));
                }
                Decoded::Stale(passed) => _ = self.buffer.drain(..passed),
                Decoded::Incomplete => return Ok(None),
            }
        }
    }

    /// The first bytes that are an answer of that unit to that function with a checksum that agrees:
    /// before them there may be a late answer of another unit, or noise.
    fn among_others(
        &mut self,
        peer: Peer,
        call: Call,
        wrong: &mut Option<FrameError>,
    ) -> Option<Answered> {
        for from in 0..self.buffer.len() {
            match peer.decode(&self.buffer[from..], call, self.transaction) {
                Ok(Decoded::Answer(answer, length)) => {
                    let frame = self.buffer[from..from + length].to_vec();
                    // Nothing may follow: the next question is not asked yet.
                    self.buffer.clear();
                    return Some((answer, frame));
                }
                Ok(Decoded::Stale(_) | Decoded::Incomplete) => {}
                Err(error) => _ = wrong.get_or_insert(error),
            }
        }
        let surplus = self.buffer.len().saturating_sub(KEPT);
        self.buffer.drain(..surplus);
        None
    }
}

#[cfg(test)]
mod tests;
