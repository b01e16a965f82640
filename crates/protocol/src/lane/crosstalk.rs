//! Two lanes side by side: a recognizer may read the vehicle in the lane next to its own.

use std::collections::VecDeque;
use std::time::Duration;

use crate::moment::Tick;
use crate::plate::Plate;

/// Most readings that are remembered for a lot: with a window of seconds, more than its lanes can
/// produce in it.
pub const MAX_REMEMBERED: usize = 256;

/// The plates that the lanes of one lot have read within the last moments. The same plate in two
/// lanes is one vehicle, and it is in the lane whose loop is pressed.
///
/// To be asked before a reading is handed to its lane, and told when a trigger loop is pressed.
/// `L` names a lane.
#[derive(Clone, Debug)]
pub struct Crosstalk<L> {
    window: Duration,
    seen: VecDeque<Seen<L>>,
}

#[derive(Clone, Debug)]
struct Seen<L> {
    lane: L,
    plate: Plate,
    standing: Standing,
    at: Tick,
}

/// What a lane knows about the place of the vehicle that its recognizer reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// The lane's trigger loop is pressed.
    OnLoop,
    /// The lane has a trigger loop, and nothing presses it.
    BeforeLoop,
    /// The lane has no trigger loop.
    NoLoop,
}

/// Whom a reading belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling<L> {
    /// Whether the lane that read it may have it.
    pub counts: bool,
    /// Lanes that read it before and have to give it back, with
    /// [`Input::Disown`](super::Input::Disown).
    pub disowned: Vec<L>,
}

impl<L: Clone + PartialEq> Crosstalk<L> {
    /// Remembers readings for `window`, a few seconds.
    pub fn new(window: Duration) -> Crosstalk<L> {
        Crosstalk {
            window,
            seen: VecDeque::new(),
        }
    }

    /// Remembers readings for `window` from now on.
    pub fn set_window(&mut self, window: Duration) {
        self.window = window;
    }

    /// A lane reads a plate. Among lanes that know equally little the first one has it; those
    /// that have a loop may both keep it until one of the loops is pressed.
    pub fn read(&mut self, lane: &L, plate: &Plate, standing: Standing, now: Tick) -> Ruling<L> {
        self.forget(now);
        let outranked = self
            .rivals(lane, plate)
            .any(|rival| match (rival.standing, standing) {
                (Standing::OnLoop, _) | (Standing::NoLoop, Standing::NoLoop) => true,
                (Standing::BeforeLoop | Standing::NoLoop, Standing::OnLoop) => false,
                (Standing::BeforeLoop, Standing::BeforeLoop | Standing::NoLoop) => false,
                (Standing::NoLoop, Standing::BeforeLoop) => false,
            });
        if outranked {
            return Ruling {
                counts: false,
                disowned: Vec::new(),
            };
        }
        let disowned = match standing {
            Standing::OnLoop => self.disown(lane, plate),
            Standing::BeforeLoop | Standing::NoLoop => Vec::new(),
        };
        self.remember(Seen {
            lane: lane.clone(),
            plate: plate.clone(),
            standing,
            at: now,
        });
        Ruling {
            counts: true,
            disowned,
        }
    }

    /// The trigger loop of a lane is pressed: what it has read belongs to it, and other lanes have
    /// to give it back.
    pub fn pressed(&mut self, lane: &L, now: Tick) -> Vec<(L, Plate)> {
        self.forget(now);
        let own = self.seen.iter_mut().filter(|seen| seen.lane == *lane);
        let plates: Vec<Plate> = own
            .map(|seen| {
                seen.standing = Standing::OnLoop;
                seen.plate.clone()
            })
            .collect();
        let mut disowned = Vec::new();
        for plate in plates {
            let lanes = self.disown(lane, &plate);
            disowned.extend(lanes.into_iter().map(|lane| (lane, plate.clone())));
        }
        disowned
    }

    fn rivals<'a>(&'a self, lane: &'a L, plate: &'a Plate) -> impl Iterator<Item = &'a Seen<L>> {
        self.seen
            .iter()
            .filter(move |seen| seen.plate == *plate && seen.lane != *lane)
    }

    /// Takes a plate from every other lane on whose loop it does not stand.
    fn disown(&mut self, lane: &L, plate: &Plate) -> Vec<L> {
        let loses = |seen: &Seen<L>| {
            seen.plate == *plate && seen.lane != *lane && seen.standing != Standing::OnLoop
        };
        let losers = self
            .seen
            .iter()
            .filter(|seen| loses(seen))
            .map(|seen| seen.lane.clone());
        let losers = losers.collect();
        self.seen.retain(|seen| !loses(seen));
        losers
    }

    fn remember(&mut self, new: Seen<L>) {
        self.seen
            .retain(|seen| seen.lane != new.lane || seen.plate != new.plate);
        if self.seen.len() >= MAX_REMEMBERED {
            self.seen.pop_front();
        }
        self.seen.push_back(new);
    }

    fn forget(&mut self, now: Tick) {
        let window = self.window;
        self.seen.retain(|seen| now <= seen.at + window);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plate(text: &str) -> Plate {
        Plate::read(text).unwrap().unwrap()
    }

    fn at(seconds: u64) -> Tick {
        Tick::after_start(Duration::from_secs(seconds))
    }

    fn crosstalk() -> Crosstalk<&'static str> {
        Crosstalk::new(Duration::from_secs(5))
    }

    #[test]
    fn the_lane_whose_loop_is_pressed_takes_the_plate_from_the_one_next_to_it() {
        let mut lot = crosstalk();
        let car = plate("粤B12345");
        assert!(lot.read(&"west", &car, Standing::BeforeLoop, at(0)).counts);
        let ruling = lot.read(&"east", &car, Standing::OnLoop, at(1));
        assert_eq!(
            ruling,
            Ruling {
                counts: true,
                disowned: vec!["west"]
            }
        );
        assert!(!lot.read(&"west", &car, Standing::BeforeLoop, at(2)).counts);
    }

    #[test]
    fn a_loop_pressed_after_both_readings_decides_too() {
        let mut lot = crosstalk();
        let car = plate("粤B12345");
        assert!(lot.read(&"west", &car, Standing::BeforeLoop, at(0)).counts);
        assert!(lot.read(&"east", &car, Standing::BeforeLoop, at(0)).counts);
        assert_eq!(lot.pressed(&"east", at(1)), [("west", car)]);
    }

    #[test]
    fn without_loops_the_first_lane_keeps_the_plate() {
        let mut lot = crosstalk();
        let car = plate("粤B12345");
        assert!(lot.read(&"west", &car, Standing::NoLoop, at(0)).counts);
        assert!(!lot.read(&"east", &car, Standing::NoLoop, at(1)).counts);
        assert!(lot.read(&"west", &car, Standing::NoLoop, at(1)).counts);
    }

    #[test]
    fn the_same_plate_much_later_or_another_plate_is_another_matter() {
        let mut lot = crosstalk();
        assert!(
            lot.read(&"west", &plate("粤B12345"), Standing::OnLoop, at(0))
                .counts
        );
        assert!(
            lot.read(&"east", &plate("粤B54321"), Standing::OnLoop, at(1))
                .counts
        );
        assert!(
            lot.read(&"east", &plate("粤B12345"), Standing::OnLoop, at(6))
                .counts
        );
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut lot = crosstalk();
        for number in 0..2 * MAX_REMEMBERED {
            lot.read(
                &"west",
                &plate(&format!("粤B{number:05}")),
                Standing::NoLoop,
                at(0),
            );
        }
        assert_eq!(lot.seen.len(), MAX_REMEMBERED);
    }
}
