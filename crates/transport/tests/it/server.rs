//! What the server takes, refuses and cuts off.

use std::sync::atomic::Ordering;
use std::time::Duration;

use boshi_transport::accept::Limits;
use boshi_transport::serve::MAX_BODY_BYTES;
use jiff::Timestamp;

use crate::support::{Server, recognition};

const JSON: &str = "application/json";

/// T-1, T-2, T-4
#[tokio::test]
async fn a_sound_request_is_answered_in_the_standards_form() {
    let server = Server::plain().await;
    for content_type in [
        JSON,
        "application/json; charset=utf-8",
        "Application/JSON;charset=UTF-8",
    ] {
        let reply = server
            .post(content_type, &recognition(Timestamp::now()))
            .await;
        assert!(reply.starts_with("HTTP/1.1 200 OK"), "{reply}");
        assert!(
            reply.contains("content-type: application/json; charset=utf-8"),
            "{reply}"
        );
        assert!(
            reply.ends_with(r#"{"respCode":"0","respDesc":""}"#),
            "{reply}"
        );
    }
    assert_eq!(server.handled.load(Ordering::SeqCst), 3);
}

/// RECOG-1: an old event is no old request.
#[tokio::test]
async fn a_decision_against_a_vehicle_is_a_refusal_with_its_reason() {
    let server = Server::plain().await;
    let body = recognition(Timestamp::now()).replace("粤B12345", "");
    let reply = server.post(JSON, &body).await;
    let expected = r#"{"respCode":"1","respDesc":"NO_PLATE 无牌车，请人工处理"}"#;
    assert!(reply.ends_with(expected), "{reply}");
}

/// D-1, T-2, T-3, D-4, D-7: every refusal is HTTP 200 with its own code, and no handler runs.
#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_with_http_200() {
    let server = Server::plain().await;
    let now = Timestamp::now();
    let sound = recognition(now);
    let stale = recognition(now - Duration::from_secs(900));
    let cases = [
        ("text/plain", sound.clone(), "BAD_CONTENT_TYPE"),
        ("", sound.clone(), "BAD_CONTENT_TYPE"),
        (JSON, String::new(), "BAD_JSON"),
        (JSON, sound.replace('}', ""), "BAD_JSON"),
        (JSON, "[".repeat(5000), "BAD_JSON"),
        (JSON, "[1]".to_owned(), "BAD_JSON"),
        (JSON, sound.replace("P001", "P009"), "UNKNOWN_LOT"),
        (JSON, sound.replace("99848791", "1"), "UNKNOWN_APP"),
        (
            JSON,
            sound.replace(r#""token":""#, r#""token":"0"#),
            "BAD_TOKEN",
        ),
        (JSON, stale, "TIME_SKEW 请求时间比本机慢 90"),
        (
            JSON,
            sound.replace("deviceNo", "device"),
            "MISSING_FIELD 缺少字段 deviceNo",
        ),
        (
            JSON,
            sound.replace(r#""u-1""#, r#"{"a":1}"#),
            "BAD_FIELD 字段 uuid",
        ),
        (JSON, sound.replace("blue", "rot"), "BAD_FIELD 字段 color"),
    ];
    for (content_type, body, expected) in cases {
        let reply = server.post(content_type, &body).await;
        assert!(reply.starts_with("HTTP/1.1 200 OK"), "{reply}");
        assert!(
            reply.contains(&format!(r#""respCode":"1","respDesc":"{expected}"#)),
            "{reply}"
        );
        assert!(
            !reply.contains("eV7spoA0"),
            "a secret must not be shown: {reply}"
        );
    }
    assert_eq!(server.handled.load(Ordering::SeqCst), 0);
}

/// D-1: transport limits keep their status, with the same body.
#[tokio::test]
async fn transport_limits_keep_their_status() {
    let server = Server::plain().await;
    let request = |line: &str| format!("{line} HTTP/1.1\r\nHost: lot\r\nConnection: close\r\n\r\n");
    let reply = server.raw(request("POST /nowhere").as_bytes()).await;
    assert!(
        reply.starts_with("HTTP/1.1 404") && reply.contains("UNKNOWN_PATH"),
        "{reply}"
    );
    let reply = server
        .raw(request("GET /receivePlateNumber").as_bytes())
        .await;
    assert!(
        reply.starts_with("HTTP/1.1 405") && reply.contains("POST_ONLY"),
        "{reply}"
    );
    let reply = server.post(JSON, &" ".repeat(MAX_BODY_BYTES + 1)).await;
    assert!(
        reply.starts_with("HTTP/1.1 413") && reply.contains("TOO_LARGE"),
        "{reply}"
    );
}

/// D-1, D-2: what could not be done at all is no decision against a vehicle.
#[tokio::test]
async fn a_handler_that_cannot_serve_is_answered_503_in_the_standards_form() {
    let server = Server::plain().await;
    let body = recognition(Timestamp::now()).replace("u-1", "u-full");
    let reply = server.post(JSON, &body).await;
    assert!(reply.starts_with("HTTP/1.1 503"), "{reply}");
    let expected = r#"{"respCode":"1","respDesc":"NOT_STORED 磁盘已满"}"#;
    assert!(reply.ends_with(expected), "{reply}");
}

/// D-4
#[tokio::test]
async fn the_clock_of_a_caller_is_told_when_its_token_is_right_also_when_it_is_too_old() {
    let server = Server::plain().await;
    let stale = recognition(Timestamp::now() - Duration::from_secs(900));
    server.post(JSON, &stale).await;
    server
        .post(JSON, &stale.replace(r#""token":""#, r#""token":"0"#))
        .await;
    server.post(JSON, &recognition(Timestamp::now())).await;
    let heard = server.heard.lock().unwrap().clone();
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert!(heard[0] <= -900 && heard[1] > -10, "{heard:?}");
}

#[tokio::test]
async fn a_peer_that_sends_half_a_head_is_cut_off() {
    let head = Duration::from_millis(50);
    let server = Server::start(
        None,
        Limits {
            head,
            ..Limits::default()
        },
    )
    .await;
    for request in ["", "POST /receivePl", "POST / HTTP/1.1\r\nHost: lot\r\n"] {
        // `raw` returns only when the server has closed the connection.
        let reply = server.raw(request.as_bytes()).await;
        assert!(!reply.contains("200 OK"), "{reply}");
    }
}

#[tokio::test]
async fn a_stopped_server_takes_no_more_connections() {
    let server = Server::plain().await;
    server.stop.cancel();
    let refused = async {
        while tokio::net::TcpStream::connect(server.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), refused)
        .await
        .unwrap();
}

/// D-1: the name of a request is in its answer, whatever the answer is.
#[tokio::test]
async fn an_answer_has_the_name_of_its_request_which_a_proxy_may_have_given() {
    let server = Server::plain().await;
    let ask = async |path: &str, name: &str| {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: lot\r\nConnection: close\r\n{name}Content-Length: 0\r\n\r\n"
        );
        let reply = server.raw(request.as_bytes()).await;
        let mut named = reply
            .lines()
            .filter_map(|line| line.strip_prefix("x-request-id: "));
        (named.next().unwrap().to_owned(), named.next().is_none())
    };
    for path in ["/receivePlateNumber", "/nowhere"] {
        let (name, once) = ask(path, "X-Request-Id: proxy-17.a_b\r\n").await;
        assert!(once && name == "proxy-17.a_b", "{name}");
        let (made, _) = ask(path, "X-Request-Id: a b\r\n").await;
        let (other, _) = ask(path, "").await;
        assert!(made.len() == 32 && made != other, "{made} {other}");
    }
}

#[tokio::test]
async fn whoever_is_not_served_is_told_when_to_come_again() {
    let server = Server::plain().await;
    let body = recognition(Timestamp::now()).replace("u-1", "u-full");
    let reply = server.post("application/json", &body).await;
    assert!(reply.starts_with("HTTP/1.1 503"), "{reply}");
    assert!(reply.contains("retry-after: 1"), "{reply}");
}
