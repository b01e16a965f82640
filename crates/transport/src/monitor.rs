//! What machines that watch a program are told, as a page of text: the words for it, counts and
//! durations as they are kept until somebody asks, and what every program has to tell of itself.
//!
//! Nothing here is secret, and labels are what is configured or words of fixed sets: a page has a
//! bounded number of lines.

mod count;
mod exposition;
mod histogram;
mod process;

use std::sync::Arc;

pub use self::count::Words;
pub use self::exposition::{CONTENT_TYPE, Exposition, Family, Kind};
pub use self::histogram::Histogram;
pub use self::process::process;

use crate::accept::Load;

/// How busy listeners are, each by its name in the configuration; the metrics begin with `program`.
pub fn connections(page: &mut Exposition, program: &str, listeners: &[(&'static str, Arc<Load>)]) {
    let mut of_each = |name, kind, help, number: fn(&Load) -> u64| {
        let mut family = page.family(format!("{program}_{name}"), kind, help);
        for (listener, load) in listeners {
            family.sample(&[("listener", listener)], number(load));
        }
    };
    of_each(
        "connections",
        Kind::Gauge,
        "Connections that are open.",
        |load| u64::try_from(load.open()).unwrap_or(u64::MAX),
    );
    of_each(
        "connections_total",
        Kind::Counter,
        "Connections that were taken.",
        Load::taken,
    );
    of_each(
        "connections_turned_away_total",
        Kind::Counter,
        "Connections that were closed because their address had too many.",
        Load::turned_away,
    );
    of_each(
        "connections_shed_total",
        Kind::Counter,
        "Connections on which nothing was asked that made room for others.",
        Load::shed,
    );
    of_each(
        "requests_too_often_total",
        Kind::Counter,
        "Requests that were refused because their address asked too often.",
        Load::too_often,
    );
    of_each(
        "accept_failures_total",
        Kind::Counter,
        "How often connections could not be accepted.",
        Load::failures,
    );
}
