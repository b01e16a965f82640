//! Topics with holes in them, as systems that speak over MQTT are configured.

use serde::{Deserialize, Deserializer};

/// Longest topic in bytes: far above what is in use, and below what MQTT can write.
const MOST_BYTES: usize = 512;

/// A topic such as `device/{sn}/message/up/{name}`: a hole in braces stands for any one level, until
/// it is filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic(Vec<Level>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Level {
    Fixed(String),
    Hole(String),
}

/// Why a text is no topic.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// Nothing, or too much.
    #[error("expected 1 to {MOST_BYTES} bytes")]
    Length,
    /// A character that has a meaning of its own.
    #[error("expected no '+', '#' or control characters")]
    Wild,
    /// A brace where none may be.
    #[error("expected each {{hole}} to be a whole level")]
    Hole,
}

impl Topic {
    /// Reads a topic.
    ///
    /// # Errors
    /// [`TopicError`].
    pub fn read(text: &str) -> Result<Topic, TopicError> {
        if text.is_empty() || text.len() > MOST_BYTES {
            return Err(TopicError::Length);
        }
        if text.contains(|c: char| c == '+' || c == '#' || c.is_control()) {
            return Err(TopicError::Wild);
        }
        let level = |text: &str| {
            let hole = text.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
            let inner = hole.unwrap_or(text);
            if inner.contains(['{', '}']) || hole.is_some_and(str::is_empty) {
                return Err(TopicError::Hole);
            }
            Ok(match hole {
                Some(name) => Level::Hole(name.to_owned()),
                None => Level::Fixed(text.to_owned()),
            })
        };
        text.split('/')
            .map(level)
            .collect::<Result<_, _>>()
            .map(Topic)
    }

    /// The names of its holes.
    pub fn holes(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|level| match level {
            Level::Hole(name) => Some(name.as_str()),
            Level::Fixed(_) => None,
        })
    }

    /// The same with one hole filled in, as a level of its own.
    #[must_use]
    pub fn with(&self, hole: &str, value: &str) -> Topic {
        let fill = |level: &Level| match level {
            Level::Hole(name) if name == hole => Level::Fixed(value.to_owned()),
            other => other.clone(),
        };
        Topic(self.0.iter().map(fill).collect())
    }

    /// What is subscribed to: each hole matches one level.
    #[must_use]
    pub fn filter(&self) -> String {
        let shown = |level: &Level| match level {
            Level::Fixed(text) => text.clone(),
            Level::Hole(_) => "+".to_owned(),
        };
        self.0.iter().map(shown).collect::<Vec<_>>().join("/")
    }

    /// What stands in the holes of a topic of this kind; none when it is another.
    #[must_use]
    pub fn matched<'a>(&'a self, topic: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
        let mut levels = topic.split('/');
        let mut found = Vec::new();
        for expected in &self.0 {
            let level = levels.next()?;
            match expected {
                Level::Fixed(text) if text == level => {}
                Level::Fixed(_) => return None,
                Level::Hole(name) => found.push((name.as_str(), level)),
            }
        }
        levels.next().is_none().then_some(found)
    }
}

impl<'de> Deserialize<'de> for Topic {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Topic, D::Error> {
        let text = String::deserialize(from)?;
        let wrong = |error: TopicError| serde::de::Error::custom(format!("{text:?}: {error}"));
        Topic::read(&text).map_err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_filled_in_subscribed_to_and_read_again() {
        let topic = Topic::read("device/{sn}/message/up/{name}").unwrap();
        assert_eq!(topic.holes().collect::<Vec<_>>(), ["sn", "name"]);
        let own = topic.with("sn", "a1");
        assert_eq!(own.filter(), "device/a1/message/up/+");
        let found = own.matched("device/a1/message/up/gpio_in");
        assert_eq!(found, Some(vec![("name", "gpio_in")]));
        for other in [
            "device/a2/message/up/gpio_in",
            "device/a1/message/up",
            "device/a1/message/up/gpio_in/reply",
        ] {
            assert_eq!(own.matched(other), None, "{other}");
        }
        let whole = own.with("name", "gpio_out");
        assert_eq!(whole.filter(), "device/a1/message/up/gpio_out");
    }

    #[test]
    fn a_leading_slash_is_a_level_of_its_own() {
        let topic = Topic::read("/device/push/result").unwrap();
        assert_eq!(topic.filter(), "/device/push/result");
        assert_eq!(topic.matched("/device/push/result"), Some(vec![]));
        assert_eq!(topic.matched("device/push/result"), None);
    }

    #[test]
    fn what_is_no_topic_is_refused() {
        for (text, error) in [
            ("", TopicError::Length),
            ("a/+", TopicError::Wild),
            ("#", TopicError::Wild),
            ("a\n", TopicError::Wild),
            ("a/{}", TopicError::Hole),
            ("a/x{sn}", TopicError::Hole),
            ("a/{sn", TopicError::Hole),
        ] {
            assert_eq!(Topic::read(text), Err(error), "{text}");
        }
        assert_eq!(Topic::read(&"a".repeat(600)), Err(TopicError::Length));
    }
}
