//! What happens to a record of one lot until the platform has it.
//!
//! A record is a recognition, a crossing or an abnormality. It is written to disk first and then
//! handed to this machine (D-18), which decides when it is pushed and what a failure means. The
//! machine does nothing itself: it is told what happened and when, and says what is to be done.
//!
//! # A series of attempts
//!
//! A push that fails is made again (PUSH-1); five failures in a row make it a failed push
//! (PUSH-2). But a vehicle in front of a dead network must not wait for longer than a budget of
//! ten seconds (D-17), and a network that only hiccups should release nobody. So the attempts of
//! a series are spread over the whole budget, one slot of two seconds for each:
//!
//! ```text
//! 0 s       2 s       4 s       6 s       8 s       10 s
//! |1.......x|2x.......|3........|4x.......|5.......x|
//!                      given up            failed push
//! ```
//!
//! An attempt that fails early waits for the end of its slot (1, 2, 4); one that hangs is given
//! up at the end of it (3), its time-out being a little shorter. The series is lost at 10 s at the
//! latest, and a network that is back within the first 8 s loses nobody.
//!
//! A request that was given up is no attempt any more. If it is answered after all, that shows
//! that the network is there, and nothing else: a late "may pass" lifts no barrier.
//!
//! # A recognition
//!
//! While a vehicle waits, the lane asks. `"0"` and `"1"` are both decisions (RECOG-1): either goes
//! to the lane as the verdict, and the record is delivered; a refused vehicle's lane asks again,
//! two seconds later (RECOG-2), and that is a new series. A lane that asks again while a request
//! is under way, since it read the plate better, gets its answer from the next request, which is
//! made when the one under way has ended, so that the two cannot overtake each other; the old
//! answer is then no verdict, a fault of the old one still counts in the row. Each question gets
//! one verdict at most, and the latest gets one within the budget.
//!
//! A failed recognition is not pushed again; its vehicle is let through (PUSH-3).
//!
//! Recognitions that nobody waits for (a camera that was offline tells of the past, a vehicle
//! crossed unseen) go with the backlog.
//!
//! Neither a failed recognition nor a failed crossing makes an abnormality (ABN-5): what could not
//! be pushed is asked for.
//!
//! # A crossing
//!
//! It waits until its recognition is settled, delivered or failed, and is pushed then. A refusal
//! is a failed attempt too (D-16). A failed crossing is not pushed again (PUSH-4). The machine
//! forgets a recognition when that is settled; so a crossing whose recognition it does not hold
//! has nothing to wait for.
//!
//! # An abnormality
//!
//! The same, but a failed one is pushed again once the network is back (PUSH-5), which is at the
//! first answer after a fault, to whatever push, or a heartbeat. If nothing is under way that
//! could bring such an answer, a failed abnormality is tried alone at an interval.
//!
//! The platform may never take a certain message. Such a one fails again whenever the network
//! comes back, rests longer each time, and can only ever hold half of the places.
//!
//! # Bounds
//!
//! [`Policy`] says how many requests are under way and how many records are held. A driver with a
//! huge backlog feeds no more than there is [room](Delivery::room) for, in the order of the
//! journal; should it do so all the same, the record is [handed back](Effect::Defer). Time is a
//! matter of [`Delivery::deadline`], which is always ahead of the latest input.

mod admit;
mod answer;
mod book;
mod memory;
mod message;
mod network;
mod parcel;
mod policy;
mod step;
#[cfg(test)]
mod tests;

pub use book::Depth;
pub use memory::FAILED_REMEMBERED;
pub use message::{
    Ask, AttemptId, Effect, Fault, Input, Key, Kind, Outcome, Reason, Recovered, Settled, Verdict,
};
pub use network::Network;
pub use policy::{LONGEST_PAUSE, MARGIN_DIVISOR, Policy, SHORTEST_SLOT};

use book::Book;
use memory::Memory;
use parcel::Share;
use step::Step;

use crate::moment::Tick;

/// The delivery of one lot.
#[derive(Debug)]
pub struct Delivery {
    policy: Policy,
    book: Book,
    memory: Memory,
    network: Network,
    last_fault: Option<Tick>,
    attempts: u64,
    arrivals: u64,
    turns: u64,
}

impl Delivery {
    /// A machine that holds nothing and knows nothing of the network.
    pub fn new(policy: Policy) -> Delivery {
        Delivery {
            policy,
            book: Book::default(),
            memory: Memory::default(),
            network: Network::default(),
            last_fault: None,
            attempts: 0,
            arrivals: 0,
            turns: 0,
        }
    }

    /// Takes note of `input` and of the time, which never goes back, and says what is to be done,
    /// in this order.
    pub fn handle(&mut self, input: Input, now: Tick) -> Vec<Effect> {
        Step::new(self, now).run(input)
    }

    /// When to come with [`Input::Tick`] at the latest, unless something else happens before.
    pub fn deadline(&self) -> Option<Tick> {
        [self.book.next_due(), self.probe_at()]
            .into_iter()
            .flatten()
            .min()
    }

    /// The records of the backlog that are pushed next, unless something comes between.
    pub fn upcoming(&self) -> impl Iterator<Item = &Key> {
        self.book.ready(Share::Fresh)
    }

    /// Whether a record is held, in whatever state.
    pub fn holds(&self, key: &Key) -> bool {
        self.book.state(key).is_some()
    }

    /// Goes by `policy` from now on. A series of attempts that is under way is ended as it was begun.
    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// How many more records may be [taken](Input::Take).
    pub fn room(&self) -> usize {
        self.policy
            .backlog_kept
            .get()
            .saturating_sub(self.book.depth().backlog)
    }

    /// How many records are held.
    pub fn depth(&self) -> Depth {
        self.book.depth()
    }

    /// What is known about the way to the platform.
    pub fn network(&self) -> Network {
        self.network
    }

    fn probe_at(&self) -> Option<Tick> {
        let useful = match self.network {
            Network::Up => false,
            Network::Unknown | Network::Lost => self.book.depth().failed > 0,
        };
        let pause = self.policy.probe_pause();
        (useful && self.book.is_idle())
            .then(|| self.last_fault.map_or(Tick::ZERO, |fault| fault + pause))
    }
}
