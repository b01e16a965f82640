//! The sections of the configuration, each with its defaults.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use boshi_service::config::value;
use serde::Deserialize;

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listen {
    /// For the suppliers.
    pub standard: SocketAddr,
    /// For operators and their tools: plain HTTP.
    pub operators: SocketAddr,
    /// For machines that watch it: plain HTTP; nobody does when none is given.
    pub monitoring: Option<SocketAddr>,
}

/// Clocks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clock {
    /// How far a supplier's clock may be off; zero checks nothing (D-4).
    #[serde(deserialize_with = "value::span_or_zero")]
    pub window: Duration,
}

/// Watching the lots (BEAT-1).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Heartbeat {
    /// How often a lot is asked whether it is there.
    #[serde(deserialize_with = "value::span")]
    pub interval: Duration,
    /// How long it may take to answer.
    #[serde(deserialize_with = "value::span")]
    pub timeout: Duration,
    /// Unanswered heartbeats in a row after which an outage begins.
    pub misses: NonZeroU32,
}

/// Fetching what was missed (D-19).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reconcile {
    /// How often, also when nothing seems wrong.
    #[serde(deserialize_with = "value::span")]
    pub interval: Duration,
    /// How far before the last pass each pass begins.
    #[serde(deserialize_with = "value::span_or_zero")]
    pub overlap: Duration,
    /// How often a pass asks for all that a lot may have.
    #[serde(deserialize_with = "value::span")]
    pub whole: Duration,
}

/// Commanding gates.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Command {
    /// How long a gate may take to answer.
    #[serde(deserialize_with = "value::span")]
    pub deadline: Duration,
}

/// How long records are kept.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Whole months in the database, beside the present one; older ones go to the archive.
    pub months: u8,
}

/// How much suppliers may ask, so that no one of them takes the others' share.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Connections at once; further ones wait.
    pub connections: NonZeroU32,
    /// Connections at once of one remote address; further ones are closed.
    pub connections_per_address: NonZeroU32,
    /// Requests a second of one remote address; further ones get a 429.
    pub requests_per_address: NonZeroU32,
    /// Requests at once of one supplier; further ones get a 503.
    pub under_way_per_supplier: NonZeroU32,
    /// Requests at once of one lot; further ones get a 503.
    pub under_way_per_lot: NonZeroU32,
    /// Requests a second of one lot, over time; further ones get a 429.
    pub requests_per_lot: NonZeroU32,
}

/// The log of events, from which streams and webhooks are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Events {
    /// Days for which events are kept.
    pub days: u16,
    /// Most events that are kept, however young.
    pub most: u64,
}

/// Sending events to other systems.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Webhooks {
    /// How long a receiver may take to answer.
    #[serde(deserialize_with = "value::span")]
    pub deadline: Duration,
    /// How long to wait after each failed attempt before the next.
    #[serde(deserialize_with = "value::spans")]
    pub retry: Vec<Duration>,
    /// How long an endpoint may fail without a success before nothing is sent to it any more.
    #[serde(deserialize_with = "value::span")]
    pub give_up: Duration,
}

impl Default for Listen {
    fn default() -> Listen {
        Listen {
            standard: SocketAddr::from(([127, 0, 0, 1], 9443)),
            operators: SocketAddr::from(([127, 0, 0, 1], 9444)),
            monitoring: None,
        }
    }
}

impl Default for Clock {
    fn default() -> Clock {
        Clock {
            window: Duration::from_secs(300),
        }
    }
}

impl Default for Heartbeat {
    fn default() -> Heartbeat {
        Heartbeat {
            interval: Duration::from_secs(30),
            timeout: Duration::from_secs(5),
            misses: const { NonZeroU32::new(3).expect("3 is not 0") },
        }
    }
}

impl Default for Reconcile {
    fn default() -> Reconcile {
        Reconcile {
            interval: Duration::from_secs(10 * 60),
            overlap: Duration::from_secs(60 * 60),
            whole: Duration::from_secs(24 * 60 * 60),
        }
    }
}

impl Default for Command {
    fn default() -> Command {
        Command {
            deadline: Duration::from_secs(10),
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        let number = |number| NonZeroU32::new(number).expect("a limit is not 0");
        Limits {
            connections: number(4096),
            // A quarter: four addresses that go mad at once still leave each other theirs.
            connections_per_address: number(1024),
            // A thousand lots behind one address, each of whose lanes asks every other second.
            requests_per_address: number(4000),
            // A quarter of the writes that may wait.
            under_way_per_supplier: number(256),
            // Three for each of ten lanes.
            under_way_per_lot: number(32),
            // Ten lanes where a refused vehicle waits ask five times a second together.
            requests_per_lot: number(20),
        }
    }
}

impl Default for Retention {
    fn default() -> Retention {
        Retention { months: 24 }
    }
}

impl Default for Webhooks {
    fn default() -> Webhooks {
        const SECOND: u64 = 1;
        const MINUTE: u64 = 60 * SECOND;
        const HOUR: u64 = 60 * MINUTE;
        // About two days in all: a weekend's failure of a receiver is made good.
        let retry = [
            5 * SECOND,
            30 * SECOND,
            2 * MINUTE,
            10 * MINUTE,
            30 * MINUTE,
            HOUR,
            2 * HOUR,
            4 * HOUR,
            8 * HOUR,
            8 * HOUR,
            12 * HOUR,
            12 * HOUR,
        ];
        Webhooks {
            deadline: Duration::from_secs(15),
            retry: retry.map(Duration::from_secs).into(),
            give_up: Duration::from_secs(72 * HOUR),
        }
    }
}

impl Default for Events {
    fn default() -> Events {
        Events {
            days: 14,
            most: 5_000_000,
        }
    }
}
