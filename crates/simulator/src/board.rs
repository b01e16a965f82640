//! An LED and voice board of the OLM / 金颉 protocol: what it shows, as text.
//!
//! [`OlmBoard`] is the board itself, bytes in and bytes out, wherever it hangs; [`OlmServer`] is a
//! serial server with boards behind it. Both are written from the maker's document, not from the
//! gateway's code.

mod frame;
mod server;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

pub use self::server::OlmServer;

use self::frame::{Request, Requests};

/// What opens the connection, as in the maker's document.
const PASSWORD: &[u8] = b"159753";

/// What it says when it has done something, and when it has not.
const DONE: u8 = 0;
const NOT_DONE: u8 = 1;

/// What stands on a board that nobody has told anything.
const ADVERT: &str = "金颉科技";

/// A board; clones are the same one.
#[derive(Clone, Debug)]
pub struct OlmBoard(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    unit: u8,
    rows: usize,
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    requests: Requests,
    fault: OlmFault,
    rows: Vec<OlmRow>,
    said: Vec<String>,
    free: Option<u32>,
    frames: u64,
}

/// A line of the board.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OlmRow {
    /// Its text, with the spaces before it.
    pub text: String,
    /// Red, green, blue.
    pub color: [u8; 3],
    /// Whether it runs.
    pub runs: bool,
}

/// How it fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OlmFault {
    /// It does not.
    #[default]
    None,
    /// It does what it is told, and never answers.
    Mute,
    /// It is busy so many times.
    Busy(u32),
    /// Its answers come byte by byte, with noise around them.
    Noisy,
    /// Its answers have a wrong checksum.
    Garbled,
    /// It has no power.
    Dead,
}

impl OlmBoard {
    /// A board of so many lines that answers to `unit`.
    #[must_use]
    pub fn new(unit: u8, rows: usize) -> OlmBoard {
        let board = OlmBoard(Arc::new(Inner {
            unit,
            rows,
            state: Mutex::default(),
            changes: watch::Sender::new(0),
        }));
        board.loses_power();
        board
    }

    /// Bytes have come on its line; what it answers.
    #[must_use]
    pub fn told(&self, bytes: &[u8]) -> Vec<u8> {
        let mut state = self.lock();
        state.requests.push(bytes);
        let mut answers = Vec::new();
        while let Some(request) = state.requests.next() {
            if request.unit != self.0.unit || state.fault == OlmFault::Dead {
                continue;
            }
            state.frames += 1;
            let answer = self.obey(&mut state, &request);
            let mut answer = request.answer(&answer);
            match state.fault {
                OlmFault::Mute => continue,
                OlmFault::Garbled => {
                    if let Some(last) = answer.last_mut() {
                        *last ^= 0x5A;
                    }
                }
                OlmFault::Noisy => {
                    // What only looks like the beginning of an answer.
                    answers.extend([0xFF, self.0.unit, 0x64, 0xFF, 0xFF, 0x6F]);
                }
                OlmFault::None | OlmFault::Busy(_) | OlmFault::Dead => {}
            }
            answers.extend(answer);
        }
        drop(state);
        self.0.changes.send_modify(|count| *count += 1);
        answers
    }

    fn obey(&self, state: &mut State, request: &Request) -> Vec<u8> {
        if request.command == 0x00 {
            let right = request.data == PASSWORD;
            let mut answer = vec![if right { DONE } else { NOT_DONE }];
            answer.extend(b"102460100");
            return answer;
        }
        if let OlmFault::Busy(times) = state.fault {
            state.fault = match times.saturating_sub(1) {
                0 => OlmFault::None,
                left => OlmFault::Busy(left),
            };
            return vec![NOT_DONE];
        }
        let done = match request.command {
            0x6F | 0x6E => self.show(state, request),
            0x30 => {
                let text = request.data.get(1..).unwrap_or_default();
                state.said.push(gbk(text));
                Some(())
            }
            0xE3 => free(&request.data).map(|free| state.free = Some(free)),
            _ => None,
        };
        vec![if done.is_some() { DONE } else { NOT_DONE }]
    }

    fn show(&self, state: &mut State, request: &Request) -> Option<()> {
        let (rows, said) = frame::lines(request)?;
        for (place, row) in rows {
            // A line that the board does not have is not shown, and no fault.
            if let Some(known) = state.rows.get_mut(place) {
                *known = OlmRow {
                    text: gbk(&row.text),
                    color: row.color,
                    runs: row.comes == 0x15,
                };
            }
        }
        state.free = None;
        if !said.is_empty() {
            state.said.push(gbk(&said));
        }
        Some(())
    }

    /// Has it fail from now on.
    pub fn fails(&self, fault: OlmFault) {
        self.lock().fault = fault;
    }

    /// It has forgotten what it was told, and shows its own text.
    pub fn loses_power(&self) {
        let mut state = self.lock();
        state.rows = vec![OlmRow::default(); self.0.rows];
        if let Some(first) = state.rows.first_mut() {
            first.text = ADVERT.to_owned();
        }
        state.free = None;
        drop(state);
        self.0.changes.send_modify(|count| *count += 1);
    }

    /// What stands on it, line by line, without the spaces behind.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let state = self.lock();
        let rows = state.rows.iter();
        rows.map(|row| row.text.trim_end().to_owned()).collect()
    }

    /// Its lines as they are.
    #[must_use]
    pub fn rows(&self) -> Vec<OlmRow> {
        self.lock().rows.clone()
    }

    /// What it has said.
    #[must_use]
    pub fn said(&self) -> Vec<String> {
        self.lock().said.clone()
    }

    /// How many free spaces it shows, if it does.
    #[must_use]
    pub fn free(&self) -> Option<u32> {
        self.lock().free
    }

    /// How many frames it was told.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.lock().frames
    }

    /// Counts whenever it was told something.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.lock().fault == OlmFault::Dead
    }

    pub(crate) fn is_noisy(&self) -> bool {
        self.lock().fault == OlmFault::Noisy
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number of free spaces in a command.
fn free(data: &[u8]) -> Option<u32> {
    let [_, _, _, _, _, a, b, c, d] = *data else {
        return None;
    };
    Some(u32::from_le_bytes([a, b, c, d]))
}

fn gbk(bytes: &[u8]) -> String {
    encoding_rs::GBK
        .decode_without_bom_handling(bytes)
        .0
        .into_owned()
}

#[cfg(test)]
mod tests;
