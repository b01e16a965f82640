//! What a camera says over MQTT, read as it is read from the broker: for `crates/fuzz` alone.

use super::envelope::{Word, read};
use crate::config::CameraClock;

/// Reads `bytes` as a message of a camera, and as an answer of one.
///
/// # Panics
/// When a message is understood as one of another kind.
pub fn vz_mqtt(bytes: &[u8]) {
    let said = read(bytes, Some("keep_alive"), false, CameraClock::China);
    if let Ok(heard) = said {
        let is_answer = matches!(heard.word, Word::Answer { .. });
        assert!(!is_answer, "nothing that is said is an answer");
    }
    let answer = read(bytes, None, true, CameraClock::Utc);
    if let Ok(heard) = answer {
        let is_answer = matches!(heard.word, Word::Answer { .. });
        assert!(is_answer, "an answer opens nothing and presses nothing");
    }
}
