//! What happens in front of one barrier.
//!
//! A [`Lane`] is told what its equipment and the platform say ([`Input`]) and answers what is to be
//! done ([`Effect`]). It reads no clock, draws no random numbers and does nothing itself: time is
//! an argument, record ids are handed in, and what became of an effect comes back as an input.
//!
//! # A vehicle's way
//!
//! A recognizer reads it, or it presses the trigger loop: one stay on that loop is one vehicle,
//! however often it is read, and has one recognition. The platform is asked, again and again while
//! it refuses (RECOG-2). A reply counts for the push it answers and for the stay in which that was
//! made: it never lifts the barrier for the next car, nor for one that left (RECOG-3).
//!
//! When the vehicle may pass, the barrier is driven once, and the vehicle moves from *waiting* to
//! *passing*: the next one may be recognized while the first is still under the arm. Pressing the
//! anti-smash loop is crossing (CROSS-1), and the first passing vehicle is the one that did. Who
//! crosses without having been let through is given the lift that explains it, if there is one
//! (held open, by hand, forced); what nothing explains is reported, not guessed.
//!
//! Every recognition is settled once, with its [`Outcome`].
//!
//! # What must hold
//!
//! - The barrier is driven for exactly one [`Cause`] each time, and a decision drives it at most
//!   once; a failed or unanswered act is never repeated. A vehicle whose lift failed is *asked for*
//!   again, which is a decision of its own.
//! - Two pulses are never closer than the arm's travel time.
//! - A loop that is stuck neither opens the barrier again nor invents a crossing.
//! - Every press of the anti-smash loop is one crossing, each preceded by its recognition (D-14).
//! - Every command is answered once, and with success only when the barrier did it (OPEN-7).

mod alarm;
mod answer;
mod arm;
mod barrier;
mod board;
mod command;
mod correction;
mod crossing;
mod crosstalk;
mod effect;
mod gate;
mod input;
mod late;
mod layout;
mod lifting;
mod loops;
mod machine;
mod passage;
mod press;
mod reading;
mod record;
mod results;
mod resume;
mod sides;
mod sighting;
mod stay;
mod suspension;
#[cfg(test)]
mod tests;
mod timing;
mod trigger;
mod turn;
mod vehicle;
mod verdict;
mod waits;

pub use self::answer::{Done, OpenRefusal};
pub use self::board::{Board, Doing, Present, SideBoard};
pub use self::crosstalk::{Crosstalk, MAX_REMEMBERED, Ruling, Standing};
pub use self::effect::{ActId, AskId, Cause, Effect, Motion, OccurrenceId, Sign};
pub use self::gate::{Gate, Holder};
pub use self::input::{By, CommandId, Input, Order, Position, Reading, Verdict};
pub use self::layout::{Direction, Layout, Side};
pub use self::machine::Lane;
pub use self::press::Foreseen;
pub use self::record::{Abnormal, Crossing, Origin, Outcome, Recognition};
pub use self::resume::{Resumed, Waited};
pub use self::sighting::{BEST_READ, Sighting, TYPED};
pub use self::timing::{
    LEAST_REASSERT, LEAST_REPEAT, MAX_ACTS, MAX_LEAVING, MAX_MISREAD, MAX_PASSING, MAX_SHARERS,
    Timing,
};
