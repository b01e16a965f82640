//! The running server, spoken to in raw text typed from the standard.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::sync::Arc;

use boshi_platform::decision::{Default, Policy};
use boshi_platform::desk::{Desk, Lot};
use boshi_platform::server::{Door, router};
use boshi_platform::store::Store;
use boshi_protocol::freshness::Freshness;
use boshi_protocol::id::{AppId, LotId};
use boshi_protocol::time::WireTime;
use boshi_protocol::token::Credentials;
use boshi_transport::accept::{Limits, serve};
use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

fn credentials() -> Credentials {
    Credentials::new(
        AppId::new("99848791").unwrap(),
        "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo".into(),
    )
}

async fn post(body: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("p.db")).unwrap();
    let lot = LotId::new("L1").unwrap();
    let policy = Policy {
        entry: Default::Allow,
        exit: Default::Allow,
    };
    let known = HashMap::from([(
        lot.clone(),
        Lot {
            policy,
            directions: HashMap::new(),
        },
    )]);
    let freshness = Freshness::within(std::time::Duration::from_secs(300));
    let door = Door {
        lots: HashMap::from([(lot, credentials())]),
        freshness,
    };
    let router = router(door, Arc::new(Desk::new(store, known)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut peer = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let stop = CancellationToken::new();
    let served = tokio::spawn(serve(
        listener,
        None,
        router,
        Limits::default(),
        stop.clone(),
    ));
    let head = format!(
        "POST /receivePlateNumber HTTP/1.1\r\nHost: p\r\nContent-Type: application/json\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    peer.write_all(format!("{head}{body}").as_bytes())
        .await
        .unwrap();
    let mut reply = String::new();
    peer.read_to_string(&mut reply).await.unwrap();
    stop.cancel();
    served.await.unwrap();
    reply
}

fn body(lot: &str, app: &str, at: Timestamp, token: Option<&str>, uuid: &str) -> String {
    let time = WireTime::from_timestamp(at).to_string();
    let token = token.map_or_else(|| credentials().sign(&time), str::to_owned);
    format!(
        r#"{{"version":"1.0","token":"{token}","parkingLotId":"{lot}","time":"{time}",
        "appId":"{app}","deviceNo":"R1",{uuid}"recognitionTime":"20260115 08:00:00",
        "image":"http://p/1.jpg","plateNumber":"粤B12345","color":"blue"}}"#
    )
}

const UUID: &str = r#""uuid":"u1","#;

/// RECOG-1, T-3, T-4, T-6
#[tokio::test]
async fn a_sound_recognition_is_answered_that_the_vehicle_may_pass() {
    let reply = post(&body("L1", "99848791", Timestamp::now(), None, UUID)).await;
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    assert!(reply.contains(r#""respCode":"0""#), "{reply}");
}

/// D-1, D-4, T-6
#[tokio::test]
async fn whatever_is_refused_is_answered_200_with_resp_code_1() {
    let now = Timestamp::now();
    let old = now - jiff::SignedDuration::from_secs(600);
    for (request, why) in [
        (body("L1", "99848791", now, Some("00"), UUID), "BAD_TOKEN"),
        (body("L1", "99848791", old, None, UUID), ""),
        (body("L9", "99848791", now, None, UUID), "UNKNOWN_LOT"),
        (body("L1", "12345678", now, None, UUID), "WRONG_APP"),
        (body("L1", "99848791", now, None, ""), "uuid"),
        ("{\"version\":".to_owned(), ""),
    ] {
        let reply = post(&request).await;
        assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
        assert!(reply.contains(r#""respCode":"1""#), "{reply}");
        assert!(reply.contains(why), "{why}: {reply}");
    }
}
