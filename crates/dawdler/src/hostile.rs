//! Clients that mean harm, or speak another protocol: requests that two readers would cut apart at
//! different places, what is no HTTP at all, and what is no TLS.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::PATIENCE;

/// Longer than any server reads a head.
const LONG: usize = 1 << 20;

/// More header lines than any server takes.
const MANY: usize = 20_000;

/// What somebody sends.
#[derive(Clone, Debug)]
pub struct Hostile {
    /// In a word, for whoever reads of it.
    pub name: String,
    /// All of it.
    pub says: Vec<u8>,
}

/// The server kept the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept;

impl Hostile {
    fn new(name: impl Into<String>, says: impl Into<Vec<u8>>) -> Hostile {
        let (name, says) = (name.into(), says.into());
        Hostile { name, says }
    }

    /// Everything that the server says until it closes.
    ///
    /// # Errors
    /// When it does not close within [`PATIENCE`].
    ///
    /// # Panics
    /// When nobody is there.
    pub async fn is_answered_at(&self, address: SocketAddr) -> Result<String, Kept> {
        let stream = TcpStream::connect(address).await;
        let mut stream = stream.expect("somebody listens");
        // The server may close before all is sent.
        let _ = stream.write_all(&self.says).await;
        let mut said = Vec::new();
        let reading = stream.read_to_end(&mut said);
        // A connection that is reset has said what it had to say.
        let _ = tokio::time::timeout(PATIENCE, reading)
            .await
            .map_err(|_| Kept)?;
        Ok(String::from_utf8_lossy(&said).into_owned())
    }
}

/// `hidden`, a whole request, behind the head of another to `path` that says in two ways, or in a
/// wrong one, how long it is.
pub fn smuggled(path: &str, hidden: &[u8]) -> Vec<Hostile> {
    let all = hidden.len();
    let lengths = [
        format!("Content-Length: 0\r\nContent-Length: {all}\r\n"),
        format!("Content-Length: {all}\r\nContent-Length: 0\r\n"),
        format!("Content-Length: 0, {all}\r\n"),
        format!("Content-Length: +{all}\r\n"),
        format!("Content-Length: -1\r\nX: {all}\r\n"),
        "Content-Length: 0x10\r\n".to_owned(),
        "Content-Length: 99999999999999999999999\r\n".to_owned(),
        "Content-Length : 0\r\n".to_owned(),
        "Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n".to_owned(),
        "Transfer-Encoding: chunked, identity\r\nContent-Length: 0\r\n".to_owned(),
        "Transfer-Encoding : chunked\r\nContent-Length: 0\r\n".to_owned(),
        "Transfer-Encoding:\r\n chunked\r\nContent-Length: 0\r\n".to_owned(),
    ];
    let behind = |lines: &str, begin: &str| {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: lot\r\nContent-Type: application/json\r\n{lines}\r\n"
        );
        [head.as_bytes(), begin.as_bytes(), hidden].concat()
    };
    let ambiguous = lengths
        .iter()
        .map(|lines| Hostile::new(lines.as_str(), behind(lines, "")));
    let chunks = [
        "-1\r\n",
        "ffffffffffffffffff\r\n",
        "0x0\r\n\r\n",
        "zz\r\n",
        "\r\n",
        "1;\u{0}=\n\r\n",
    ];
    let misshapen = chunks.iter().map(|chunk| {
        let request = behind("Transfer-Encoding: chunked\r\n", chunk);
        Hostile::new(format!("a chunk {chunk:?}"), request)
    });
    // RFC 9112, 6.3: with both, the chunks count, and nothing behind them is another request.
    let both = [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    ];
    let last = both
        .iter()
        .map(|lines| Hostile::new(*lines, behind(lines, "0\r\n\r\n")));
    ambiguous.chain(misshapen).chain(last).collect()
}

/// What is no HTTP, or not such as anybody has to take.
pub fn no_http() -> Vec<Hostile> {
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(LONG));
    let many = format!("POST / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(MANY));
    let tls = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    vec![
        Hostile::new("a hello of TLS", tls),
        Hostile::new("bytes", b"\x00\x01\x02\x03\r\n\r\n"),
        Hostile::new("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Hostile::new("HTTP/9.9", b"POST / HTTP/9.9\r\nHost: lot\r\n\r\n"),
        Hostile::new("a zero", b"POST / HTTP/1.1\r\nHost\x00: lot\r\n\r\n"),
        Hostile::new("a long line", long),
        Hostile::new("many lines", many),
    ]
}

/// What is no TLS handshake; `plain` is a request that would be taken without TLS.
pub fn no_tls(plain: &[u8]) -> Vec<Hostile> {
    let largest = [&[22, 3, 3, 0xff, 0xff][..], &[0x41; 0xffff]].concat();
    vec![
        Hostile::new("plain HTTP", plain),
        Hostile::new(
            "a hello that is cut off",
            b"\x16\x03\x01\x00\x05\x01\x00\xff\xff\xff",
        ),
        Hostile::new("an alert", b"\x15\x03\x03\x00\x02\x02\x28"),
        Hostile::new("SSL 2", b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10"),
        Hostile::new("the largest record", largest),
    ]
}
