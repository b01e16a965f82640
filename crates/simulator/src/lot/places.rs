//! The parking spaces of a lot and what their detectors see.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use boshi_protocol::code::PlaceStatus;
use boshi_protocol::id::PlaceNo;

#[derive(Debug)]
pub(super) struct Places(Mutex<BTreeMap<PlaceNo, PlaceStatus>>);

impl Places {
    pub(super) fn vacant(numbers: &[PlaceNo]) -> Places {
        let numbers = numbers.iter().cloned();
        Places(Mutex::new(
            numbers
                .map(|number| (number, PlaceStatus::Vacant))
                .collect(),
        ))
    }

    /// Whether there is such a space; then it is in this state.
    pub(super) fn set(&self, number: &PlaceNo, status: PlaceStatus) -> bool {
        let mut places = self.lock();
        let place = places.get_mut(number);
        place.map(|place| *place = status).is_some()
    }

    /// The first vacant space, which is occupied from now on.
    pub(super) fn take(&self) -> Option<PlaceNo> {
        let mut places = self.lock();
        let mut places = places.iter_mut();
        let (number, place) = places.find(|(_, place)| **place == PlaceStatus::Vacant)?;
        *place = PlaceStatus::Occupied;
        Some(number.clone())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PlaceNo, PlaceStatus>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
