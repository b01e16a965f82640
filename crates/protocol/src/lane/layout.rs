//! What stands at a lane: which loops, which recognizers, which way vehicles go.

use crate::id::DeviceNo;

/// A side of the barrier, named after what a vehicle does that comes from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// From the street: it wants in.
    Entry,
    /// From the car park: it wants out.
    Exit,
}

impl Side {
    /// The side on which a vehicle from this one leaves the lane.
    pub const fn other(self) -> Side {
        match self {
            Side::Entry => Side::Exit,
            Side::Exit => Side::Entry,
        }
    }
}

/// Which way vehicles go, and the recognizer (`deviceNo` of the gate) that sees them come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Only into the car park.
    Entry {
        /// The recognizer of the lane.
        recognizer: DeviceNo,
    },
    /// Only out of it.
    Exit {
        /// The recognizer of the lane.
        recognizer: DeviceNo,
    },
    /// Both, one vehicle at a time: a recognizer and a trigger loop on either side.
    Mixed {
        /// The recognizer that sees vehicles coming in.
        entry: DeviceNo,
        /// The recognizer that sees vehicles going out.
        exit: DeviceNo,
    },
}

/// The equipment of one lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Which way vehicles go.
    pub direction: Direction,
    /// The barrier.
    pub barrier: DeviceNo,
    /// Whether there is a loop in front of the barrier, on each side from which vehicles come. It
    /// tells that a vehicle is there; without it a vehicle is there when the recognizer says so.
    pub trigger_loop: bool,
    /// Whether there is an anti-smash loop (防砸地感) under the barrier. Without it nobody knows
    /// whether a vehicle crossed, and no crossings are reported (CROSS-1).
    pub safety_loop: bool,
    /// Whether the barrier reports where its arm is.
    pub limit_switch: bool,
}

impl Layout {
    /// The sides from which vehicles come.
    pub const fn sides(&self) -> &'static [Side] {
        match self.direction {
            Direction::Entry { .. } => &[Side::Entry],
            Direction::Exit { .. } => &[Side::Exit],
            Direction::Mixed { .. } => &[Side::Entry, Side::Exit],
        }
    }

    /// The recognizer that sees vehicles come from `side`, if vehicles come from there.
    pub fn recognizer(&self, side: Side) -> Option<&DeviceNo> {
        match (&self.direction, side) {
            (Direction::Entry { recognizer }, Side::Entry)
            | (Direction::Exit { recognizer }, Side::Exit) => Some(recognizer),
            (Direction::Mixed { entry, .. }, Side::Entry) => Some(entry),
            (Direction::Mixed { exit, .. }, Side::Exit) => Some(exit),
            (Direction::Entry { .. }, Side::Exit) | (Direction::Exit { .. }, Side::Entry) => None,
        }
    }

    /// The side that `recognizer` looks at, if it belongs to this lane.
    pub fn side_of(&self, recognizer: &DeviceNo) -> Option<Side> {
        let sides = self.sides().iter().copied();
        sides
            .into_iter()
            .find(|side| self.recognizer(*side) == Some(recognizer))
    }

    /// Whether vehicles come from both sides.
    pub const fn is_mixed(&self) -> bool {
        match self.direction {
            Direction::Entry { .. } | Direction::Exit { .. } => false,
            Direction::Mixed { .. } => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(text: &str) -> DeviceNo {
        DeviceNo::new(text).unwrap()
    }

    #[test]
    fn each_side_of_a_mixed_lane_has_its_own_recognizer() {
        let direction = Direction::Mixed {
            entry: device("in"),
            exit: device("out"),
        };
        let layout = Layout {
            direction,
            barrier: device("arm"),
            trigger_loop: true,
            safety_loop: true,
            limit_switch: false,
        };
        assert_eq!(layout.sides(), [Side::Entry, Side::Exit]);
        for side in [Side::Entry, Side::Exit] {
            let recognizer = layout.recognizer(side).unwrap();
            assert_eq!(layout.side_of(recognizer), Some(side));
        }
        assert_eq!(layout.side_of(&device("arm")), None);
    }

    #[test]
    fn nobody_comes_from_the_far_side_of_a_one_way_lane() {
        let layout = Layout {
            direction: Direction::Exit {
                recognizer: device("out"),
            },
            barrier: device("arm"),
            trigger_loop: true,
            safety_loop: true,
            limit_switch: false,
        };
        assert_eq!(layout.sides(), [Side::Exit]);
        assert_eq!(layout.recognizer(Side::Entry), None);
    }
}
