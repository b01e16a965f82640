//! The standard's envelope, made and checked by hand, so that a misreading of our own would show.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use md5::{Digest as _, Md5};
use serde_json::{Value, json};

pub(crate) const LOT: &str = "L1";
pub(crate) const APP_ID: &str = "99848791";
pub(crate) const SECRET: &str = "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo";

/// Longest that a test waits for what has to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Waits until `wanted` gives something.
pub(crate) async fn eventually<T>(what: &str, mut wanted: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = wanted() {
            return found;
        }
        assert!(Instant::now() < end, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// `yyyyMMdd HH:mm:ss` in China (T-5).
pub(crate) fn time(at: Timestamp) -> String {
    let china = (at + SignedDuration::from_hours(8)).to_string();
    let part = |from: usize, to: usize| &china[from..to];
    format!(
        "{}{}{} {}",
        part(0, 4),
        part(5, 7),
        part(8, 10),
        part(11, 19)
    )
}

/// T-6
pub(crate) fn token(time: &str) -> String {
    token_of(time, SECRET)
}

/// The same with another secret.
pub(crate) fn token_of(time: &str, secret: &str) -> String {
    let digest = Md5::digest(format!("{time}&{APP_ID}&{secret}"));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A request of the platform, signed now, with the fields of `own` beside the envelope's.
pub(crate) fn request(own: &Value) -> Value {
    request_at(Timestamp::now(), own)
}

/// The same, signed at another time.
pub(crate) fn request_at(at: Timestamp, own: &Value) -> Value {
    let time = time(at);
    let mut request = json!({
        "version": "1.0", "token": token(&time), "parkingLotId": LOT, "time": time
    });
    let object = request.as_object_mut().unwrap();
    object.extend(own.as_object().unwrap().clone());
    request
}

/// Asserts the envelope of a request to the platform (T-3, T-5, T-6).
pub(crate) fn assert_envelope(body: &Value) {
    assert_eq!(body["version"], "1.0");
    assert_eq!(body["appId"], APP_ID);
    assert_eq!(body["parkingLotId"], LOT);
    let time = body["time"].as_str().unwrap();
    assert_time(time);
    assert_eq!(body["token"], token(time));
}

/// T-5
pub(crate) fn assert_time(text: &str) {
    let form: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    assert_eq!(form, "00000000 00:00:00", "{text}");
}
