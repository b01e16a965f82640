//! Floods: whoever asks too much is told at once, and the others are served.

use std::time::{Duration, Instant};

use boshi_protocol::id::AppId;
use boshi_protocol::time::WireTime;
use boshi_protocol::token::Credentials;
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::site::{Platform, Site};

/// What a vehicle waits for at most (D-17): five attempts of two seconds.
const IN_TIME: Duration = Duration::from_secs(10);

/// Two suppliers with a lot each.
fn two() -> Site {
    let other = r#"[[supplier]]
app_id = "other"
secret = "another secret of theirs"
[[lot]]
id = "L2"
supplier = "other"
base_url = "http://127.0.0.1:1"
entry = "allow"
exit = "allow"
[[supplier]]"#;
    Site::new("http://127.0.0.1:1").with("[[supplier]]", other)
}

/// A recognition of the second supplier's lot.
fn other(number: usize) -> String {
    let credentials = Credentials::new(
        AppId::new("other").unwrap(),
        String::from("another secret of theirs").into(),
    );
    let time = WireTime::from_timestamp(Timestamp::now()).to_string();
    json!({
        "version": "1.0", "token": credentials.sign(&time), "parkingLotId": "L2", "time": time,
        "appId": "other", "deviceNo": "CAM-01", "uuid": format!("o{number}"),
        "recognitionTime": time, "image": "", "plateNumber": "粤B99999", "color": "blue"
    })
    .to_string()
}

async fn flood(platform: &Platform, client: &reqwest::Client, number: usize) -> (u16, Value) {
    let url = format!("http://{}/receivePlateNumber", platform.running.standard);
    let request = client.post(url).header("Content-Type", "application/json");
    let response = request.body(other(number)).send().await.unwrap();
    let status = response.status().as_u16();
    let again = response.headers().get("retry-after").is_some();
    assert_eq!(again, status != 200, "{status}");
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap())
}

/// Pushes a recognition as a supplier does, until it is decided on.
async fn decided(platform: &Platform, number: usize) {
    const ATTEMPTS: usize = 5;
    for _ in 0..ATTEMPTS {
        let (status, reply) = platform.push(number, "CAM-01").await;
        if status == 200 {
            assert_eq!(reply["respCode"], "0", "{reply}");
            return;
        }
    }
    panic!("vehicle {number} would have been let through blind");
}

fn client() -> reqwest::Client {
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    // From elsewhere than the others.
    client
        .local_address(std::net::IpAddr::from([127, 0, 0, 5]))
        .build()
        .unwrap()
}

/// D-1, D-17
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_one_supplier_is_told_so_at_once_and_anothers_vehicles_are_answered_in_time() {
    let limits = "[limits]\nrequests_per_lot = 10\n[[supplier]]\napp_id = \"other\"";
    let site = two().with("[[supplier]]\napp_id = \"other\"", limits);
    let platform = site.start().await;
    let client = client();
    let requests = (0..2000).map(|number| flood(&platform, &client, number));
    let flooding = stream::iter(requests)
        .buffer_unordered(500)
        .collect::<Vec<_>>();
    let vehicles = async {
        let mut slowest = Duration::ZERO;
        for number in 0..50 {
            let asked = Instant::now();
            decided(&platform, number).await;
            slowest = slowest.max(asked.elapsed());
        }
        slowest
    };
    let (flooded, slowest) = tokio::join!(flooding, vehicles);
    assert!(slowest < IN_TIME, "{slowest:?}");
    let served = flooded.iter().filter(|(status, _)| *status == 200).count();
    let told = flooded
        .iter()
        .filter(|(status, _)| [429, 503].contains(status));
    assert!(served >= 1 && served + told.count() == 2000, "{served}");
    let refused = flooded.iter().find(|(status, _)| *status == 429).unwrap();
    let words = refused.1["respDesc"].as_str().unwrap();
    assert!(words.starts_with("LOT_TOO_OFTEN "), "{words}");
    // What was answered is here, and once.
    let path = "/recognitions?lot=L2&limit=200";
    let rows = platform.get(path).await["items"].as_array().unwrap().len();
    assert_eq!(rows, served.min(200));
}

/// D-1: while the disk stands still nobody waits for longer than a supplier would, nor in a queue
/// without end, and afterwards all goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_disk_that_stands_still_everybody_is_told_so_in_time() {
    let site = two();
    let platform = site.start().await;
    platform.push(0, "CAM-01").await;
    let mut other = rusqlite::Connection::open(site.store()).unwrap();
    let lock = other
        .transaction_with_behavior(rusqlite::TransactionBehavior::Exclusive)
        .unwrap();
    let client = client();
    let asked = Instant::now();
    let all = join_all((0..200).map(|number| flood(&platform, &client, number))).await;
    assert!(asked.elapsed() < IN_TIME, "{:?}", asked.elapsed());
    let codes = all.iter().map(|(status, reply)| {
        assert_eq!(*status, 503, "{reply}");
        let words = reply["respDesc"].as_str().unwrap();
        words.split(' ').next().unwrap().to_owned()
    });
    let codes: std::collections::HashMap<String, usize> =
        codes.fold(std::collections::HashMap::new(), |mut codes, code| {
            *codes.entry(code).or_default() += 1;
            codes
        });
    assert_eq!(codes["LOT_BUSY"], 200 - 32, "{codes:?}");
    drop(lock);
    decided(&platform, 1).await;
}

/// A thousand connections that say half a request keep nobody out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_slow_connections_keep_no_vehicle_waiting() {
    let platform = two().start().await;
    let mut slow = Vec::new();
    for _ in 0..1000 {
        let mut stream = TcpStream::connect(platform.running.standard).await.unwrap();
        let half = b"POST /receivePlateNumber HTTP/1.1\r\nHost: p\r\nContent-Le";
        stream.write_all(half).await.unwrap();
        slow.push(stream);
    }
    for number in 0..20 {
        let asked = Instant::now();
        decided(&platform, number).await;
        assert!(asked.elapsed() < IN_TIME, "{:?}", asked.elapsed());
    }
    drop(slow);
}
