//! A part of a plate, as somebody looks for it.

use boshi_protocol::plate::Plate;

/// A part of a plate; the empty one is part of every plate.
///
/// It is normalised as plates are, so that `b·12` finds `粤B12345`. What cannot be part of a plate
/// is kept as it came, and found in none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlatePart(String);

impl PlatePart {
    /// Reads a part as anybody may have written it.
    pub fn read(text: &str) -> PlatePart {
        match Plate::read(text) {
            Ok(Some(plate)) => PlatePart(plate.as_str().to_owned()),
            Ok(None) | Err(_) => PlatePart(text.trim().to_uppercase()),
        }
    }

    /// The normalised text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::PlatePart;

    #[test]
    fn a_part_is_normalised_as_the_plates_are_in_which_it_is_looked_for() {
        for (text, part) in [
            ("b·12", "B12"),
            (" 粤 Ｂ1 ", "粤B1"),
            ("", ""),
            ("  ", ""),
            ("000000", "000000"),
            ("%", "%"),
        ] {
            assert_eq!(PlatePart::read(text).as_str(), part, "{text:?}");
        }
    }
}
