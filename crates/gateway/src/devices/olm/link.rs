//! One line with boards on it: a question at a time.

use std::io;
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf, split};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use super::frame::{Frame, Frames};
use crate::config::{Olm, SerialLine};
use crate::devices::controller::CommandError;
use crate::devices::stream::{self, OpenError, Stream};
use crate::devices::vz::rs485::{Rs485, Sender};

/// Longest that a frame may take to leave: nobody reads any more.
const SEND: Duration = Duration::from_secs(2);

/// How much is read at once: some answers.
const PIECE: usize = 256;

/// How long a board that does not answer is left alone after a frame has arrived there.
const UNANSWERED: Duration = Duration::from_millis(100);

/// Bits of a byte on a serial line, at most.
const BITS: u64 = 11;

/// Why a line is of no use any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("连接中断：{0}")]
    Broken(#[from] io::Error),
    #[error("连接被对方关闭")]
    Closed,
    #[error("发送超时")]
    Stuck,
}

/// What became of a question.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// The board answered this.
    Answer(Vec<u8>),
    /// It was told, and did not answer.
    Silent,
    /// It was told, and is not one that answers.
    Told,
    /// What lies before it did not take the question, or may not have.
    NotTold(CommandError),
}

/// A line that is open.
#[derive(Debug)]
pub(super) struct Link {
    reading: Reading,
    writing: Writing,
    frames: Frames,
    /// Until when the line is left alone.
    rests: Instant,
}

/// Where answers come from.
#[derive(Debug)]
enum Reading {
    Stream(ReadHalf<Stream>),
    Camera(mpsc::Receiver<Vec<u8>>),
}

/// Where questions go.
#[derive(Debug)]
enum Writing {
    Stream(WriteHalf<Stream>),
    Camera(Sender),
}

impl Link {
    pub(super) async fn open(address: &str, line: SerialLine) -> Result<Link, LinkError> {
        let (reading, writing) = split(stream::open(address, line).await?);
        let ends = (Reading::Stream(reading), Writing::Stream(writing));
        Ok(Link::over(ends))
    }

    /// The RS485 of a camera.
    pub(super) fn through(camera: Rs485) -> Link {
        let Rs485 { sender, heard } = camera;
        Link::over((Reading::Camera(heard), Writing::Camera(sender)))
    }

    fn over((reading, writing): (Reading, Writing)) -> Link {
        Link {
            reading,
            writing,
            frames: Frames::default(),
            rests: Instant::now(),
        }
    }

    /// Tells a board something, once.
    pub(super) async fn ask(
        &mut self,
        question: &Frame,
        board: &Olm,
        awaits: bool,
    ) -> Result<Heard, LinkError> {
        sleep_until(self.rests).await;
        // What comes without a question, or after its time, answers nothing.
        while let Some(read) = self.reading.read(&mut self.frames).now_or_never() {
            read?;
        }
        self.frames.clear();
        let bytes = question.encode();
        let travels = on_the_line(bytes.len(), board.baud);
        let Link {
            reading,
            writing,
            frames,
            rests,
        } = self;
        let mut listening = pin!(answer(reading, frames, question));
        // An answer may be there before a camera has said that it took the question.
        let sent = tokio::select! {
            biased;
            answer = &mut listening, if awaits => return answer,
            sent = writing.send(&bytes) => sent?,
        };
        if let Err(error) = sent {
            return Ok(Heard::NotTold(error));
        }
        if !awaits {
            *rests = Instant::now() + travels + UNANSWERED;
            return Ok(Heard::Told);
        }
        let answer = timeout(travels + board.answer, listening).await;
        answer.unwrap_or(Ok(Heard::Silent))
    }

    /// Listens while nobody asks, so that a connection that ends is noticed.
    pub(super) async fn idle(&mut self) -> Result<(), LinkError> {
        loop {
            self.reading.read(&mut self.frames).await?;
            self.frames.clear();
        }
    }
}

async fn answer(
    reading: &mut Reading,
    frames: &mut Frames,
    question: &Frame,
) -> Result<Heard, LinkError> {
    loop {
        while let Some(frame) = frames.next() {
            if frame.answers(question) {
                return Ok(Heard::Answer(frame.data));
            }
        }
        reading.read(frames).await?;
    }
}

impl Reading {
    /// Reads what comes; what is read is not lost when nobody waits any more.
    async fn read(&mut self, frames: &mut Frames) -> Result<(), LinkError> {
        match self {
            Reading::Stream(stream) => {
                let mut piece = [0; PIECE];
                match stream.read(&mut piece).await? {
                    0 => return Err(LinkError::Closed),
                    length => frames.push(&piece[..length]),
                }
            }
            Reading::Camera(heard) => {
                let bytes = heard.recv().await.ok_or(LinkError::Closed)?;
                frames.push(&bytes);
            }
        }
        Ok(())
    }
}

impl Writing {
    /// Sends; a camera may not have taken it, which does not end the line.
    async fn send(&mut self, bytes: &[u8]) -> Result<Result<(), CommandError>, LinkError> {
        match self {
            Writing::Stream(stream) => {
                let sending = timeout(SEND, stream.write_all(bytes)).await;
                sending.map_err(|_| LinkError::Stuck)??;
                Ok(Ok(()))
            }
            Writing::Camera(camera) => Ok(camera.send(bytes).await),
        }
    }
}

/// How long so many bytes travel on a serial line, behind whatever they went through before.
fn on_the_line(bytes: usize, baud: u32) -> Duration {
    let bits = u64::try_from(bytes).unwrap_or(u64::MAX) * BITS;
    Duration::from_micros(bits * 1_000_000 / u64::from(baud.max(1)))
}
