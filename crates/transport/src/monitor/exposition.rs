//! The text format of Prometheus, version 0.0.4.

use std::fmt::{Display, Write as _};

/// What the page is.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What a metric is.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Only grows, until the program starts again.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Durations in classes.
    Histogram,
}

/// A page that is being written.
#[derive(Debug, Default)]
pub struct Exposition {
    text: String,
}

/// The samples of one metric.
#[derive(Debug)]
pub struct Family<'a> {
    name: String,
    text: &'a mut String,
}

impl Exposition {
    /// Begins a metric; all its samples come next.
    pub fn family(&mut self, name: impl Into<String>, kind: Kind, help: &str) -> Family<'_> {
        let name = name.into();
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let text = &mut self.text;
        put(text, format_args!("# HELP {name} {help}\n"));
        put(text, format_args!("# TYPE {name} {kind}\n"));
        Family { name, text }
    }

    /// The page.
    pub fn into_text(self) -> String {
        self.text
    }
}

impl Family<'_> {
    /// One sample.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.line("", labels, value);
    }

    /// A histogram of `classes` (upper bounds, and how many are at or below each), of `count` in
    /// all with `sum` together.
    pub(super) fn histogram(
        &mut self,
        labels: &[(&str, &str)],
        classes: impl Iterator<Item = (f64, u64)>,
        count: u64,
        sum: f64,
    ) {
        for (bound, below) in classes {
            let bound = bound.to_string();
            self.bucket(labels, &bound, below);
        }
        self.bucket(labels, "+Inf", count);
        self.line("_sum", labels, sum);
        self.line("_count", labels, count);
    }

    fn bucket(&mut self, labels: &[(&str, &str)], bound: &str, below: u64) {
        let mut with_bound = labels.to_vec();
        with_bound.push(("le", bound));
        self.line("_bucket", &with_bound, below);
    }

    fn line(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        put(self.text, format_args!("{}{suffix}", self.name));
        for (place, (label, text)) in labels.iter().enumerate() {
            let before = if place == 0 { '{' } else { ',' };
            put(
                self.text,
                format_args!("{before}{label}=\"{}\"", escaped(text)),
            );
        }
        let after = if labels.is_empty() { "" } else { "}" };
        put(self.text, format_args!("{after} {value}\n"));
    }
}

fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).expect("a text takes everything");
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_as_the_format_wants_it() {
        let mut page = Exposition::default();
        let mut family = page.family("a_total", Kind::Counter, "How many.");
        family.sample(&[], 3);
        family.sample(&[("lane", "东\"二\\\n"), ("lot", "L1")], 4.5);
        let mut family = page.family("b_seconds", Kind::Histogram, "How long.");
        let classes = [(0.5, 1), (2.0, 2)].into_iter();
        family.histogram(&[("lot", "L1")], classes, 3, 9.25);
        let expected = "\
# HELP a_total How many.
# TYPE a_total counter
a_total 3
a_total{lane=\"东\\\"二\\\\\\n\",lot=\"L1\"} 4.5
# HELP b_seconds How long.
# TYPE b_seconds histogram
b_seconds_bucket{lot=\"L1\",le=\"0.5\"} 1
b_seconds_bucket{lot=\"L1\",le=\"2\"} 2
b_seconds_bucket{lot=\"L1\",le=\"+Inf\"} 3
b_seconds_sum{lot=\"L1\"} 9.25
b_seconds_count{lot=\"L1\"} 3
";
        assert_eq!(page.into_text(), expected);
    }
}
