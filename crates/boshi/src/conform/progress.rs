//! A line a case, as it goes on.

use std::io::{self, IsTerminal as _, Write as _};

use boshi_conformance::case::Case;
use boshi_conformance::run::{Outcome, Progress};
use boshi_conformance::text::Language;

use super::table::word;
use crate::terminal::say;

/// What a terminal takes for the wish to erase the rest of the line.
const ERASE_LINE: &str = "\x1b[K";

/// Prints how the run goes on.
pub(super) struct Line {
    language: Language,
    place: String,
    /// What came of the cases so far.
    pub(super) outcomes: Vec<Outcome>,
}

impl Line {
    pub(super) fn new(language: Language) -> Line {
        Line {
            language,
            place: String::new(),
            outcomes: Vec::new(),
        }
    }
}

impl Progress for Line {
    fn begins(&mut self, case: &Case, place: usize, of: usize) {
        let width = of.to_string().len();
        self.place = format!("{:>width$}/{of}", place + 1);
        let mut out = io::stdout().lock();
        // Some cases take minutes: a person sees which one it is, until its line is written over.
        if out.is_terminal() {
            let _ = write!(out, "{} … {}\r", self.place, case.id);
            let _ = out.flush();
        }
    }

    fn ended(&mut self, outcome: &Outcome) {
        let (title, seconds) = (
            outcome.title.read(self.language),
            outcome.took.as_secs_f64(),
        );
        let verdict = word(outcome.verdict, self.language);
        if io::stdout().is_terminal() {
            let _ = write!(io::stdout(), "{ERASE_LINE}");
        }
        say(&format!(
            "{} {verdict} {} {title} {seconds:.1} s",
            self.place, outcome.id
        ));
        if let Some(seen) = &outcome.seen {
            say(&format!("      {}", seen.read(self.language)));
        }
        self.outcomes.push(outcome.clone());
    }
}
