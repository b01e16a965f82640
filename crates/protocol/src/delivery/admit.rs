//! How a record comes in: nobody waits for it, a lane does, or an earlier run left it behind.

use super::message::{Ask, Effect, Key, Kind, Reason, Recovered, Verdict};
use super::parcel::{Asked, Parcel, Share, State};
use super::step::Step;
use crate::id::RecordId;

impl Step<'_> {
    /// D-18: the record is on disk; from here on it is pushed until it is settled.
    pub(super) fn take(&mut self, key: Key) {
        if self.machine.memory.reason(&key).is_some() {
            return;
        }
        match self.machine.book.state(&key) {
            Some(State::Parked { .. }) => self.push_again(key),
            Some(State::Held | State::Ready { .. } | State::Sent(_) | State::Paused { .. }) => {}
            None if self.machine.room() == 0 => self.say(Effect::Defer { key }),
            None => {
                let parcel = self.arrive();
                match key.kind {
                    Kind::Crossing => {
                        let state = self.crossing_state(&key);
                        self.put(key, parcel, state);
                    }
                    Kind::Recognition => {
                        self.hold_crossing(&key.id);
                        self.put(key, parcel, State::Ready { give_up: None });
                    }
                    Kind::Abnormality => {
                        self.put(key, parcel, State::Ready { give_up: None });
                    }
                }
            }
        }
    }

    /// RECOG-2: a lane asks, for the first time or again. Only the latest question is answered.
    pub(super) fn ask(&mut self, record: RecordId, ask: Ask) {
        let key = Key::recognition(record);
        if let Some(reason) = self.machine.memory.reason(&key).cloned() {
            let verdict = Verdict::Undeliverable { reason };
            return self.say(Effect::Verdict {
                record: key.id,
                ask,
                verdict,
            });
        }
        let fresh = Asked {
            ask,
            since: self.now,
        };
        let Some((parcel, state)) = self.machine.book.take(&key) else {
            self.hold_crossing(&key.id);
            let parcel = Parcel {
                asked: Some(fresh),
                ..self.arrive()
            };
            return self.await_place(key, parcel);
        };
        match (state, parcel.asked) {
            (State::Ready { .. }, None) => {
                self.await_place(
                    key,
                    Parcel {
                        asked: Some(fresh),
                        ..parcel
                    },
                );
            }
            (State::Ready { .. }, Some(earlier)) => {
                let asked = Some(Asked { ask, ..earlier });
                self.put(key, Parcel { asked, ..parcel }, state);
            }
            (State::Held | State::Sent(_) | State::Paused { .. } | State::Parked { .. }, _) => {
                let asked = Some(fresh);
                self.put(key, Parcel { asked, ..parcel }, state);
            }
        }
    }

    /// D-18: what was under way is carried on, but no vehicle waits any more.
    pub(super) fn recover(&mut self, records: Vec<Recovered>) {
        for record in records {
            match record {
                Recovered::Pending(key) => match key.kind {
                    Kind::Recognition if self.is_known(&key) => {}
                    Kind::Recognition => {
                        let parcel = self.arrive();
                        self.fail(key, parcel, Reason::Interrupted);
                    }
                    Kind::Crossing | Kind::Abnormality => self.take(key),
                },
                Recovered::FailedAbnormality(id) => {
                    let key = Key::abnormality(id);
                    if !self.is_known(&key) {
                        let parcel = Parcel {
                            rounds: 1,
                            ..self.arrive()
                        };
                        self.park(key, parcel, self.now, false);
                    }
                }
            }
        }
    }

    fn is_known(&self, key: &Key) -> bool {
        self.machine.book.state(key).is_some() || self.machine.memory.reason(key).is_some()
    }

    fn arrive(&mut self) -> Parcel {
        self.machine.arrivals += 1;
        Parcel {
            arrival: self.machine.arrivals,
            asked: None,
            rounds: 0,
        }
    }

    fn await_place(&mut self, key: Key, parcel: Parcel) {
        let bound = self.machine.policy.live_in_flight.get();
        if self.machine.book.waiting(Share::Live) >= bound {
            return self.fail(key, parcel, Reason::Crowded);
        }
        let give_up = Some(self.now + self.machine.policy.patience());
        self.put(key, parcel, State::Ready { give_up });
    }

    /// A recognition the machine does not hold is settled: only then does it let go of one.
    fn crossing_state(&self, crossing: &Key) -> State {
        match self
            .machine
            .book
            .state(&Key::recognition(crossing.id.clone()))
        {
            Some(_) => State::Held,
            None => State::Ready { give_up: None },
        }
    }

    fn hold_crossing(&mut self, recognition: &RecordId) {
        let key = Key::crossing(recognition.clone());
        if let Some(State::Ready { .. }) = self.machine.book.state(&key)
            && let Some((parcel, _)) = self.machine.book.take(&key)
        {
            self.put(key, parcel, State::Held);
        }
    }

    fn push_again(&mut self, key: Key) {
        if let Some((parcel, _)) = self.machine.book.take(&key) {
            self.put(key, parcel, State::Ready { give_up: None });
        }
    }
}
