//! What happened, for whoever wants to know why something is wrong.

use std::fmt::Write as _;
use std::time::Duration;

/// How far back, and on, a story goes around what is wrong.
const AROUND: Duration = Duration::from_secs(90);

/// Most lines that are told of one thing that is wrong.
const MOST_LINES: usize = 80;

/// Everything that happened, in its order.
#[derive(Debug, Default)]
pub(crate) struct Story {
    lines: Vec<(Duration, String)>,
}

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// What.
    pub(crate) what: String,
    /// When it shows, if that is known.
    pub(crate) at: Option<Duration>,
    /// The words that lines of the story have which tell of it: a lane, a record.
    pub(crate) about: Vec<String>,
}

impl Story {
    pub(crate) fn tell(&mut self, at: Duration, what: impl FnOnce() -> String) {
        self.lines.push((at, what()));
    }

    /// When that was told for the first time.
    pub(crate) fn first(&self, words: &str) -> Option<Duration> {
        let mut lines = self.lines.iter();
        let (at, _) = lines.find(|(_, what)| what.contains(words))?;
        Some(*at)
    }

    /// The same for the same story, and no other.
    pub(crate) fn digest(&self) -> u64 {
        // FNV-1a: it only has to tell runs of one seed apart.
        let mut digest = 0xcbf2_9ce4_8422_2325_u64;
        for (at, what) in &self.lines {
            let bytes = at.as_nanos().to_le_bytes();
            for byte in bytes.into_iter().chain(what.bytes()) {
                digest = (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        digest
    }

    /// What led to something that is wrong: each line that names what it is about, and everything at the
    /// side, clocks and network and crashes, around the time.
    pub(crate) fn of(&self, wrong: &Wrong) -> String {
        let named = |what: &str| wrong.about.iter().any(|word| what.contains(word.as_str()));
        let near = |at: Duration| {
            wrong
                .at
                .is_none_or(|wrong| at + AROUND >= wrong && at <= wrong + AROUND)
        };
        let chosen = self.lines.iter();
        let chosen: Vec<_> = chosen
            .filter(|(at, what)| near(*at) && (named(what) || what.starts_with("! ")))
            .filter(|(_, what)| wrong.at.is_some() || named(what))
            .collect();
        let mut told = format!("{}\n", wrong.what);
        for (at, what) in chosen.iter().take(MOST_LINES) {
            // To a text nothing fails to be written.
            let _ = writeln!(told, "  {} {what}", clock(*at));
        }
        if chosen.len() > MOST_LINES {
            let _ = writeln!(told, "  and {} lines more", chosen.len() - MOST_LINES);
        }
        told
    }
}

/// A time as `2d 03:04:05.678`.
pub(crate) fn clock(at: Duration) -> String {
    let (seconds, millis) = (at.as_secs(), at.subsec_millis());
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, seconds) = (seconds / 60 % 60, seconds % 60);
    format!("{days}d {hours:02}:{minutes:02}:{seconds:02}.{millis:03}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_tells_what_is_named_and_what_went_wrong_around_it() {
        let mut story = Story::default();
        let second = Duration::from_secs;
        story.tell(second(1), || "r7 was read at lane 01".to_owned());
        story.tell(second(95), || "! the network is silent".to_owned());
        story.tell(second(99), || "r8 was read at lane 02".to_owned());
        story.tell(second(100), || "r7 is pushed".to_owned());
        let wrong = Wrong {
            what: "r7 is lost".to_owned(),
            at: Some(second(100)),
            about: vec!["r7 ".to_owned()],
        };
        let told = "r7 is lost\n  0d 00:01:35.000 ! the network is silent\n  \
                    0d 00:01:40.000 r7 is pushed\n";
        assert_eq!(story.of(&wrong), told);
        let whenever = Wrong { at: None, ..wrong };
        assert!(story.of(&whenever).contains("lane 01"));
    }
}
