//! A module of relays and contacts that speaks Modbus, over TCP or in serial frames through a TCP
//! connection, and can fail in the ways modules do.
//!
//! It is written from the makers' documents, not from the gateway's code.

mod bus;
mod frame;
mod serve;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

pub use self::bus::Bus;

/// Inputs of a module.
const INPUTS: usize = 8;

/// Most orders that nobody has carried out.
const ORDERS_QUEUED: usize = 64;

/// A module; clones are the same one, and it ends with the last.
#[derive(Clone, Debug)]
pub struct RelayModule {
    /// Where it listens.
    pub address: SocketAddr,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    orders: mpsc::Sender<RelayOrder>,
    cut: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    relays: BTreeMap<u16, Relay>,
    inputs: [bool; INPUTS],
    writes: Vec<(u16, u16)>,
    fault: ModuleFault,
    /// How the next writes fail, if that is otherwise.
    next: VecDeque<ModuleFault>,
    connections: usize,
}

/// A relay, and how often it was told something.
#[derive(Clone, Copy, Debug, Default)]
struct Relay {
    closed: bool,
    told: u64,
}

/// A relay has switched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayOrder {
    /// Which, as its address on the wire says.
    pub relay: u16,
    /// Whether it is closed now.
    pub closed: bool,
}

/// How frames are packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Framing {
    /// As Modbus TCP has it.
    #[default]
    Tcp,
    /// Serial frames with their checksum.
    Rtu,
}

/// What it does with a write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ModuleFault {
    /// It does it and answers, in two pieces.
    #[default]
    None,
    /// It does it, and the answer is lost.
    DoneUnanswered,
    /// It neither does it nor answers.
    Lost,
    /// It refuses with exception 02.
    Refused,
    /// It answers the question before, then this one.
    StaleFirst,
    /// It has no power: nothing is answered, questions neither.
    Dead,
}

impl RelayModule {
    /// A module on this listener, within a runtime. What its relays do comes out of the receiver.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn start(
        listener: TcpListener,
        framing: Framing,
    ) -> std::io::Result<(RelayModule, mpsc::Receiver<RelayOrder>)> {
        let address = listener.local_addr()?;
        let (orders, ordered) = mpsc::channel(ORDERS_QUEUED);
        let inner = Arc::new(Inner {
            state: Mutex::default(),
            orders,
            cut: watch::Sender::new(0),
        });
        let serving = Arc::downgrade(&inner);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Some(inner) = serving.upgrade() else {
                    return;
                };
                inner.lock().connections += 1;
                let mut cuts = inner.cut.subscribe();
                tokio::spawn(async move {
                    tokio::select! {
                        // Whoever has gone comes back.
                        _ = serve::converse(stream, &inner, framing) => {}
                        _ = cuts.changed() => {}
                    }
                });
            }
        });
        Ok((RelayModule { address, inner }, ordered))
    }

    /// Has every write fail so from now on.
    pub fn fails(&self, fault: ModuleFault) {
        self.inner.lock().fault = fault;
    }

    /// Has the next write fail so, and no other.
    pub fn fails_once(&self, fault: ModuleFault) {
        self.fails_in_turn([fault]);
    }

    /// Has the next writes fail so, one after the other, and no other.
    pub fn fails_in_turn(&self, faults: impl IntoIterator<Item = ModuleFault>) {
        self.inner.lock().next = faults.into_iter().collect();
    }

    /// Sets an input, counted from 1.
    pub fn input(&self, number: usize, on: bool) {
        let mut state = self.inner.lock();
        let place = number.checked_sub(1);
        if let Some(known) = place.and_then(|place| state.inputs.get_mut(place)) {
            *known = on;
        }
    }

    /// Somebody else has switched a relay, or its power went.
    pub fn relay(&self, relay: u16, closed: bool) {
        self.inner.switch(relay, closed);
    }

    /// Whether a relay is closed.
    #[must_use]
    pub fn is_closed(&self, relay: u16) -> bool {
        self.inner.is_closed(relay)
    }

    /// Every write to a relay so far: address and value.
    #[must_use]
    pub fn writes(&self) -> Vec<(u16, u16)> {
        self.inner.lock().writes.clone()
    }

    /// How often it was connected to.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.inner.lock().connections
    }

    /// Cuts every connection.
    pub fn cut(&self) {
        self.inner.cut.send_modify(|cuts| *cuts += 1);
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closed(&self, relay: u16) -> bool {
        let state = self.lock();
        state.relays.get(&relay).is_some_and(|known| known.closed)
    }

    /// Switches a relay; how often it has been told something, by now.
    fn switch(&self, relay: u16, closed: bool) -> u64 {
        let mut state = self.lock();
        let known = state.relays.entry(relay).or_default();
        let changes = known.closed != closed;
        known.closed = closed;
        known.told += 1;
        let told = known.told;
        drop(state);
        if changes {
            // A full queue is a barrier that does nothing.
            let _ = self.orders.try_send(RelayOrder { relay, closed });
        }
        told
    }
}

#[cfg(test)]
mod tests;
