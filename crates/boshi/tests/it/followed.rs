//! A real platform that is killed without warning while others follow what happens.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::process::{PATIENCE, Platform, until};

const CONFIG: &str = r#"
data = "{data}"
[listen]
standard = "127.0.0.1:0"
operators = "127.0.0.1:0"
[tls]
plain = true
[webhooks]
deadline = "2s"
retry = ["20ms", "50ms", "100ms", "200ms", "500ms", "1s"]
"#;

/// How often it is killed.
const ROUNDS: usize = 5;
/// Plates that are blocked in each round before the next kill, at least.
const PLATES: usize = 40;

/// What a follower was told: the plate of each event by its id, in order, and where it is.
#[derive(Default)]
struct Told {
    events: Vec<(String, String)>,
    last: Option<String>,
}

/// Follows until the connection is cut, from where it was.
fn follow(address: &str, key: &str, told: &Mutex<Told>) {
    let last = told.lock().unwrap().last.clone();
    let last = last.unwrap_or_else(|| "0".to_owned());
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // HTTP/1.0, so that the body comes as it is.
    let head = format!(
        "GET /api/v1/events?kind=block HTTP/1.0\r\nAuthorization: Bearer {key}\r\n\
         Last-Event-ID: {last}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let (mut id, mut plate) = (None, None);
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        match line.split_once(": ") {
            Some(("id", told)) => id = Some(told.to_owned()),
            Some(("data", data)) => {
                let event: Value = serde_json::from_str(data).unwrap();
                plate = event["data"]["plate"].as_str().map(str::to_owned);
            }
            Some(_) => {}
            // An empty line ends an event: one that was cut off before it counts for nothing.
            None if line.is_empty() => {
                let mut told = told.lock().unwrap();
                if let Some(id) = id.take() {
                    let plate = plate.take().map(|plate| (id.clone(), plate));
                    told.events.extend(plate);
                    told.last = Some(id);
                }
            }
            None => {}
        }
    }
}

/// Takes messages, but every third only when it comes again; how often each id was taken.
fn receive(listener: &TcpListener, taken: &Mutex<BTreeMap<String, usize>>) {
    let mut refused = BTreeSet::new();
    for (number, stream) in listener.incoming().map_while(Result::ok).enumerate() {
        let mut reader = BufReader::new(stream);
        let (mut id, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            // Whoever is killed in the middle of a message has said nothing.
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                break;
            }
            match line.trim_end().split_once(": ") {
                Some(("webhook-id", told)) => told.clone_into(&mut id),
                Some(("content-length", told)) => length = told.parse().unwrap(),
                Some(_) => {}
                None if line.trim_end().is_empty() => break,
                None => {}
            }
        }
        let mut body = vec![0; length];
        if length == 0 || reader.read_exact(&mut body).is_err() {
            continue;
        }
        let is_taken = number % 3 != 0 || !refused.insert(id.clone());
        let status = if is_taken {
            "204 No Content"
        } else {
            "500 Not Now"
        };
        let answer = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        let answered = reader.get_mut().write_all(answer.as_bytes());
        if is_taken && answered.is_ok() {
            *taken.lock().unwrap().entry(id).or_default() += 1;
        }
    }
}

/// What was answered 201 is told once in the stream and taken at least once by the receiver,
/// whenever the platform dies.
#[test]
fn nothing_that_happened_is_lost_on_its_way_out_whenever_the_platform_dies() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let text = CONFIG.replace("{data}", &data.display().to_string());
    let start = || Platform::start(folder.path(), &text, &[("BOSHI_LOG", "off")]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/events", listener.local_addr().unwrap());
    let taken = Arc::<Mutex<BTreeMap<String, usize>>>::default();
    let noted = Arc::clone(&taken);
    std::thread::spawn(move || receive(&listener, &noted));
    let told = Arc::<Mutex<Told>>::default();
    let mut platform = start();
    platform.ask(
        "PUT",
        "/webhooks/billing",
        &json!({"url": url, "plain": true, "kinds": "block"}),
    );
    let mut blocked = Vec::new();
    for round in 0..ROUNDS {
        let (address, key, heard) = (
            platform.operators.clone(),
            platform.key.clone(),
            Arc::clone(&told),
        );
        let follower = std::thread::spawn(move || follow(&address, &key, &heard));
        for number in 0..PLATES + round {
            let plate = format!("粤B{:05}", round * 1000 + number);
            let answer = platform.ask("POST", "/blocks", &json!({"plate": plate, "reason": "x"}));
            assert_eq!(answer["plate"], plate.as_str(), "{answer}");
            blocked.push(plate);
        }
        // In the middle: what was written last is on its way, or not yet.
        platform.dies();
        follower.join().unwrap();
        platform = start();
    }
    let (address, key, heard) = (
        platform.operators.clone(),
        platform.key.clone(),
        Arc::clone(&told),
    );
    let follower = std::thread::spawn(move || follow(&address, &key, &heard));
    until("every event is told", || {
        told.lock().unwrap().events.len() >= blocked.len()
    });
    until("every event is taken", || {
        taken.lock().unwrap().len() >= blocked.len()
    });
    platform.dies();
    follower.join().unwrap();
    let told = told.lock().unwrap();
    let plates: Vec<&String> = told.events.iter().map(|(_, plate)| plate).collect();
    assert_eq!(
        plates,
        blocked.iter().collect::<Vec<_>>(),
        "each once, in order"
    );
    let ids: BTreeSet<&String> = told.events.iter().map(|(id, _)| id).collect();
    assert_eq!(taken.lock().unwrap().keys().collect::<BTreeSet<_>>(), ids);
}
