//! Clients that are slow, greedy or silent, a thousand of them, at real sockets.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use boshi_transport::accept::Limits;
use boshi_transport::bucket::Rate;
use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::{Server, recognition};

const PATIENCE: Duration = Duration::from_secs(30);

/// Where the crowd comes from; everybody else comes from elsewhere.
const CROWD: [u8; 4] = [127, 0, 0, 3];

/// Bounds that a test can wait for.
pub(crate) const LIMITS: Limits = Limits {
    connections: 400,
    per_origin: 300,
    asking: Rate {
        per_second: 1_000_000.0,
        burst: 1_000_000.0,
    },
    handshake: Duration::from_millis(500),
    head: Duration::from_millis(500),
    body: Duration::from_millis(500),
    stalled: Duration::from_millis(500),
    drain: Duration::from_secs(1),
};

async fn connect_from(from: impl Into<IpAddr>, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(from.into(), 0))?;
    socket.connect(to).await
}

/// A thousand connections that each say as much of a request as their turn has it.
async fn crowd(to: SocketAddr) -> Vec<TcpStream> {
    let half_body = "POST /receivePlateNumber HTTP/1.1\r\nHost: lot\r\n\
                     Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"a\":";
    let starts = [
        "",
        "POST /receivePl",
        "POST / HTTP/1.1\r\nHost: ",
        half_body,
    ];
    let mut crowd = Vec::new();
    for start in starts.iter().cycle().take(1000) {
        let mut stream = connect_from(CROWD, to).await.unwrap();
        // Whoever is turned away may find that out as it speaks.
        let _ = stream.write_all(start.as_bytes()).await;
        crowd.push(stream);
    }
    crowd
}

/// How long until the server has closed the connection.
async fn until_closed(mut stream: TcpStream) {
    let mut rest = [0; 1024];
    let closing = async { while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {} };
    tokio::time::timeout(PATIENCE, closing).await.unwrap();
}

/// D-1
#[tokio::test]
async fn a_thousand_slow_clients_keep_nobody_out_and_hold_nothing_past_its_bound() {
    let server = Server::start(None, LIMITS).await;
    let began = Instant::now();
    let crowd = crowd(server.address).await;
    // While they hang, others are served at once.
    for _ in 0..20 {
        let asked = Instant::now();
        let body = recognition(Timestamp::now());
        let reply = server.post("application/json", &body).await;
        assert!(reply.contains(r#""respCode":"0""#), "{reply}");
        assert!(asked.elapsed() < Duration::from_secs(1));
    }
    assert!(server.load.open() <= LIMITS.per_origin + 1);
    assert!(server.load.shed() + server.load.turned_away() > 0);
    for stream in crowd {
        until_closed(stream).await;
    }
    // Each was accepted by now, and had one of the bounds at most.
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    server.empties().await;
}

/// As with few file descriptors: bounds that nobody could wait for, and a place all the same.
#[tokio::test]
async fn with_few_places_strangers_who_say_nothing_make_room_for_who_asks() {
    const LONG: Duration = Duration::from_secs(600);
    let limits = Limits {
        connections: 16,
        per_origin: 4,
        handshake: LONG,
        head: LONG,
        body: LONG,
        ..LIMITS
    };
    let server = Server::start(None, limits).await;
    let mut strangers = Vec::new();
    for number in 0..200_u8 {
        let from = [127, 0, 1, number % 50];
        let mut stream = connect_from(from, server.address).await.unwrap();
        let start = ["", "POST /receivePl"][usize::from(number % 2)];
        let _ = stream.write_all(start.as_bytes()).await;
        strangers.push(stream);
    }
    for _ in 0..5 {
        let asked = Instant::now();
        let body = recognition(Timestamp::now());
        let reply = server.post("application/json", &body).await;
        assert!(reply.contains(r#""respCode":"0""#), "{reply}");
        // The kernel's queue before it is let in by sixteen each tenth of a second.
        assert!(asked.elapsed() < Duration::from_secs(4), "{asked:?}");
    }
    assert!(server.load.shed() > 0);
    assert!(server.load.open() <= limits.connections + 1);
}

/// A request that is under way keeps its place, however short they are and however long it takes.
#[tokio::test]
async fn who_asks_does_not_give_way() {
    let limits = Limits {
        connections: 2,
        per_origin: 2,
        body: Duration::from_secs(600),
        ..LIMITS
    };
    let server = Server::start(None, limits).await;
    let body = recognition(Timestamp::now());
    let (start, rest) = body.split_at(body.len() / 2);
    let head = format!(
        "POST /receivePlateNumber HTTP/1.1\r\nHost: lot\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{start}",
        body.len()
    );
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut silent = Vec::new();
    for _ in 0..5 {
        silent.push(connect_from(CROWD, server.address).await.unwrap());
    }
    let shedding = async {
        while server.load.shed() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, shedding).await.unwrap();
    slow.write_all(rest.as_bytes()).await.unwrap();
    let mut reply = String::new();
    slow.read_to_string(&mut reply).await.unwrap();
    assert!(reply.contains(r#""respCode":"0""#), "{reply}");
}

#[tokio::test]
async fn a_handshake_that_is_not_made_holds_nothing_past_its_bound() {
    boshi_transport::certificate::install_crypto();
    let folder = tempfile::tempdir().unwrap();
    let authority = boshi_transport::certificate::LocalAuthority::open_or_create(folder.path());
    let tls = authority.unwrap().server_config(&["127.0.0.1".to_owned()]);
    let server = Server::start(Some(tls.unwrap()), LIMITS).await;
    for start in [&b""[..], &[22, 3, 1][..]] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(start).await.unwrap();
        until_closed(stream).await;
    }
}

/// Who asks and takes no reply is given up, and what it was to get is let go.
#[tokio::test]
async fn whoever_takes_no_reply_is_given_up() {
    let server = Server::start(None, LIMITS).await;
    let request = "POST /nowhere HTTP/1.1\r\nHost: lot\r\nContent-Length: 0\r\n\r\n";
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let asking = async {
        // Until no side takes any more, and then until the server has enough of that.
        while stream.write_all(request.as_bytes()).await.is_ok() {}
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap();
    server.empties().await;
}

/// D-1: a body of any size costs no more than the largest that is allowed.
#[tokio::test]
async fn a_body_without_end_is_refused_as_soon_as_it_is_too_large() {
    let server = Server::start(None, LIMITS).await;
    let head = "POST /receivePlateNumber HTTP/1.1\r\nHost: lot\r\nConnection: close\r\n\
                Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
    let sending = async {
        let mut sent = 0_usize;
        while stream.write_all(chunk.as_bytes()).await.is_ok() {
            sent += chunk.len();
            if sent > 64 * 1024 * 1024 {
                return false;
            }
        }
        true
    };
    let cut_off = tokio::time::timeout(PATIENCE, sending).await.unwrap();
    assert!(cut_off, "64 MB were taken");
    server.empties().await;
}

/// D-1
#[tokio::test]
async fn json_however_deep_is_refused_and_costs_no_stack() {
    let server = Server::start(None, LIMITS).await;
    let sound = recognition(Timestamp::now());
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let deep = format!("{}1{}", open.repeat(8000), close.repeat(8000));
        let body = sound.replace(r#""u-1""#, &deep);
        let reply = server.post("application/json", &body).await;
        assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
        assert!(reply.contains("BAD_JSON"), "{reply}");
    }
}

/// D-1: whoever asks without a pause is told so, and others are served meanwhile.
#[tokio::test]
async fn an_address_that_asks_too_often_is_told_when_to_come_again_and_takes_nothing_of_others() {
    let limits = Limits {
        asking: Rate {
            per_second: 0.001,
            burst: 5.0,
        },
        ..LIMITS
    };
    let server = Server::start(None, limits).await;
    let body = recognition(Timestamp::now());
    let head = format!(
        "POST /receivePlateNumber HTTP/1.1\r\nHost: lot\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut replies = Vec::new();
    for _ in 0..7 {
        let mut stream = connect_from(CROWD, server.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut reply = String::new();
        // The rest of what was sent is not read, and that may be all that is seen of it.
        let _ = stream.read_to_string(&mut reply).await;
        replies.push(reply);
    }
    let served = |reply: &&String| reply.contains(r#""respCode":"0""#);
    assert_eq!(replies.iter().filter(served).count(), 5, "{replies:?}");
    assert_eq!(server.load.too_often(), 2);
    for reply in replies.iter().skip(5).filter(|reply| !reply.is_empty()) {
        assert!(reply.starts_with("HTTP/1.1 429"), "{reply}");
        assert!(reply.contains("retry-after: 1") && reply.contains("TOO_OFTEN"));
    }
    let reply = server.post("application/json", &body).await;
    assert!(reply.contains(r#""respCode":"0""#), "{reply}");
}
