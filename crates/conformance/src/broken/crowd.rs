//! A network on which whoever listens is slow, or can only do one thing at a time.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::net::{Address, Connection, Later, Listener, Network};

/// How often whoever is busy looks whether it still is: a connection that has ended is noticed
/// within a few turns of the runtime.
const LOOKS: usize = 64;

/// What is wrong with whoever listens.
#[derive(Clone, Copy)]
pub(super) enum Trouble {
    /// It reads nothing for that long.
    Slow(Duration),
    /// It hangs up on everybody else while it is busy.
    OneAtATime,
}

/// The network as whoever has the trouble uses it.
pub(super) struct Troubled {
    pub(super) network: Arc<dyn Network>,
    pub(super) trouble: Trouble,
}

impl Network for Troubled {
    fn connect<'a>(&'a self, address: &'a Address) -> Later<'a, io::Result<Box<dyn Connection>>> {
        self.network.connect(address)
    }

    fn listen(&self) -> Later<'_, io::Result<Box<dyn Listener>>> {
        Box::pin(async {
            let listener = self.network.listen().await?;
            let (trouble, busy) = (self.trouble, Arc::default());
            Ok(Box::new(Door {
                listener,
                trouble,
                busy,
            }) as Box<dyn Listener>)
        })
    }
}

struct Door {
    listener: Box<dyn Listener>,
    trouble: Trouble,
    /// Connections that are being served.
    busy: Arc<AtomicUsize>,
}

impl Listener for Door {
    fn accept(&mut self) -> Later<'_, io::Result<Box<dyn Connection>>> {
        Box::pin(async {
            let connection = self.listener.accept().await?;
            let hurdle = match self.trouble {
                Trouble::Slow(time) => Hurdle::Time(Box::pin(sleep(time))),
                Trouble::OneAtATime => Hurdle::Others(LOOKS),
            };
            let busy = Arc::clone(&self.busy);
            Ok(Box::new(Guarded {
                connection,
                hurdle,
                busy,
            }) as Box<dyn Connection>)
        })
    }
}

/// A connection from which nothing is read before something has gone by.
struct Guarded {
    connection: Box<dyn Connection>,
    hurdle: Hurdle,
    busy: Arc<AtomicUsize>,
}

/// What has to go by.
enum Hurdle {
    Time(Pin<Box<Sleep>>),
    /// Looks that are left.
    Others(usize),
    /// Nothing any more; whether it is this one that is being served.
    Gone {
        counted: bool,
    },
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if let Hurdle::Gone { counted: true } = self.hurdle {
            self.busy.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        match &mut this.hurdle {
            Hurdle::Time(sleep) => {
                std::task::ready!(sleep.as_mut().poll(context));
                this.hurdle = Hurdle::Gone { counted: false };
            }
            Hurdle::Others(0) => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            Hurdle::Others(left) if this.busy.load(Ordering::Relaxed) > 0 => {
                *left -= 1;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Hurdle::Others(_) => {
                this.busy.fetch_add(1, Ordering::Relaxed);
                this.hurdle = Hurdle::Gone { counted: true };
            }
            Hurdle::Gone { .. } => {}
        }
        Pin::new(&mut this.connection).poll_read(context, into)
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.connection).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(context)
    }
}

impl Connection for Guarded {
    fn reset_on_drop(&self) {
        self.connection.reset_on_drop();
    }
}
