//! Why a request is refused, in the form in which the other side reads it (T-4, D-1).

use std::borrow::Cow;
use std::fmt;

/// A refusal: a short code that stays the same for ever, and a sentence for people.
///
/// Both travel in `respDesc`, as `CODE 句子`: the standard has no field of its own for a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    code: Cow<'static, str>,
    sentence: String,
}

/// Codes with which a request is turned away before anybody has looked at what it is about: whoever
/// answers so has kept nothing of it. Other implementations' words say nothing of that.
const TURNS_AWAY: [&str; 9] = [
    "BAD_CONTENT_TYPE",
    "BAD_FIELD",
    "BAD_JSON",
    "BAD_TOKEN",
    "MISSING_FIELD",
    "TIME_SKEW",
    "UNKNOWN_LOT",
    "WRONG_ADDRESS",
    "WRONG_APP",
];

impl Refusal {
    /// A refusal with a code of upper-case letters, digits and underscores.
    pub fn new(code: &'static str, sentence: impl Into<String>) -> Refusal {
        debug_assert!(is_code(code), "{code:?} is not a code");
        Refusal {
            code: Cow::Borrowed(code),
            sentence: sentence.into(),
        }
    }

    /// Reads what another implementation wrote into `respDesc`; its whole text is the sentence
    /// when it does not begin with a code.
    pub fn from_desc(desc: &str) -> Refusal {
        match desc.split_once(' ') {
            Some((code, sentence)) if is_code(code) => Refusal {
                code: Cow::Owned(code.to_owned()),
                sentence: sentence.to_owned(),
            },
            Some(_) | None => Refusal {
                code: Cow::Borrowed(""),
                sentence: desc.to_owned(),
            },
        }
    }

    /// The stable code; empty when the other side gave none.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Whether it is the request that was refused (a clock, a token, a field), and not what it asks for.
    pub fn turns_away(&self) -> bool {
        TURNS_AWAY.contains(&self.code())
    }

    /// The sentence for people.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }
}

fn is_code(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase())
        && text
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.code.is_empty() {
            out.write_str(&self.sentence)
        } else {
            write!(out, "{} {}", self.code, self.sentence)
        }
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    /// T-4
    #[test]
    fn a_refusal_survives_the_wire() {
        let refusal = Refusal::new("NO_VEHICLE", "闸口无车");
        assert_eq!(Refusal::from_desc(&refusal.to_string()), refusal);
    }

    #[test]
    fn a_text_without_a_code_is_all_sentence() {
        for text in ["", "月卡已过期", "OK then", "Not allowed"] {
            let refusal = Refusal::from_desc(text);
            assert_eq!(refusal.to_string(), text);
        }
        assert_eq!(Refusal::from_desc("not allowed").code(), "");
    }
}
