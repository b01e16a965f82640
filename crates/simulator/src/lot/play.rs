//! Lets traffic through a lot.

use std::time::Duration;

use boshi_protocol::code::PlaceStatus;
use boshi_protocol::moment::Tick;
use futures_util::future::join_all;

use super::{LotError, Passage, VirtualLot};
use crate::equipment::{Behaviour, Heading, Outcome};
use crate::traffic::Journey;

/// How long a driver waits at an exit that stays shut, in the lane's time: people who want home
/// are patient, but a demo must end.
const LEAVING_PATIENCE: Duration = Duration::from_secs(120);

/// How a journey went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trip {
    /// At the entry.
    pub entry: Result<Passage, LotError>,
    /// At the exit, if it came in and there is one.
    pub exit: Option<Result<Passage, LotError>>,
}

impl VirtualLot {
    /// Lets every journey happen at its time, counted from now; done when the last one is over.
    /// The trips are in the order of the journeys.
    pub async fn play(&self, journeys: &[Journey]) -> Vec<Trip> {
        let start = self.site.clock.now();
        join_all(journeys.iter().map(|journey| self.travel(journey, start))).await
    }

    async fn travel(&self, journey: &Journey, start: Tick) -> Trip {
        self.wait_until(start + journey.arrives).await;
        let entry = match self.drive(&journey.entry, journey.vehicle.clone()) {
            Ok(driving) => Ok(driving.await),
            Err(error) => Err(error),
        };
        let came_in = matches!(&entry, Ok(passage) if passage.outcome == Outcome::Crossed);
        let exit = if came_in {
            self.stay(journey).await;
            self.leave(journey).await
        } else {
            None
        };
        Trip { entry, exit }
    }

    /// In a parking space, if one with a detector is vacant.
    async fn stay(&self, journey: &Journey) {
        let place = self.places.take();
        if let Some(place) = &place {
            let plate = journey.vehicle.plate.clone();
            self.tell_place(place, PlaceStatus::Occupied, plate);
        }
        self.wait_until(self.site.clock.now() + journey.stay).await;
        if let Some(place) = &place {
            self.places.set(place, PlaceStatus::Vacant);
            self.tell_place(place, PlaceStatus::Vacant, None);
        }
    }

    async fn leave(&self, journey: &Journey) -> Option<Result<Passage, LotError>> {
        let exit = journey.exit.as_ref()?;
        let vehicle = journey.vehicle.clone().heading(Heading::Out);
        let patience = LEAVING_PATIENCE;
        let vehicle = vehicle.driven(Behaviour::GiveUp { patience });
        Some(match self.drive(exit, vehicle) {
            Ok(driving) => Ok(driving.await),
            Err(error) => Err(error),
        })
    }

    async fn wait_until(&self, tick: Tick) {
        let due = tokio::time::sleep_until(self.site.clock.instant(tick));
        // A lot that was stopped refuses the vehicle, so that nobody waits for it.
        self.stop.run_until_cancelled(due).await;
    }
}
