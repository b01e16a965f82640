//! A stream whose peer has to take what is written to it, and not a byte now and then.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::LEAST_TAKEN;

/// A stream that fails when its peer takes less than [`LEAST_TAKEN`] for too long although there is
/// more. That nothing is read is no failure: a long poll waits.
pub(super) struct Impatient<S> {
    stream: S,
    longest: Duration,
    /// Runs from when the peer did not take all that there was.
    stalled: Option<Pin<Box<Sleep>>>,
    /// How much it has taken since.
    taken: usize,
}

impl<S> Impatient<S> {
    /// A stream that waits for its peer for `longest`.
    pub(super) fn new(stream: S, longest: Duration) -> Impatient<S> {
        Impatient {
            stream,
            longest,
            stalled: None,
            taken: 0,
        }
    }

    /// So much of a write was taken.
    fn took(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let Poll::Ready(written) = written else {
            return self.waits(context);
        };
        self.taken += written.as_ref().copied().unwrap_or_default();
        if self.taken >= LEAST_TAKEN {
            self.stalled = None;
        }
        Poll::Ready(written)
    }

    /// Whether all was taken that there was.
    fn took_all(
        &mut self,
        context: &mut Context<'_>,
        flushed: Poll<io::Result<()>>,
    ) -> Poll<io::Result<()>> {
        if flushed.is_pending() {
            return self.waits(context);
        }
        self.stalled = None;
        flushed
    }

    /// Waits for the peer, or has waited for too long.
    fn waits<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        let (longest, taken) = (self.longest, &mut self.taken);
        let stalled = self.stalled.get_or_insert_with(|| {
            *taken = 0;
            Box::pin(sleep(longest))
        });
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Impatient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Impatient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.took(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.took_all(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.took_all(context, shut)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.took(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const LONGEST: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_given_up() {
        let (near, _far) = tokio::io::duplex(8);
        let mut stream = Impatient::new(near, LONGEST);
        let began = tokio::time::Instant::now();
        let error = stream.write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() >= LONGEST);
    }

    /// Takes `each` bytes again and again, so long `apart`, until nobody writes any more.
    async fn takes(mut far: tokio::io::DuplexStream, each: usize, apart: Duration) {
        let mut taken = vec![0; each];
        loop {
            tokio::time::sleep(apart).await;
            if far.read_exact(&mut taken).await.is_err() {
                return;
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_a_byte_now_and_then_is_given_up() {
        let (near, far) = tokio::io::duplex(8);
        tokio::spawn(takes(far, 1, Duration::from_secs(1)));
        let mut stream = Impatient::new(near, LONGEST);
        let began = tokio::time::Instant::now();
        let error = stream.write_all(&[0; 2 * LEAST_TAKEN]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() < 2 * LONGEST, "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_on_a_slow_line_is_served() {
        let (near, far) = tokio::io::duplex(LEAST_TAKEN / 4);
        tokio::spawn(takes(far, LEAST_TAKEN / 4, LONGEST / 5));
        let mut stream = Impatient::new(near, LONGEST);
        let began = tokio::time::Instant::now();
        stream.write_all(&[0; 8 * LEAST_TAKEN]).await.unwrap();
        assert!(began.elapsed() > 5 * LONGEST, "{:?}", began.elapsed());
    }

    /// What was slow of one reply is not held against the next, however long after it is written.
    #[tokio::test(start_paused = true)]
    async fn who_has_taken_all_begins_anew() {
        let (near, mut far) = tokio::io::duplex(8);
        let mut stream = Impatient::new(near, LONGEST);
        for _ in 0..3 {
            let slowly = async {
                tokio::time::sleep(LONGEST / 2).await;
                far.read_exact(&mut [0; 16]).await.unwrap();
            };
            let writing = async {
                stream.write_all(&[0; 16]).await?;
                stream.flush().await
            };
            let (written, ()) = tokio::join!(writing, slowly);
            written.unwrap();
            tokio::time::sleep(LONGEST).await;
        }
    }
}
