//! Several modules on one line, behind something that takes one connection: a serial server that passes
//! serial frames through, or a gateway of Modbus TCP that asks the units itself.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

use super::frame::{self, checksum};
use super::serve::reply;
use super::{Framing, Inner, ModuleFault, ORDERS_QUEUED, RelayModule, State};

/// What a gateway says of a unit that does not answer it.
const ABSENT: u8 = 0x0B;

/// The function that writes a relay.
const WRITE: u8 = 5;

/// A line; clones are the same one, and it ends with the last.
#[derive(Clone, Debug)]
pub struct Bus {
    /// Where it listens.
    pub address: SocketAddr,
    line: Arc<Line>,
}

#[derive(Debug)]
struct Line {
    framing: Framing,
    modules: Vec<(u8, RelayModule)>,
    /// Whether somebody is connected.
    taken: AtomicBool,
    refused: AtomicUsize,
    /// Whose next answer to a write comes late.
    late: Mutex<Option<u8>>,
    /// Which units were asked, and with which function.
    asked: Mutex<Vec<(u8, u8)>>,
}

impl Bus {
    /// A line with a module of each of these units on it, within a runtime.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn start(
        listener: TcpListener,
        framing: Framing,
        units: &[u8],
    ) -> std::io::Result<(Bus, Vec<RelayModule>)> {
        let address = listener.local_addr()?;
        let modules = units.iter().map(|unit| (*unit, module(address)));
        let line = Arc::new(Line {
            framing,
            modules: modules.collect(),
            taken: AtomicBool::new(false),
            refused: AtomicUsize::new(0),
            late: Mutex::default(),
            asked: Mutex::default(),
        });
        let serving = Arc::downgrade(&line);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Some(line) = serving.upgrade() else {
                    return;
                };
                if line.taken.swap(true, Ordering::Relaxed) {
                    line.refused.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
                tokio::spawn(async move {
                    // Whoever has gone comes back.
                    let _ = line.converse(stream).await;
                    line.taken.store(false, Ordering::Relaxed);
                });
            }
        });
        let modules = line.modules.iter().map(|(_, it)| it.clone()).collect();
        Ok((Bus { address, line }, modules))
    }

    /// How many connections were refused because there was one.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.line.refused.load(Ordering::Relaxed)
    }

    /// Has the next answer of that unit to a write come in front of the next answer of anybody.
    pub fn echo_is_late(&self, unit: u8) {
        *self
            .line
            .late
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(unit);
    }

    /// Which units were asked so far, and with which function each.
    #[must_use]
    pub fn asked(&self) -> Vec<(u8, u8)> {
        let asked = self.line.asked.lock();
        asked.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A module that is spoken to over the line alone.
fn module(address: SocketAddr) -> RelayModule {
    // Nobody drives a barrier by its relays: they are looked at.
    let (orders, _) = mpsc::channel(ORDERS_QUEUED);
    let inner = Inner {
        state: Mutex::new(State::default()),
        orders,
        cut: watch::Sender::new(0),
    };
    RelayModule {
        address,
        inner: Arc::new(inner),
    }
}

impl Line {
    async fn converse(&self, stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        match self.framing {
            Framing::Rtu => self.pass_through(stream).await,
            Framing::Tcp => self.ask_for(stream).await,
        }
    }

    /// A unit's answer, if it has one.
    fn answer(&self, unit: u8, pdu: &[u8]) -> Option<Vec<u8>> {
        let function = pdu.first().copied().unwrap_or_default();
        let asked = self.asked.lock();
        let mut asked = asked.unwrap_or_else(PoisonError::into_inner);
        asked.push((unit, function));
        drop(asked);
        let mut modules = self.modules.iter();
        let (_, module) = modules.find(|(it, _)| *it == unit)?;
        reply(pdu, &module.inner).answer
    }

    /// Whether the answer to this of a unit is the late one.
    fn is_held(&self, unit: u8, function: u8) -> bool {
        if function != WRITE {
            return false;
        }
        let late = self.late.lock();
        let mut late = late.unwrap_or_else(PoisonError::into_inner);
        late.take_if(|it| *it == unit).is_some()
    }

    async fn pass_through(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut held = Vec::new();
        loop {
            let mut question = [0; 8];
            stream.read_exact(&mut question).await?;
            let [unit, pdu @ .., low, high] = question;
            if checksum(&question[..6]).to_le_bytes() != [low, high] {
                return Err(std::io::Error::other("a wrong checksum"));
            }
            let Some(answer) = self.answer(unit, &pdu) else {
                continue;
            };
            let from = held.len();
            held.push(unit);
            held.extend(answer);
            let sum = checksum(&held[from..]);
            held.extend(sum.to_le_bytes());
            if !self.is_held(unit, pdu[0]) {
                stream.write_all(&std::mem::take(&mut held)).await?;
            }
        }
    }

    async fn ask_for(&self, mut stream: TcpStream) -> std::io::Result<()> {
        loop {
            let mut head = [0; 7];
            stream.read_exact(&mut head).await?;
            let length = usize::from(u16::from_be_bytes([head[4], head[5]]));
            let mut pdu = vec![0; length.saturating_sub(1)];
            stream.read_exact(&mut pdu).await?;
            let function = pdu.first().copied().unwrap_or_default();
            let answer = self.answer(head[6], &pdu);
            let answer = answer.unwrap_or_else(|| frame::exception(function, ABSENT));
            let length = u16::try_from(answer.len() + 1).unwrap_or(u16::MAX);
            let mut frame = head.to_vec();
            frame[4..6].copy_from_slice(&length.to_be_bytes());
            frame.extend(answer);
            stream.write_all(&frame).await?;
        }
    }
}

impl RelayModule {
    /// Cuts or gives it its power.
    pub fn has_power(&self, power: bool) {
        self.fails(match power {
            true => ModuleFault::None,
            false => ModuleFault::Dead,
        });
    }
}
