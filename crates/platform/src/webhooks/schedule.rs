//! When a delivery that failed is tried again, and when an endpoint is given up. Pure.

use std::time::Duration;

/// Part of a wait by which it is made longer or shorter at random, so that what failed together
/// does not come again together.
const JITTER: f64 = 0.1;
/// A receiver that says this wants nothing any more.
const GONE: u16 = 410;

/// How deliveries are tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    /// Longest that a receiver may take to answer.
    pub(crate) deadline: Duration,
    /// The wait after each failed attempt; after the last one the delivery is given up.
    pub(crate) retry: Vec<Duration>,
    /// How long an endpoint may fail without a success in between.
    pub(crate) give_up: Duration,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was taken.
    Delivered,
    /// It is tried again after this.
    Again(Duration),
    /// It is not tried again.
    GivenUp,
    /// The receiver wants nothing any more.
    Unwanted,
}

impl Policy {
    /// What follows from the answer to the attempt of that number, from 1; `status` is none without
    /// an answer. `random` lies in 0..=1.
    pub(crate) fn verdict(&self, attempt: u32, status: Option<u16>, random: f64) -> Verdict {
        match status {
            Some(200..=299) => return Verdict::Delivered,
            Some(GONE) => return Verdict::Unwanted,
            Some(_) | None => {}
        }
        let place = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
        match self.retry.get(place) {
            Some(wait) => Verdict::Again(wait.mul_f64(1.0 - JITTER + 2.0 * JITTER * random)),
            None => Verdict::GivenUp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn policy() -> Policy {
        Policy {
            deadline: SECOND,
            retry: vec![SECOND, 10 * SECOND],
            give_up: 100 * SECOND,
        }
    }

    #[test]
    fn only_an_answer_of_success_is_one_and_a_redirect_is_not() {
        for (status, delivered) in [
            (Some(200), true),
            (Some(204), true),
            (Some(199), false),
            (Some(302), false),
            (Some(500), false),
            (None, false),
        ] {
            let verdict = policy().verdict(1, status, 0.5);
            assert_eq!(verdict == Verdict::Delivered, delivered, "{status:?}");
        }
        assert_eq!(policy().verdict(1, Some(410), 0.5), Verdict::Unwanted);
    }

    #[test]
    fn waits_grow_as_they_are_listed_with_jitter_and_come_to_an_end() {
        let wait = |attempt, random| match policy().verdict(attempt, None, random) {
            Verdict::Again(wait) => Some(wait),
            Verdict::Delivered | Verdict::GivenUp | Verdict::Unwanted => None,
        };
        assert_eq!(wait(1, 0.0), Some(SECOND.mul_f64(0.9)));
        assert_eq!(wait(1, 0.5), Some(SECOND));
        assert_eq!(wait(2, 1.0), Some(SECOND.mul_f64(11.0)));
        assert_eq!(wait(3, 0.5), None);
        assert_eq!(policy().verdict(u32::MAX, None, 0.5), Verdict::GivenUp);
    }
}
