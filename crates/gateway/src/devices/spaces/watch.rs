//! Which spaces are heard of, and what is news of them. No I/O; the time is an argument.

use std::collections::BTreeMap;
use std::time::Duration;

use boshi_protocol::code::PlaceStatus;
use boshi_protocol::id::PlaceNo;
use boshi_protocol::plate::Plate;
use tokio::time::Instant;

/// How many reports of a space may be missing before nobody knows how it is.
const MISSES: u32 = 3;

/// The spaces of a lot as one system reports them.
#[derive(Debug)]
pub(super) struct Watch {
    period: Duration,
    places: BTreeMap<PlaceNo, Known>,
}

#[derive(Debug)]
struct Known {
    heard: Instant,
    told: Option<(PlaceStatus, Option<Plate>)>,
}

impl Watch {
    /// Of these spaces, each of which is reported every `period`, from `now` on; zero: whenever it is.
    pub(super) fn new<'a>(
        period: Duration,
        places: impl Iterator<Item = &'a PlaceNo>,
        now: Instant,
    ) -> Watch {
        let known = |place: &PlaceNo| {
            let told = None;
            (place.clone(), Known { heard: now, told })
        };
        Watch {
            period,
            places: places.map(known).collect(),
        }
    }

    /// Whether there is such a space.
    pub(super) fn knows(&self, place: &PlaceNo) -> bool {
        self.places.contains_key(place)
    }

    /// A space was reported; whether that is news. What the broker had kept is of an earlier time: it
    /// tells how the space was, and not that its detector is there.
    pub(super) fn see(
        &mut self,
        place: &PlaceNo,
        state: (PlaceStatus, Option<Plate>),
        kept: bool,
        now: Instant,
    ) -> bool {
        let Some(known) = self.places.get_mut(place) else {
            return false;
        };
        if !kept {
            known.heard = now;
        }
        let news = known.told.as_ref() != Some(&state);
        known.told = Some(state);
        news
    }

    /// It was not taken in, so that it is news when it comes again.
    pub(super) fn forget(&mut self, place: &PlaceNo) {
        if let Some(known) = self.places.get_mut(place) {
            known.told = None;
        }
    }

    /// The spaces of which nobody knows any more how they are, each once.
    pub(super) fn fallen_silent(&mut self, now: Instant) -> Vec<PlaceNo> {
        if self.period.is_zero() {
            return Vec::new();
        }
        let unusual = (PlaceStatus::Unusual, None);
        let mut silent = Vec::new();
        for (place, known) in &mut self.places {
            let late = now.duration_since(known.heard) >= self.period * MISSES;
            if late && known.told.as_ref().map(|it| it.0) != Some(PlaceStatus::Unusual) {
                known.told = Some(unusual.clone());
                silent.push(place.clone());
            }
        }
        silent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_secs(60);

    fn place() -> PlaceNo {
        PlaceNo::new("A-1").unwrap()
    }

    fn watch(period: Duration) -> (Watch, Instant) {
        let now = Instant::now();
        (Watch::new(period, [place()].iter(), now), now)
    }

    fn occupied() -> (PlaceStatus, Option<Plate>) {
        (PlaceStatus::Occupied, None)
    }

    #[test]
    fn what_is_reported_again_and_again_is_news_once() {
        let (mut watch, now) = watch(PERIOD);
        assert!(watch.see(&place(), occupied(), false, now));
        assert!(!watch.see(&place(), occupied(), false, now));
        let plate = Plate::read("粤B12345").unwrap();
        assert!(watch.see(&place(), (PlaceStatus::Occupied, plate), false, now));
        watch.forget(&place());
        assert!(watch.see(&place(), occupied(), false, now));
    }

    /// PLACE-1
    #[test]
    fn a_space_of_which_three_reports_are_missing_is_unusual_once() {
        let (mut watch, start) = watch(PERIOD);
        let later = |seconds| start + Duration::from_secs(seconds);
        watch.see(&place(), occupied(), false, later(10));
        assert!(watch.fallen_silent(later(189)).is_empty());
        assert_eq!(watch.fallen_silent(later(190)), [place()]);
        assert!(watch.fallen_silent(later(1000)).is_empty());
        assert!(watch.see(&place(), occupied(), false, later(1001)));
        assert!(watch.fallen_silent(later(1180)).is_empty());
        assert_eq!(watch.fallen_silent(later(1181)), [place()]);
    }

    #[test]
    fn what_the_broker_had_kept_is_no_sign_of_life() {
        let (mut watch, start) = watch(PERIOD);
        let later = |seconds| start + Duration::from_secs(seconds);
        assert!(watch.see(&place(), occupied(), true, later(170)));
        assert_eq!(watch.fallen_silent(later(180)), [place()]);
    }

    #[test]
    fn a_system_that_reports_changes_only_misses_nothing() {
        let (mut watch, start) = watch(Duration::ZERO);
        let year = Duration::from_secs(365 * 24 * 3600);
        assert!(watch.fallen_silent(start + year).is_empty());
    }

    #[test]
    fn a_space_that_is_not_there_is_no_news() {
        let (mut watch, now) = watch(PERIOD);
        let other = PlaceNo::new("A-2").unwrap();
        assert!(!watch.knows(&other));
        assert!(!watch.see(&other, occupied(), false, now));
    }
}
