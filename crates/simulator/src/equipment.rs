//! What happens physically in one lane: loops, arm, recognizer, display, and the vehicles.
//!
//! A [`Lane`] is told what happens to it ([`Input`]) and says what follows ([`Output`]): what its
//! devices signal, and what really happened, which no device may have noticed. Time and randomness
//! are arguments; nothing is read from a clock and nothing is sent.
//!
//! ```text
//!   queue ──► trigger loop ──► arm, with the anti-smash loop under it ──► gone
//!             recognizer        (in a mixed lane: the other trigger loop)
//! ```
//!
//! A vehicle presses the trigger loop and is read there. When the arm is up for it, it rolls on,
//! presses the anti-smash loop, which is crossing, leaves the trigger loop, and then the
//! anti-smash loop. The arm closes by itself a while after that; it never closes on a pressed
//! loop, and one that is pressed while it closes sends it up again.
//!
//! A driver takes an arm that is up as meant for him when it was opened and nobody has used that
//! yet, or when it is held. In a mixed lane the vehicles of both sides take turns.

mod arm;
mod driver;
mod driving;
mod fact;
mod induction;
mod lane;
mod recognizer;
mod relay;
#[cfg(test)]
mod tests;
mod timing;
mod vehicle;

pub use self::fact::{ActId, Cause, Fact, LiftNo, Output, Signal, Timed};
pub use self::lane::{Direction, Input, Lane, Setup};
pub(crate) use self::recognizer::mistaken;
pub use self::recognizer::{Reading, Sharpness};
pub use self::relay::{Fault, Motion};
pub use self::timing::Timing;
pub(crate) use self::timing::duration;
pub use self::vehicle::{Behaviour, Heading, Outcome, Vehicle, VehicleId};
