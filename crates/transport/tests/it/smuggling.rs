//! Requests that two readers would cut apart at different places, and what is no HTTP at all: a
//! proxy in front must never see one request where the server sees two.

use std::sync::atomic::Ordering;

use boshi_dawdler::hostile::{Hostile, no_http, no_tls, smuggled};
use boshi_transport::certificate::{LocalAuthority, install_crypto};
use jiff::Timestamp;

use crate::crowd::LIMITS;
use crate::support::{Server, recognition};

/// A recognition as a whole request of its own, to be hidden in the body of another.
fn hidden() -> String {
    let body = recognition(Timestamp::now());
    let length = body.len();
    format!(
        "POST /receivePlateNumber HTTP/1.1\r\nHost: lot\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

/// Each is cut off, and no handler has seen anything of it.
async fn none_is_handled(server: &Server, hostile: Vec<Hostile>) {
    for it in hostile {
        let said = it.is_answered_at(server.address).await;
        let said = said.unwrap_or_else(|_| panic!("{}: kept", it.name));
        assert!(!said.starts_with("HTTP/1.1 200"), "{}: {said}", it.name);
        assert_eq!(server.handled.load(Ordering::SeqCst), 0, "{}", it.name);
    }
    server.empties().await;
}

/// Whatever a request says of its length in two ways, no handler sees what is hidden behind it.
#[tokio::test]
async fn a_request_of_two_lengths_runs_no_handler_for_what_is_hidden_in_it() {
    let server = Server::start(None, LIMITS).await;
    let smuggled = smuggled("/receivePlateNumber", hidden().as_bytes());
    for it in smuggled {
        let said = it.is_answered_at(server.address).await;
        let said = said.unwrap_or_else(|_| panic!("{}: kept", it.name));
        assert!(!said.contains(r#""respCode":"0""#), "{}: {said}", it.name);
        assert_eq!(server.handled.load(Ordering::SeqCst), 0, "{}", it.name);
    }
    server.empties().await;
}

#[tokio::test]
async fn what_is_no_http_is_cut_off_and_the_next_is_served() {
    let server = Server::start(None, LIMITS).await;
    none_is_handled(&server, no_http()).await;
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
    none_is_handled(&server, no_tls(hidden().as_bytes())).await;
}
