//! A rough line: what goes wrong with single connections, the same for the same seed.
//!
//! A connection is a conversation in turns: the client says something, the server answers. Mishaps
//! happen in a given turn, so they hit the handshake of TLS, a request or a reply, encrypted or not.

#[cfg(test)]
mod tests;

use std::io;
use std::time::Duration;

use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{PIECE_BYTES, flowing};

/// Latest turn in which something goes wrong: by then a kept connection has carried several requests.
const LAST_TURN: u32 = 8;

/// Longest that the pieces of a late connection take, each.
const LATEST: Duration = Duration::from_millis(600);

/// Bytes and pause in which a dripping connection passes on: a request takes longer than an attempt.
const DROP_BYTES: usize = 24;
const DROP_PAUSE: Duration = Duration::from_millis(15);

/// How long a reply that is to get lost is waited for: whoever makes it has committed by then.
const REPLY_WITHIN: Duration = Duration::from_millis(300);

/// Longest that a connection stays on which nothing passes any more: longer than anybody waits.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(30);

/// What may go wrong with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mishap {
    /// Everything passes late.
    Late,
    /// Everything passes a few bytes at a time.
    Dripping,
    /// Half of a request passes, then both sides are reset.
    RequestTorn,
    /// From a request on nothing passes, and nobody says so.
    BlackHole,
    /// A request passes; its reply does not, and the client is reset.
    ReplyLost,
    /// A request passes; its reply does not, and nobody says so.
    ReplySwallowed,
    /// Half of a reply passes, then the connection ends in good order.
    ReplyTorn,
    /// The server sees the client leave before a request; the client is not told.
    HalfOpen,
}

impl Mishap {
    /// Every one.
    pub const ALL: [Mishap; 8] = [
        Mishap::Late,
        Mishap::Dripping,
        Mishap::RequestTorn,
        Mishap::BlackHole,
        Mishap::ReplyLost,
        Mishap::ReplySwallowed,
        Mishap::ReplyTorn,
        Mishap::HalfOpen,
    ];
}

/// How rough a line is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Roughness {
    /// What chance starts from.
    pub seed: u64,
    /// Share of the connections that something happens to, 0 to 1.
    pub share: f64,
}

/// What will happen to a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fate {
    mishap: Mishap,
    turn: u32,
    delay: Duration,
}

impl Roughness {
    /// What happens to the connection of that number.
    pub(super) fn fate(&self, number: u64) -> Option<Fate> {
        // Mixed, so that neighbouring seeds have nothing to do with each other.
        let mixed = self.seed.rotate_left(32) ^ number;
        let mut random = Xoshiro256PlusPlus::seed_from_u64(mixed);
        if !random.random_bool(self.share.clamp(0.0, 1.0)) {
            return None;
        }
        Some(Fate {
            mishap: *Mishap::ALL.choose(&mut random).expect("there are some"),
            turn: random.random_range(1..=LAST_TURN),
            delay: LATEST.mul_f64(random.random()),
        })
    }
}

/// How a rough conversation ended.
enum End {
    InGoodOrder,
    Reset,
}

/// Passes a conversation on until it ends or what is to happen to it has. `struck` is told when it does.
///
/// # Errors
/// Either side is gone; both are to be reset then.
pub(super) async fn pass(
    client: &mut TcpStream,
    server: &mut TcpStream,
    flows: &watch::Receiver<bool>,
    fate: Fate,
    mut struck: impl FnMut(Mishap),
) -> io::Result<()> {
    let mut line = Line {
        client,
        server,
        flows,
        fate,
        turn: 0,
        asking: false,
    };
    match line.talk(&mut struck).await? {
        End::InGoodOrder => Ok(()),
        End::Reset => Err(io::ErrorKind::ConnectionReset.into()),
    }
}

struct Line<'a> {
    client: &'a mut TcpStream,
    server: &'a mut TcpStream,
    flows: &'a watch::Receiver<bool>,
    fate: Fate,
    turn: u32,
    /// Whether the client spoke last.
    asking: bool,
}

enum Piece {
    Said(usize),
    Answered(usize),
}

impl Line<'_> {
    async fn talk(&mut self, struck: &mut impl FnMut(Mishap)) -> io::Result<End> {
        let (mut asked, mut answered) = (vec![0; PIECE_BYTES], vec![0; PIECE_BYTES]);
        let (mut client_done, mut server_done) = (false, false);
        if matches!(self.fate.mishap, Mishap::Late | Mishap::Dripping) {
            struck(self.fate.mishap);
        }
        while !(client_done && server_done) {
            let piece = tokio::select! {
                read = self.client.read(&mut asked), if !client_done => Piece::Said(read?),
                read = self.server.read(&mut answered), if !server_done => Piece::Answered(read?),
            };
            flowing(self.flows.clone()).await;
            match piece {
                Piece::Said(0) => {
                    client_done = true;
                    self.server.shutdown().await?;
                }
                Piece::Answered(0) => {
                    server_done = true;
                    self.client.shutdown().await?;
                }
                Piece::Said(length) => {
                    if !std::mem::replace(&mut self.asking, true) {
                        self.turn += 1;
                    }
                    if let Some(end) = self.said(&asked[..length], struck).await? {
                        return Ok(end);
                    }
                }
                Piece::Answered(length) => {
                    self.asking = false;
                    if let Some(end) = self.answered(&answered[..length], struck).await? {
                        return Ok(end);
                    }
                }
            }
        }
        Ok(End::InGoodOrder)
    }

    /// The client says something; the end of the conversation, if this is it.
    async fn said(
        &mut self,
        piece: &[u8],
        struck: &mut impl FnMut(Mishap),
    ) -> io::Result<Option<End>> {
        let mishap = self.fate.mishap;
        if self.turn < self.fate.turn {
            pass_on(self.server, piece, self.fate).await?;
            return Ok(None);
        }
        match mishap {
            Mishap::Late | Mishap::Dripping | Mishap::ReplyTorn => {
                pass_on(self.server, piece, self.fate).await?;
                Ok(None)
            }
            Mishap::RequestTorn => {
                struck(mishap);
                self.server.write_all(&piece[..piece.len() / 2]).await?;
                Ok(Some(End::Reset))
            }
            Mishap::BlackHole => {
                struck(mishap);
                self.forgotten().await
            }
            Mishap::ReplyLost => {
                self.server.write_all(piece).await?;
                struck(mishap);
                self.swallow_the_reply().await?;
                Ok(Some(End::Reset))
            }
            Mishap::ReplySwallowed => {
                self.server.write_all(piece).await?;
                struck(mishap);
                self.swallow_the_reply().await?;
                self.forgotten().await
            }
            Mishap::HalfOpen => {
                struck(mishap);
                self.server.shutdown().await?;
                self.forgotten().await
            }
        }
    }

    /// The server answers.
    async fn answered(
        &mut self,
        piece: &[u8],
        struck: &mut impl FnMut(Mishap),
    ) -> io::Result<Option<End>> {
        if self.fate.mishap == Mishap::ReplyTorn && self.turn >= self.fate.turn {
            struck(self.fate.mishap);
            self.client.write_all(&piece[..piece.len() / 2]).await?;
            self.client.shutdown().await?;
            return Ok(Some(End::InGoodOrder));
        }
        pass_on(self.client, piece, self.fate).await?;
        Ok(None)
    }

    /// Takes what the server answers and lets nobody have it; done when it says no more for now.
    async fn swallow_the_reply(&mut self) -> io::Result<()> {
        let until = Instant::now() + REPLY_WITHIN;
        let mut nobody = vec![0; PIECE_BYTES];
        while let Ok(read) = tokio::time::timeout_at(until, self.server.read(&mut nobody)).await {
            if read? == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Nothing passes any more, until the client gives up.
    async fn forgotten(&mut self) -> io::Result<Option<End>> {
        let until = Instant::now() + FORGOTTEN_AFTER;
        let mut nobody = vec![0; PIECE_BYTES];
        while let Ok(read) = tokio::time::timeout_at(until, self.client.read(&mut nobody)).await {
            if read? == 0 {
                break;
            }
        }
        Ok(Some(End::Reset))
    }
}

/// Passes a piece on as this connection does.
async fn pass_on(to: &mut TcpStream, piece: &[u8], fate: Fate) -> io::Result<()> {
    match fate.mishap {
        Mishap::Late => tokio::time::sleep(fate.delay).await,
        Mishap::Dripping => {
            for drop in piece.chunks(DROP_BYTES) {
                to.write_all(drop).await?;
                tokio::time::sleep(DROP_PAUSE).await;
            }
            return Ok(());
        }
        Mishap::RequestTorn
        | Mishap::BlackHole
        | Mishap::ReplyLost
        | Mishap::ReplySwallowed
        | Mishap::ReplyTorn
        | Mishap::HalfOpen => {}
    }
    to.write_all(piece).await
}
