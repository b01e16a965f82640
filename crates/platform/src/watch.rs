//! Whether a lot is there: a pure state machine over what is heard of it and what is not.
//!
//! A lot begins unheard. Whatever is heard of it, an answered heartbeat or a call of its own, makes
//! it up. Unanswered heartbeats make it suspected and, when there are enough of them in a row with
//! nothing heard in between, an outage, which began when it was last heard.

use std::num::NonZeroU32;

use jiff::Timestamp;

/// What is known of a lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing was heard of it since the platform started.
    Unheard {
        /// Heartbeats that it has not answered.
        missed: u32,
    },
    /// It answers.
    Up,
    /// It has answered, but not the last heartbeats.
    Suspected {
        /// How many.
        missed: u32,
    },
    /// It does not answer.
    Outage {
        /// When it was last heard.
        since: Timestamp,
    },
}

/// What has changed, and must be written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is heard for the first time: it may have missed us while we were down.
    Appeared,
    /// An outage has begun.
    Lost {
        /// When it was last heard.
        since: Timestamp,
    },
    /// An outage is over.
    Returned {
        /// When it had begun.
        since: Timestamp,
    },
}

/// Watches one lot.
#[derive(Clone, Debug)]
pub struct Watch {
    misses: NonZeroU32,
    standing: Standing,
    last_heard: Timestamp,
}

impl Watch {
    /// A watch that begins at `now`; an outage that was open before goes on. `misses` unanswered
    /// heartbeats in a row are an outage.
    pub fn new(misses: NonZeroU32, now: Timestamp, open: Option<Timestamp>) -> Watch {
        let standing = match open {
            Some(since) => Standing::Outage { since },
            None => Standing::Unheard { missed: 0 },
        };
        Watch {
            misses,
            standing,
            last_heard: now,
        }
    }

    /// What is known of the lot.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// When it was last heard, if it was.
    pub fn last_heard(&self) -> Option<Timestamp> {
        match self.standing {
            Standing::Unheard { .. } => None,
            Standing::Up | Standing::Suspected { .. } => Some(self.last_heard),
            Standing::Outage { since } => Some(since),
        }
    }

    /// The lot answered a heartbeat or called.
    pub fn heard(&mut self, now: Timestamp) -> Option<Change> {
        self.last_heard = now;
        let before = std::mem::replace(&mut self.standing, Standing::Up);
        match before {
            Standing::Unheard { .. } => Some(Change::Appeared),
            Standing::Up | Standing::Suspected { .. } => None,
            Standing::Outage { since } => Some(Change::Returned { since }),
        }
    }

    /// The lot did not answer a heartbeat.
    pub fn missed(&mut self) -> Option<Change> {
        let missed = match self.standing {
            Standing::Unheard { missed } | Standing::Suspected { missed } => missed + 1,
            Standing::Up => 1,
            Standing::Outage { .. } => return None,
        };
        if missed >= self.misses.get() {
            let since = self.last_heard;
            self.standing = Standing::Outage { since };
            return Some(Change::Lost { since });
        }
        self.standing = match self.standing {
            Standing::Unheard { .. } => Standing::Unheard { missed },
            Standing::Up | Standing::Suspected { .. } => Standing::Suspected { missed },
            Standing::Outage { since } => Standing::Outage { since },
        };
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE: NonZeroU32 = NonZeroU32::new(3).unwrap();

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// BEAT-1
    #[test]
    fn the_third_miss_in_a_row_is_an_outage_since_the_lot_was_last_heard() {
        let mut watch = Watch::new(THREE, at(0), None);
        assert_eq!(watch.heard(at(10)), Some(Change::Appeared));
        assert_eq!(watch.missed(), None);
        assert_eq!(watch.standing(), Standing::Suspected { missed: 1 });
        assert_eq!(watch.missed(), None);
        assert_eq!(watch.missed(), Some(Change::Lost { since: at(10) }));
        assert_eq!(watch.missed(), None, "an outage begins once");
    }

    /// BEAT-1: a call of the lot is as good as an answer.
    #[test]
    fn what_is_heard_between_misses_begins_the_count_anew() {
        let mut watch = Watch::new(THREE, at(0), None);
        watch.heard(at(1));
        for second in 2..20 {
            assert_eq!(watch.missed(), None);
            assert_eq!(watch.missed(), None);
            assert_eq!(watch.heard(at(second)), None);
        }
    }

    /// D-19
    #[test]
    fn the_return_of_a_lot_says_when_it_was_lost() {
        let mut watch = Watch::new(THREE, at(0), None);
        watch.heard(at(7));
        let lost: Vec<_> = (0..3).filter_map(|_| watch.missed()).collect();
        assert_eq!(lost, [Change::Lost { since: at(7) }]);
        assert_eq!(watch.last_heard(), Some(at(7)));
        assert_eq!(watch.heard(at(60)), Some(Change::Returned { since: at(7) }));
        assert_eq!(watch.heard(at(61)), None);
    }

    /// D-19
    #[test]
    fn an_outage_goes_on_when_the_platform_is_started_within_it() {
        let mut watch = Watch::new(THREE, at(100), Some(at(7)));
        assert_eq!(watch.missed(), None, "its row is there already");
        assert_eq!(
            watch.heard(at(200)),
            Some(Change::Returned { since: at(7) })
        );
    }

    #[test]
    fn a_lot_that_was_never_heard_is_lost_since_the_platform_started() {
        let mut watch = Watch::new(THREE, at(5), None);
        assert_eq!(watch.last_heard(), None);
        watch.missed();
        watch.missed();
        assert_eq!(watch.missed(), Some(Change::Lost { since: at(5) }));
    }
}
