//! Conversations with a module, one request after the other.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::frame::{self, Request, checksum};
use super::{Framing, INPUTS, Inner, ModuleFault};

/// What a relay is told to be closed; anything else opens it.
const ON: u16 = 0xFF00;

/// From here on a relay is closed for so many tenths of a second.
const FLASH: u16 = 0x0200;

/// How long such a tenth is.
const TENTH: Duration = Duration::from_millis(100);

/// What comes of a request.
pub(super) struct Reply {
    /// The answer, if there is one.
    pub(super) answer: Option<Vec<u8>>,
    /// Whether the one before comes again first.
    stale: bool,
}

pub(super) async fn converse(
    stream: TcpStream,
    inner: &Arc<Inner>,
    framing: Framing,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    match framing {
        Framing::Tcp => tcp(stream, inner).await,
        Framing::Rtu => rtu(stream, inner).await,
    }
}

async fn tcp(mut stream: TcpStream, inner: &Arc<Inner>) -> std::io::Result<()> {
    let mut before = Vec::new();
    loop {
        let mut head = [0; 7];
        stream.read_exact(&mut head).await?;
        let length = usize::from(u16::from_be_bytes([head[4], head[5]]));
        let mut pdu = vec![0; length.saturating_sub(1)];
        stream.read_exact(&mut pdu).await?;
        let Reply { answer, stale } = reply(&pdu, inner);
        let Some(answer) = answer else { continue };
        let length = u16::try_from(answer.len() + 1).unwrap_or(u16::MAX);
        let mut frame = vec![head[0], head[1], 0, 0];
        frame.extend(length.to_be_bytes());
        frame.push(head[6]);
        frame.extend(answer);
        if stale {
            stream.write_all(&before).await?;
        }
        let (first, second) = frame.split_at(5);
        stream.write_all(first).await?;
        stream.flush().await?;
        tokio::task::yield_now().await;
        stream.write_all(second).await?;
        before = frame;
    }
}

/// Every request that it knows is a unit, a function, two words and a checksum.
async fn rtu(mut stream: TcpStream, inner: &Arc<Inner>) -> std::io::Result<()> {
    loop {
        let mut frame = [0; 8];
        stream.read_exact(&mut frame).await?;
        let [unit, pdu @ .., low, high] = frame;
        if checksum(&frame[..6]).to_le_bytes() != [low, high] {
            return Err(std::io::Error::other("a wrong checksum"));
        }
        let Some(answer) = reply(&pdu, inner).answer else {
            continue;
        };
        let mut frame = vec![unit];
        frame.extend(answer);
        frame.extend(checksum(&frame).to_le_bytes());
        stream.write_all(&frame).await?;
    }
}

pub(super) fn reply(pdu: &[u8], inner: &Arc<Inner>) -> Reply {
    let stale = false;
    if inner.lock().fault == ModuleFault::Dead {
        let answer = None;
        return Reply { answer, stale };
    }
    let answer = match Request::read(pdu) {
        Err(refused) => refused,
        Ok(request) => match request.function {
            1 => request.bits(|at| inner.is_closed(at)),
            2 => {
                let inputs: [bool; INPUTS] = inner.lock().inputs;
                request.bits(|at| inputs.get(usize::from(at)) == Some(&true))
            }
            5 => return written(request, pdu, inner),
            other => frame::exception(other, frame::NO_FUNCTION),
        },
    };
    let answer = Some(answer);
    Reply { answer, stale }
}

fn written(request: Request, pdu: &[u8], inner: &Arc<Inner>) -> Reply {
    let mut state = inner.lock();
    state.writes.push((request.at, request.value));
    let fault = state.next.pop_front().unwrap_or(state.fault);
    drop(state);
    if !matches!(fault, ModuleFault::Lost | ModuleFault::Refused) {
        switch(request, inner);
    }
    let answer = match fault {
        ModuleFault::None | ModuleFault::StaleFirst => Some(pdu.to_vec()),
        ModuleFault::Refused => Some(frame::exception(request.function, frame::NO_ADDRESS)),
        ModuleFault::DoneUnanswered | ModuleFault::Lost | ModuleFault::Dead => None,
    };
    let stale = fault == ModuleFault::StaleFirst;
    Reply { answer, stale }
}

fn switch(request: Request, inner: &Arc<Inner>) {
    let Some(relay) = request.at.checked_sub(FLASH) else {
        inner.switch(request.at, request.value == ON);
        return;
    };
    let told = inner.switch(relay, true);
    let inner = Arc::downgrade(inner);
    tokio::spawn(async move {
        tokio::time::sleep(TENTH * u32::from(request.value)).await;
        let Some(inner) = inner.upgrade() else { return };
        let latest = inner.lock().relays.get(&relay).map(|known| known.told);
        // Whoever told it something since decides.
        if latest == Some(told) {
            inner.switch(relay, false);
        }
    });
}
