//! Parts between boundaries, from bytes that may be cut anywhere: the form of a push, and the streams
//! of 海康 and 大华, which never end.
//!
//! A part ends where the next boundary begins. A stream writes that only with the next part, perhaps
//! seconds later: so an event of 海康 also ends with its root, and whatever tells its length after that
//! many bytes.

use memchr::memmem::Finder;

/// Longest part in bytes: a full picture, of nine megapixels some three million.
pub(super) const MAX_PART_BYTES: usize = 8 * 1024 * 1024;

/// Longest line before a part's body.
const MAX_LINE_BYTES: usize = 1024;

/// Most such lines of a part.
const MAX_LINES: usize = 32;

/// Longest boundary, as the standard for them has it.
const MAX_BOUNDARY_BYTES: usize = 70;

/// How an event of 海康 ends.
const ROOT_END: &[u8] = b"EventNotificationAlert>";

/// Longest prefix of a namespace.
const MAX_PREFIX_BYTES: usize = 32;

/// What is in a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    Xml,
    Json,
    Picture,
    /// Nobody says.
    #[default]
    Unknown,
}

/// A part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) kind: Kind,
    /// What it is called, in whichever field that stands.
    pub(super) name: String,
    pub(super) body: Vec<u8>,
}

/// Why bytes are no parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PartsError {
    #[error("分段超过 {MAX_PART_BYTES} 字节")]
    TooLong,
    #[error("分段头过长")]
    Head,
}

/// Bytes on their way to becoming parts.
#[derive(Debug)]
pub(super) struct Parts {
    boundary: Vec<u8>,
    /// The same of a sender that names it together with the dashes before it, until the first one shows
    /// which it is: most names begin with dashes of their own.
    whole_name: Option<Vec<u8>>,
    finder: Finder<'static>,
    root_end: Finder<'static>,
    buffer: Vec<u8>,
    /// Where what is not used yet begins.
    at: usize,
    stage: Stage,
    ended: bool,
}

#[derive(Debug)]
enum Stage {
    /// Looking for a boundary; whether a line begins here.
    Between {
        at_line: bool,
    },
    Head(Head, usize),
    /// How far its body was searched.
    Body(Head, usize),
}

#[derive(Clone, Debug, Default)]
struct Head {
    kind: Kind,
    name: String,
    length: Option<usize>,
}

/// The boundary that a content type names.
pub(super) fn boundary(content_type: &str) -> Option<String> {
    let (kind, rest) = content_type.split_once(';')?;
    let kind = kind.trim().to_ascii_lowercase();
    if !kind.starts_with("multipart/") {
        return None;
    }
    let fields = rest.split(';').filter_map(|it| it.trim().split_once('='));
    let mut named = fields.filter(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"));
    let boundary = named.next()?.1.trim().trim_matches('"').trim_start();
    (1..=MAX_BOUNDARY_BYTES)
        .contains(&boundary.len())
        .then(|| boundary.to_owned())
}

impl Parts {
    pub(super) fn new(boundary: &str) -> Parts {
        let named = boundary.as_bytes();
        let boundary = [b"--", named].concat();
        Parts {
            finder: line_that_begins_with(&boundary),
            whole_name: named.starts_with(b"--").then(|| named.to_vec()),
            root_end: Finder::new(ROOT_END).into_owned(),
            boundary,
            buffer: Vec::new(),
            at: 0,
            stage: Stage::Between { at_line: true },
            ended: false,
        }
    }

    /// More bytes have come.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        // The line break before a boundary may have been used already.
        let used = self.at.saturating_sub(1);
        self.buffer.drain(..used);
        self.at -= used;
        self.buffer.extend_from_slice(bytes);
    }

    /// No more bytes will come: what is there is the last part.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// The next part, if it is whole.
    pub(super) fn next(&mut self) -> Result<Option<Part>, PartsError> {
        loop {
            match &mut self.stage {
                Stage::Between { at_line } => {
                    let at_line = *at_line;
                    if !self.pass_over(at_line) {
                        return Ok(None);
                    }
                }
                Stage::Head(..) => {
                    if !self.read_line()? {
                        return Ok(None);
                    }
                }
                Stage::Body(..) => return self.body(),
            }
        }
    }

    /// A line that is a boundary begins a part; any other is passed over. False when there is no whole line.
    fn pass_over(&mut self, at_line: bool) -> bool {
        let left = &self.buffer[self.at..];
        let Some(end) = memchr::memchr(b'\n', left) else {
            if left.len() > MAX_LINE_BYTES {
                self.at = self.buffer.len();
                self.stage = Stage::Between { at_line: false };
            }
            return false;
        };
        let begins = at_line && self.is_boundary(end);
        self.at += end + 1;
        self.stage = if begins {
            Stage::Head(Head::default(), 0)
        } else {
            Stage::Between { at_line: true }
        };
        true
    }

    fn is_boundary(&mut self, end: usize) -> bool {
        let line = &self.buffer[self.at..self.at + end];
        // One with dashes behind it is the last one: nothing begins there.
        let is = |boundary: &[u8]| {
            let rest = line.strip_prefix(boundary);
            let rest = rest.filter(|_| line.len() <= MAX_LINE_BYTES);
            rest.is_some_and(|rest| rest.trim_ascii().is_empty())
        };
        let is_usual = is(&self.boundary);
        let whole_name = self.whole_name.take_if(|it| is_usual || is(it));
        let found = is_usual || whole_name.is_some();
        if let Some(boundary) = whole_name.filter(|_| !is_usual) {
            self.finder = line_that_begins_with(&boundary);
            self.boundary = boundary;
        }
        found
    }

    /// Takes a line of a head; false when there is no whole one.
    fn read_line(&mut self) -> Result<bool, PartsError> {
        let Stage::Head(head, lines) = &mut self.stage else {
            return Ok(true);
        };
        let left = &self.buffer[self.at..];
        let Some(end) = memchr::memchr(b'\n', left) else {
            return if left.len() > MAX_LINE_BYTES {
                Err(PartsError::Head)
            } else {
                Ok(false)
            };
        };
        *lines += 1;
        if end > MAX_LINE_BYTES || *lines > MAX_LINES {
            return Err(PartsError::Head);
        }
        let line = left[..end].trim_ascii();
        self.at += end + 1;
        if line.is_empty() {
            let head = std::mem::take(head);
            if head.length.is_some_and(|length| length > MAX_PART_BYTES) {
                return Err(PartsError::TooLong);
            }
            self.stage = Stage::Body(head, 0);
        } else {
            head.add(&String::from_utf8_lossy(line));
        }
        Ok(true)
    }

    fn body(&mut self) -> Result<Option<Part>, PartsError> {
        let Stage::Body(head, searched) = &self.stage else {
            return Ok(None);
        };
        let body = &self.buffer[self.at..];
        let found = self.end_of(head, *searched);
        let over = |length: usize| length > MAX_PART_BYTES;
        let (length, next, at_line) = match found {
            Some(end) => end,
            None if over(body.len()) => return Err(PartsError::TooLong),
            None if self.ended => {
                let end = without_line_end(body).len();
                (end, body.len(), false)
            }
            None => {
                // As much as a boundary, or the end of a root, may have begun.
                let back = self.boundary.len().max(ROOT_END.len() + MAX_PREFIX_BYTES) + 4;
                let searched = body.len().saturating_sub(back).max(*searched);
                let head = head.clone();
                self.stage = Stage::Body(head, searched);
                return Ok(None);
            }
        };
        if over(length) {
            return Err(PartsError::TooLong);
        }
        let part = Part {
            kind: head.kind_of(body),
            name: head.name.clone(),
            body: body[..length].to_vec(),
        };
        self.at += next;
        self.stage = Stage::Between { at_line };
        Ok(Some(part))
    }

    /// Where the body ends, where what follows begins, and whether that is a line: whichever end comes first.
    fn end_of(&self, head: &Head, searched: usize) -> Option<(usize, usize, bool)> {
        let body = &self.buffer[self.at..];
        let is_xml = head.kind_of(body) == Kind::Xml;
        let length = head.length.filter(|_| !is_xml);
        let until = length.map_or(body.len(), |length| length.min(body.len()));
        let by_boundary = self.boundary_in(searched, until, length.is_none());
        let by_root = is_xml.then(|| self.root_in(body, searched)).flatten();
        match (by_boundary, by_root) {
            (Some((end, next)), Some(root)) if root > next => Some((end, next, true)),
            (_, Some(root)) => Some((root, root, false)),
            (Some((end, next)), None) => Some((end, next, true)),
            (None, None) => {
                let length = length.filter(|length| *length <= body.len())?;
                Some((length, length, true))
            }
        }
    }

    /// A boundary within the body, whose line break is not the body's: where the body ends, and where
    /// the boundary begins.
    fn boundary_in(&self, searched: usize, until: usize, is_last: bool) -> Option<(usize, usize)> {
        // The line break before an empty body is that of its head.
        let start = self.at.checked_sub(1)?;
        let window = &self.buffer[start..self.at + until];
        let mut from = searched;
        loop {
            let found = from + self.finder.find(window.get(from..)?)?;
            let behind = window.get(found + 1 + self.boundary.len());
            let ends = match behind {
                Some(byte) => matches!(byte, b'\r' | b'\n' | b' ' | b'\t' | b'-'),
                None => self.ended && is_last,
            };
            if ends {
                let body = window.get(1..found).unwrap_or_default();
                let body = body.strip_suffix(b"\r").unwrap_or(body);
                return Some((body.len(), found));
            }
            from = found + 1;
        }
    }

    /// Behind the end of an event's root.
    fn root_in(&self, body: &[u8], searched: usize) -> Option<usize> {
        let mut from = searched;
        loop {
            let found = from + self.root_end.find(body.get(from..)?)?;
            let before = &body[found.saturating_sub(MAX_PREFIX_BYTES + 3)..found];
            if closes(before) {
                return Some(found + ROOT_END.len());
            }
            from = found + 1;
        }
    }
}

fn line_that_begins_with(boundary: &[u8]) -> Finder<'static> {
    Finder::new(&[b"\n", boundary].concat()).into_owned()
}

/// Whether what stands before a name makes it the end of an element: `</` or `</prefix:`.
fn closes(before: &[u8]) -> bool {
    if before.ends_with(b"</") {
        return true;
    }
    let Some(prefix) = before.strip_suffix(b":") else {
        return false;
    };
    let plain = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let length = prefix.iter().rev().take_while(plain).count();
    prefix[..prefix.len() - length].ends_with(b"</")
}

fn without_line_end(body: &[u8]) -> &[u8] {
    let body = body.strip_suffix(b"\n").unwrap_or(body);
    body.strip_suffix(b"\r").unwrap_or(body)
}

impl Head {
    fn add(&mut self, line: &str) {
        let Some((name, value)) = line.split_once(':') else {
            return;
        };
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "content-type" => self.kind = kind(value),
            "content-length" => self.length = value.parse().ok(),
            "content-disposition" => {
                let fields = value.split(';').filter_map(|it| it.trim().split_once('='));
                for (key, value) in fields {
                    if matches!(key.trim(), "name" | "filename") {
                        value.trim().trim_matches('"').clone_into(&mut self.name);
                    }
                }
            }
            _ => {}
        }
    }

    /// What the part is: as its type says, or its name, or else how its body begins.
    fn kind_of(&self, body: &[u8]) -> Kind {
        if self.kind != Kind::Unknown {
            return self.kind;
        }
        let named = kind(&self.name);
        if named != Kind::Unknown {
            return named;
        }
        let mut shown = body.iter().filter(|it| !it.is_ascii_whitespace());
        match shown.next() {
            Some(b'<') => Kind::Xml,
            Some(b'{') => Kind::Json,
            Some(0xFF) => Kind::Picture,
            Some(_) | None => Kind::Unknown,
        }
    }
}

/// What a content type or the name of a file says.
fn kind(text: &str) -> Kind {
    let text = text.to_ascii_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if any(&["xml"]) {
        Kind::Xml
    } else if any(&["json"]) {
        Kind::Json
    } else if any(&["image/", "jpg", "jpeg"]) {
        Kind::Picture
    } else {
        Kind::Unknown
    }
}

#[cfg(test)]
mod tests;
