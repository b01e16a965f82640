//! Requests that two readers would cut apart at different places, and what is no HTTP at all: a
//! proxy in front must never see one request where the server sees two.

use std::sync::atomic::Ordering;
use std::time::Duration;

use boshi_transport::certificate::{LocalAuthority, install_crypto};
use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::crowd::LIMITS;
use crate::support::{Server, recognition};

const PATIENCE: Duration = Duration::from_secs(20);

/// A recognition as a whole request of its own, to be hidden in the body of another.
fn hidden() -> String {
    let body = recognition(Timestamp::now());
    let length = body.len();
    format!(
        "POST /receivePlateNumber HTTP/1.1\r\nHost: lot\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

fn head(lines: &str) -> String {
    format!(
        "POST /receivePlateNumber HTTP/1.1\r\nHost: lot\r\nContent-Type: application/json\r\n{lines}\r\n"
    )
}

/// Everything that the server says until it closes, at the latest when the bound on heads is over.
async fn all_said(server: &Server, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut said = Vec::new();
    let reading = stream.read_to_end(&mut said);
    // A connection that is reset has said what it had to say.
    let _ = tokio::time::timeout(PATIENCE, reading).await.unwrap();
    String::from_utf8_lossy(&said).into_owned()
}

/// Whatever a request says of its length in two ways, no handler sees what is hidden behind it.
#[tokio::test]
async fn a_request_with_two_lengths_runs_no_handler_for_what_is_hidden_in_it() {
    let server = Server::start(None, LIMITS).await;
    let inner = hidden();
    let (zero, all) = (0, inner.len());
    let ambiguous = [
        format!("Content-Length: {zero}\r\nContent-Length: {all}\r\n"),
        format!("Content-Length: {all}\r\nContent-Length: {zero}\r\n"),
        format!("Content-Length: {zero}, {all}\r\n"),
        format!("Content-Length: +{all}\r\n"),
        format!("Content-Length: -1\r\nX: {all}\r\n"),
        "Content-Length: 0x10\r\n".to_owned(),
        "Content-Length: 99999999999999999999999\r\n".to_owned(),
        format!("Content-Length : {zero}\r\n"),
        format!("Transfer-Encoding: xchunked\r\nContent-Length: {zero}\r\n"),
        format!("Transfer-Encoding: chunked, identity\r\nContent-Length: {zero}\r\n"),
        format!("Transfer-Encoding : chunked\r\nContent-Length: {zero}\r\n"),
        format!("Transfer-Encoding:\r\n chunked\r\nContent-Length: {zero}\r\n"),
    ];
    for lines in ambiguous {
        let said = all_said(&server, format!("{}{inner}", head(&lines)).as_bytes()).await;
        assert!(!said.contains(r#""respCode":"0""#), "{lines:?}: {said}");
        assert_eq!(server.handled.load(Ordering::SeqCst), 0, "{lines:?}");
    }
    server.empties().await;
}

/// RFC 9112, 6.3: with both, the chunks count, and the connection ends with that request, so that
/// nothing behind it is taken for another.
#[tokio::test]
async fn a_request_with_chunks_and_a_length_is_the_last_of_its_connection() {
    let server = Server::start(None, LIMITS).await;
    let inner = hidden();
    for lines in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    ] {
        let request = format!("{}0\r\n\r\n{inner}", head(lines));
        let said = all_said(&server, request.as_bytes()).await;
        assert!(!said.contains(r#""respCode":"0""#), "{lines:?}: {said}");
        assert_eq!(server.handled.load(Ordering::SeqCst), 0, "{lines:?}");
    }
}

#[tokio::test]
async fn chunks_of_a_wrong_form_run_no_handler() {
    let server = Server::start(None, LIMITS).await;
    let inner = hidden();
    let chunks = [
        "-1\r\n",
        "ffffffffffffffffff\r\n",
        "0x0\r\n\r\n",
        "zz\r\n",
        "\r\n",
        "1;\u{0}=\n\r\n",
    ];
    for chunk in chunks {
        let request = format!("{}{chunk}{inner}", head("Transfer-Encoding: chunked\r\n"));
        let said = all_said(&server, request.as_bytes()).await;
        assert!(!said.contains(r#""respCode":"0""#), "{chunk:?}: {said}");
        assert_eq!(server.handled.load(Ordering::SeqCst), 0, "{chunk:?}");
    }
    server.empties().await;
}

#[tokio::test]
async fn what_is_no_http_is_cut_off_and_the_next_is_served() {
    let server = Server::start(None, LIMITS).await;
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(1 << 20));
    let many = format!("POST / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(20_000));
    let garbage: [&[u8]; 7] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x00\x01\x02\x03\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST /receivePlateNumber HTTP/9.9\r\nHost: lot\r\n\r\n",
        b"POST /receivePlateNumber HTTP/1.1\r\nHost\x00: lot\r\n\r\n",
        long.as_bytes(),
        many.as_bytes(),
    ];
    for request in garbage {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        // The server may close before all is sent.
        let _ = stream.write_all(request).await;
        let mut said = Vec::new();
        let reading = stream.read_to_end(&mut said);
        let _ = tokio::time::timeout(PATIENCE, reading).await.unwrap();
        assert!(!said.starts_with(b"HTTP/1.1 200"), "{request:?}");
    }
    assert_eq!(server.handled.load(Ordering::SeqCst), 0);
    server.empties().await;
    let body = recognition(Timestamp::now());
    let reply = server.post("application/json", &body).await;
    assert!(reply.contains(r#""respCode":"0""#), "{reply}");
}

#[tokio::test]
async fn what_is_no_tls_is_cut_off() {
    install_crypto();
    let folder = tempfile::tempdir().unwrap();
    let authority = LocalAuthority::open_or_create(folder.path()).unwrap();
    let tls = authority.server_config(&["127.0.0.1".to_owned()]).unwrap();
    let server = Server::start(Some(tls), LIMITS).await;
    let plain = hidden();
    let largest = [&[22, 3, 3, 0xff, 0xff][..], &[0x41; 0xffff]].concat();
    let garbage: [&[u8]; 5] = [
        plain.as_bytes(),
        b"\x16\x03\x01\x00\x05\x01\x00\xff\xff\xff",
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10",
        &largest,
    ];
    for request in garbage {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let _ = stream.write_all(request).await;
        let mut said = Vec::new();
        let reading = stream.read_to_end(&mut said);
        let _ = tokio::time::timeout(PATIENCE, reading).await.unwrap();
        assert!(!said.starts_with(b"HTTP"), "{request:?}");
    }
    assert_eq!(server.handled.load(Ordering::SeqCst), 0);
    server.empties().await;
}
