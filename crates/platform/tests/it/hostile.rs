//! Who means harm, or speaks another protocol, at each address of the platform: nothing of it is carried
//! out, and whoever comes next is served.

use std::net::SocketAddr;
use std::time::Duration;

use boshi_dawdler::hostile::{Hostile, no_http, no_tls, smuggled};
use boshi_protocol::id::AppId;
use boshi_protocol::time::WireTime;
use boshi_protocol::token::Credentials;
use boshi_transport::accept::Limits;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::site::{Platform, SECRET, Site, credentials};

/// Where nobody answers heartbeats.
const NOBODY: &str = "http://127.0.0.1:1";

const SUPPLIER: &str = "99848791";

/// Deeper than anybody has to read.
const DEEP: usize = 100_000;

/// As short as a test can wait for.
const BOUND: Duration = Duration::from_millis(300);

fn site() -> Site {
    let bounds = Limits {
        handshake: BOUND,
        head: BOUND,
        body: BOUND,
        ..Limits::default()
    };
    Site::new(NOBODY)
        .with("[tls]", "monitoring = \"127.0.0.1:0\"\n[tls]")
        .bearing(bounds)
}

/// A recognition of `lot` by `app`, at `at`, with that token.
fn recognition(lot: &str, app: &str, at: Timestamp, token: &str) -> String {
    let time = WireTime::from_timestamp(at);
    json!({
        "version": "1.0", "token": token, "parkingLotId": lot, "time": time.to_string(),
        "appId": app, "deviceNo": "CAM-01", "uuid": "u-hostile",
        "recognitionTime": time.to_string(), "image": "", "plateNumber": "粤B12345", "color": "blue"
    })
    .to_string()
}

fn request(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: p\r\nContent-Type: application/json\r\n{headers}\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

async fn each_is_cut_off(at: SocketAddr, hostile: Vec<Hostile>) {
    for it in hostile {
        let said = it.is_answered_at(at).await;
        let said = said.unwrap_or_else(|_| panic!("{} at {at}: kept", it.name));
        let taken = said.contains(r#""respCode":"0""#) || said.contains("HTTP/1.1 201");
        assert!(!taken, "{} at {at}: {said}", it.name);
    }
}

async fn count(platform: &Platform, path: &str) -> usize {
    platform.get(path).await["items"].as_array().unwrap().len()
}

async fn is_still_served(platform: &Platform) {
    let (status, reply) = platform.push(1, "CAM-01").await;
    assert_eq!((status, &reply["respCode"]), (200, &json!("0")), "{reply}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_hidden_in_a_request_of_two_lengths_is_carried_out_at_no_address() {
    let platform = site().start().await;
    let now = Timestamp::now();
    let time = WireTime::from_timestamp(now).to_string();
    let sound = recognition("L1", SUPPLIER, now, &credentials().sign(&time));
    let hidden = request("/receivePlateNumber", "", &sound);
    let standard = smuggled("/receivePlateNumber", hidden.as_bytes());
    each_is_cut_off(platform.running.standard, standard).await;
    assert_eq!(count(&platform, "/recognitions").await, 0);

    let block = json!({"plate": "粤B00001", "reason": "偷渡"}).to_string();
    let key = format!("Authorization: Bearer {}\r\n", platform.key);
    let hidden = request("/api/v1/blocks", &key, &block);
    let operators = smuggled("/api/v1/login", hidden.as_bytes());
    each_is_cut_off(platform.running.operators, operators).await;
    assert_eq!(count(&platform, "/blocks").await, 0);
    // The same counts when it is not hidden.
    let (status, answer) = platform
        .post("/blocks", serde_json::from_str(&block).unwrap())
        .await;
    assert_eq!(status, 201, "{answer}");
    is_still_served(&platform).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_http_is_cut_off_at_each_address_and_the_next_is_served() {
    let platform = site().start().await;
    let running = &platform.running;
    let monitoring = running.monitoring.unwrap();
    for address in [running.standard, running.operators, monitoring] {
        each_is_cut_off(address, no_http()).await;
    }
    is_still_served(&platform).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_tls_is_cut_off_and_the_next_is_served() {
    let platform = site().with("plain = true", "plain = false").start().await;
    let plain = request("/receivePlateNumber", "", "{}");
    for address in [platform.running.standard, platform.running.operators] {
        each_is_cut_off(address, no_tls(plain.as_bytes())).await;
    }
    is_still_served(&platform).await;
}

/// D-1
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_as_deep_as_a_body_may_be_long_is_refused_at_each_address() {
    let platform = site().start().await;
    let deep = "{\"a\":".repeat(DEEP / 8) + "0";
    let lists = "[".repeat(DEEP / 2);
    for body in [deep, lists] {
        let said = Hostile {
            name: "deep".to_owned(),
            says: request("/receivePlateNumber", "Connection: close\r\n", &body).into(),
        };
        let reply = said.is_answered_at(platform.running.standard).await;
        let reply = reply.unwrap();
        assert!(reply.contains("BAD_JSON"), "{reply}");
        let key = format!(
            "Connection: close\r\nAuthorization: Bearer {}\r\n",
            platform.key
        );
        let said = Hostile {
            says: request("/api/v1/blocks", &key, &body).into(),
            ..said
        };
        let reply = said.is_answered_at(platform.running.operators).await;
        let reply = reply.unwrap();
        assert!(reply.starts_with("HTTP/1.1 400"), "{reply}");
    }
    is_still_served(&platform).await;
}

/// Another supplier's secret.
const THEIRS: &str = "another one, of 32 characters!!!";

/// T-6, D-4: what was signed counts for whoever signed it, for its time, and for his own lots.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_was_forged_or_overheard_opens_nothing() {
    let first = format!("[[supplier]]\napp_id = \"{SUPPLIER}\"");
    let other = format!("[[supplier]]\napp_id = \"10000001\"\nsecret = \"{THEIRS}\"\n{first}");
    let platform = site().with(&first, &other).start().await;
    let app = |id: &str| AppId::new(id).unwrap();
    let theirs = Credentials::new(app("10000001"), THEIRS.to_owned().into());
    let unsigned = Credentials::new(app(SUPPLIER), String::new().into());
    let (now, ago) = (
        Timestamp::now(),
        Timestamp::now() - SignedDuration::from_secs(301),
    );
    let (time, before) = (
        WireTime::from_timestamp(now).to_string(),
        WireTime::from_timestamp(ago).to_string(),
    );
    let forged = [
        ("no token", SUPPLIER, now, String::new()),
        (
            "one without the secret",
            SUPPLIER,
            now,
            unsigned.sign(&time),
        ),
        ("the secret itself", SUPPLIER, now, SECRET.to_owned()),
        (
            "one of an earlier call",
            SUPPLIER,
            now,
            credentials().sign(&before),
        ),
        (
            "a call that was overheard",
            SUPPLIER,
            ago,
            credentials().sign(&before),
        ),
        ("one of another supplier", SUPPLIER, now, theirs.sign(&time)),
        (
            "another supplier's own",
            "10000001",
            now,
            theirs.sign(&time),
        ),
        (
            "under another's name",
            "10000001",
            now,
            credentials().sign(&time),
        ),
    ];
    for (what, app, at, token) in forged {
        let body: Value = serde_json::from_str(&recognition("L1", app, at, &token)).unwrap();
        let (status, reply) = platform.raw("/receivePlateNumber", &body).await;
        assert_eq!(
            (status, &reply["respCode"]),
            (200, &json!("1")),
            "{what}: {reply}"
        );
    }
    assert_eq!(count(&platform, "/recognitions").await, 0);
    // An overheard call that is repeated in time is the same call.
    let sound = recognition("L1", SUPPLIER, now, &credentials().sign(&time));
    let sound: Value = serde_json::from_str(&sound).unwrap();
    for _ in 0..2 {
        let (_, reply) = platform.raw("/receivePlateNumber", &sound).await;
        assert_eq!(reply["respCode"], "0", "{reply}");
    }
    assert_eq!(count(&platform, "/recognitions").await, 1);
}
