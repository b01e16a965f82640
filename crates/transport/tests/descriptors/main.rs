//! A process that has run out of file descriptors, which concerns everybody in it: so this test has
//! a process of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use boshi_transport::accept::{Limits, Load, serve_counted};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(20);

/// Enough for the runtime and the test itself.
const DESCRIPTORS: u64 = 64;

#[tokio::test]
async fn a_server_without_descriptors_serves_who_asks_in_the_place_of_who_says_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let load = Arc::<Load>::default();
    let router = Router::new().route("/", get(async || "here"));
    let (limits, stop) = (Limits::default(), CancellationToken::new());
    let serving = serve_counted(listener, None, router, limits, Arc::clone(&load), stop);
    tokio::spawn(serving);
    let maximum = getrlimit(Resource::Nofile).maximum;
    let current = Some(DESCRIPTORS);
    setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();

    let mut held = Vec::new();
    let end = Instant::now() + PATIENCE;
    while load.failures() == 0 {
        assert!(Instant::now() < end, "descriptors do not run out");
        match TcpStream::connect(address).await {
            Ok(stream) => held.push(stream),
            // One for the server's side of a connection that waits.
            Err(_) => drop(held.pop()),
        }
        tokio::task::yield_now().await;
    }
    // Who came last waits outside, and all others stay and say nothing.
    let mut stream = held.pop().unwrap();
    let request = b"GET / HTTP/1.1\r\nHost: lot\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut reply = String::new();
    let read = stream.read_to_string(&mut reply);
    tokio::time::timeout(PATIENCE, read).await.unwrap().unwrap();
    assert!(reply.ends_with("here"), "{reply}");
}
