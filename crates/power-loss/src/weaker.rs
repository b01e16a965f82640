//! Stores that promise too much, which must be caught: what the two real stores wrote, with the syncs left out
//! that SQLite leaves out at a weaker `synchronous`. Neither side can be told to be weaker.

use crate::trace::Event;

/// A setting that survives every kill, and no power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weaker {
    /// Nothing is ever synced.
    Off,
    /// The log is synced only before it is merged into the file, not with each commit.
    Normal,
}

impl Weaker {
    pub(crate) const ALL: [Weaker; 2] = [Weaker::Off, Weaker::Normal];

    /// What the store whose database is called `database` would have written and synced.
    pub(crate) fn of(self, events: &[Event], database: &str) -> Vec<Event> {
        let log = format!("{database}-wal");
        let is_of_log = |file: &str| name_of(file) == log;
        // What is written next after each event: the log again, or the file.
        let mut log_is_next = true;
        let mut kept: Vec<Event> = Vec::with_capacity(events.len());
        for event in events.iter().rev() {
            let stays = match event {
                Event::Write { file, .. } if is_of_log(file) => {
                    log_is_next = true;
                    true
                }
                Event::Write { file, .. } if name_of(file) == database => {
                    log_is_next = false;
                    true
                }
                Event::SyncBegins { file }
                | Event::SyncEnds { file }
                | Event::SyncFails { file } => {
                    self == Weaker::Normal && !(is_of_log(file) && log_is_next)
                }
                Event::Write { .. } | Event::Resize { .. } | Event::Promised(_) => true,
            };
            if stays {
                kept.push(event.clone());
            }
        }
        kept.reverse();
        kept
    }
}

fn name_of(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(file: &str) -> Event {
        Event::Write {
            file: file.to_owned(),
            at: 0,
            data: vec![1],
        }
    }

    fn sync(file: &str) -> [Event; 2] {
        let begins = Event::SyncBegins {
            file: file.to_owned(),
        };
        let ends = Event::SyncEnds {
            file: file.to_owned(),
        };
        [begins, ends]
    }

    #[test]
    fn a_weaker_setting_syncs_the_log_before_it_is_merged_or_never() {
        let (file, log) = ("/d/a.db", "/d/a.db-wal");
        let kept = [
            vec![write(log), Event::Promised("u1".to_owned()), write(log)],
            sync(log).to_vec(),
            vec![write(file)],
            sync(file).to_vec(),
            vec![write(log), Event::Promised("u2".to_owned())],
        ];
        let mut full = kept.clone();
        full[0].splice(1..1, sync(log));
        full[4].splice(1..1, sync(log));
        let (kept, full) = (kept.concat(), full.concat());
        assert_eq!(Weaker::Normal.of(&full, "a.db"), kept);
        let none = Weaker::Off.of(&full, "a.db");
        assert!(
            !none
                .iter()
                .any(|it| matches!(it, Event::SyncBegins { .. } | Event::SyncEnds { .. }))
        );
        assert_eq!(none.len(), kept.len() - 4);
    }
}
