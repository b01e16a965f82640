//! What a recognizer saw of a vehicle, and which of two sightings is believed.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::plate::{Plate, PlateColor};

/// Best reliability of a recognizer, in percent. 100 is left to people, so that what a person typed
/// outlasts every reading, here and wherever sightings are merged.
pub const BEST_READ: u8 = 99;

/// Reliability of a plate that a person typed, in percent.
pub const TYPED: u8 = 100;

/// One look at a vehicle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The plate; `None` when there is none or it could not be read.
    pub plate: Option<Plate>,
    /// Its colour.
    pub color: PlateColor,
    /// How sure the recognizer is, in percent; `None` when it does not say.
    pub reliability: Option<u8>,
    /// The stored picture, by a name that only its store understands.
    pub picture: Option<Arc<str>>,
}

impl Sighting {
    /// A vehicle of which nothing is known.
    pub const UNREAD: Sighting = Sighting {
        plate: None,
        color: PlateColor::Other,
        reliability: None,
        picture: None,
    };

    /// The one of two sightings of the same vehicle that is believed: a plate beats none, then the
    /// higher reliability, then the smaller text; what remains equal is decided by the picture and
    /// the colour.
    ///
    /// The order is total, so merging is commutative, associative and idempotent: whoever merges
    /// the same sightings in whatever order, as often as he likes, ends with the same one.
    #[must_use]
    pub fn merge(self, other: Sighting) -> Sighting {
        let outranked = self.rank() < other.rank();
        if outranked { other } else { self }
    }

    /// This sighting as a recognizer may claim it: its reliability at most [`BEST_READ`].
    #[must_use]
    pub(super) fn into_read(self) -> Sighting {
        Sighting {
            reliability: self.reliability.map(|percent| percent.min(BEST_READ)),
            ..self
        }
    }

    /// This sighting with the plate that a person typed.
    #[must_use]
    pub(super) fn corrected(self, plate: Plate) -> Sighting {
        let color = if self.plate.is_some() {
            self.color
        } else {
            PlateColor::Other
        };
        let color = PlateColor::or_guessed_from(Some(color), Some(&plate));
        Sighting {
            plate: Some(plate),
            color,
            reliability: Some(TYPED),
            picture: self.picture,
        }
    }

    fn rank(&self) -> impl Ord + '_ {
        (
            self.plate.is_some(),
            self.reliability,
            Reverse(self.plate.as_ref()),
            self.picture.is_some(),
            Reverse(self.picture.as_deref()),
            self.color != PlateColor::Other,
            Reverse(self.color.as_str()),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seen(plate: &str, reliability: Option<u8>) -> Sighting {
        let plate = Plate::read(plate).unwrap();
        Sighting {
            plate,
            color: PlateColor::Blue,
            reliability,
            picture: None,
        }
    }

    #[test]
    fn a_plate_beats_none_then_reliability_counts_then_the_smaller_text() {
        let none = seen("", Some(99));
        let unsure = seen("粤B12345", None);
        let sure = seen("粤B12346", Some(80));
        let rival = seen("粤B12340", Some(80));
        assert_eq!(none.clone().merge(unsure.clone()), unsure);
        assert_eq!(unsure.merge(sure.clone()), sure);
        assert_eq!(sure.merge(rival.clone()), rival);
    }

    #[test]
    fn a_typed_plate_outlasts_every_reading_and_keeps_the_picture() {
        let read = Sighting {
            picture: Some("1.jpg".into()),
            ..seen("粤B1234S", Some(100))
        };
        let plate = Plate::read("粤B12345").unwrap().unwrap();
        let typed = read.clone().corrected(plate);
        assert_eq!(read.into_read().merge(typed.clone()), typed);
        assert_eq!(typed.picture.as_deref(), Some("1.jpg"));
    }

    fn any_sighting() -> impl Strategy<Value = Sighting> {
        let plate = prop::sample::select(vec!["", "粤B12345", "粤B1234S", "京A00001"]);
        let reliability = prop::option::of(prop::sample::select(vec![0, 80, 99]));
        let picture = prop::option::of(prop::sample::select(vec!["1.jpg", "2.jpg"]));
        let color = prop::sample::select(PlateColor::ALL.to_vec());
        (plate, reliability, picture, color).prop_map(|(plate, reliability, picture, color)| {
            let picture = picture.map(Arc::from);
            Sighting {
                picture,
                color,
                ..seen(plate, reliability)
            }
        })
    }

    proptest! {
        #[test]
        fn sightings_merge_to_the_same_one_in_whatever_order(
            a in any_sighting(), b in any_sighting(), c in any_sighting(),
        ) {
            prop_assert_eq!(a.clone().merge(b.clone()), b.clone().merge(a.clone()));
            prop_assert_eq!(a.clone().merge(a.clone()), a.clone());
            let left = a.clone().merge(b.clone()).merge(c.clone());
            prop_assert_eq!(left, a.merge(b.merge(c)));
        }
    }
}
