//! Plates that are read too late to be asked about: no reading is lost for that.

use super::effect::Effect;
use super::input::Reading;
use super::layout::Side;
use super::machine::Lane;
use super::record::Origin;
use super::sighting::Sighting;
use super::stay::{Approach, Glimpse};
use super::turn::Turn;
use super::vehicle::Waiting;
use crate::moment::Tick;

impl Lane {
    /// When nobody comes any more to whom a reading would be given: not while a press has begun, nor while
    /// the other side of a mixed lane has it, and without a loop nobody has to come.
    pub(super) fn nobody_comes_at(&self, approach: &Approach, glimpse: &Glimpse) -> Option<Tick> {
        let comes = approach.trigger.is_none()
            || approach.is_about_to_count()
            || self.has_to_yield(approach.side);
        let until = glimpse.seen.tick + self.timing.approach_window + self.timing.debounce;
        (glimpse.sighting.plate.is_some() && !comes).then_some(until)
    }

    /// A plate was read behind a vehicle that was let through, and nobody came with it. If somebody
    /// crossed in nobody's name then, it may be that vehicle's: the crossing is not given a name on a guess
    /// (D-14), and the reading is kept as what it is, history.
    pub(super) fn nobody_came(
        &mut self,
        turn: &mut Turn<'_>,
        side: Side,
        glimpse: Option<Glimpse>,
    ) {
        let Some(Glimpse { sighting, seen }) = glimpse else {
            return;
        };
        let window = self.timing.approach_window;
        let is_near =
            |crossed: &mut Tick| seen.tick <= *crossed + window && *crossed <= seen.tick + window;
        // In a mixed lane nobody knows from which side somebody came of whom nothing is known.
        let mut approaches = self.approaches.iter_mut();
        let crossed = approaches.find_map(|it| it.nameless.take_if(is_near));
        if crossed.is_some() {
            self.replayed(turn, Reading { side, sighting }, seen.wall);
        }
    }

    /// A reading of a vehicle that may pass already: what was decided holds. If it had no plate, the
    /// platform is told the one it has, and nobody waits for what it says to that.
    pub(super) fn read_once_cleared(
        &mut self,
        turn: &mut Turn<'_>,
        mut waiting: Waiting,
        sighting: Sighting,
    ) -> Waiting {
        let vehicle = &mut waiting.vehicle;
        if vehicle.plate().is_some() || sighting.plate.is_none() || !vehicle.is_heard() {
            return waiting;
        }
        vehicle.sighting = vehicle.sighting.clone().merge(sighting);
        let recognizer = self.recognizer(vehicle.side);
        let recognition = vehicle.recognition(recognizer, Origin::Arrival);
        turn.emit(Effect::Amended {
            recognition,
            ask: None,
        });
        waiting
    }
}
