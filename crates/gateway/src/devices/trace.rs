//! The last frames between the gateway and one device, for the engineer who asks why.
//!
//! What only asks how things are and is answered as the last time is counted but not kept: it would
//! push out everything else within seconds.

use std::collections::VecDeque;

use encoding_rs::GBK;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Frames kept of one device: some vehicles' worth.
const FRAMES_KEPT: usize = 64;

/// Bytes kept of one frame, after long runs were shortened: with [`FRAMES_KEPT`], 32 kB a device.
const BYTES_KEPT: usize = 512;

/// A longer run of base64 is a picture or the like, in bytes.
const LONGEST_RUN: usize = 80;

/// What is kept of a run that is too long, in bytes: enough to see what it is.
const RUN_KEPT: usize = 12;

/// Names whose values are nobody's business, in lower case.
const SECRETS: [&str; 6] = ["password", "passwd", "pwd", "key", "token", "secret"];

/// Which way a frame went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Sent,
    Heard,
}

/// The last frames of one device.
#[derive(Debug, Default)]
pub(super) struct Trace {
    frames: VecDeque<Frame>,
    latest: i64,
}

#[derive(Debug)]
struct Frame {
    number: i64,
    at: Timestamp,
    way: Way,
    /// How long it was, in bytes.
    length: usize,
    /// What is kept of it.
    kept: Box<[u8]>,
}

impl Trace {
    /// A frame went or came.
    pub(super) fn note(&mut self, way: Way, at: Timestamp, frame: &[u8]) {
        self.latest += 1;
        if self.frames.len() == FRAMES_KEPT {
            self.frames.pop_front();
        }
        self.frames.push_back(Frame {
            number: self.latest,
            at,
            way,
            length: frame.len(),
            kept: shortened(frame).into(),
        });
    }

    /// The newest `limit` frames before the number `before`, newest first.
    pub(super) fn shown(&self, before: Option<i64>, limit: usize) -> Vec<Value> {
        let frames = self.frames.iter().rev();
        let wanted = frames.filter(|it| before.is_none_or(|before| it.number < before));
        wanted.take(limit).map(Frame::shown).collect()
    }
}

impl Frame {
    fn shown(&self) -> Value {
        json!({
            "number": self.number,
            "at": self.at.to_string(),
            "way": match self.way {
                Way::Sent => "sent",
                Way::Heard => "heard",
            },
            "bytes": self.length,
            "text": readable(&self.kept),
        })
    }
}

/// The beginning of a frame, without what makes it long.
fn shortened(frame: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(frame.len().min(BYTES_KEPT));
    let mut rest = frame;
    while !rest.is_empty() && kept.len() < BYTES_KEPT {
        let run = rest.iter().take_while(|it| is_base64(**it)).count();
        if run > LONGEST_RUN {
            kept.extend_from_slice(&rest[..RUN_KEPT]);
            kept.extend_from_slice(format!("...({run})").as_bytes());
        } else {
            kept.extend_from_slice(&rest[..run]);
        }
        rest = &rest[run..];
        if let Some((next, after)) = rest.split_first() {
            kept.push(*next);
            rest = after;
        }
    }
    kept.truncate(BYTES_KEPT);
    kept
}

/// Base64 as JSON writes it: some stacks escape the slash.
fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'\\')
}

/// Text as it is, on one line and without secrets; anything else as bytes.
fn readable(kept: &[u8]) -> String {
    match text(kept) {
        Some(text) => masked(&text),
        None => {
            let bytes: Vec<String> = kept.iter().map(|it| format!("{it:02X}")).collect();
            bytes.join(" ")
        }
    }
}

/// In UTF-8, or GBK as many devices write it; none when there is anything else in it.
fn text(kept: &[u8]) -> Option<String> {
    // JSON may be followed by a zero byte and a picture, and so may the head of a form.
    let has_json = kept.starts_with(b"{");
    let is_text = |it: &u8| *it >= 0x20 || matches!(it, b'\t' | b'\r' | b'\n');
    let end = match (has_json, kept.starts_with(b"--")) {
        (true, _) => kept.iter().position(|it| *it == 0),
        (false, true) => kept.iter().position(|it| !is_text(it) || *it == 0xFF),
        (false, false) => None,
    };
    let kept = &kept[..end.unwrap_or(kept.len())];
    if !kept.iter().all(is_text) || !kept.iter().any(u8::is_ascii_graphic) {
        return None;
    }
    // What was cut off within a character is no reason to show bytes.
    let utf8 = match std::str::from_utf8(kept) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&kept[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    };
    let text = match utf8 {
        Some(text) => text.to_owned(),
        // Frames of bytes alone are not taken for Chinese.
        None if has_json || kept.starts_with(b"<") => GBK.decode(kept).0.into_owned(),
        None => return None,
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    Some(words.join(" "))
}

/// Without the values of what is secret by its name, in JSON, XML and forms.
fn masked(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    while let Some((from, to)) = next_secret(&lower, at) {
        shown.push_str(&text[at..from]);
        shown.push_str("***");
        at = to;
    }
    shown.push_str(&text[at..]);
    shown
}

/// Where the value of the next secret begins and ends.
fn next_secret(lower: &str, at: usize) -> Option<(usize, usize)> {
    let found = SECRETS.iter().filter_map(|name| {
        let mut begin = at;
        while let Some(place) = lower[begin..].find(name) {
            let after = begin + place + name.len();
            // A closing tag is followed by no value.
            let is_closing = lower[..begin + place].ends_with("</");
            if !is_closing && let Some(value) = value_at(&lower[after..]) {
                return Some((after + value.0, after + value.1));
            }
            begin = after;
        }
        None
    });
    found.min()
}

/// Where the value behind a name begins and ends; none when no value follows.
fn value_at(rest: &str) -> Option<(usize, usize)> {
    let ends = |from: usize, end: &[char]| {
        let length = rest[from..].find(end).unwrap_or(rest.len() - from);
        Some((from, from + length))
    };
    let spaces = |from: usize| from + rest[from..].len() - rest[from..].trim_start().len();
    let quote = usize::from(rest.starts_with('"'));
    let colon = spaces(quote);
    if rest[colon..].starts_with(':') {
        let value = spaces(colon + 1);
        return match rest[value..].starts_with('"') {
            true => ends(value + 1, &['"']),
            false => ends(value, &[',', '}', ' ']),
        };
    }
    match rest.chars().next()? {
        '>' => ends(1, &['<']),
        '=' => ends(1, &['&', ' ', ';', ',']),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(frame: &[u8]) -> String {
        let mut trace = Trace::default();
        trace.note(Way::Heard, Timestamp::UNIX_EPOCH, frame);
        let shown = &trace.shown(None, 1)[0];
        assert_eq!(shown["bytes"], frame.len());
        shown["text"].as_str().unwrap().to_owned()
    }

    #[test]
    fn text_is_shown_as_text_and_bytes_as_bytes() {
        assert_eq!(
            shown("{\"plate\":\n \"粤B12345\"}".as_bytes()),
            "{\"plate\": \"粤B12345\"}"
        );
        let (gbk, ..) = GBK.encode("{\"plate\":\"粤B12345\"}");
        assert_eq!(shown(&gbk), "{\"plate\":\"粤B12345\"}");
        assert_eq!(shown(b"{}\x00\xFF\xD8"), "{}");
        assert_eq!(shown(&[0x01, 0x05, 0xFF, 0x00]), "01 05 FF 00");
        let form = b"--X\r\nContent-Type: image/jpeg\r\n\r\n\xFF\xD8\xFF";
        assert_eq!(shown(form), "--X Content-Type: image/jpeg");
    }

    #[test]
    fn a_picture_does_not_push_out_what_follows_it() {
        let frame = format!(
            "{{\"image\":\"{}\",\"license\":\"A\"}}",
            "/9j/4AAQ".repeat(40_000)
        );
        assert_eq!(
            shown(frame.as_bytes()),
            "{\"image\":\"/9j/4AAQ/9j/...(320000)\",\"license\":\"A\"}"
        );
    }

    #[test]
    fn what_is_secret_by_its_name_is_not_shown() {
        for (frame, expected) in [
            (
                r#"{"Password" : "a b", "x":1}"#,
                r#"{"Password" : "***", "x":1}"#,
            ),
            (r#"{"key":12,"token":"t"}"#, r#"{"key":***,"token":"***"}"#),
            ("<password>x</password>", "<password>***</password>"),
            ("user=a&pwd=b&c=d", "user=a&pwd=***&c=d"),
            ("a keyboard", "a keyboard"),
        ] {
            assert_eq!(shown(frame.as_bytes()), expected);
        }
    }

    #[test]
    fn only_the_newest_are_kept_and_the_newest_comes_first() {
        let mut trace = Trace::default();
        for number in 0..200_u8 {
            trace.note(Way::Sent, Timestamp::UNIX_EPOCH, &[number]);
        }
        let all = trace.shown(None, 1000);
        assert_eq!(all.len(), FRAMES_KEPT);
        assert_eq!(
            (&all[0]["text"], &all[0]["number"]),
            (&json!("C7"), &json!(200))
        );
        let before = trace.shown(Some(200), 2);
        let numbers: Vec<&Value> = before.iter().map(|it| &it["number"]).collect();
        assert_eq!(numbers, [&json!(199), &json!(198)]);
    }

    proptest! {
        /// Whatever a device says can be shown, and takes no more than its share.
        #[test]
        fn any_frame_can_be_shown(frame in proptest::collection::vec(any::<u8>(), 0..2000)) {
            prop_assert!(shortened(&frame).len() <= BYTES_KEPT);
            shown(&frame);
        }

        #[test]
        fn any_text_can_be_shown(frame in "(key|token|[\":=>< {}粤a]){0,60}") {
            shown(frame.as_bytes());
        }
    }
}
