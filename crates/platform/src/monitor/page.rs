//! The page of metrics.

use boshi_transport::monitor::{Exposition, Kind, Words, connections, process};

use jiff::Timestamp;

use super::Monitor;
use super::outward::outward;
use super::view::{LotsView, View};
use crate::counts::Counted;
use crate::disk_watch::Disk;
use crate::store::Figures;

/// Everything that is measured.
pub(super) fn page(monitor: &Monitor, view: &View) -> String {
    let mut page = Exposition::default();
    let counted = monitor.counts.now();
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    page.family("boshi_platform_info", Kind::Gauge, "The version that runs.")
        .sample(&version, 1);
    calls(&mut page, &counted);
    gauge(
        &mut page,
        "boshi_platform_calls_under_way",
        "Calls of suppliers that are being answered.",
        monitor.turnstile.under_way(),
    );
    store(&mut page, monitor.store.figures(), view.writable);
    lots(&mut page, &view.lots);
    watching(&mut page, &counted);
    if let Some(outgoing) = &view.outgoing {
        let streams = monitor.places.taken();
        outward(&mut page, outgoing, streams, &counted, Timestamp::now());
    }
    space(&mut page, monitor.disk.latest());
    connections(&mut page, "boshi_platform", &monitor.listeners);
    process(&mut page);
    page.into_text()
}

fn calls(page: &mut Exposition, counted: &Counted) {
    words(
        page,
        "boshi_platform_calls_total",
        "Calls of suppliers by what came of them; turned_away: no decision, by the code of the refusal.",
        &["endpoint", "outcome", "code"],
        &counted.calls,
    );
    let mut family = page.family(
        "boshi_platform_reply_seconds",
        Kind::Histogram,
        "How long answers to suppliers took.",
    );
    for (endpoint, replies) in counted.replies() {
        replies.tell(&mut family, &[("endpoint", endpoint)]);
    }
    words(
        page,
        "boshi_platform_decisions_total",
        "Decisions about vehicles by their reason.",
        &["pass", "reason"],
        &counted.decisions,
    );
    words(
        page,
        "boshi_platform_commands_total",
        "Commands to gates and displays by how they ended.",
        &["what", "state"],
        &counted.commands,
    );
    words(
        page,
        "boshi_platform_operator_requests_total",
        "Requests of operators and their tools by HTTP status.",
        &["method", "status"],
        &counted.operators,
    );
}

fn store(page: &mut Exposition, figures: &Figures, writable: bool) {
    gauge(
        page,
        "boshi_platform_store_writable",
        "Whether the records took a write.",
        u8::from(writable),
    );
    gauge(
        page,
        "boshi_platform_store_queue",
        "Writes that wait.",
        figures.waiting(),
    );
    for (name, help, count) in [
        (
            "boshi_platform_store_writes_total",
            "Writes that were committed, many at once.",
            figures.written(),
        ),
        (
            "boshi_platform_store_turned_away_total",
            "Writes that found the queue full.",
            figures.turned_away_count(),
        ),
        (
            "boshi_platform_store_late_total",
            "Writes that were left out since nobody waited for them any more.",
            figures.late_count(),
        ),
        (
            "boshi_platform_store_failures_total",
            "Transactions that failed.",
            figures.failed_count(),
        ),
    ] {
        page.family(name, Kind::Counter, help).sample(&[], count);
    }
    let mut family = page.family(
        "boshi_platform_commit_seconds",
        Kind::Histogram,
        "How long transactions took, until they were on disk.",
    );
    figures.commits().tell(&mut family, &[]);
}

fn lots(page: &mut Exposition, lots: &LotsView) {
    let mut family = page.family(
        "boshi_platform_lots",
        Kind::Gauge,
        "Lots by whether they answer.",
    );
    for (state, count) in [
        ("unheard", lots.unheard),
        ("up", lots.up),
        ("suspected", lots.suspected),
        ("outage", lots.outage),
    ] {
        family.sample(&[("state", state)], count);
    }
    gauge(
        page,
        "boshi_platform_lots_skewed",
        "Lots whose clock is off by more than half of what is allowed.",
        lots.skewed,
    );
    gauge(
        page,
        "boshi_platform_lots_unreconciled",
        "Lots that answer and were never asked in full for what they could not push.",
        lots.unreconciled,
    );
    gauge(
        page,
        "boshi_platform_reconcile_lag_seconds",
        "Longest time since a lot that answers was asked in full.",
        lots.reconcile_lag.as_secs_f64(),
    );
    let mut family = page.family(
        "boshi_platform_lot_down_seconds",
        Kind::Gauge,
        "For how long a lot has not answered: the hundred longest.",
    );
    for (lot, down) in &lots.down {
        family.sample(&[("lot", lot.as_str())], down.as_secs());
    }
    let mut family = page.family(
        "boshi_platform_lot_skew_seconds",
        Kind::Gauge,
        "By how much the clock of a lot is ahead that is off by too much: the hundred worst.",
    );
    for (lot, skew) in &lots.off {
        family.sample(&[("lot", lot.as_str())], skew);
    }
}

fn watching(page: &mut Exposition, counted: &Counted) {
    words(
        page,
        "boshi_platform_heartbeats_total",
        "Heartbeats of lots.",
        &["result"],
        &counted.heartbeats,
    );
    page.family(
        "boshi_platform_outages_total",
        Kind::Counter,
        "Outages of lots that began.",
    )
    .sample(&[], counted.outages);
    words(
        page,
        "boshi_platform_reconcile_passes_total",
        "Passes that asked a lot for what it could not push.",
        &["result"],
        &counted.passes,
    );
    let mut family = page.family(
        "boshi_platform_reconciled_records_total",
        Kind::Counter,
        "Records that passes brought; new: that were not here yet.",
    );
    let fetched = &counted.fetched;
    for (kind, count) in [
        ("recognition", fetched.recognitions),
        ("crossing", fetched.crossings),
        ("new", fetched.new),
        ("unreadable", fetched.unreadable),
    ] {
        family.sample(&[("kind", kind)], count);
    }
}

/// The disk of the data folder.
fn space(page: &mut Exposition, disk: Disk) {
    gauge(
        page,
        "boshi_platform_disk_used_bytes",
        "Bytes of the disk that are used.",
        disk.usage.used(),
    );
    gauge(
        page,
        "boshi_platform_disk_total_bytes",
        "Bytes of the disk.",
        disk.usage.total,
    );
    page.family(
        "boshi_platform_disk_level",
        Kind::Gauge,
        "1 for how the disk stands: fine, filling (70 %), full (90 %).",
    )
    .sample(&[("level", disk.level.as_str())], 1);
}

pub(super) fn gauge(page: &mut Exposition, name: &str, help: &str, value: impl std::fmt::Display) {
    page.family(name, Kind::Gauge, help).sample(&[], value);
}

/// What is counted by words, each of which is a label.
pub(super) fn words(page: &mut Exposition, name: &str, help: &str, labels: &[&str], words: &Words) {
    let mut family = page.family(name, Kind::Counter, help);
    for (word, count) in words.iter() {
        let labels: Vec<_> = labels.iter().copied().zip(word.split(' ')).collect();
        family.sample(&labels, count);
    }
}
