//! Who says nothing, half of something or a byte now and then, at each address of the platform and each
//! way in: ended within a bound that has a name, and told so where somebody may listen.

use std::net::SocketAddr;
use std::time::Duration;

use boshi_dawdler::{Dawdler, Ended, Request, before_the_handshake};
use boshi_transport::accept::Limits;
use tokio::task::JoinSet;

use crate::document::document;
use crate::site::Site;

/// Where nobody answers heartbeats.
const NOBODY: &str = "http://127.0.0.1:1";

/// Each of the bounds, as short as a test can wait for.
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

/// Lets each wait at an address, one beside the other; what became of it.
async fn waited(
    address: SocketAddr,
    authority: Option<&[u8]>,
    dawdlers: Vec<Dawdler>,
) -> Vec<(&'static str, Ended)> {
    let mut waiting = JoinSet::new();
    for dawdler in dawdlers {
        let authority = authority.map(<[u8]>::to_vec);
        waiting.spawn(async move {
            let ended = dawdler.waits_at(address, authority.as_deref()).await;
            let name = dawdler.name;
            (name, ended.unwrap_or_else(|_| panic!("{name}: kept")))
        });
    }
    waiting.join_all().await
}

/// The same. They have to be ended by the bound, not earlier, which would be for another reason, and
/// with `words` if any are due.
async fn each_is_ended(
    address: SocketAddr,
    authority: Option<&[u8]>,
    dawdlers: Vec<Dawdler>,
    words: &str,
) {
    for (name, ended) in waited(address, authority, dawdlers).await {
        assert!(ended.after >= BOUND, "{name}: {ended:?}");
        assert!(ended.said.contains(words), "{name}: {ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_no_whole_head_is_ended_at_each_address() {
    let platform = site().start().await;
    let running = &platform.running;
    for address in [
        running.standard,
        running.operators,
        running.monitoring.unwrap(),
    ] {
        let request = Request {
            method: "POST",
            path: "/nowhere",
            headers: &[],
        };
        each_is_ended(address, None, request.before_the_head(), "").await;
    }
}

/// D-1, D-7: half a handshake, and each phase after a whole one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_a_supplier_who_dawdles_is_ended_in_each_phase() {
    let platform = site().with("[tls]\nplain = true\n", "").start().await;
    let (address, authority) = (platform.running.standard, platform.ca_pem.as_deref());
    let request = Request {
        method: "POST",
        path: "/receivePlateNumber",
        headers: &["Content-Type: application/json"],
    };
    each_is_ended(address, None, before_the_handshake(), "").await;
    each_is_ended(address, authority, request.before_the_head(), "").await;
    each_is_ended(address, authority, request.before_the_body(), "SLOW_BODY").await;
}

/// D-1: nothing is kept of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_push_is_answered_as_too_slow() {
    let platform = site().start().await;
    for path in [
        "/receivePlateNumber",
        "/receiveCrossGate",
        "/receiveAbnormal",
    ] {
        let request = Request {
            method: "POST",
            path,
            headers: &["Content-Type: application/json"],
        };
        let dawdlers = request.before_the_body();
        for (name, ended) in waited(platform.running.standard, None, dawdlers).await {
            assert!(ended.after >= BOUND, "{path}, {name}: {ended:?}");
            assert!(
                ended.said.starts_with("HTTP/1.1 408"),
                "{path}, {name}: {ended:?}"
            );
        }
    }
    assert_eq!(
        platform.get("/recognitions").await["items"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
}

/// Each route that the document says has a body; who dawdles is told so in the document's own form.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_body_on_any_route_of_the_operators_is_ended_and_said() {
    let platform = site().start().await;
    let address = platform.running.operators;
    let key = format!("Authorization: Bearer {}", platform.key);
    let mut count = 0;
    for route in document(address).await.routes() {
        let method = route.method.as_str();
        let method = ["POST", "PUT", "DELETE"]
            .into_iter()
            .find(|it| *it == method);
        let Some(method) = method.filter(|_| route.said["requestBody"].is_object()) else {
            continue;
        };
        let path = route.filled();
        let path = format!("/api/v1{path}").replace("/api/v1/api/v1", "/api/v1");
        let request = Request {
            method,
            path: &path,
            headers: &[&key],
        };
        let slow = "请求体未在规定时间内收完";
        each_is_ended(address, None, request.before_the_body(), slow).await;
        count += 1;
    }
    assert!(count > 10, "{count} routes");
}

/// Nobody reads what comes with a question or from a stranger: it is answered at once, and that is the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sends_half_a_body_that_nobody_wants_is_answered_and_let_go() {
    let platform = site().start().await;
    let running = &platform.running;
    let key = format!("Authorization: Bearer {}", platform.key);
    let monitoring = running.monitoring.unwrap();
    for (address, method, path, headers, status) in [
        (running.standard, "POST", "/nowhere", &[][..], "404"),
        (running.standard, "GET", "/receivePlateNumber", &[], "405"),
        (running.operators, "GET", "/api/v1/lots", &[&*key], "200"),
        (running.operators, "GET", "/api/v1/lots", &[], "401"),
        (running.operators, "GET", "/api/v1/events", &[], "401"),
        (
            running.operators,
            "POST",
            "/api/v1/nowhere",
            &[&*key],
            "404",
        ),
        (monitoring, "GET", "/metrics", &[], "200"),
        (monitoring, "POST", "/livez", &[], "405"),
    ] {
        let request = Request {
            method,
            path,
            headers,
        };
        let begin = format!("HTTP/1.1 {status}");
        for (name, ended) in waited(address, None, request.before_the_body()).await {
            assert!(ended.said.starts_with(&begin), "{path}, {name}: {ended:?}");
        }
    }
}
