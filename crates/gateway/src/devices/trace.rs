//! The last frames between the gateway and one device, for the engineer who asks why.
//!
//! What only asks how things are and is answered as the last time is counted but not kept: it would
//! push out everything else within seconds.

mod masked;

use std::borrow::Cow;
use std::collections::VecDeque;

use encoding_rs::GBK;
use jiff::Timestamp;
use serde_json::{Value, json};

use self::masked::{has_secret, masked};

/// Frames kept of one device: some vehicles' worth.
const FRAMES_KEPT: usize = 64;

/// Bytes kept of one frame, after long runs were shortened: with [`FRAMES_KEPT`], 32 kB a device.
const BYTES_KEPT: usize = 512;

/// A longer run of base64 is a picture or the like, in bytes.
const LONGEST_RUN: usize = 80;

/// What is kept of a run that is too long, in bytes: enough to see what it is.
const RUN_KEPT: usize = 12;

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
    let Some(text) = text(kept) else {
        let bytes: Vec<String> = kept.iter().map(|it| format!("{it:02X}")).collect();
        return bytes.join(" ");
    };
    let text = masked(&text);
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// In UTF-8, or GBK as many devices write it; none when there is anything else in it.
fn text(kept: &[u8]) -> Option<Cow<'_, str>> {
    // JSON may be followed by a zero byte and a picture, and so may the head of a form.
    let has_json = kept.starts_with(b"{");
    let is_form = kept.starts_with(b"--");
    let is_text = |it: &u8| *it >= 0x20 || matches!(it, b'\t' | b'\r' | b'\n');
    let end = match (has_json, is_form) {
        (true, _) => kept.iter().position(|it| *it == 0),
        (false, true) => kept.iter().position(|it| !is_text(it) || *it == 0xFF),
        (false, false) => None,
    };
    let kept = &kept[..end.unwrap_or(kept.len())];
    // What was cut off within a character is no reason to show bytes.
    let utf8 = match std::str::from_utf8(kept) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&kept[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    };
    let is_text = kept.iter().all(is_text) && kept.iter().any(u8::is_ascii_graphic);
    if let Some(text) = utf8.filter(|_| is_text) {
        return Some(text.into());
    }
    // Frames of bytes alone are not taken for Chinese, unless a secret would be shown as bytes.
    let chinese = GBK.decode_without_bom_handling(kept).0;
    let is_chinese = is_text && (has_json || kept.starts_with(b"<"));
    (is_chinese || has_secret(&chinese)).then_some(chinese)
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

    /// D-7
    #[test]
    fn what_is_secret_by_its_name_is_not_shown() {
        let form = "--X\r\nContent-Disposition: form-data; name=\"pass_wd\"\r\n\r\nx y\r\n--X--";
        let (gbk, ..) = GBK.encode("device_name=东入口&pass_wd=x");
        for (frame, expected) in [
            (&b"{\"password\":\n\"a\"}"[..], "{\"password\": \"***\"}"),
            (
                form.as_bytes(),
                "--X Content-Disposition: form-data; name=\"pass_wd\" *** --X--",
            ),
            (b"user_name=a&pass_wd=x", "user_name=a&pass_wd=***"),
            (&gbk, "device_name=东入口&pass_wd=***"),
            (b"\x00\x01pwd=x", "\x00\x01pwd=***"),
        ] {
            assert_eq!(shown(frame), expected);
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
