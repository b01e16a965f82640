//! Every record the machine holds, in one place, with the orders in which it looks at them.
//!
//! The orders (what is due, what is ready, which request belongs to whom, ...) follow from the
//! states alone: [`Book::put`] enters a record in all of them and [`Book::take`] strikes it out.

use std::collections::BTreeMap;

use super::message::{AttemptId, Key};
use super::parcel::{Flight, Parcel, Share, State};
use crate::moment::Tick;

/// How many records the machine holds, each counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Recognitions with a vehicle waiting.
    pub live: usize,
    /// Other records that are still to be pushed or being pushed.
    pub backlog: usize,
    /// Failed abnormalities that wait until the network is back.
    pub failed: usize,
}

#[derive(Debug, Default)]
pub(super) struct Book {
    entries: BTreeMap<Key, (Parcel, State)>,
    due: BTreeMap<(Tick, u64), Key>,
    ready: [BTreeMap<u64, Key>; SHARES],
    taken_places: [usize; SHARES],
    flights: BTreeMap<AttemptId, Key>,
    parked: BTreeMap<u64, Key>,
    depth: Depth,
}

const SHARES: usize = 3;

impl Book {
    /// Enters a record that is not there yet.
    pub(super) fn put(&mut self, key: Key, parcel: Parcel, state: State) {
        if let Some(due) = state.due() {
            self.due.insert((due, parcel.arrival), key.clone());
        }
        if let Some(share) = state.place() {
            self.taken_places[share as usize] += 1;
        }
        match &state {
            State::Held | State::Paused { .. } => {}
            State::Ready { .. } => {
                self.ready[parcel.share() as usize].insert(parcel.arrival, key.clone());
            }
            State::Sent(flight) => {
                self.flights.insert(flight.attempt, key.clone());
            }
            State::Parked { turn, .. } => {
                self.parked.insert(*turn, key.clone());
            }
        }
        *self.depth_of(&parcel, &state) += 1;
        let before = self.entries.insert(key, (parcel, state));
        debug_assert!(before.is_none(), "a record is in exactly one state");
    }

    /// Strikes a record out.
    pub(super) fn take(&mut self, key: &Key) -> Option<(Parcel, State)> {
        let (parcel, state) = self.entries.remove(key)?;
        if let Some(due) = state.due() {
            self.due.remove(&(due, parcel.arrival));
        }
        if let Some(share) = state.place() {
            self.taken_places[share as usize] -= 1;
        }
        match &state {
            State::Held | State::Paused { .. } => {}
            State::Ready { .. } => {
                self.ready[parcel.share() as usize].remove(&parcel.arrival);
            }
            State::Sent(flight) => {
                self.flights.remove(&flight.attempt);
            }
            State::Parked { turn, .. } => {
                self.parked.remove(turn);
            }
        }
        *self.depth_of(&parcel, &state) -= 1;
        Some((parcel, state))
    }

    /// Strikes out the record whose request `attempt` is; none when that was given up.
    pub(super) fn take_flight(&mut self, attempt: AttemptId) -> Option<(Key, Parcel, Flight)> {
        let key = self.flights.get(&attempt)?.clone();
        match self.take(&key)? {
            (parcel, State::Sent(flight)) => Some((key, parcel, flight)),
            (_, state) => unreachable!("only what was sent has a request, not {state:?}"),
        }
    }

    /// Strikes out the record that has been due longest, if any is at `now`.
    pub(super) fn take_due(&mut self, now: Tick) -> Option<(Key, Parcel, State)> {
        let (_, key) = self
            .due
            .first_key_value()
            .filter(|((due, _), _)| *due <= now)?;
        let key = key.clone();
        let (parcel, state) = self.take(&key)?;
        Some((key, parcel, state))
    }

    /// Strikes out the first to arrive of those that wait for a place in `share`.
    pub(super) fn take_ready(&mut self, share: Share) -> Option<(Key, Parcel)> {
        let key = self.ready[share as usize].first_key_value()?.1.clone();
        let (parcel, _) = self.take(&key)?;
        Some((key, parcel))
    }

    /// Strikes out the failed abnormality whose last try is the longest ago, and says from when
    /// on it is rested.
    pub(super) fn take_parked(&mut self) -> Option<(Key, Parcel, Tick)> {
        let key = self.parked.first_key_value()?.1.clone();
        match self.take(&key)? {
            (
                parcel,
                State::Parked {
                    turn: _,
                    rested,
                    back: _,
                },
            ) => Some((key, parcel, rested)),
            (_, state) => unreachable!("what failed is parked, not {state:?}"),
        }
    }

    /// Strikes out the failed abnormality that failed most often, the oldest of these.
    pub(super) fn take_most_failed(&mut self) -> Option<Key> {
        let failed = |key: &&Key| {
            self.entries
                .get(key)
                .map(|(parcel, _)| (parcel.rounds, u64::MAX - parcel.arrival))
        };
        let key = self.parked.values().max_by_key(failed)?.clone();
        self.take(&key)?;
        Some(key)
    }

    /// The first to arrive of those that wait for a place in `share`.
    pub(super) fn ready(&self, share: Share) -> impl Iterator<Item = &Key> {
        self.ready[share as usize].values()
    }

    pub(super) fn state(&self, key: &Key) -> Option<&State> {
        self.entries.get(key).map(|(_, state)| state)
    }

    /// The failed abnormalities.
    pub(super) fn parked(&self) -> Vec<Key> {
        self.parked.values().cloned().collect()
    }

    /// The next time at which something is due.
    pub(super) fn next_due(&self) -> Option<Tick> {
        self.due.first_key_value().map(|((due, _), _)| *due)
    }

    /// How many wait for a place in `share`.
    pub(super) fn waiting(&self, share: Share) -> usize {
        self.ready[share as usize].len()
    }

    /// How many places of `share` are taken.
    pub(super) fn taken_places(&self, share: Share) -> usize {
        self.taken_places[share as usize]
    }

    /// Whether no series is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.taken_places == [0; SHARES]
    }

    pub(super) fn depth(&self) -> Depth {
        self.depth
    }

    fn depth_of(&mut self, parcel: &Parcel, state: &State) -> &mut usize {
        match (state, parcel.asked) {
            (State::Parked { .. }, _) => &mut self.depth.failed,
            (_, Some(_)) => &mut self.depth.live,
            (_, None) => &mut self.depth.backlog,
        }
    }
}
