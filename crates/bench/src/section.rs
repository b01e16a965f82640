//! The parts of the document: each is measured alone, and written in place of what stood there.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use clap::ValueEnum;

/// A part that can be measured alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// The durable platform against a handler that stores nothing
    Bare,
    /// The platform against what would otherwise be written
    Alternatives,
    /// The platform with ten million records
    Records,
    /// The platform with ten thousand lots
    Lots,
    /// A gateway with fifty lanes, and the chain through both sides
    Lanes,
    /// A gateway that empties its outbox
    Outbox,
    /// Pages of a million records that could not be pushed
    Unpushed,
    /// Readings of cameras, with their pictures
    Cameras,
    /// A gateway with two hundred cameras
    Crowd,
    /// From a camera over TCP to a relay over Modbus
    Chain,
}

impl Part {
    /// The heading of its section.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Part::Bare => "Durable `receivePlateNumber`",
            Part::Alternatives => "Against what would otherwise be written",
            Part::Records => "With ten million records",
            Part::Lots => "With ten thousand lots",
            Part::Lanes => "A gateway with 50 lanes",
            Part::Outbox => "A gateway that empties its outbox",
            Part::Unpushed => "A million records that could not be pushed",
            Part::Cameras => "From a camera's reading to an event",
            Part::Crowd => "A gateway with 200 cameras",
            Part::Chain => "From a camera over TCP to a relay over Modbus",
        }
    }
}

/// Something that is to be reached, and what was.
pub(crate) struct Goal {
    what: String,
    wanted: String,
    got: String,
    pub(crate) reached: bool,
}

impl Goal {
    pub(crate) fn at_least(what: &str, wanted: f64, got: f64) -> Goal {
        Goal {
            what: what.to_owned(),
            wanted: format!("at least {wanted}"),
            got: format!("{got:.2}"),
            reached: got >= wanted,
        }
    }

    pub(crate) fn below(what: &str, wanted: f64, unit: &str, got: f64) -> Goal {
        Goal {
            what: what.to_owned(),
            wanted: format!("below {wanted}{unit}"),
            got: format!("{got:.2}{unit}"),
            reached: got < wanted,
        }
    }
}

/// Goals as a table; nothing when there are none.
pub(crate) fn goals(goals: &[Goal]) -> String {
    if goals.is_empty() {
        return String::new();
    }
    let mut text = "\n| to reach | wanted | got | |\n|---|---|---|---|\n".to_owned();
    for Goal {
        what,
        wanted,
        got,
        reached,
    } in goals
    {
        let verdict = if *reached {
            "reached"
        } else {
            "**falls short**"
        };
        let _ = writeln!(text, "| {what} | {wanted} | {got} | {verdict} |");
    }
    text
}

/// The document, as it is and as it becomes.
pub(crate) struct Document {
    /// Heading and text of each section that is there, in order.
    sections: Vec<(String, String)>,
}

impl Document {
    /// What is in the file; nothing when there is none.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Document> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error.into()),
        };
        Ok(Document::read(&text))
    }

    fn read(text: &str) -> Document {
        let mut parts = text.split("\n## ");
        // What comes before the first is written anew.
        parts.next();
        let section = |part: &str| {
            let (heading, text) = part.split_once('\n')?;
            Some((heading.to_owned(), text.trim_matches('\n').to_owned()))
        };
        let sections = parts.filter_map(section).collect();
        Document { sections }
    }

    /// Puts a section in its place.
    pub(crate) fn put(&mut self, part: Part, text: &str) {
        let text = text.trim_matches('\n').to_owned();
        let of = |heading: &str| {
            Part::value_variants()
                .iter()
                .position(|it| it.title() == heading)
        };
        let (title, own) = (part.title(), of(part.title()));
        if let Some(there) = self.sections.iter_mut().find(|(it, _)| it == title) {
            there.1 = text;
            return;
        }
        // Before those that come later; what this program does not write stays where it is.
        let later = |(heading, _): &(String, String)| of(heading) > own;
        let place = self.sections.iter().position(later);
        let place = place.unwrap_or(self.sections.len());
        self.sections.insert(place, (title.to_owned(), text));
    }

    /// The whole.
    pub(crate) fn text(&self, intro: &str) -> String {
        let mut text = format!("{}\n", intro.trim_end());
        for (heading, section) in &self.sections {
            let _ = write!(text, "\n## {heading}\n\n{section}\n");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_takes_the_place_of_what_stood_there_and_nothing_else_is_changed() {
        let text = "# Benchmarks\n\nold\n\n## What was done\n\nA story.\n\n## With ten million records\n\nold\n";
        let mut document = Document::read(text);
        document.put(Part::Records, "\nnew\n");
        document.put(Part::Chain, "last\n");
        document.put(Part::Bare, "first\n");
        assert_eq!(
            document.text("# Benchmarks\n"),
            "# Benchmarks\n\n## What was done\n\nA story.\n\n## Durable `receivePlateNumber`\n\nfirst\n\n\
             ## With ten million records\n\nnew\n\n\
             ## From a camera over TCP to a relay over Modbus\n\nlast\n"
        );
        let again = Document::read(&document.text("# Benchmarks\n"));
        assert_eq!(again.text(""), document.text(""));
    }

    #[test]
    fn a_goal_is_reached_at_its_bound_from_above_and_under_it_from_below() {
        assert!(Goal::at_least("", 0.5, 0.5).reached);
        assert!(!Goal::at_least("", 0.5, 0.49).reached);
        assert!(!Goal::below("", 3.0, "", 3.0).reached);
        assert!(Goal::below("", 3.0, "", 2.99).reached);
    }
}
