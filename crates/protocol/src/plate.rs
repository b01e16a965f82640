//! Number plates: one normalised text per plate, its kind by the grammar of GA 36-2018, its colour.
//!
//! Recognizers, platforms and people write the same plate in many ways: `粤B·12345`, `粤b 12345`,
//! full-width `粤Ｂ１２３４５`. [`Plate::read`] brings them to one text, and two plates are the same
//! exactly when those texts are equal. Nothing is ever repaired: an `O` stays an `O` although no
//! plate has one, because a guess must not move a barrier.

mod color;
mod kind;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization as _;

pub use self::color::PlateColor;
pub use self::kind::{PROVINCES, PlateKind};

/// Longest normalised plate, in characters: GA 36-2018 needs at most 8; twice that leaves room for
/// foreign plates, and a longer text is no plate but a fault of its sender.
pub const MAX_PLATE_CHARS: usize = 16;

/// How much of a refused text an error repeats, in characters: enough to recognise the sender's
/// mistake, too little to flood a log.
const MAX_SHOWN_CHARS: usize = 24;

/// What recognizers write when they saw a vehicle but no plate, as it looks once normalised.
const NO_PLATE_WORDS: [&str; 8] = [
    "无",
    "无牌车",
    "无车牌",
    "车牌未识别",
    "未知",
    "UNKNOWN",
    "NOPLATE",
    "000000",
];

/// The text of a plate, normalised; never empty, at most [`MAX_PLATE_CHARS`] characters.
///
/// Equality of two plates is equality of their normalised texts, and nothing looser. That is the
/// comparison of the normal gate command (`openMode` 2, OPEN-3): the plate in the command opens
/// for the vehicle at the gate only if both are equal. A command without a plate has none to
/// compare ([`Plate::read`] gives `None`) and counts as forced (OPEN-5).
///
/// Plates are ordered by their text. Cloning is cheap.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Plate(Arc<str>);

impl Plate {
    /// Reads a plate as anybody may have written it.
    ///
    /// The text is normalised: Unicode NFKC, upper case, without spaces, invisible characters and
    /// separators (`·`, `•`, `-`, `.`, `_` and their like). `Ok(None)` means that there is no plate:
    /// the text is empty, or one of the words recognizers use for an unread or missing plate
    /// (`_无_`, `无牌车`, `unknown`, `000000` ...). A text that fits no known pattern is a plate
    /// nevertheless, of [`PlateKind::Unknown`].
    ///
    /// # Errors
    ///
    /// [`PlateError`] if the text has a control character, or is longer than [`MAX_PLATE_CHARS`]
    /// once normalised.
    pub fn read(text: &str) -> Result<Option<Self>, PlateError> {
        if let Some(found) = text.chars().find(|c| c.is_control()) {
            return Err(PlateError::ControlCharacter {
                found,
                read: shown(text),
            });
        }
        let plate = normalised(text);
        let length = plate.chars().count();
        if length > MAX_PLATE_CHARS {
            return Err(PlateError::TooLong {
                length,
                read: shown(text),
            });
        }
        if plate.is_empty() || NO_PLATE_WORDS.contains(&plate.as_str()) {
            return Ok(None);
        }
        Ok(Some(Self(plate.into())))
    }

    /// The normalised text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Which kind of plate the text is, by the patterns of GA 36-2018.
    #[must_use]
    pub fn kind(&self) -> PlateKind {
        PlateKind::of(self.as_str())
    }
}

impl fmt::Display for Plate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Plate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Plate").field(&self.as_str()).finish()
    }
}

/// Why a text cannot be a plate. The message is for people of the lot and the property.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlateError {
    /// More characters than any plate has.
    #[error("车牌过长：收到“{read}”，共 {length} 个字符，最多 {MAX_PLATE_CHARS} 个")]
    TooLong {
        /// Characters of the text once normalised.
        length: usize,
        /// The beginning of the text, made printable.
        read: String,
    },
    /// A control character, which no plate has.
    #[error("车牌含有控制字符 U+{:04X}：收到“{read}”，应只有文字、字母和数字", u32::from(*.found))]
    ControlCharacter {
        /// The first of them.
        found: char,
        /// The beginning of the text, made printable.
        read: String,
    },
}

fn normalised(text: &str) -> String {
    // Nearly every plate comes as it is kept: ideographs, capitals and digits, which are what
    // normalising makes of them.
    let is_settled = |c: char| matches!(c, '\u{4e00}'..='\u{9fff}' | 'A'..='Z' | '0'..='9');
    if text.chars().all(is_settled) {
        return text.to_owned();
    }
    by_unicode(text)
}

fn by_unicode(text: &str) -> String {
    // Twice each: a spacing accent such as `˙` decomposes into a space and a mark if it is not
    // dropped first, and what dropping or upper-casing brings together may compose anew.
    text.chars()
        .filter(|c| !is_dropped(*c))
        .nfkc()
        .flat_map(char::to_uppercase)
        .filter(|c| !is_dropped(*c))
        .nfkc()
        .collect()
}

fn is_dropped(c: char) -> bool {
    c.is_whitespace() || is_separator(c) || is_invisible(c)
}

/// Dots, hyphens and lines that people and recognizers put between the parts of a plate.
fn is_separator(c: char) -> bool {
    matches!(
        c,
        '.' | '。' | '·' | '˙' | '•' | '‧' | '∙' | '⋅' | '●' | '・' | '-' | '\u{2010}'
            ..='\u{2015}' | '−' | '_'
    )
}

/// Characters that show nothing, so that two plates which look alike are alike: joiners, marks of
/// writing direction, variation selectors, byte order marks (`Default_Ignorable_Code_Point`).
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{00AD}'
            | '\u{034F}'
            | '\u{061C}'
            | '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFF8}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

fn shown(text: &str) -> String {
    let mut chars = text.chars();
    let mut shown: String = chars
        .by_ref()
        .take(MAX_SHOWN_CHARS)
        .flat_map(char::escape_debug)
        .collect();
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}
