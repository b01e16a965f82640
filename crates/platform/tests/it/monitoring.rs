//! What machines that watch the platform are told.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::site::{PATIENCE, Platform, SECRET, Site, eventually};
use crate::supplier::{Reply, Supplier};

pub(crate) const LISTEN: (&str, &str) = (
    "operators = \"127.0.0.1:0\"",
    "operators = \"127.0.0.1:0\"\nmonitoring = \"127.0.0.1:0\"",
);

async fn get(platform: &Platform, path: &str) -> (u16, String) {
    let address = platform.running.monitoring.unwrap();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    let asked = client
        .build()
        .unwrap()
        .get(format!("http://{address}{path}"));
    let answer = asked.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The first page that has all these lines.
pub(crate) async fn page_with(platform: &Platform, lines: &[&str]) -> String {
    let end = Instant::now() + PATIENCE;
    loop {
        let (_, page) = get(platform, "/metrics").await;
        let missing = lines
            .iter()
            .find(|line| !page.lines().any(|it| it == **line));
        match missing {
            None => return page,
            Some(line) => assert!(Instant::now() < end, "{line}\n{page}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn nobody_watches_unless_an_address_is_configured() {
    let platform = Site::new("http://127.0.0.1:1").start().await;
    assert_eq!(platform.running.monitoring, None);
}

#[tokio::test]
async fn a_platform_that_cannot_write_lives_but_is_not_ready_and_says_why() {
    let site = Site::new("http://127.0.0.1:1").with(LISTEN.0, LISTEN.1);
    let platform = site.start().await;
    assert_eq!(get(&platform, "/livez").await, (200, "ok\n".to_owned()));
    assert_eq!(get(&platform, "/readyz").await.0, 200);
    let mut other = rusqlite::Connection::open(site.store()).unwrap();
    let lock = other
        .transaction_with_behavior(rusqlite::TransactionBehavior::Exclusive)
        .unwrap();
    let page = eventually(async || {
        let (status, page) = get(&platform, "/readyz").await;
        (status == 503).then_some(page)
    })
    .await;
    let reply: Value = serde_json::from_str(&page).unwrap();
    assert_eq!(reply["ready"], false);
    assert_eq!(reply["reasons"][0], "记录库无法写入");
    assert_eq!(get(&platform, "/livez").await.0, 200);
    // D-1: no decision, and at once enough for the supplier to try again.
    let (status, reply) = platform.push(1, "CAM-01").await;
    assert_eq!(status, 503, "{reply}");
    drop(lock);
    eventually(async || (get(&platform, "/readyz").await.0 == 200).then_some(())).await;
}

/// Takes the log of this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

/// What the page says after all of that.
const COUNTED: [&str; 21] = [
    r#"boshi_platform_calls_total{endpoint="receivePlateNumber",outcome="accepted",code="-"} 1"#,
    r#"boshi_platform_calls_total{endpoint="receivePlateNumber",outcome="refused",code="NO_PERMIT"} 1"#,
    r#"boshi_platform_calls_total{endpoint="receiveCrossGate",outcome="turned_away",code="BAD_TOKEN"} 1"#,
    r#"boshi_platform_calls_total{endpoint="receiveCrossGate",outcome="turned_away",code="MISSING_FIELD"} 1"#,
    r#"boshi_platform_calls_total{endpoint="receiveCrossGate",outcome="turned_away",code="WRONG_APP"} 1"#,
    r#"boshi_platform_reply_seconds_count{endpoint="receivePlateNumber"} 2"#,
    r#"boshi_platform_decisions_total{pass="true",reason="DEFAULT_ALLOW"} 1"#,
    r#"boshi_platform_decisions_total{pass="false",reason="NO_PERMIT"} 1"#,
    r#"boshi_platform_commands_total{what="forced",state="executed"} 1"#,
    r#"boshi_platform_operator_requests_total{method="GET",status="401"} 1"#,
    r#"boshi_platform_calls_under_way 0"#,
    r#"boshi_platform_store_writable 1"#,
    r#"boshi_platform_store_queue 0"#,
    r#"boshi_platform_store_turned_away_total 0"#,
    r#"boshi_platform_lots{state="up"} 0"#,
    r#"boshi_platform_lots{state="outage"} 1"#,
    r#"boshi_platform_lots_skewed 1"#,
    r#"boshi_platform_lots_unreconciled 0"#,
    r#"boshi_platform_outages_total 1"#,
    r#"boshi_platform_reconciled_records_total{kind="new"} 0"#,
    r#"boshi_platform_connections_turned_away_total{listener="standard"} 0"#,
];

/// What else it says, with a number that depends on the time.
const BEGUN: [&str; 7] = [
    "boshi_platform_commit_seconds_count ",
    "boshi_platform_heartbeats_total{result=\"answered\"} ",
    "boshi_platform_reconcile_passes_total{result=\"complete\"} ",
    "boshi_platform_lot_down_seconds{lot=\"L1\"} ",
    "boshi_platform_lot_skew_seconds{lot=\"L1\"} -36",
    "boshi_platform_disk_level{level=\"",
    "process_resident_memory_bytes ",
];

/// D-7: everything that goes right and wrong, at the most talkative level, and no secret, token or
/// key in a line of the log or of the page; no plate in the page.
#[tokio::test]
async fn what_happens_is_counted_and_logged_with_a_request_id_and_without_a_secret() {
    let log = Log::default();
    let filter = tracing_subscriber::EnvFilter::new("trace");
    let to = log.clone();
    let subscriber = tracing_subscriber::fmt().json().with_env_filter(filter);
    let _logged = tracing::subscriber::set_default(subscriber.with_writer(to).finish());
    let lot = Supplier::start(None).await;
    let site = Site::new(&format!("http://{}", lot.address)).with(LISTEN.0, LISTEN.1);
    let platform = site.start().await;
    platform.lot_becomes(|lot| lot["state"] == "up").await;
    platform.push(1, "CAM-01").await;
    platform.push(2, "CAM-02").await;
    platform.open("forced").await;
    let hour = jiff::SignedDuration::from_hours(1);
    let now = jiff::Timestamp::now();
    platform.call("/receiveCrossGate", json!({}), now).await;
    platform
        .call("/receiveCrossGate", json!({"token": "bad-token"}), now)
        .await;
    platform
        .call("/receiveCrossGate", json!({}), now - hour)
        .await;
    platform
        .call("/receiveCrossGate", json!({"appId": "who"}), now)
        .await;
    platform
        .with_key(Some("wrong-key"), Method::GET, "/api/v1/lots", None)
        .await;
    lot.answers(|_, _| Reply::Status(500));
    platform.lot_becomes(|lot| lot["state"] == "outage").await;
    let page = page_with(&platform, &COUNTED).await;
    for begun in BEGUN {
        let there = page.lines().any(|line| line.starts_with(begun));
        assert!(there, "{begun}\n{page}");
    }
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let refused = logged
        .lines()
        .find(|line| line.contains("BAD_TOKEN"))
        .unwrap();
    let refused: Value = serde_json::from_str(refused).unwrap();
    assert_eq!(refused["span"]["request_id"].as_str().unwrap().len(), 32);
    assert_eq!(refused["fields"]["lot"], "L1");
    assert_eq!(refused["fields"]["from"], "127.0.0.1");
    assert!(
        logged.contains("the lot does not answer"),
        "the log is complete"
    );
    let tokens = lot.requests.lock().unwrap();
    let tokens = tokens
        .iter()
        .map(|(_, body)| body["token"].as_str().unwrap().to_owned());
    for secret in tokens.chain([SECRET, &platform.key, "bad-token", "wrong-key"].map(String::from))
    {
        assert!(!logged.contains(&secret), "{secret} is in the log");
        assert!(!page.contains(&secret), "{secret} is in the page");
    }
    for private in ["粤", "12345", "王工", "u1"] {
        assert!(!page.contains(private), "{private} is in\n{page}");
    }
}
