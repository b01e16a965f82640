//! An induction loop in the ground, whose relay may bounce.

use std::collections::VecDeque;
use std::time::Duration;

use boshi_protocol::moment::Tick;

/// A loop: how many vehicles are on it, and what its relay says.
#[derive(Clone, Debug)]
pub(super) struct InductionLoop {
    vehicles: u8,
    bounces: u8,
    pause: Duration,
    flicker: VecDeque<(Tick, bool)>,
}

impl InductionLoop {
    /// A free loop whose relay opens and closes `bounces` times more at each edge.
    pub(super) fn new(bounces: u8, pause: Duration) -> InductionLoop {
        InductionLoop {
            vehicles: 0,
            bounces,
            pause,
            flicker: VecDeque::new(),
        }
    }

    /// A vehicle comes onto it; whether it was free.
    pub(super) fn enter(&mut self, now: Tick) -> bool {
        self.vehicles += 1;
        let edge = self.vehicles == 1;
        if edge {
            self.bounce(true, now);
        }
        edge
    }

    /// A vehicle leaves it; whether it is free now.
    pub(super) fn leave(&mut self, now: Tick) -> bool {
        self.vehicles = (self.vehicles.checked_sub(1))
            .expect("a vehicle leaves a loop that it has entered before");
        let edge = self.vehicles == 0;
        if edge {
            self.bounce(false, now);
        }
        edge
    }

    pub(super) fn is_pressed(&self) -> bool {
        self.vehicles > 0
    }

    pub(super) fn deadline(&self) -> Option<Tick> {
        self.flicker.front().map(|(at, _)| *at)
    }

    /// What the relay says at its deadline.
    pub(super) fn turn(&mut self) -> Option<bool> {
        self.flicker.pop_front().map(|(_, pressed)| pressed)
    }

    fn bounce(&mut self, pressed: bool, now: Tick) {
        self.flicker.clear();
        let mut at = now;
        for _ in 0..self.bounces {
            for state in [!pressed, pressed] {
                at = at + self.pause;
                self.flicker.push_back((at, state));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_millis(4);

    fn at(ms: u64) -> Tick {
        Tick::after_start(Duration::from_millis(ms))
    }

    #[test]
    fn two_vehicles_on_a_loop_are_one_press() {
        let mut ground = InductionLoop::new(0, PAUSE);
        assert!(ground.enter(at(0)));
        assert!(!ground.enter(at(1)));
        assert!(!ground.leave(at(2)));
        assert!(ground.is_pressed());
        assert!(ground.leave(at(3)));
        assert!(!ground.is_pressed());
    }

    #[test]
    fn a_bouncing_relay_flickers_and_ends_where_it_should() {
        let mut ground = InductionLoop::new(2, PAUSE);
        ground.enter(at(0));
        let mut flicker = Vec::new();
        while let Some(when) = ground.deadline() {
            flicker.extend(ground.turn().map(|pressed| (when, pressed)));
        }
        let expected = [(4, false), (8, true), (12, false), (16, true)];
        assert_eq!(flicker, expected.map(|(ms, pressed)| (at(ms), pressed)));
    }

    #[test]
    fn an_edge_ends_the_flicker_of_the_edge_before() {
        let mut ground = InductionLoop::new(1, PAUSE);
        ground.enter(at(0));
        ground.leave(at(1));
        assert_eq!(ground.deadline(), Some(at(5)));
        assert_eq!(ground.turn(), Some(true));
        assert_eq!(ground.turn(), Some(false));
    }
}
