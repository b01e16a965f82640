//! What a process wrote, synced and acknowledged, in order, read from `strace`.
//!
//! `strace` stops a thread at each call, so that the order of its lines is an order in which things
//! can have happened: a reply that follows a sync is in a later line than the end of that sync.

use std::collections::HashMap;

use anyhow::{Context as _, bail};

/// One thing that matters to a disk, or to whoever was promised something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// Bytes are handed to the kernel; they may be on disk from now on, in part or not at all.
    Write {
        file: String,
        at: u64,
        data: Vec<u8>,
    },
    /// A file is cut off or extended; it may be so from now on.
    Resize { file: String, size: u64 },
    /// A sync begins: it covers what was written before this.
    SyncBegins { file: String },
    /// That sync is over: what it covers is on disk.
    SyncEnds { file: String },
    /// That sync is over and failed: the system takes what it covers to be on disk, which it need not be.
    SyncFails { file: String },
    /// A record was promised to be kept.
    Promised(String),
}

/// How a promise is seen among the process's output.
pub(crate) const PROMISE: &str = "kept ";

/// The calls that have to be recorded.
pub(crate) const CALLS: &str =
    "pwrite64,fdatasync,fsync,ftruncate,write,writev,sendto,recvfrom,read";

/// Reads a whole recording.
pub(crate) fn read(recording: &str) -> anyhow::Result<Vec<Event>> {
    let mut reader = Reader::default();
    for (number, line) in recording.lines().enumerate() {
        let read = reader.line(line);
        read.with_context(|| format!("line {} of the recording", number + 1))?;
    }
    Ok(reader.events)
}

#[derive(Default)]
struct Reader {
    events: Vec<Event>,
    /// What each thread has begun.
    begun: HashMap<String, String>,
    /// The record that was asked for last on each connection.
    asked: HashMap<String, String>,
}

impl Reader {
    fn line(&mut self, line: &str) -> anyhow::Result<()> {
        // strace aligns thread ids with spaces.
        let Some((thread, call)) = line.trim_start().split_once(' ') else {
            return Ok(());
        };
        let call = call.trim_start();
        if let Some(begun) = call.strip_suffix(" <unfinished ...>") {
            self.begins(begun)?;
            self.begun.insert(thread.to_owned(), begun.to_owned());
        } else if let Some(rest) = call.strip_prefix("<... ") {
            let (_, rest) = rest.split_once(" resumed>").context("no resumption")?;
            let begun = self.begun.remove(thread).unwrap_or_default();
            self.ends(&format!("{begun}{rest}"))?;
        } else if call.contains('(') {
            self.begins(call)?;
            self.ends(call)?;
        }
        Ok(())
    }

    /// What is known, and may take effect, from the beginning of a call on.
    fn begins(&mut self, call: &str) -> anyhow::Result<()> {
        let Some((name, file, arguments)) = parts(call) else {
            return Ok(());
        };
        match name {
            "pwrite64" => {
                let (data, rest) = text(arguments).context("no data")?;
                let at = rest.rsplit_once(", ").map(|(_, at)| number(at));
                let at = at.flatten().context("no offset")?;
                self.events.push(Event::Write { file, at, data });
            }
            "ftruncate" => {
                let size = arguments.rsplit(", ").next().and_then(number);
                let size = size.context("no size")?;
                self.events.push(Event::Resize { file, size });
            }
            "fdatasync" | "fsync" => self.events.push(Event::SyncBegins { file }),
            "write" | "writev" | "sendto" => self.sent(&file, arguments),
            _ => {}
        }
        Ok(())
    }

    /// What is known only when a call is over.
    fn ends(&mut self, call: &str) -> anyhow::Result<()> {
        let Some((name, file, arguments)) = parts(call) else {
            return Ok(());
        };
        match name {
            "fdatasync" | "fsync" if result(call) == Some(0) => {
                self.events.push(Event::SyncEnds { file });
            }
            "fdatasync" | "fsync" if result(call).is_some() => {
                self.events.push(Event::SyncFails { file });
            }
            "pwrite64" | "ftruncate" if result(call).is_some_and(|result| result < 0) => {
                bail!("a write failed, which this does not model: {name} {file}");
            }
            "recvfrom" | "read" => {
                let data = text(arguments).map(|(data, _)| data).unwrap_or_default();
                if let Some(record) = between(&data, br#""uuid":""#, b'"') {
                    self.asked.insert(file, record);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A line of a writer's, or a reply to what was asked on that connection.
    fn sent(&mut self, file: &str, arguments: &str) {
        let data = texts(arguments);
        let said = String::from_utf8_lossy(&data);
        for line in said.lines() {
            if let Some(record) = line.strip_prefix(PROMISE) {
                self.events.push(Event::Promised(record.to_owned()));
            }
        }
        if said.contains(r#""respCode":"0""#)
            && let Some(record) = self.asked.remove(file)
        {
            self.events.push(Event::Promised(record));
        }
    }
}

/// The name of a call, the file of its first argument, and the other arguments.
fn parts(call: &str) -> Option<(&str, String, &str)> {
    let (name, rest) = call.split_once('(')?;
    let (_, rest) = rest.split_once('<')?;
    let (file, rest) = rest.split_once('>')?;
    Some((name, unescape(file).ok()?, rest))
}

/// What a call returned; none when its process was killed in it. `strace` aligns results.
fn result(call: &str) -> Option<i64> {
    let (_, result) = call.rsplit_once(" = ")?;
    result.split_whitespace().next()?.parse().ok()
}

/// The first quoted text and what follows it.
fn text(arguments: &str) -> Option<(Vec<u8>, &str)> {
    let (_, rest) = arguments.split_once('"')?;
    let (hex, rest) = rest.split_once('"')?;
    Some((bytes(hex)?, rest))
}

/// All quoted texts as one: `writev` shows a head and a body as two.
fn texts(mut arguments: &str) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some((data, rest)) = text(arguments) {
        all.extend(data);
        arguments = rest;
    }
    all
}

fn number(text: &str) -> Option<u64> {
    let digits = text.split(')').next()?;
    digits.trim().parse().ok()
}

/// `-xx` shows each byte as `\xNN`.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    let parts = hex.split("\\x").skip(1);
    parts
        .map(|byte| u8::from_str_radix(byte, 16).ok())
        .collect()
}

fn unescape(path: &str) -> anyhow::Result<String> {
    if !path.starts_with("\\x") {
        return Ok(path.to_owned());
    }
    Ok(String::from_utf8(bytes(path).context("a path")?)?)
}

fn between(data: &[u8], before: &[u8], end: u8) -> Option<String> {
    let start = data.windows(before.len()).position(|part| part == before)?;
    let rest = &data[start + before.len()..];
    let length = rest.iter().position(|&byte| byte == end)?;
    String::from_utf8(rest[..length].to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> String {
        text.bytes().map(|byte| format!("\\x{byte:02x}")).collect()
    }

    #[test]
    fn a_write_counts_from_its_beginning_and_a_sync_from_its_end() {
        let recording = format!(
            "7 pwrite64(3</d/a.db-wal>, \"{}\", 2, 512 <unfinished ...>\n\
             8 write(1</d/out>, \"{}\", 7) = 7\n\
             7 <... pwrite64 resumed>) = 2\n\
             7 fdatasync(3</d/a.db-wal> <unfinished ...>\n\
             7 <... fdatasync resumed>)              = 0\n\
             7 fdatasync(4</d/a.db>) = -1 EIO (Input/output error)\n",
            hex("ab"),
            hex("kept u1\n")
        );
        let wal = "/d/a.db-wal".to_owned();
        let expected = [
            Event::Write {
                file: wal.clone(),
                at: 512,
                data: b"ab".to_vec(),
            },
            Event::Promised("u1".to_owned()),
            Event::SyncBegins { file: wal.clone() },
            Event::SyncEnds { file: wal },
            Event::SyncBegins {
                file: "/d/a.db".to_owned(),
            },
            Event::SyncFails {
                file: "/d/a.db".to_owned(),
            },
        ];
        assert_eq!(read(&recording).unwrap(), expected);
    }

    #[test]
    fn a_reply_is_a_promise_of_what_was_asked_on_its_connection() {
        let recording = format!(
            "7 recvfrom(9<socket:[5]>,  <unfinished ...>\n\
             7 <... recvfrom resumed>\"{}\", 99, 0, NULL, NULL) = 20\n\
             7 sendto(8<socket:[4]>, \"{yes}\", 9, 0, NULL, 0) = 9\n\
             7 writev(9<socket:[5]>, [{{iov_base=\"{head}\", iov_len=2}}, {{iov_base=\"{yes}\", \
             iov_len=9}}], 2) = 11\n\
             7 sendto(9<socket:[5]>, \"{yes}\", 9, 0, NULL, 0) = 9\n",
            hex(r#"{"uuid":"u-7"}"#),
            head = hex("HTTP/1.1 200 OK\r\n\r\n"),
            yes = hex(r#"{"respCode":"0"}"#)
        );
        assert_eq!(
            read(&recording).unwrap(),
            [Event::Promised("u-7".to_owned())]
        );
    }
}
