//! A network in memory: as fast as the runtime, and exact on virtual time.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::DuplexStream;
use tokio::sync::mpsc;

use super::{Address, Connection, Later, Listener, Network};

/// Bytes on their way in one direction: more than the longest message between two sides in memory.
const PIPE_BYTES: usize = 256 * 1024;

/// Connections that wait to be accepted.
const BACKLOG: usize = 128;

type Doors = Arc<Mutex<HashMap<u16, mpsc::Sender<DuplexStream>>>>;

/// One party of a network in memory, with a port of its own.
#[derive(Clone, Default)]
pub struct MemoryNetwork {
    doors: Doors,
    port: u16,
}

impl MemoryNetwork {
    /// The same network as somebody who listens at `port` sees it.
    #[must_use]
    pub fn at(&self, port: u16) -> MemoryNetwork {
        MemoryNetwork {
            doors: Arc::clone(&self.doors),
            port,
        }
    }
}

impl Network for MemoryNetwork {
    fn connect<'a>(&'a self, address: &'a Address) -> Later<'a, io::Result<Box<dyn Connection>>> {
        Box::pin(async move {
            let door = {
                let doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
                doors.get(&address.port).cloned()
            };
            let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
            let door = door.ok_or_else(refused)?;
            let (here, there) = tokio::io::duplex(PIPE_BYTES);
            door.send(there).await.map_err(|_| refused())?;
            Ok(Box::new(here) as Box<dyn Connection>)
        })
    }

    fn listen(&self) -> Later<'_, io::Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let (door, arrivals) = mpsc::channel(BACKLOG);
            let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
            doors.insert(self.port, door);
            Ok(Box::new(MemoryListener { arrivals }) as Box<dyn Listener>)
        })
    }
}

struct MemoryListener {
    arrivals: mpsc::Receiver<DuplexStream>,
}

impl Listener for MemoryListener {
    fn accept(&mut self) -> Later<'_, io::Result<Box<dyn Connection>>> {
        Box::pin(async {
            let stream = self.arrivals.recv().await;
            let stream = stream.ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected))?;
            Ok(Box::new(stream) as Box<dyn Connection>)
        })
    }
}

impl Connection for DuplexStream {
    // Dropping the stream is all the reset that memory knows.
    fn reset_on_drop(&self) {}
}
