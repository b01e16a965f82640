//! Vehicles and how they are driven.

use std::fmt;
use std::time::Duration;

use boshi_protocol::plate::{Plate, PlateColor};

/// A vehicle's number in the ledger of its lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VehicleId(pub u64);

/// Where a vehicle wants to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Heading {
    /// Into the car park.
    In,
    /// Out of it.
    Out,
}

impl Heading {
    /// The other one.
    #[must_use]
    pub const fn opposite(self) -> Heading {
        match self {
            Heading::In => Heading::Out,
            Heading::Out => Heading::In,
        }
    }
}

/// A vehicle and its driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vehicle {
    /// What is painted on its plate; `None` when it has none.
    pub plate: Option<Plate>,
    /// The plate's colour.
    pub color: PlateColor,
    /// Whether a recognizer can read the plate at all: not when it is dirty or covered.
    pub legible: bool,
    /// Where it wants to go; counts in mixed lanes only.
    pub heading: Heading,
    /// How it is driven.
    pub behaviour: Behaviour,
}

impl Vehicle {
    /// A clean vehicle with an ordinary driver, heading in.
    #[must_use]
    pub fn new(plate: Option<Plate>, color: PlateColor) -> Vehicle {
        Vehicle {
            plate,
            color,
            legible: true,
            heading: Heading::In,
            behaviour: Behaviour::Cross,
        }
    }

    /// The same, driven in this way.
    #[must_use]
    pub fn driven(mut self, behaviour: Behaviour) -> Vehicle {
        self.behaviour = behaviour;
        self
    }

    /// The same, going there.
    #[must_use]
    pub fn heading(mut self, heading: Heading) -> Vehicle {
        self.heading = heading;
        self
    }

    /// The same, with a plate that nobody can read.
    #[must_use]
    pub fn illegible(mut self) -> Vehicle {
        self.legible = false;
        self
    }
}

/// How a vehicle is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Waits until the arm is up, however long, and drives on.
    Cross,
    /// The same, but turns away when it has waited this long.
    GiveUp {
        /// From pressing the trigger loop.
        patience: Duration,
    },
    /// Backs out after this long, whatever the arm does (倒车).
    BackOut {
        /// From pressing the trigger loop.
        after: Duration,
    },
    /// Is let through, and backs out all the same (折返).
    BackOutWhenOpened {
        /// From the arm being up.
        after: Duration,
    },
    /// Follows on the heels of the vehicle before it, under the same lift (跟车). When that one
    /// does not drive on, or the arm comes down too early: as [`Behaviour::Cross`].
    Tailgate,
    /// Drives on although the arm is down (冲杆), if it is not up after this long.
    BreakThrough {
        /// From pressing the trigger loop.
        patience: Duration,
    },
}

/// How a vehicle's visit to a lane ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It crossed.
    Crossed,
    /// It was not let through in time and turned away.
    GaveUp,
    /// It backed out without waiting for an answer.
    BackedOut,
    /// It was let through and backed out.
    OpenedButBackedOut,
    /// The lot was stopped while it was still there.
    StillThere,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Outcome::Crossed => "已通过",
            Outcome::GaveUp => "未放行，离开",
            Outcome::BackedOut => "倒车离开",
            Outcome::OpenedButBackedOut => "开闸后折返",
            Outcome::StillThere => "仍在车道",
        })
    }
}
