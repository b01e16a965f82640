//! How long a lane waits for what: every bound with its unit, its default and its reason.

use std::time::Duration;

/// Most vehicles that are let through and have not crossed. More than a lane has room for; when
/// a dead anti-smash loop hides the crossings, the oldest is given up.
pub const MAX_PASSING: usize = 16;

/// Most vehicles that have just left the trigger loop and may still prove to have crossed.
pub const MAX_LEAVING: usize = 8;

/// Most acts of the barrier whose result is awaited, late ones included.
pub const MAX_ACTS: usize = 16;

/// Most commands that share the result of one act: nobody clicks faster in good faith.
pub const MAX_SHARERS: usize = 8;

/// Most misreadings of one vehicle that people correct and that are remembered.
pub const MAX_MISREAD: usize = 4;

/// Shortest pause between two messages about the same abnormality, whatever is configured.
pub const LEAST_REPEAT: Duration = Duration::from_secs(1);

/// Shortest pause between two attempts to assert a hold that the barrier does not confirm.
pub const LEAST_REASSERT: Duration = Duration::from_secs(1);

/// The bounds of a lane, each configurable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long after a refusal the recognition is sent again (RECOG-2). 2 s: the standard's.
    pub refused_poll: Duration,
    /// How long a loop must keep a state before it counts. 200 ms: relays and detectors bounce for
    /// tens of milliseconds, two vehicles are never that close.
    pub debounce: Duration,
    /// How long a vehicle may stand on the trigger loop unread until it is reported with an empty
    /// plate. 2 s: cameras that are triggered by a loop answer within one.
    pub read_grace: Duration,
    /// How long a reading waits for the trigger loop to be pressed. 3 s: recognizers read at most
    /// a few metres ahead.
    pub approach_window: Duration,
    /// Without a trigger loop: how long the same plate means the same vehicle. 60 s.
    pub same_plate: Duration,
    /// Without a trigger loop: how long a vehicle counts as being there after its last reading.
    /// 20 s: some recognizers read a standing vehicle only once, and polling must not end at once.
    pub presence: Duration,
    /// How long the barrier's arm travels. 3 s; a second pulse within it makes some barriers stop
    /// or turn back, so there is none.
    pub travel: Duration,
    /// How long a vehicle that may pass waits for the one before it to clear the barrier, so that
    /// the arm does not come down between them. 5 s, after which it is lifted all the same.
    pub follow_wait: Duration,
    /// How long a vehicle that was let through may take to cross (ABN-4). 30 s.
    pub passage: Duration,
    /// How long after leaving the trigger loop a vehicle may still prove to have crossed. 3 s; half
    /// of it when another vehicle is there.
    pub leave_grace: Duration,
    /// How long a loop may be pressed before that is an abnormality (ABN-1). 30 s: the standard's.
    pub loop_alarm: Duration,
    /// How often an abnormality that lasts is told again (D-15). 10 min.
    pub alarm_repeat: Duration,
    /// How long the limit switch may say "up" with nobody to cross, before that is an abnormality
    /// (ABN-4). 30 s.
    pub barrier_down: Duration,
    /// In a mixed lane: how long after a crossing the far loop and camera are taken to see the
    /// vehicle that crossed. 10 s.
    pub far_side: Duration,
    /// How long the barrier may take to answer (OPEN-7). 3 s.
    pub act: Duration,
    /// How often a hold that the fire input demands is asserted until the barrier confirms it. 5 s:
    /// people must get out.
    pub fire_reassert: Duration,
}

impl Timing {
    /// How long the way from the trigger loop to the anti-smash loop takes at most, when another
    /// vehicle is there that may have pressed the latter instead. Most vehicles press both loops
    /// at once; one that left the first longer ago has turned away.
    pub(super) fn between_loops(&self) -> Duration {
        self.leave_grace / 2
    }
}

impl Default for Timing {
    fn default() -> Timing {
        Timing {
            refused_poll: Duration::from_secs(2),
            debounce: Duration::from_millis(200),
            read_grace: Duration::from_secs(2),
            approach_window: Duration::from_secs(3),
            same_plate: Duration::from_secs(60),
            presence: Duration::from_secs(20),
            travel: Duration::from_secs(3),
            follow_wait: Duration::from_secs(5),
            passage: Duration::from_secs(30),
            leave_grace: Duration::from_secs(3),
            loop_alarm: Duration::from_secs(30),
            alarm_repeat: Duration::from_secs(10 * 60),
            barrier_down: Duration::from_secs(30),
            far_side: Duration::from_secs(10),
            act: Duration::from_secs(3),
            fire_reassert: Duration::from_secs(5),
        }
    }
}
