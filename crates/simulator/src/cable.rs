//! A network cable that can be pulled: a TCP relay between, say, a gateway and its platform.
//!
//! ```text
//! client ──► cable.address() ── relay ──► target
//! ```
//!
//! It can be a rough one too, on which something happens to single connections.

mod rough;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::debug;

pub use self::rough::{Mishap, Roughness};

use self::rough::Fate;

/// Most connections at once; further ones wait in the kernel's queue.
pub const MAX_CONNECTIONS: usize = 256;

/// Connections that the kernel completes before they are accepted.
const BACKLOG: u32 = 128;

/// Out of file descriptors, accepting fails at once and for ever: others must be closed first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Piece in which bytes are passed on.
const PIECE_BYTES: usize = 16 * 1024;

/// How a cable is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// As when the other machine is off but the network is not: connections are reset, new ones
    /// refused.
    Refused,
    /// As when the cable is pulled: nothing comes through and nobody says so. What was sent
    /// meanwhile comes through late, after mending.
    Silent,
}

/// A relay to one target.
#[derive(Debug)]
pub struct Cable {
    address: SocketAddr,
    changes: mpsc::Sender<Asked>,
    struck: Struck,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// How often what has happened.
type Struck = Arc<Mutex<BTreeMap<Mishap, u64>>>;

#[derive(Clone, Copy, Debug)]
enum Change {
    Cut(Cut),
    Mend,
    Smooth,
}

/// A change, and whom to tell when it is made.
type Asked = (Change, oneshot::Sender<io::Result<()>>);

impl Cable {
    /// A whole cable to `target`, on a port of its own of this machine.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(target: SocketAddr) -> io::Result<Cable> {
        Cable::lay(target, None).await
    }

    /// The same, but a rough one: while it is whole, something happens to some of the connections.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start_rough(target: SocketAddr, roughness: Roughness) -> io::Result<Cable> {
        Cable::lay(target, Some(roughness)).await
    }

    async fn lay(target: SocketAddr, roughness: Option<Roughness>) -> io::Result<Cable> {
        let reserved = bound(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let address = reserved.local_addr()?;
        let listener = listen(address)?;
        let (changes, taken) = mpsc::channel(1);
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let struck = Struck::default();
        let line = Line {
            target,
            address,
            _reserved: reserved,
            listener: Some(listener),
            flows: watch::Sender::new(true),
            uncut: CancellationToken::new(),
            places: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
            connections: TaskTracker::new(),
            roughness,
            accepted: 0,
            struck: Arc::clone(&struck),
        };
        tasks.spawn(line.run(taken, stop.clone()));
        Ok(Cable {
            address,
            changes,
            struck,
            stop,
            tasks,
        })
    }

    /// Where clients connect to; it stays the same however often the cable is cut.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts it. When this returns, nothing comes through any more.
    ///
    /// # Errors
    /// When it was stopped.
    pub async fn cut(&self, how: Cut) -> io::Result<()> {
        self.change(Change::Cut(how)).await
    }

    /// Mends it.
    ///
    /// # Errors
    /// When it was stopped, or its port cannot be listened on again.
    pub async fn mend(&self) -> io::Result<()> {
        self.change(Change::Mend).await
    }

    /// From now on nothing happens to connections any more; those that there are are reset.
    ///
    /// # Errors
    /// When it was stopped, or its port cannot be listened on again.
    pub async fn smooth(&self) -> io::Result<()> {
        self.change(Change::Smooth).await
    }

    /// How often what has happened to a connection.
    #[must_use]
    pub fn struck(&self) -> BTreeMap<Mishap, u64> {
        let struck = self.struck.lock().unwrap_or_else(PoisonError::into_inner);
        struck.clone()
    }

    /// Takes it away: connections are reset, new ones refused, for good.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn change(&self, change: Change) -> io::Result<()> {
        let stopped = || io::Error::new(io::ErrorKind::NotConnected, "the cable was stopped");
        let (done, changed) = oneshot::channel();
        let asked = self.changes.send((change, done)).await;
        asked.map_err(|_| stopped())?;
        changed.await.unwrap_or_else(|_| Err(stopped()))
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

struct Line {
    target: SocketAddr,
    address: SocketAddr,
    /// Bound and never listening: keeps the port while nobody listens on it.
    _reserved: TcpSocket,
    listener: Option<TcpListener>,
    flows: watch::Sender<bool>,
    uncut: CancellationToken,
    places: Arc<Semaphore>,
    connections: TaskTracker,
    roughness: Option<Roughness>,
    /// How many connections there were.
    accepted: u64,
    struck: Struck,
}

impl Line {
    async fn run(mut self, mut changes: mpsc::Receiver<Asked>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                change = changes.recv() => match change {
                    Some((change, done)) => {
                        let changed = self.change(change).await;
                        // Whoever asked may have gone.
                        let _ = done.send(changed);
                    }
                    None => break,
                },
                (place, stream) = accept(&self.places, self.listener.as_ref()) => {
                    self.accepted += 1;
                    let relay = Relay {
                        client: stream,
                        target: self.target,
                        flows: self.flows.subscribe(),
                        fate: self.roughness.and_then(|it| it.fate(self.accepted)),
                        struck: Arc::clone(&self.struck),
                    };
                    let uncut = self.uncut.clone();
                    self.connections.spawn(async move {
                        let _place = place;
                        relay.until_cut(uncut).await;
                    });
                }
            }
        }
        self.reset().await;
    }

    async fn change(&mut self, change: Change) -> io::Result<()> {
        match change {
            Change::Cut(Cut::Refused) => self.reset().await,
            Change::Cut(Cut::Silent) => {
                self.listen_again()?;
                self.flows.send_replace(false);
            }
            Change::Mend => {
                self.listen_again()?;
                self.flows.send_replace(true);
            }
            Change::Smooth => {
                self.roughness = None;
                self.reset().await;
                self.listen_again()?;
                self.flows.send_replace(true);
            }
        }
        Ok(())
    }

    async fn reset(&mut self) {
        self.listener = None;
        std::mem::take(&mut self.uncut).cancel();
        self.connections.close();
        self.connections.wait().await;
        self.connections.reopen();
    }

    fn listen_again(&mut self) -> io::Result<()> {
        if self.listener.is_none() {
            self.listener = Some(listen(self.address)?);
        }
        Ok(())
    }
}

/// The next connection and its place; none ever without a listener.
async fn accept(
    places: &Arc<Semaphore>,
    listener: Option<&TcpListener>,
) -> (OwnedSemaphorePermit, TcpStream) {
    let Some(listener) = listener else {
        return std::future::pending().await;
    };
    let place = Arc::clone(places).acquire_owned().await;
    let place = place.expect("nobody closes the places");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (place, stream),
            Err(error) => {
                debug!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

struct Relay {
    client: TcpStream,
    target: SocketAddr,
    flows: watch::Receiver<bool>,
    fate: Option<Fate>,
    struck: Struck,
}

impl Relay {
    /// Passes bytes on until both sides have ended, or resets both when it is cut.
    async fn until_cut(mut self, uncut: CancellationToken) {
        let mut served = None;
        let passing = self.pass(&mut served);
        let passed = uncut.run_until_cancelled(passing).await;
        if !matches!(passed, Some(Ok(()))) {
            for stream in [Some(&self.client), served.as_ref()].into_iter().flatten() {
                if let Err(error) = stream.set_zero_linger() {
                    debug!(%error, "a connection is gone before it was reset");
                }
            }
        }
    }

    async fn pass(&mut self, served: &mut Option<TcpStream>) -> io::Result<()> {
        let flows = &self.flows;
        flowing(flows.clone()).await;
        let server = served.insert(TcpStream::connect(self.target).await?);
        let client = &mut self.client;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        if let Some(fate) = self.fate {
            return rough::pass(client, server, flows, fate, |mishap| {
                let mut struck = self.struck.lock().unwrap_or_else(PoisonError::into_inner);
                *struck.entry(mishap).or_default() += 1;
            })
            .await;
        }
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        tokio::try_join!(
            pump(from_client, to_server, flows.clone()),
            pump(from_server, to_client, flows.clone()),
        )?;
        Ok(())
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    flows: watch::Receiver<bool>,
) -> io::Result<()> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let length = from.read(&mut piece).await?;
        flowing(flows.clone()).await;
        if length == 0 {
            return to.shutdown().await;
        }
        to.write_all(&piece[..length]).await?;
    }
}

async fn flowing(mut flows: watch::Receiver<bool>) {
    if flows.wait_for(|flows| *flows).await.is_err() {
        // The cable is being taken away; the connection is about to be reset.
        std::future::pending::<()>().await;
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    bound(address)?.listen(BACKLOG)
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
