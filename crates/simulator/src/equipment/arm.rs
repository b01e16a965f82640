//! The barrier's arm and its motor.

use std::time::Duration;

use boshi_protocol::moment::Tick;

/// An arm with its auto-close and its protection of whatever is under it.
#[derive(Clone, Debug)]
pub(super) struct Arm {
    state: State,
    held: bool,
    pressed: bool,
    travel: Duration,
    auto_close: Duration,
    close_unused: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Down,
    Rising { until: Tick },
    Up { closes: Option<Tick> },
    Falling { until: Tick },
}

/// What an arm does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is fully up.
    Up,
    /// It begins to close.
    Closing,
    /// It is fully down.
    Down,
}

impl Arm {
    pub(super) fn new(travel: Duration, auto_close: Duration, close_unused: Duration) -> Arm {
        Arm {
            state: State::Down,
            held: false,
            pressed: false,
            travel,
            auto_close,
            close_unused,
        }
    }

    /// Lifts once; whether that began a movement. An arm that is up stays up for longer.
    pub(super) fn open(&mut self, now: Tick) -> bool {
        match self.state {
            State::Down => self.rise(now + self.travel),
            State::Falling { until } => {
                let fallen = self.travel.saturating_sub(until.since(now));
                self.rise(now + fallen)
            }
            State::Rising { .. } => false,
            State::Up { .. } => {
                let closes = self.unused_until(now);
                self.state = State::Up { closes };
                false
            }
        }
    }

    /// Lifts and stays up; whether that began a movement.
    pub(super) fn hold(&mut self, now: Tick) -> bool {
        self.held = true;
        self.open(now)
    }

    /// Is held no longer.
    pub(super) fn restore(&mut self, now: Tick) {
        let was_held = std::mem::replace(&mut self.held, false);
        if was_held && matches!(self.state, State::Up { .. }) {
            let closes = (!self.pressed).then_some(now + self.auto_close);
            self.state = State::Up { closes };
        }
    }

    /// The anti-smash loop changed; whether that sent the arm up again.
    pub(super) fn loop_changed(&mut self, pressed: bool, now: Tick) -> bool {
        self.pressed = pressed;
        match self.state {
            State::Falling { .. } if pressed => self.open(now),
            State::Up { .. } => {
                let closes = (!pressed && !self.held).then_some(now + self.auto_close);
                self.state = State::Up { closes };
                false
            }
            State::Falling { .. } | State::Down | State::Rising { .. } => false,
        }
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(self.state, State::Up { .. })
    }

    pub(super) fn is_down(&self) -> bool {
        self.state == State::Down
    }

    pub(super) fn is_held(&self) -> bool {
        self.held
    }

    pub(super) fn deadline(&self) -> Option<Tick> {
        match self.state {
            State::Down => None,
            State::Rising { until } | State::Falling { until } => Some(until),
            State::Up { closes } => closes,
        }
    }

    /// What it does at its deadline, which is `now`.
    pub(super) fn turn(&mut self, now: Tick) -> Turn {
        match self.state {
            State::Rising { .. } => {
                let closes = self.unused_until(now);
                self.state = State::Up { closes };
                Turn::Up
            }
            State::Up { .. } => {
                let until = now + self.travel;
                self.state = State::Falling { until };
                Turn::Closing
            }
            State::Falling { .. } | State::Down => {
                self.state = State::Down;
                Turn::Down
            }
        }
    }

    fn rise(&mut self, until: Tick) -> bool {
        self.state = State::Rising { until };
        true
    }

    fn unused_until(&self, now: Tick) -> Option<Tick> {
        let may_close = !self.held && !self.pressed && !self.close_unused.is_zero();
        may_close.then_some(now + self.close_unused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRAVEL: Duration = Duration::from_secs(3);
    const AUTO_CLOSE: Duration = Duration::from_secs(2);
    const UNUSED: Duration = Duration::from_secs(20);

    fn at(seconds: u64) -> Tick {
        Tick::after_start(Duration::from_secs(seconds))
    }

    fn arm() -> Arm {
        Arm::new(TRAVEL, AUTO_CLOSE, UNUSED)
    }

    fn arm_that_is_up() -> Arm {
        let mut arm = arm();
        assert!(arm.open(at(0)));
        assert_eq!(arm.turn(at(3)), Turn::Up);
        arm
    }

    #[test]
    fn an_arm_is_up_after_its_travel_time() {
        let mut arm = arm();
        assert!(arm.open(at(0)));
        assert_eq!(arm.deadline(), Some(at(3)));
        assert!(!arm.is_up() && !arm.is_down());
        assert_eq!(arm.turn(at(3)), Turn::Up);
        assert!(arm.is_up());
    }

    #[test]
    fn it_closes_by_itself_after_the_loop_was_released() {
        let mut arm = arm_that_is_up();
        arm.loop_changed(true, at(5));
        assert_eq!(arm.deadline(), None, "a pressed loop keeps it up for ever");
        arm.loop_changed(false, at(60));
        assert_eq!(arm.deadline(), Some(at(62)));
        assert_eq!(arm.turn(at(62)), Turn::Closing);
        assert_eq!(arm.turn(at(65)), Turn::Down);
        assert!(arm.is_down());
    }

    #[test]
    fn opening_one_that_is_up_moves_nothing_and_keeps_it_up_for_longer() {
        let mut arm = arm_that_is_up();
        arm.loop_changed(true, at(4));
        arm.loop_changed(false, at(5));
        assert!(!arm.open(at(6)));
        assert_eq!(arm.deadline(), Some(at(26)));
    }

    #[test]
    fn one_that_nobody_uses_closes_late_or_never() {
        assert_eq!(arm_that_is_up().deadline(), Some(at(23)));
        let mut arm = Arm::new(TRAVEL, AUTO_CLOSE, Duration::ZERO);
        arm.open(at(0));
        arm.turn(at(3));
        assert_eq!(arm.deadline(), None);
    }

    #[test]
    fn a_loop_that_is_pressed_while_it_closes_sends_it_up_again() {
        let mut arm = arm_that_is_up();
        assert_eq!(arm.turn(at(23)), Turn::Closing);
        assert!(arm.loop_changed(true, at(24)));
        assert_eq!(arm.deadline(), Some(at(25)), "as long as it had fallen");
        assert_eq!(arm.turn(at(25)), Turn::Up);
        assert_eq!(arm.deadline(), None);
    }

    #[test]
    fn a_held_arm_stays_up_until_it_is_restored() {
        let mut arm = arm();
        assert!(arm.hold(at(0)));
        arm.turn(at(3));
        arm.loop_changed(true, at(4));
        arm.loop_changed(false, at(5));
        assert_eq!(arm.deadline(), None);
        arm.restore(at(100));
        assert_eq!(arm.deadline(), Some(at(102)));
        assert!(!arm.is_held());
    }

    #[test]
    fn a_held_arm_that_is_restored_over_a_vehicle_waits_for_it() {
        let mut arm = arm();
        arm.hold(at(0));
        arm.turn(at(3));
        arm.loop_changed(true, at(4));
        arm.restore(at(5));
        assert_eq!(arm.deadline(), None);
        arm.loop_changed(false, at(6));
        assert_eq!(arm.deadline(), Some(at(8)));
    }
}
