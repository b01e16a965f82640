use std::fmt;

use super::Plate;

/// The colours of plates that the standard names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlateColor {
    /// Small vehicles.
    Blue,
    /// Large vehicles, driving schools, trailers.
    Yellow,
    /// Embassies, consulates, vehicles of Hong Kong and Macau.
    Black,
    /// Police, military, fire and rescue.
    White,
    /// New energy (fading green, and the yellow and green of large vehicles), airports.
    Green,
    /// Another colour, or nobody knows.
    Other,
}

impl PlateColor {
    /// All of them, in the order of the standard.
    pub const ALL: [Self; 6] = [
        Self::Blue,
        Self::Yellow,
        Self::Black,
        Self::White,
        Self::Green,
        Self::Other,
    ];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Yellow => "yellow",
            Self::Black => "black",
            Self::White => "white",
            Self::Green => "green",
            Self::Other => "other",
        }
    }

    /// Reads the word on the wire; `None` if the standard has no such word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|color| color.as_str() == word)
    }

    /// The colour to report for a plate, given the colour that the recognizer saw, if it did.
    ///
    /// An unknown colour (`None` or [`PlateColor::Other`]) of a new-energy plate is green: only
    /// those have eight characters of that pattern, and not every recognizer has a word for their
    /// yellow and green. Otherwise it is not guessed. Without a plate there is no colour either.
    #[must_use]
    pub fn or_guessed_from(seen: Option<Self>, plate: Option<&Plate>) -> Self {
        let Some(plate) = plate else {
            return Self::Other;
        };
        match seen {
            None | Some(Self::Other) if plate.kind().is_new_energy() => Self::Green,
            None => Self::Other,
            Some(color) => color,
        }
    }
}

impl fmt::Display for PlateColor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
