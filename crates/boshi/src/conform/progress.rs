//! A line a case, as it goes on.

use boshi_conformance::case::Case;
use boshi_conformance::run::{Outcome, Progress};
use boshi_conformance::text::Language;

use super::table::word;
use crate::terminal::say;

/// Prints how the run goes on.
pub(super) struct Line {
    language: Language,
    place: String,
}

impl Line {
    pub(super) fn new(language: Language) -> Line {
        Line {
            language,
            place: String::new(),
        }
    }
}

impl Progress for Line {
    fn begins(&mut self, _case: &Case, place: usize, of: usize) {
        let width = of.to_string().len();
        self.place = format!("{:>width$}/{of}", place + 1);
    }

    fn ended(&mut self, outcome: &Outcome) {
        let (title, seconds) = (
            outcome.title.read(self.language),
            outcome.took.as_secs_f64(),
        );
        let verdict = word(outcome.verdict, self.language);
        say(&format!(
            "{} {verdict} {} {title} {seconds:.1} s",
            self.place, outcome.id
        ));
        if let Some(seen) = &outcome.seen {
            say(&format!("      {}", seen.read(self.language)));
        }
    }
}
