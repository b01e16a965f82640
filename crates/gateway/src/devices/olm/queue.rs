//! What waits to be told to the boards on one line: the most urgent first, nothing that is too old.
//! No I/O.

use tokio::time::Instant;

/// How urgent something is, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Urgency {
    /// To the vehicle in front.
    Vehicle,
    /// A text of the platform.
    Text,
    /// Nobody is there.
    Idle,
    /// How many spaces are free.
    Spaces,
}

/// Something to be told to one board.
#[derive(Debug)]
pub(super) struct Job<T> {
    /// Which of the line's boards.
    pub(super) board: usize,
    pub(super) urgency: Urgency,
    /// Not before that: the board was busy.
    pub(super) from: Instant,
    /// From then on it is too old.
    pub(super) until: Instant,
    pub(super) what: T,
}

/// What waits: of each board one text and one number at most.
#[derive(Debug)]
pub(super) struct Queue<T> {
    waiting: Vec<Job<T>>,
}

impl<T> Job<T> {
    /// Whether both are a text, or both the number, of the same board.
    fn is_like(&self, other: &Job<T>) -> bool {
        let is_number = |it: &Job<T>| it.urgency == Urgency::Spaces;
        self.board == other.board && is_number(self) == is_number(other)
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Queue<T> {
        let waiting = Vec::new();
        Queue { waiting }
    }
}

impl<T> Queue<T> {
    /// Puts something in; what it takes the place of comes back. On one board the latest counts: it
    /// would be overwritten at once, or would overwrite what is newer.
    pub(super) fn push(&mut self, job: Job<T>) -> Option<T> {
        let place = self.waiting.iter().position(|it| it.is_like(&job));
        let before = place.map(|place| self.waiting.remove(place).what);
        self.waiting.push(job);
        before
    }

    /// What is too old by now.
    pub(super) fn expired(&mut self, now: Instant) -> Vec<T> {
        let expired = self.waiting.extract_if(.., |it| it.until <= now);
        expired.map(|it| it.what).collect()
    }

    /// The most urgent of what may be told now; of equally urgent ones that which has waited longest.
    pub(super) fn next(&mut self, now: Instant) -> Option<Job<T>> {
        let places = 0..self.waiting.len();
        let ready = places.filter(|place| {
            let job = &self.waiting[*place];
            job.from <= now && now < job.until
        });
        let place = ready.min_by_key(|place| self.waiting[*place].urgency)?;
        Some(self.waiting.remove(place))
    }

    /// When there is something to do again.
    pub(super) fn wakes(&self) -> Option<Instant> {
        self.waiting.iter().map(|it| it.from.min(it.until)).min()
    }

    /// Puts back what a busy board did not take; it comes back when there is something newer.
    pub(super) fn put_back(&mut self, job: Job<T>) -> Option<T> {
        if self.waiting.iter().any(|it| it.is_like(&job)) {
            return Some(job.what);
        }
        self.waiting.push(job);
        None
    }

    /// Whether something of that board waits.
    pub(super) fn has(&self, board: usize) -> bool {
        self.waiting.iter().any(|it| it.board == board)
    }

    /// Everything, which is given up.
    pub(super) fn drain(&mut self) -> Vec<T> {
        self.waiting.drain(..).map(|it| it.what).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const ALL: [Urgency; 4] = [
        Urgency::Vehicle,
        Urgency::Text,
        Urgency::Idle,
        Urgency::Spaces,
    ];

    fn job(board: usize, urgency: Urgency, at: Instant, lasts: u64, what: u32) -> Job<u32> {
        Job {
            board,
            urgency,
            from: at,
            until: at + Duration::from_millis(lasts),
            what,
        }
    }

    #[test]
    fn a_vehicle_comes_before_the_idle_text_of_another_board_and_that_before_a_number() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        for (board, urgency) in [
            (0, Urgency::Spaces),
            (1, Urgency::Idle),
            (2, Urgency::Text),
            (3, Urgency::Vehicle),
        ] {
            assert_eq!(queue.push(job(board, urgency, now, 100, 0)), None);
        }
        let order = std::iter::from_fn(|| queue.next(now)).map(|it| it.board);
        assert_eq!(order.collect::<Vec<_>>(), [3, 2, 1, 0]);
    }

    #[test]
    fn what_is_too_old_is_not_shown() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        queue.push(job(0, Urgency::Vehicle, now, 10, 7));
        let later = now + Duration::from_millis(10);
        assert!(queue.next(later).is_none());
        assert_eq!(queue.expired(later), [7]);
        assert_eq!(queue.wakes(), None);
    }

    #[test]
    fn what_a_busy_board_did_not_take_gives_way_to_what_is_newer() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        queue.push(job(0, Urgency::Vehicle, now, 100, 1));
        let mut busy = queue.next(now).unwrap();
        busy.from = now + Duration::from_millis(50);
        assert_eq!(queue.put_back(busy), None);
        assert!(queue.next(now).is_none(), "the board is given time");
        assert_eq!(queue.wakes(), Some(now + Duration::from_millis(50)));
        let busy = queue.next(now + Duration::from_millis(50)).unwrap();
        queue.push(job(0, Urgency::Idle, now, 100, 2));
        assert_eq!(queue.put_back(busy), Some(1));
    }

    proptest! {
        /// Against what is meant: the newest text and the newest number of each board, by urgency,
        /// then by age, none of them too old or too early.
        #[test]
        fn it_hands_out_what_is_meant(
            steps in proptest::collection::vec(
                (0..3_usize, 0..4_usize, 0..30_u64, 0..20_u64, any::<bool>()), 0..60)
        ) {
            let (mut queue, mut meant) = (Queue::default(), Vec::<(usize, Urgency, Instant, u32)>::new());
            let mut now = Instant::now();
            for (number, (board, urgency, lasts, pause, takes)) in (0..).zip(steps) {
                now += Duration::from_millis(pause);
                let urgency = ALL[urgency];
                let is_number = urgency == Urgency::Spaces;
                meant.retain(|it| it.0 != board || (it.1 == Urgency::Spaces) != is_number);
                let until = now + Duration::from_millis(lasts);
                meant.push((board, urgency, until, number));
                queue.push(job(board, urgency, now, lasts, number));
                prop_assert!(queue.waiting.len() <= 6);
                if takes {
                    queue.expired(now);
                    meant.retain(|it| it.2 > now);
                    let expected = meant.iter().min_by_key(|it| (it.1, it.3)).map(|it| it.3);
                    prop_assert_eq!(queue.next(now).map(|it| it.what), expected);
                    meant.retain(|it| Some(it.3) != expected);
                }
            }
        }
    }
}
