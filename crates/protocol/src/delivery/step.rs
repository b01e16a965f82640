//! One step of the machine: an input, then what time has brought, then what is free to start.

use std::time::Duration;

use super::Delivery;
use super::message::{AttemptId, Effect, Fault, Input, Key, Reason};
use super::network::Network;
use super::parcel::{Flight, Parcel, Purpose, Series, Share, State};
use super::policy;
use crate::moment::Tick;

/// The machine at one moment, and what it wants done.
#[derive(Debug)]
pub(super) struct Step<'a> {
    pub(super) machine: &'a mut Delivery,
    pub(super) now: Tick,
    effects: Vec<Effect>,
}

impl<'a> Step<'a> {
    pub(super) fn new(machine: &'a mut Delivery, now: Tick) -> Step<'a> {
        Step {
            machine,
            now,
            effects: Vec::new(),
        }
    }

    /// The whole step. The input comes before the time: an answer that was there in time, but is
    /// looked at late, counts.
    pub(super) fn run(mut self, input: Input) -> Vec<Effect> {
        match input {
            Input::Take { key } => self.take(key),
            Input::Resend { key } => {
                self.machine.memory.forget(&key);
                self.take(key);
            }
            Input::Ask { record, ask } => self.ask(record, ask),
            Input::Done { attempt, outcome } => self.done(attempt, outcome),
            Input::Contact => self.heard(),
            Input::Tick => {}
            Input::Recover { records } => self.recover(records),
        }
        self.pass_time();
        self.start(Share::Live);
        self.start(Share::Fresh);
        self.start(Share::Retry);
        self.probe();
        self.effects
    }

    pub(super) fn say(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub(super) fn put(&mut self, key: Key, parcel: Parcel, state: State) {
        self.machine.book.put(key, parcel, state);
    }

    /// PUSH-5: the platform answered; if that is news, what failed may be pushed again.
    pub(super) fn heard(&mut self) {
        if !self.machine.network.heard() {
            return;
        }
        self.say(Effect::NetworkBack);
        for key in self.machine.book.parked() {
            if let Some((
                parcel,
                State::Parked {
                    turn,
                    rested,
                    back: _,
                },
            )) = self.machine.book.take(&key)
            {
                self.put(
                    key,
                    parcel,
                    State::Parked {
                        turn,
                        rested,
                        back: true,
                    },
                );
            }
        }
    }

    /// The platform did not answer.
    pub(super) fn missed(&mut self) {
        self.machine.last_fault = Some(self.now);
        if self.machine.network.missed() {
            self.say(Effect::NetworkLost);
        }
    }

    /// Makes the next request of a series.
    pub(super) fn send(&mut self, key: Key, parcel: Parcel, series: Series) {
        let slot = self
            .machine
            .policy
            .slot_within(series.end, series.left(), self.now);
        let number = series.failures + 1;
        self.request(key, parcel, slot, number, Purpose::Deliver(series));
    }

    fn request(&mut self, key: Key, parcel: Parcel, slot: Duration, number: u32, purpose: Purpose) {
        self.machine.attempts += 1;
        let attempt = AttemptId(self.machine.attempts);
        let timeout = policy::timeout(slot);
        self.say(Effect::Send {
            attempt,
            key: key.clone(),
            number,
            timeout,
        });
        let flight = Flight {
            attempt,
            ask: parcel.ask(),
            until: self.now + slot,
            purpose,
        };
        self.put(key, parcel, State::Sent(flight));
    }

    /// Does what is due. Whatever it leaves behind is due later than now.
    fn pass_time(&mut self) {
        let mut impatient = Vec::new();
        while let Some((key, parcel, state)) = self.machine.book.take_due(self.now) {
            match state {
                State::Held => unreachable!("a held crossing waits for its recognition alone"),
                State::Ready { .. } => impatient.push((key, parcel)),
                State::Sent(flight) => self.faulted(key, parcel, flight, Fault::TimedOut),
                State::Paused { series, until: _ } => self.send(key, parcel, series),
                State::Parked {
                    turn,
                    rested,
                    back: _,
                } => {
                    let state = match self.machine.network {
                        Network::Up => State::Ready { give_up: None },
                        Network::Unknown | Network::Lost => State::Parked {
                            turn,
                            rested,
                            back: false,
                        },
                    };
                    self.put(key, parcel, state);
                }
            }
        }
        for (key, parcel) in impatient {
            if self.has_place(Share::Live) {
                self.begin(key, parcel, Share::Live);
            } else {
                self.fail(key, parcel, Reason::Crowded);
            }
        }
    }

    /// Starts what waits for a place, as far as there are any.
    fn start(&mut self, share: Share) {
        while self.has_place(share)
            && let Some((key, parcel)) = self.machine.book.take_ready(share)
        {
            self.begin(key, parcel, share);
        }
    }

    fn begin(&mut self, key: Key, parcel: Parcel, share: Share) {
        // A vehicle's budget runs since it was asked about, not since a place was free.
        let start = parcel.asked.map_or(self.now, |asked| asked.since);
        let series = self.series(share, start);
        self.send(key, parcel, series);
    }

    /// A series that starts at `start`, as the policy now wants it.
    pub(super) fn series(&self, share: Share, start: Tick) -> Series {
        let policy = &self.machine.policy;
        Series {
            share,
            failures: 0,
            attempts: policy.attempts,
            end: policy.end(start),
        }
    }

    fn has_place(&self, share: Share) -> bool {
        let book = &self.machine.book;
        let policy = &self.machine.policy;
        let backlog = book.taken_places(Share::Fresh) + book.taken_places(Share::Retry);
        match share {
            Share::Live => book.taken_places(Share::Live) < policy.live_in_flight.get(),
            Share::Fresh => backlog < policy.backlog_in_flight.get(),
            Share::Retry => {
                backlog < policy.backlog_in_flight.get()
                    && book.taken_places(Share::Retry) < policy.retries_in_flight()
            }
        }
    }

    /// PUSH-5: with nothing else under way, a failed abnormality itself asks whether the network
    /// is back: once, and the next one the next time, so that none stands in the others' way.
    fn probe(&mut self) {
        if self.machine.probe_at().is_some_and(|due| due <= self.now)
            && let Some((key, parcel, rested)) = self.machine.book.take_parked()
        {
            let slot = self.machine.policy.slot();
            self.request(key, parcel, slot, 1, Purpose::Probe { rested });
        }
    }
}
