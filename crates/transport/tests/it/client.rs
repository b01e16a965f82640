//! What the client takes for an answer, and what for a fault.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use boshi_protocol::endpoint::{PlateNumber, ReceivePlateNumber};
use boshi_protocol::envelope::Answer;
use boshi_protocol::id::{DeviceNo, LotId, RecordId};
use boshi_protocol::plate::{Plate, PlateColor};
use boshi_protocol::time::WireTime;
use boshi_protocol::token::Credentials;
use boshi_transport::accept::Limits;
use boshi_transport::call::{Fault, Peer, PeerError, PeerSettings};
use boshi_transport::certificate::{LocalAuthority, install_crypto};
use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::support::{Server, credentials};

const PATIENCE: Duration = Duration::from_secs(20);

fn peer(base_url: String, ca_pem: Option<Vec<u8>>) -> Result<Peer, PeerError> {
    install_crypto();
    let lot = LotId::new("P001").unwrap();
    let connect_timeout = Duration::from_secs(5);
    Peer::new(PeerSettings {
        base_url,
        lot,
        credentials: credentials(),
        ca_pem,
        connect_timeout,
    })
}

async fn push(peer: &Peer, timeout: Duration) -> Result<Answer<()>, Fault> {
    let now = Timestamp::now();
    let request = PlateNumber {
        device: DeviceNo::new("C-01").unwrap(),
        record: RecordId::new("u-1").unwrap(),
        recognized_at: WireTime::from_timestamp(now),
        image: String::new(),
        plate: Plate::read("粤B12345").unwrap(),
        color: PlateColor::Blue,
        reliability: Some(98),
    };
    peer.call::<ReceivePlateNumber>(&request, now, timeout)
        .await
}

/// A peer that answers each connection with the next of `replies`; an empty one hangs.
async fn scripted(replies: Vec<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        for reply in replies {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(reply.as_bytes()).await.unwrap();
            if reply.is_empty() {
                kept.push(stream);
            }
        }
        std::future::pending::<()>().await;
    });
    format!("http://{address}")
}

/// T-1: over HTTPS, with a certificate of our own authority, which survives a restart.
#[tokio::test]
async fn both_sides_understand_each_other_over_https() {
    install_crypto();
    let folder = tempfile::tempdir().unwrap();
    LocalAuthority::open_or_create(folder.path()).unwrap();
    let authority = LocalAuthority::open_or_create(folder.path()).unwrap();
    let config = authority.server_config(&["127.0.0.1".to_owned()]).unwrap();
    let server = Server::start(Some(config), Limits::default()).await;
    let url = format!("https://{}", server.address);
    let ca = std::fs::read(folder.path().join("ca.pem")).unwrap();
    let trusting = peer(url.clone(), Some(ca)).unwrap();
    assert_eq!(push(&trusting, PATIENCE).await, Ok(Answer::done(())));
    let other = LocalAuthority::open_or_create(&folder.path().join("other")).unwrap();
    let distrusting = peer(url, Some(other.certificate_pem().into())).unwrap();
    assert!(matches!(
        push(&distrusting, PATIENCE).await,
        Err(Fault::Network(_))
    ));
}

/// D-2
#[tokio::test]
async fn anything_but_a_reply_of_the_standard_is_a_fault() {
    let ok = r#"{"respCode":"0","respDesc":""}"#;
    let with = |status: &str, body: &str| -> &'static str {
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}");
        Box::leak(format!("{head}\r\nLocation: http://127.0.0.1:1/\r\n\r\n{body}").into_boxed_str())
    };
    for (reply, fault) in [
        (with("500 Oops", ok), Fault::Status(500)),
        (with("302 Found", ok), Fault::Status(302)),
        (with("404 Not Found", ""), Fault::Status(404)),
    ] {
        let peer = peer(scripted(vec![reply]).await, None).unwrap();
        assert_eq!(push(&peer, PATIENCE).await, Err(fault));
    }
    for body in ["", "OK", "{}", "[]", "<html>"] {
        let peer = peer(scripted(vec![with("200 OK", body)]).await, None).unwrap();
        assert!(
            matches!(push(&peer, PATIENCE).await, Err(Fault::Unreadable(_))),
            "{body:?}"
        );
    }
    let peer = peer(scripted(vec![with("200 OK", ok)]).await, None).unwrap();
    assert_eq!(push(&peer, PATIENCE).await, Ok(Answer::done(())));
}

/// D-2, PUSH-1
#[tokio::test]
async fn a_peer_that_hangs_is_given_up_and_one_that_refuses_the_connection_is_a_fault() {
    let hanging = peer(scripted(vec![""]).await, None).unwrap();
    assert_eq!(
        push(&hanging, Duration::from_millis(100)).await,
        Err(Fault::Timeout)
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let nobody = peer(url, None).unwrap();
    assert!(matches!(
        push(&nobody, PATIENCE).await,
        Err(Fault::Network(_))
    ));
}

/// D-2: a command may have been read; whether it goes again is not for the client to say.
#[tokio::test]
async fn a_request_that_is_read_and_not_answered_is_a_fault_and_is_not_sent_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let requests = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await.unwrap();
        drop(stream);
        tokio::time::timeout(Duration::from_millis(200), listener.accept())
            .await
            .is_ok()
    });
    let peer = peer(format!("http://{address}"), None).unwrap();
    assert!(matches!(
        push(&peer, PATIENCE).await,
        Err(Fault::Network(_))
    ));
    assert!(!requests.await.unwrap(), "a second request came");
}

#[test]
fn a_base_url_that_is_none_is_refused_by_name() {
    for url in ["", "lot.example", "ftp://lot.example"] {
        let error = peer(url.to_owned(), None).unwrap_err();
        assert!(error.to_string().contains("base_url"), "{error}");
    }
}

/// D-4: whatever the reply is, also a failed attempt.
#[tokio::test]
async fn how_far_the_clock_of_the_peer_is_ahead_is_told_at_each_dated_reply() {
    let with = |status: &str, date: &str| -> &'static str {
        let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0");
        Box::leak(format!("{head}\r\n{date}\r\n").into_boxed_str())
    };
    let hour = jiff::SignedDuration::from_hours(1);
    let date = jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&(Timestamp::now() + hour))
        .unwrap();
    let replies = vec![
        with("503 Oops", &format!("Date: {date}\r\n")),
        with("503 Oops", "Date: yesterday\r\n"),
        with("503 Oops", ""),
    ];
    let told = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&told);
    let peer = peer(scripted(replies).await, None).unwrap();
    let peer = peer.watching_clock(move |ahead| noted.lock().unwrap().push(ahead));
    for _ in 0..3 {
        assert_eq!(push(&peer, PATIENCE).await, Err(Fault::Status(503)));
    }
    let told = told.lock().unwrap().clone();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!((3590..=3610).contains(&told[0]), "{told:?}");
}

/// D-6: a peer and its clones sign with the secret that counts now.
#[tokio::test]
async fn a_secret_that_is_rotated_is_signed_with_at_once() {
    let server = Server::plain().await;
    let peer = peer(format!("http://{}", server.address), None).unwrap();
    let clone = peer.clone();
    let app = credentials().app_id().clone();
    peer.rotate_to(Credentials::new(app, "another".to_owned().into()));
    let refused = push(&clone, PATIENCE).await.unwrap();
    assert!(matches!(refused, Answer::Refused(why) if why.code() == "BAD_TOKEN"));
    clone.rotate_to(credentials());
    assert_eq!(push(&peer, PATIENCE).await, Ok(Answer::done(())));
}
