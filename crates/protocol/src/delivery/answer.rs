//! What the end of a request means for its record.

use super::message::{AttemptId, Effect, Fault, Key, Kind, Outcome, Reason, Settled, Verdict};
use super::network::Network;
use super::parcel::{Flight, Parcel, Purpose, Series, State};
use super::step::Step;
use crate::id::RecordId;
use crate::moment::Tick;

impl Step<'_> {
    /// A request ended. One that was given up tells of the network only, whatever it brings: it
    /// is no attempt any more, and its answer is nobody's verdict.
    pub(super) fn done(&mut self, attempt: AttemptId, outcome: Outcome) {
        let flown = self.machine.book.take_flight(attempt);
        match (flown, outcome) {
            (None, Outcome::Accepted | Outcome::Refused(_)) => self.heard(),
            (None, Outcome::Fault(_)) => {}
            (Some((key, parcel, flight)), Outcome::Accepted) => {
                self.heard();
                match key.kind {
                    Kind::Recognition => self.decided(key, parcel, flight, Verdict::MayPass),
                    Kind::Crossing | Kind::Abnormality => self.delivered(key),
                }
            }
            (Some((key, parcel, flight)), Outcome::Refused(refusal)) => {
                self.heard();
                match key.kind {
                    Kind::Recognition => {
                        self.decided(key, parcel, flight, Verdict::MayNot(refusal));
                    }
                    Kind::Crossing | Kind::Abnormality => {
                        self.missed_once(key, parcel, flight, Reason::Refused(refusal));
                    }
                }
            }
            (Some((key, parcel, flight)), Outcome::Fault(fault)) => {
                self.faulted(key, parcel, flight, fault);
            }
        }
    }

    /// PUSH-1, D-2: a request had no answer.
    pub(super) fn faulted(&mut self, key: Key, parcel: Parcel, flight: Flight, fault: Fault) {
        self.missed();
        self.missed_once(key, parcel, flight, fault.into());
    }

    /// PUSH-2, D-16: an attempt failed, and with it the push when it was the last of its series.
    /// A probe is part of no series.
    fn missed_once(&mut self, key: Key, parcel: Parcel, flight: Flight, reason: Reason) {
        let series = match flight.purpose {
            Purpose::Deliver(series) => Series {
                failures: series.failures + 1,
                ..series
            },
            Purpose::Probe { rested } => {
                let back = self.machine.network == Network::Up;
                return self.park(key, parcel, rested.max(flight.until), back);
            }
        };
        if series.failures >= series.attempts.get() {
            self.fail(key, parcel, reason);
        } else if flight.until <= self.now {
            self.send(key, parcel, series);
        } else {
            let state = State::Paused {
                series,
                until: flight.until,
            };
            self.put(key, parcel, state);
        }
    }

    /// RECOG-1: the platform answered. An answer to an earlier question is no verdict: the row of
    /// failures is broken, and the latest question goes out at once.
    fn decided(&mut self, key: Key, parcel: Parcel, flight: Flight, verdict: Verdict) {
        match (parcel.asked, flight.purpose) {
            (Some(asked), Purpose::Deliver(series)) if flight.ask != Some(asked.ask) => {
                let series = self.series(series.share, asked.since);
                self.send(key, parcel, series);
            }
            (Some(asked), Purpose::Deliver(_) | Purpose::Probe { .. }) => {
                self.say(Effect::Verdict {
                    record: key.id.clone(),
                    ask: asked.ask,
                    verdict: verdict.clone(),
                });
                self.settle(key, settled_by(verdict));
            }
            (None, Purpose::Deliver(_) | Purpose::Probe { .. }) => {
                self.settle(key, settled_by(verdict));
            }
        }
    }

    fn delivered(&mut self, key: Key) {
        self.settle(key, Settled::Delivered);
    }

    fn settle(&mut self, key: Key, settled: Settled) {
        self.release_crossing_of(&key);
        self.say(Effect::Settle { key, settled });
    }

    /// PUSH-2: the push failed. PUSH-3, PUSH-4: that is the end for a recognition, whose vehicle
    /// is let through, and for a crossing. PUSH-5: not for an abnormality.
    pub(super) fn fail(&mut self, key: Key, parcel: Parcel, reason: Reason) {
        if let Some(asked) = parcel.asked {
            let verdict = Verdict::Undeliverable {
                reason: reason.clone(),
            };
            self.say(Effect::Verdict {
                record: key.id.clone(),
                ask: asked.ask,
                verdict,
            });
        }
        self.release_crossing_of(&key);
        let settled = Settled::Failed {
            reason: reason.clone(),
        };
        self.say(Effect::Settle {
            key: key.clone(),
            settled,
        });
        match key.kind {
            Kind::Recognition | Kind::Crossing => self.machine.memory.remember(key, reason),
            Kind::Abnormality => {
                let rounds = parcel.rounds.saturating_add(1);
                let rested = self.now + self.machine.policy.rest(rounds);
                self.park(key, Parcel { rounds, ..parcel }, rested, false);
            }
        }
    }

    /// Keeps a failed abnormality until the network is back (PUSH-5) and it is `rested`.
    pub(super) fn park(&mut self, key: Key, parcel: Parcel, rested: Tick, back: bool) {
        self.machine.turns += 1;
        let state = State::Parked {
            turn: self.machine.turns,
            rested,
            back,
        };
        self.put(key, parcel, state);
        if self.machine.book.depth().failed > self.machine.policy.failed_kept.get()
            && let Some(key) = self.machine.book.take_most_failed()
        {
            self.say(Effect::Defer { key });
        }
    }

    fn release_crossing_of(&mut self, settled: &Key) {
        match settled.kind {
            Kind::Recognition => self.release_crossing(settled.id.clone()),
            Kind::Crossing | Kind::Abnormality => {}
        }
    }

    fn release_crossing(&mut self, id: RecordId) {
        let key = Key::crossing(id);
        if let Some(State::Held) = self.machine.book.state(&key)
            && let Some((parcel, _)) = self.machine.book.take(&key)
        {
            self.put(key, parcel, State::Ready { give_up: None });
        }
    }
}

/// D-16, D-18: who turns a request away because of a clock or a token has answered, so the vehicle may
/// not pass, and has kept nothing, so the record is to be fetched: nothing is dropped.
fn settled_by(verdict: Verdict) -> Settled {
    match verdict {
        Verdict::MayNot(refusal) if refusal.turns_away() => Settled::Failed {
            reason: Reason::Refused(refusal),
        },
        Verdict::MayPass | Verdict::MayNot(_) | Verdict::Undeliverable { .. } => Settled::Delivered,
    }
}
