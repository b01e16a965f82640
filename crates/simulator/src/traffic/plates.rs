//! Plates of all kinds, each once.

use std::collections::HashSet;

use boshi_protocol::plate::{PROVINCES, Plate, PlateColor};
use rand::Rng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};

/// Letters of plates: without I and O.
const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";

/// Letters and digits of plates.
const SERIALS: &[u8] = b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";

const DIGITS: &[u8] = b"0123456789";

/// D and F stand for most new-energy vehicles, the others for the rest.
const ENERGIES: &[u8] = b"DDDDDDFFABCEGHJK";

/// How plates look and how many of each kind are among fifty. `P` is a province, `L` a letter,
/// `X` a letter or digit, `d` a digit, `E` the letter of an energy; the rest stands for itself.
const PATTERNS: [(&str, PlateColor, usize); 16] = [
    ("PLXdddd", PlateColor::Blue, 22),
    ("PLdddXd", PlateColor::Yellow, 3),
    ("PLEXdddd", PlateColor::Green, 10),
    ("PLdddddE", PlateColor::Green, 2),
    ("PLXddd学", PlateColor::Yellow, 1),
    ("PLXddd挂", PlateColor::Yellow, 1),
    ("PLXddd警", PlateColor::White, 1),
    ("WJPdddd#", PlateColor::White, 1),
    ("VAddddd", PlateColor::White, 1),
    ("dddddd使", PlateColor::Black, 1),
    ("PLdddd领", PlateColor::Black, 1),
    ("粤ZXddd港", PlateColor::Black, 2),
    ("粤ZXddd澳", PlateColor::Black, 1),
    ("民航XXddd", PlateColor::Green, 1),
    ("PXXddd应急", PlateColor::White, 1),
    ("PSXddd应急", PlateColor::White, 1),
];

/// A deck of patterns that is dealt to its end before it is shuffled again, so that fifty
/// vehicles have every kind.
#[derive(Debug, Default)]
pub(super) struct Plates {
    deck: Vec<usize>,
    given: HashSet<Plate>,
}

impl Plates {
    /// A plate that was not given before, and its colour.
    pub(super) fn another(&mut self, random: &mut dyn Rng) -> (Plate, PlateColor) {
        loop {
            let (pattern, color, _) = PATTERNS[self.card(random)];
            let plate = Plate::read(&written(pattern, random))
                .ok()
                .flatten()
                .expect("every pattern is a plate");
            if self.given.insert(plate.clone()) {
                return (plate, color);
            }
        }
    }

    fn card(&mut self, random: &mut dyn Rng) -> usize {
        if let Some(card) = self.deck.pop() {
            return card;
        }
        let cards = PATTERNS.iter().enumerate();
        self.deck = cards
            .flat_map(|(card, (.., times))| std::iter::repeat_n(card, *times))
            .collect();
        self.deck.shuffle(random);
        self.deck.pop().expect("a fresh deck has cards")
    }
}

fn written(pattern: &str, random: &mut dyn Rng) -> String {
    // The letters of 应急 plates say which service: they stand where L would.
    let service = pattern.ends_with("应急");
    let mut text = String::new();
    for (position, mark) in pattern.chars().enumerate() {
        text.push(match mark {
            'P' => PROVINCES
                .chars()
                .collect::<Vec<char>>()
                .choose(random)
                .copied()
                .expect("there are provinces"),
            'X' if service && position == 1 => 'X',
            'L' => one_of(LETTERS, random),
            'X' => one_of(SERIALS, random),
            'd' | '#' => one_of(DIGITS, random),
            'E' => one_of(ENERGIES, random),
            other => other,
        });
    }
    text
}

fn one_of(characters: &[u8], random: &mut dyn Rng) -> char {
    char::from(
        *characters
            .choose(random)
            .expect("there are characters to choose from"),
    )
}
