//! A real gateway that is killed without warning.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::process::Gateway;

const CONFIG: &str = r#"
data = "{data}"
public_url = "http://lot"
[listen]
standard = "127.0.0.1:0"
devices = "127.0.0.1:0"
local = "127.0.0.1:0"
[tls]
plain = true
[platform]
base_url = "http://127.0.0.1:1"
app_id = "99848791"
secret = "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo"
[[lot]]
id = "L1"
[[lot.lane]]
name = "01"
gate = "东二"
direction = "entry"
recognizer = "CAM-01"
barrier = "BAR-01"
device_url = "poll"
device_key = "key"
"#;

/// How often it is killed.
const ROUNDS: u64 = 6;

/// By how much later each round ends than the one before: together they reach from the
/// acknowledgement to after the 200 ms in which a loop does not count.
const STEP: Duration = Duration::from_millis(50);

/// CROSS-1, D-14, D-18: whatever was acknowledged is a crossing, once.
#[test]
fn a_press_that_was_acknowledged_is_one_crossing_whenever_the_gateway_dies() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let text = CONFIG.replace("{data}", &data.display().to_string());
    let start = || Gateway::start(folder.path(), &text, &[]);
    let safety = |gateway: &Gateway, pressed: bool| {
        let event = json!({"event": "safety_loop", "device": "BAR-01", "pressed": pressed});
        gateway.event("key", &event);
    };
    let mut gateway = start();
    for round in 0..ROUNDS {
        safety(&gateway, true);
        std::thread::sleep(STEP * u32::try_from(round).unwrap());
        gateway.dies();
        gateway = start();
        let proof = gateway.asked(&data, "/lots/L1/proof");
        assert_eq!(proof["crossings"]["total"], round + 1, "{proof}");
        assert_eq!(proof["recognitions"]["total"], round + 1, "{proof}");
        assert_eq!(proof["holds"], true, "{proof}");
        safety(&gateway, false);
        let free = |status: &Value| status["lots"][0]["lanes"][0]["safety_loop"] == false;
        let end = Instant::now() + Duration::from_secs(30);
        while !free(&gateway.asked(&data, "/status")) {
            assert!(Instant::now() < end, "the loop is not free again");
        }
    }
}
