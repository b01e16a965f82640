//! Who says nothing, half of something or a byte now and then, at each address of the gateway and each
//! way in: ended within a bound that has a name, and told so where somebody may listen.

use std::net::SocketAddr;
use std::time::Duration;

use boshi_dawdler::{Dawdler, Request, before_the_handshake};
use boshi_transport::accept::Limits;
use tokio::task::JoinSet;

use crate::controller::{Controller, KEYS};
use crate::platform::Platform;
use crate::site::{Gateway, Site};

const KEY: &str = "a-long-word";

/// Each of the bounds, as short as a test can wait for.
const BOUND: Duration = Duration::from_millis(300);

fn bounds() -> Limits {
    Limits {
        handshake: BOUND,
        head: BOUND,
        body: BOUND,
        ..Limits::default()
    }
}

/// A gateway with that in its configuration, whose addresses have these bounds.
async fn gateway(lot: &str) -> Gateway {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let place = "\n[[lot.place]]\nnumber = \"A-001\"";
    Site::new(&platform.url(), &controller.url())
        .with(place, &format!("\n{lot}{place}"))
        .with("[tls]", "monitoring = \"127.0.0.1:0\"\n[tls]")
        .with("act = \"500ms\"", "act = \"3s\"")
        .bearing(bounds())
        .start()
        .await
}

/// Lets each wait at an address, one beside the other. They have to be ended by the bound: not earlier,
/// which would be for another reason, and with an answer of that status if one is due.
async fn each_is_ended(
    address: SocketAddr,
    authority: Option<&[u8]>,
    dawdlers: Vec<Dawdler>,
    status: Option<&str>,
) {
    let mut waiting = JoinSet::new();
    for dawdler in dawdlers {
        let authority = authority.map(<[u8]>::to_vec);
        waiting.spawn(async move {
            let ended = dawdler.waits_at(address, authority.as_deref()).await;
            (dawdler, ended)
        });
    }
    while let Some(waited) = waiting.join_next().await {
        let (dawdler, ended) = waited.unwrap();
        let name = dawdler.name;
        let Ok(ended) = ended else {
            panic!("{name}: kept at {address}");
        };
        assert!(ended.after >= BOUND, "{name}: {ended:?}");
        let last = ended.said.rsplit("HTTP/1.1 ").next().unwrap();
        if let Some(status) = status {
            assert!(last.starts_with(status), "{name}: {ended:?}");
        }
    }
}

fn request<'a>(path: &'a str, headers: &'a [&'a str]) -> Request<'a> {
    let method = "POST";
    Request {
        method,
        path,
        headers,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_no_whole_head_is_ended_at_each_address() {
    let gateway = gateway("").await;
    let monitoring = gateway.monitoring.unwrap();
    for address in [gateway.standard, gateway.devices, gateway.local, monitoring] {
        let dawdlers = request("/nowhere", &[]).before_the_head();
        each_is_ended(address, None, dawdlers, None).await;
    }
}

/// D-7: half a handshake, and each phase after a whole one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_who_dawdles_is_ended_in_each_phase() {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let site = Site::new(&platform.url(), &controller.url())
        .with("[tls]\nplain = true\n", "")
        .bearing(bounds());
    let gateway = site.start().await;
    let authority = site.authority();
    let authority = Some(authority.as_bytes());
    let json = ["Content-Type: application/json"];
    let request = request("/receiveOpenGate", &json);
    each_is_ended(gateway.standard, None, before_the_handshake(), None).await;
    let dawdlers = request.before_the_head();
    each_is_ended(gateway.standard, authority, dawdlers, None).await;
    let dawdlers = request.before_the_body();
    each_is_ended(gateway.standard, authority, dawdlers, Some("408")).await;
}

/// D-1
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_request_of_the_platform_is_answered_as_too_slow() {
    let gateway = gateway("").await;
    let json = ["Content-Type: application/json"];
    for path in [
        "/checkConnect",
        "/receiveOpenGate",
        "/receiveShowMsg",
        "/queryPlaceStatus",
        "/queryUnPushRecognitionInfo",
        "/queryUnPushCrossInfo",
        "/queryInOutRecord",
        "/queryInOutPayRecord",
        "/queryPrePayRecord",
    ] {
        let dawdlers = request(path, &json).before_the_body();
        each_is_ended(gateway.standard, None, dawdlers, Some("408")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_an_event_or_an_answer_of_a_controller_is_answered_as_too_slow() {
    let platform = Platform::start().await;
    let site = Site::new(&platform.url(), "poll").bearing(bounds());
    let gateway = site.start().await;
    let key = format!("Authorization: Bearer {}", KEYS[0]);
    let json = [&*key, "Content-Type: application/json"];
    let form = [&*key, "Content-Type: multipart/form-data; boundary=X"];
    for (path, headers) in [
        ("/v1/events", json),
        ("/v1/events", form),
        ("/v1/answers", json),
    ] {
        // One after the other: each would have no place if another's was kept.
        for dawdler in request(path, &headers).before_the_body() {
            each_is_ended(gateway.devices, None, vec![dawdler], Some("408")).await;
        }
    }
}

/// A camera that pushes half of something takes no place from what it pushes next.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_push_of_each_camera_and_of_a_system_of_spaces_is_answered_as_too_slow() {
    let common = format!("name = \"IN-01\"\nkey = \"{KEY}\"\nrecognizer = \"CAM-01\"\n");
    let called = "address = \"127.0.0.1:1\"\nuser = \"gateway\"\npassword = \"Demo#2026\"\n";
    let barrier = "barrier]\ndevice = \"BAR-01\"\n";
    let taken = "confirm = \"taken\"\n";
    let inputs = |family: &str| {
        let input = |number, is, device| {
            format!(
                "[[lot.{family}.input]]\nnumber = {number}\nis = \"{is}\"\ndevice = \"{device}\"\n"
            )
        };
        input(1, "trigger_loop", "CAM-01") + &input(2, "safety_loop", "BAR-01")
    };
    let serial = "experimental = true\nserial = \"6F03A11PAG00001\"\n";
    let families = [
        ("vz", format!("[lot.vz.{barrier}{taken}{}", inputs("vz"))),
        (
            "hik",
            format!("{called}[lot.hik.{barrier}{}", inputs("hik")),
        ),
        ("hx", format!("{serial}[lot.hx.{barrier}{taken}")),
        (
            "dahua",
            format!("{serial}{called}[lot.dahua.{barrier}{taken}"),
        ),
        ("spaces", String::new()),
    ];
    let mut all = JoinSet::new();
    for (family, rest) in families {
        let common = match family {
            "spaces" => format!("name = \"B1\"\nkey = \"{KEY}\"\n"),
            _ => common.clone(),
        };
        all.spawn(async move {
            let gateway = gateway(&format!("[[lot.{family}]]\n{common}{rest}")).await;
            for end in ["", "/any/end"] {
                let path = format!("/{family}/{KEY}{end}");
                for headers in [
                    ["Content-Type: application/json"],
                    ["Content-Type: multipart/form-data; boundary=X"],
                ] {
                    let dawdlers = request(&path, &headers).before_the_body();
                    // One after the other: each would have no place if another's was kept.
                    for dawdler in dawdlers {
                        let dawdler = vec![dawdler];
                        each_is_ended(gateway.devices, None, dawdler, Some("408")).await;
                    }
                }
            }
        });
    }
    while let Some(family) = all.join_next().await {
        family.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_command_of_the_booth_is_answered_as_too_slow_and_moves_nothing() {
    let gateway = gateway("").await;
    let key = format!("Authorization: Bearer {}", gateway.key);
    for path in [
        "lanes/01/open",
        "lanes/01/plate",
        "show",
        "resend",
        "payments",
        "occupancy",
    ] {
        let path = format!("/local/v1/lots/L1/{path}");
        let dawdlers = request(&path, &[&key]).before_the_body();
        each_is_ended(gateway.local, None, dawdlers, Some("408")).await;
    }
    assert_eq!(gateway.count("SELECT count(*) FROM act"), 0);
}

/// Nobody reads what comes with a question or from a stranger: it is answered at once, and that is the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sends_half_a_body_that_nobody_wants_is_answered_and_let_go() {
    let gateway = gateway("").await;
    let key = format!("Authorization: Bearer {}", gateway.key);
    let monitoring = gateway.monitoring.unwrap();
    for (address, method, path, status) in [
        (gateway.standard, "POST", "/nowhere", "404"),
        (gateway.standard, "GET", "/pictures/none.jpg", "404"),
        (gateway.devices, "POST", "/v1/events", "401"),
        (gateway.devices, "POST", "/vz/a-strangers-word", "401"),
        (gateway.local, "GET", "/local/v1/status", "200"),
        (gateway.local, "POST", "/local/v1/nowhere", "404"),
        (monitoring, "GET", "/metrics", "200"),
        (monitoring, "POST", "/livez", "405"),
    ] {
        let headers = [&*key];
        let request = Request {
            method,
            path,
            headers: &headers,
        };
        for dawdler in request.before_the_body() {
            let ended = dawdler.waits_at(address, None).await;
            let ended = ended.unwrap_or_else(|_| panic!("{path}, {}: kept", dawdler.name));
            let begin = format!("HTTP/1.1 {status}");
            assert!(ended.said.starts_with(&begin), "{path}: {ended:?}");
        }
    }
}
