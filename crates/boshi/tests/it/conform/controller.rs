//! The devices of one lane, as a controller of docs/DEVICES.md: does what the gateway says, tells
//! what was done, and loses a device when it is told to.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// What was done so far, and what is lost.
#[derive(Default)]
struct Lane {
    lifts: u32,
    is_held: bool,
    display: Vec<String>,
    lost: BTreeSet<String>,
}

/// A controller that serves until the test ends.
pub(super) struct Controller {
    pub(super) address: SocketAddr,
}

impl Controller {
    pub(super) fn start() -> Controller {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let lane = Arc::new(Mutex::new(Lane::default()));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let lane = Arc::clone(&lane);
                std::thread::spawn(move || converse(stream, &lane));
            }
        });
        Controller { address }
    }
}

fn converse(stream: TcpStream, lane: &Mutex<Lane>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let (path, body) = request(&mut reader)?;
        let answer = answer(&path, &body, &mut lane.lock().unwrap());
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
            answer.len()
        );
        let stream = reader.get_mut();
        stream
            .write_all(format!("{head}{answer}").as_bytes())
            .ok()?;
    }
}

fn request(reader: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_ascii_lowercase());
    }
    let length = lines
        .iter()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    let path = lines.first()?.split(' ').nth(1)?.to_owned();
    Some((path, body))
}

fn answer(path: &str, body: &[u8], lane: &mut Lane) -> String {
    match path {
        "/lifts" => lane.lifts.to_string(),
        "/arm" => if lane.is_held { "up" } else { "down" }.to_owned(),
        "/display" => lane.display.join("\n"),
        "/device" => command(&serde_json::from_slice(body).unwrap(), lane).to_string(),
        _ => {
            let device = path.rsplit('/').next().unwrap().to_ascii_uppercase();
            if path.starts_with("/lose/") {
                lane.lost.insert(device);
            } else {
                lane.lost.remove(&device);
            }
            String::new()
        }
    }
}

fn command(command: &Value, lane: &mut Lane) -> Value {
    let is_lost = |device: &Value| lane.lost.contains(device.as_str().unwrap_or_default());
    if is_lost(&command["device"]) {
        return json!({"ok": false, "error": "设备无应答"});
    }
    match command["command"].as_str().unwrap() {
        "open" => lane.lifts += 1,
        "hold" => lane.is_held = true,
        "restore" => lane.is_held = false,
        "show" => {
            let lines = command["lines"].as_array().unwrap().iter();
            lane.display = lines
                .map(|line| line["text"].as_str().unwrap().to_owned())
                .collect();
        }
        _ => {
            let asked = command["devices"].as_array().unwrap().iter();
            let online: Vec<&Value> = asked.filter(|device| !is_lost(device)).collect();
            return json!({"ok": true, "online": online});
        }
    }
    json!({"ok": true})
}
