//! Who means harm, or speaks another protocol, at each address of the gateway: no barrier moves for it,
//! and whoever comes next is served.

use std::net::SocketAddr;
use std::time::Duration;

use boshi_dawdler::hostile::{Hostile, no_http, no_tls, smuggled};
use boshi_transport::accept::Limits;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::controller::{Controller, KEYS};
use crate::platform::Platform;
use crate::site::{Gateway, LET_THROUGH, Site};
use crate::wire::{request, request_at, time, token, token_of};

const OPEN: &str = "/receiveOpenGate";

const BOOTH_OPENS: &str = "/local/v1/lots/L1/lanes/01/open";

/// Deeper than anybody has to read, and no longer than any body may be.
const DEEP: usize = 20_000;

/// As short as a test can wait for.
const BOUND: Duration = Duration::from_millis(300);

/// A gateway with its controller and its platform.
async fn gateway(replaced: &[(&str, &str)]) -> (Gateway, Controller, Platform) {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let bounds = Limits {
        handshake: BOUND,
        head: BOUND,
        body: BOUND,
        ..Limits::default()
    };
    let mut site = Site::new(&platform.url(), &controller.url()).bearing(bounds);
    for (old, new) in replaced {
        site = site.with(old, new);
    }
    (site.start().await, controller, platform)
}

fn http(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: lot\r\nContent-Type: application/json\r\n{headers}\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

async fn each_is_cut_off(at: SocketAddr, hostile: Vec<Hostile>) {
    for it in hostile {
        let said = it.is_answered_at(at).await;
        let said = said.unwrap_or_else(|_| panic!("{} at {at}: kept", it.name));
        let taken = said.contains(r#""respCode":"0""#) || said.contains(r#""ok":true"#);
        assert!(!taken, "{} at {at}: {said}", it.name);
    }
}

/// A vehicle still drives through.
async fn is_still_served(gateway: &Gateway) {
    gateway.arrives("粤B12345").await;
    gateway.counts(LET_THROUGH, 1).await;
}

fn forced() -> serde_json::Value {
    json!({"deviceNo": "CAM-01", "openMode": "3", "plateNumber": ""})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_hidden_in_a_request_of_two_lengths_moves_no_barrier() {
    let (gateway, controller, _platform) = gateway(&[]).await;
    let hidden = http(OPEN, "", &request(&forced()).to_string());
    let standard = smuggled("/checkConnect", hidden.as_bytes());
    each_is_cut_off(gateway.standard, standard).await;

    let event = json!({"event": "fire", "on": true}).to_string();
    let key = format!("Authorization: Bearer {}\r\n", KEYS[0]);
    let hidden = http("/v1/events", &key, &event);
    each_is_cut_off(gateway.devices, smuggled("/v1/events", hidden.as_bytes())).await;

    let key = format!("Authorization: Bearer {}\r\n", gateway.key);
    let order = json!({"mode": "forced", "by": "门岗", "reason": "偷渡"}).to_string();
    let hidden = http(BOOTH_OPENS, &key, &order);
    each_is_cut_off(gateway.local, smuggled(BOOTH_OPENS, hidden.as_bytes())).await;

    assert_eq!(controller.told("open", "BAR-01").len(), 0);
    assert_eq!(controller.told("hold", "BAR-01").len(), 0);
    assert_eq!(gateway.count("SELECT count(*) FROM lift"), 0);
    is_still_served(&gateway).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_http_is_cut_off_at_each_address_and_the_next_is_served() {
    let (gateway, _controller, _platform) = gateway(&[]).await;
    for address in [gateway.standard, gateway.devices, gateway.local] {
        each_is_cut_off(address, no_http()).await;
    }
    is_still_served(&gateway).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_tls_is_cut_off_and_the_next_is_served() {
    let (gateway, _controller, _platform) = gateway(&[("plain = true", "plain = false")]).await;
    let plain = http(OPEN, "", &request(&forced()).to_string());
    each_is_cut_off(gateway.standard, no_tls(plain.as_bytes())).await;
    assert_eq!(
        gateway.call("/checkConnect", json!({})).await["respCode"],
        "0"
    );
    is_still_served(&gateway).await;
}

/// D-1
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_as_deep_as_a_body_may_be_long_is_refused_at_each_address() {
    let (gateway, _controller, _platform) = gateway(&[]).await;
    let device = format!("Authorization: Bearer {}\r\n", KEYS[0]);
    let booth = format!("Authorization: Bearer {}\r\n", gateway.key);
    for (address, path, key) in [
        (gateway.standard, OPEN.to_owned(), String::new()),
        (gateway.devices, "/v1/events".to_owned(), device),
        (gateway.local, BOOTH_OPENS.to_owned(), booth),
    ] {
        for body in ["{\"a\":".repeat(DEEP / 5) + "0", "[".repeat(DEEP)] {
            let headers = format!("{key}Connection: close\r\n");
            let deep = Hostile {
                name: "deep".to_owned(),
                says: http(&path, &headers, &body).into(),
            };
            let said = deep.is_answered_at(address).await.unwrap();
            let refused = said.contains(r#""respCode":"1""#) || said.starts_with("HTTP/1.1 400");
            assert!(refused, "{path}: {said}");
        }
    }
    is_still_served(&gateway).await;
}

/// T-6, D-4, D-5: what was signed counts for its time, and once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_was_forged_or_overheard_opens_nothing() {
    let (gateway, controller, _platform) = gateway(&[]).await;
    let (now, ago) = (
        Timestamp::now(),
        Timestamp::now() - SignedDuration::from_secs(301),
    );
    let signed = |at: Timestamp, token: String| {
        let mut body = request_at(at, &forced());
        body["token"] = json!(token);
        body
    };
    for (what, body) in [
        ("no token", signed(now, String::new())),
        (
            "one without the secret",
            signed(now, token_of(&time(now), "")),
        ),
        (
            "one of another secret",
            signed(now, token_of(&time(now), "guess")),
        ),
        ("one of an earlier call", signed(now, token(&time(ago)))),
        (
            "a command that was overheard",
            signed(ago, token(&time(ago))),
        ),
    ] {
        let (status, reply) = gateway.post(OPEN, "application/json", &body).await;
        assert_eq!(
            (status, &reply["respCode"]),
            (200, &json!("1")),
            "{what}: {reply}"
        );
    }
    assert_eq!(controller.told("open", "BAR-01").len(), 0);
    // Overheard and repeated in time, it is the same command: the barrier moves once.
    let sound = request(&forced());
    for _ in 0..3 {
        let (_, reply) = gateway.post(OPEN, "application/json", &sound).await;
        assert_eq!(reply["respCode"], "0", "{reply}");
    }
    assert_eq!(controller.told("open", "BAR-01").len(), 1);
}
