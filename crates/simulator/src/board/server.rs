//! A serial server: what comes from the network goes to every board on the line, and back.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::OlmBoard;

/// How much is read at once.
const PIECE: usize = 512;

/// A serial server with boards behind it; it ends with the last clone.
#[derive(Clone, Debug)]
pub struct OlmServer {
    /// Where it listens.
    pub address: SocketAddr,
    cuts: Arc<watch::Sender<u64>>,
}

impl OlmServer {
    /// A server on this listener, within a runtime.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn start(listener: TcpListener, boards: Vec<OlmBoard>) -> std::io::Result<OlmServer> {
        let address = listener.local_addr()?;
        let (cuts, mut ended) = watch::channel(0);
        tokio::spawn(async move {
            loop {
                let accepted = tokio::select! {
                    accepted = listener.accept() => accepted,
                    changed = ended.changed() => match changed {
                        Ok(()) => continue,
                        Err(_) => return,
                    },
                };
                let Ok((mut stream, _)) = accepted else {
                    return;
                };
                let (boards, mut cut) = (boards.clone(), ended.clone());
                cut.mark_unchanged();
                tokio::spawn(async move {
                    tokio::select! {
                        // Whoever has gone comes back.
                        _ = OlmServer::on_line(&mut stream, &boards) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        let cuts = Arc::new(cuts);
        Ok(OlmServer { address, cuts })
    }

    /// Ends every connection.
    pub fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Boards on a line of any kind, until it ends.
    ///
    /// # Errors
    /// When the line breaks.
    pub async fn on_line<L>(line: &mut L, boards: &[OlmBoard]) -> std::io::Result<()>
    where
        L: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let mut piece = [0; PIECE];
        loop {
            let length = match line.read(&mut piece).await? {
                0 => return Ok(()),
                length => length,
            };
            for board in boards {
                let answers = board.told(&piece[..length]);
                if board.is_noisy() {
                    for byte in answers {
                        line.write_all(&[byte]).await?;
                        line.flush().await?;
                        tokio::task::yield_now().await;
                    }
                } else {
                    line.write_all(&answers).await?;
                }
            }
            line.flush().await?;
        }
    }
}
