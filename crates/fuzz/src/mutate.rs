//! Mutations of kept inputs, the same for the same seed.

use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

/// Longest input: what comes after it says nothing new.
const MAX_BYTES: usize = 4096;

/// Pieces that parsers stumble over.
const PIECES: &[&[u8]] = &[
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"true",
    b"-",
    b"0",
    b"9",
    b".",
    b"e9",
    b"\\u0000",
    b"\\ud800",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\r\n",
    b"\n",
    b" ",
    b"\"\"",
    b"[]",
    b"{}",
    b"18446744073709551616",
    b"-9223372036854775808",
    b"1e400",
    "粤B12345".as_bytes(),
    "无牌车".as_bytes(),
    "\u{3000}".as_bytes(),
    "\u{202e}".as_bytes(),
    b"20260230 25:61:61",
    b"00000000 00:00:00",
    b"--X--",
    b"\"respCode\":0",
    b"\"pageSize\":\"10\"",
];

/// Inputs made from others.
#[derive(Debug)]
pub struct Mutator {
    random: Xoshiro256PlusPlus,
}

impl Mutator {
    /// Makes the same inputs for the same seed.
    #[must_use]
    pub fn new(seed: u64) -> Mutator {
        let random = Xoshiro256PlusPlus::seed_from_u64(seed);
        Mutator { random }
    }

    /// One of `corpus`, changed a few times.
    pub fn next(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut input = corpus.choose(&mut self.random).cloned().unwrap_or_default();
        for _ in 0..self.random.random_range(1..=4) {
            self.change(&mut input, corpus);
        }
        input.truncate(MAX_BYTES);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        let place = self.random.random_range(0..=input.len());
        let rest = input.len() - place;
        let length = self.random.random_range(0..=rest.min(16));
        match self.random.random_range(0..6) {
            0 => {
                if let Some(byte) = input.get_mut(place) {
                    *byte ^= 1 << self.random.random_range(0..8);
                }
            }
            1 => drop(input.drain(place..place + length)),
            2 => {
                let copy = input[place..place + length].to_vec();
                input.splice(place..place, copy);
            }
            3 => {
                let piece = PIECES.choose(&mut self.random).copied().unwrap_or_default();
                input.splice(place..place + length, piece.iter().copied());
            }
            4 => {
                let other = corpus.choose(&mut self.random).cloned().unwrap_or_default();
                let from = self.random.random_range(0..=other.len());
                input.truncate(place);
                input.extend_from_slice(&other[from..]);
            }
            _ => {
                let piece = PIECES.choose(&mut self.random).copied().unwrap_or_default();
                let times = self.random.random_range(1..=200);
                let many: Vec<u8> = piece.repeat(times);
                input.splice(place..place, many);
            }
        }
    }
}
