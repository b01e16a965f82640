//! What is remembered of a vehicle while its passage lasts.

use boshi_protocol::moment::Tick;
use boshi_protocol::plate::{Plate, PlateColor};

use super::happening::Steps;
use super::input::LaneNo;

/// A vehicle whose recognition has not come to its end.
#[derive(Debug)]
pub(super) struct Vehicle {
    pub(super) lane: LaneNo,
    pub(super) plate: Option<Plate>,
    pub(super) color: PlateColor,
    /// Whether its recognition is settled and nobody asks about it again.
    pub(super) settled: bool,
    recognized: Tick,
    replied: Option<Tick>,
    lifted: Option<Tick>,
    crossed: Option<Tick>,
}

impl Vehicle {
    pub(super) fn new(lane: LaneNo, plate: Option<Plate>, color: PlateColor, now: Tick) -> Vehicle {
        Vehicle {
            lane,
            plate,
            color,
            settled: false,
            recognized: now,
            replied: None,
            lifted: None,
            crossed: None,
        }
    }

    pub(super) fn replied(&mut self, now: Tick) {
        self.replied = Some(now);
    }

    pub(super) fn lifted(&mut self, now: Tick) {
        self.lifted.get_or_insert(now);
    }

    pub(super) fn crossed(&mut self, now: Tick) {
        self.crossed.get_or_insert(now);
    }

    pub(super) fn plate_text(&self) -> String {
        self.plate
            .as_ref()
            .map(Plate::to_string)
            .unwrap_or_default()
    }

    pub(super) fn steps(&self) -> Steps {
        let since = |tick: Option<Tick>| {
            let span = tick?.since(self.recognized);
            Some(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
        };
        Steps {
            replied: since(self.replied),
            lifted: since(self.lifted),
            crossed: since(self.crossed),
        }
    }
}
