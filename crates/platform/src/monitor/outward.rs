//! The part of the page that tells of events and of who is sent them.

use boshi_transport::monitor::{Exposition, Kind};
use jiff::Timestamp;

use super::page::{gauge, words};
use super::view::age;
use crate::counts::Counted;
use crate::store::outgoing::{Endpoint, Outgoing};

/// What is on its way out at `now`.
pub(super) fn outward(
    page: &mut Exposition,
    outgoing: &Outgoing,
    streams: usize,
    counted: &Counted,
    now: Timestamp,
) {
    page.family(
        "boshi_platform_events_total",
        Kind::Counter,
        "Events that were ever written down.",
    )
    .sample(&[], outgoing.newest);
    gauge(
        page,
        "boshi_platform_events_kept",
        "Events in the log.",
        outgoing.kept,
    );
    gauge(
        page,
        "boshi_platform_events_oldest_seconds",
        "Age of the oldest event in the log: whoever was away for longer has missed some.",
        outgoing.since.map_or(0, |since| age(since, now).as_secs()),
    );
    gauge(
        page,
        "boshi_platform_event_streams",
        "Streams of events that are followed.",
        streams,
    );
    words(
        page,
        "boshi_platform_webhook_attempts_total",
        "Attempts to send an event: taken, refused by an answer, or unanswered.",
        &["result"],
        &counted.attempts,
    );
    let enabled = outgoing.endpoints.iter().filter(|it| it.enabled).count();
    let mut family = page.family(
        "boshi_platform_webhooks",
        Kind::Gauge,
        "Webhooks by whether anything is sent to them.",
    );
    family.sample(&[("state", "enabled")], enabled);
    family.sample(&[("state", "disabled")], outgoing.endpoints.len() - enabled);
    each(page, outgoing, now);
}

/// What is known of each; they are few, and bounded.
fn each(page: &mut Exposition, outgoing: &Outgoing, now: Timestamp) {
    type Value = fn(&Endpoint, Timestamp) -> u64;
    let families: [(&str, &str, Value); 5] = [
        (
            "boshi_platform_webhook_waiting",
            "Events that wait to be sent to a webhook, or sent again.",
            |it, _| u64::try_from(it.waiting).unwrap_or_default(),
        ),
        (
            "boshi_platform_webhook_behind",
            "Events of the log at which a webhook has not come yet.",
            |it, _| u64::try_from(it.behind).unwrap_or_default(),
        ),
        (
            "boshi_platform_webhook_given_up",
            "Events that a webhook did not take, and that can be sent again by hand.",
            |it, _| u64::try_from(it.given_up).unwrap_or_default(),
        ),
        (
            "boshi_platform_webhook_oldest_undelivered_seconds",
            "Age of the oldest event that waits for a webhook.",
            |it, now| it.oldest.map_or(0, |at| age(at, now).as_secs()),
        ),
        (
            "boshi_platform_webhook_failing_seconds",
            "For how long a webhook has taken nothing.",
            |it, now| it.failing_since.map_or(0, |at| age(at, now).as_secs()),
        ),
    ];
    for (name, help, value) in families {
        let mut family = page.family(name, Kind::Gauge, help);
        for endpoint in &outgoing.endpoints {
            family.sample(&[("webhook", &endpoint.name)], value(endpoint, now));
        }
    }
}
