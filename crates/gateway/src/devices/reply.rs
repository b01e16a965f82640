//! What a controller answers to a command or a question.

use serde_json::{Map, Value};

/// Most characters of a wrong value that an error shows.
const MAX_SHOWN_CHARS: usize = 80;

/// An answer: whether it was done, and what it says beside that, which is read by who asked for it. What
/// nobody asked for does not make it doubtful whether a barrier moved.
#[derive(Debug)]
pub(super) struct Reply {
    /// Whether the command was obeyed.
    pub(super) ok: bool,
    /// Why it was not.
    pub(super) error: String,
    rest: Map<String, Value>,
}

impl Reply {
    /// Reads an answer.
    ///
    /// # Errors
    /// A sentence that names the field, what came and what was expected.
    pub(super) fn of(answer: Value) -> Result<Reply, String> {
        let rest = match answer {
            Value::Object(rest) => rest,
            other => return Err(format!("应答应是 JSON 对象，收到 {}", shown(&other))),
        };
        let Some(ok) = rest.get("ok").and_then(Value::as_bool) else {
            let came = rest.get("ok").unwrap_or(&Value::Null);
            return Err(format!("ok 应是 true 或 false，收到 {}", shown(came)));
        };
        let error = match rest.get("error") {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        Ok(Reply { ok, error, rest })
    }

    /// The numbers of the devices that are online.
    ///
    /// # Errors
    /// As [`Reply::of`].
    pub(super) fn online(&self) -> Result<Vec<&str>, String> {
        self.list("online", "设备编号", Value::as_str)
    }

    /// What the contacts say, each as an event has it.
    ///
    /// # Errors
    /// As [`Reply::of`].
    pub(super) fn state(&self) -> Result<Vec<&Map<String, Value>>, String> {
        self.list("state", "对象", Value::as_object)
    }

    fn list<'a, T>(
        &'a self,
        field: &str,
        what: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Vec<T>, String> {
        let items = match self.rest.get(field) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(other) => return Err(format!("{field} 应是{what}的数组，收到 {}", shown(other))),
        };
        let item = |it| read(it).ok_or_else(|| format!("{field} 中应是{what}，收到 {}", shown(it)));
        items.iter().map(item).collect()
    }
}

/// The beginning of a value.
fn shown(value: &Value) -> String {
    value.to_string().chars().take(MAX_SHOWN_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// OPEN-7: the barrier did move.
    #[test]
    fn what_nobody_asked_for_does_not_make_an_answer_doubtful() {
        let answers = [
            json!({"ok": true}),
            json!({"ok": true, "online": null, "error": null}),
            json!({"ok": true, "online": "CAM-01", "state": 3}),
        ];
        for answer in answers {
            assert!(Reply::of(answer.clone()).unwrap().ok, "{answer}");
        }
        let refused = Reply::of(json!({"ok": false, "error": "继电器无响应"})).unwrap();
        assert_eq!(
            (refused.ok, refused.error.as_str()),
            (false, "继电器无响应")
        );
    }

    #[test]
    fn what_was_asked_for_is_read_and_nothing_is_an_empty_list() {
        let state = json!({"event": "trigger_loop", "device": "CAM-01", "pressed": true});
        let reply = Reply::of(json!({"ok": true, "online": ["CAM-01"], "state": [state]})).unwrap();
        assert_eq!(reply.online(), Ok(vec!["CAM-01"]));
        assert_eq!(reply.state().unwrap(), [state.as_object().unwrap()]);
        let reply = Reply::of(json!({"ok": true, "online": null})).unwrap();
        assert_eq!((reply.online(), reply.state()), (Ok(vec![]), Ok(vec![])));
    }

    #[test]
    fn of_what_is_long_the_beginning_is_shown() {
        let long = "x".repeat(10_000);
        let why = Reply::of(json!({ "ok": long })).unwrap_err();
        assert!(why.chars().count() < 2 * MAX_SHOWN_CHARS, "{why}");
    }

    #[test]
    fn what_is_wrong_is_named_with_what_came_and_what_was_expected() {
        let wrong = |answer: Value| Reply::of(answer).unwrap_err();
        assert_eq!(wrong(json!([])), "应答应是 JSON 对象，收到 []");
        assert_eq!(wrong(json!({})), "ok 应是 true 或 false，收到 null");
        assert_eq!(wrong(json!({"ok": 1})), "ok 应是 true 或 false，收到 1");
        let online = |answer: Value| Reply::of(answer).unwrap().online().unwrap_err();
        let word = json!({"ok": true, "online": "CAM-01"});
        assert_eq!(online(word), "online 应是设备编号的数组，收到 \"CAM-01\"");
        let number = json!({"ok": true, "online": ["CAM-01", 2]});
        assert_eq!(online(number), "online 中应是设备编号，收到 2");
    }
}
