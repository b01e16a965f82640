//! The load: connections that each ask, wait for the answer, and ask again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use crate::process::Process;
use crate::stats::{Run, percentile};
use crate::supplier::{Composer, Spread};

/// Largest reply that is read: the standard's are two hundred bytes.
const MAX_REPLY: usize = 8192;

/// Whom to ask, and how.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) tls: Option<Arc<rustls::ClientConfig>>,
}

/// Asks `target` over `connections` for `span`, once each has had an answer, so that neither
/// handshakes nor cold caches are in the figures.
pub(crate) async fn run(
    target: &Target,
    server: &Process,
    connections: usize,
    span: Duration,
    (series, spread): (u64, Spread),
) -> anyhow::Result<Run> {
    let ready = Arc::new(Barrier::new(connections + 1));
    let mut clients = JoinSet::new();
    for number in 0..connections {
        let composer = Composer::spread(series * 1000 + number as u64, spread);
        clients.spawn(client(target.clone(), composer, Arc::clone(&ready), span));
    }
    // A client that failed before it was ready would be waited for for ever.
    tokio::select! {
        _ = ready.wait() => {}
        Some(ended) = clients.join_next() => {
            ended??;
            bail!("a client ended before all were ready");
        }
    }
    let (began, cpu) = (Instant::now(), server.cpu()?);
    let mut latencies = Vec::new();
    while let Some(client) = clients.join_next().await {
        latencies.extend(client??);
    }
    let took = began.elapsed();
    let cpu = server.cpu()?.saturating_sub(cpu);
    latencies.sort_unstable();
    let count = u32::try_from(latencies.len())?.max(1);
    Ok(Run {
        rate: f64::from(count) / took.as_secs_f64(),
        p50: percentile(&latencies, 0.5),
        p99: percentile(&latencies, 0.99),
        cpu: cpu / count,
        memory: server.memory()?,
    })
}

async fn client(
    target: Target,
    composer: Composer,
    ready: Arc<Barrier>,
    span: Duration,
) -> anyhow::Result<Vec<Duration>> {
    let stream = TcpStream::connect(target.address).await?;
    stream.set_nodelay(true)?;
    match target.tls {
        None => ask_on(stream, composer, &ready, span).await,
        Some(tls) => {
            let name = ServerName::from(target.address.ip());
            let stream = TlsConnector::from(tls).connect(name, stream).await?;
            ask_on(stream, composer, &ready, span).await
        }
    }
}

async fn ask_on<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    mut composer: Composer,
    ready: &Barrier,
    span: Duration,
) -> anyhow::Result<Vec<Duration>> {
    let (mut request, mut reply) = (Vec::new(), Vec::with_capacity(MAX_REPLY));
    composer.compose(&mut request);
    ask(&mut stream, &request, &mut reply).await?;
    ready.wait().await;
    let end = Instant::now() + span;
    let mut latencies = Vec::new();
    while Instant::now() < end {
        composer.compose(&mut request);
        let asked = Instant::now();
        ask(&mut stream, &request, &mut reply).await?;
        latencies.push(asked.elapsed());
    }
    Ok(latencies)
}

/// One exchange; anything but the answer that the vehicle may pass fails the measurement: what is
/// refused costs less.
async fn ask<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    request: &[u8],
    reply: &mut Vec<u8>,
) -> anyhow::Result<()> {
    stream.write_all(request).await?;
    stream.flush().await?;
    reply.clear();
    loop {
        if stream.read_buf(reply).await? == 0 {
            bail!("closed after {:?}", String::from_utf8_lossy(reply));
        }
        if let Some(whole) = whole(reply)? {
            let passed = find(&reply[..whole], br#""respCode":"0""#).is_some();
            if !passed || !reply.starts_with(b"HTTP/1.1 200") {
                bail!("answered {:?}", String::from_utf8_lossy(reply));
            }
            return Ok(());
        }
        if reply.len() > MAX_REPLY {
            bail!("the answer has no end");
        }
    }
}

/// The length of the reply, if all of it is there.
fn whole(reply: &[u8]) -> anyhow::Result<Option<usize>> {
    let Some(head) = find(reply, b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&reply[..head])?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>())
    });
    let length = length.context("an answer without Content-Length")??;
    let end = head + 4 + length;
    Ok((reply.len() >= end).then_some(end))
}

fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len()).position(|part| part == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_whole_when_its_body_is() {
        let reply = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc";
        assert_eq!(whole(reply).unwrap(), Some(reply.len()));
        assert_eq!(whole(&reply[..reply.len() - 1]).unwrap(), None);
        assert_eq!(whole(b"HTTP/1.1 200 OK\r\ncontent-le").unwrap(), None);
        assert!(whole(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
