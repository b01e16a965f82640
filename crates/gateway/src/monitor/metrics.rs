//! The page of metrics.

use std::sync::Arc;

use boshi_protocol::delivery::Network;
use boshi_transport::accept::Load;
use boshi_transport::monitor::{Exposition, Kind, Words, connections, process};

use super::count::Counts;
use super::view::{LotView, View};
use crate::disk_watch::Disk;
use crate::driver::Snapshot;
use crate::journal::gate_word;
use crate::lot::DeviceKind;

type Listeners = [(&'static str, Arc<Load>)];

/// Everything that is measured.
pub(super) fn page(view: &View, listeners: &Listeners, disk: Disk) -> String {
    let mut page = Exposition::default();
    let lots: Vec<Lot<'_>> = view.lots.iter().map(Lot::of).collect();
    let name = "boshi_gateway_info";
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    page.family(name, Kind::Gauge, "The version that runs.")
        .sample(&version, 1);
    let name = "boshi_gateway_journal_writable";
    page.family(name, Kind::Gauge, "Whether the journal took a write.")
        .sample(&[], u8::from(view.journal));
    space(&mut page, disk);
    states(&mut page, &lots);
    lanes(&mut page, &lots);
    devices(&mut page, &lots);
    outbox(&mut page, &lots);
    totals(&mut page, &lots);
    replies(&mut page, &lots);
    connections(&mut page, "boshi_gateway", listeners);
    process(&mut page);
    page.into_text()
}

/// The disk of the data folder.
fn space(page: &mut Exposition, disk: Disk) {
    for (name, help, bytes) in [
        (
            "boshi_gateway_disk_used_bytes",
            "Bytes of the disk that are used.",
            disk.usage.used(),
        ),
        (
            "boshi_gateway_disk_total_bytes",
            "Bytes of the disk.",
            disk.usage.total,
        ),
        (
            "boshi_gateway_picture_bytes",
            "Bytes of pictures, when they were counted last.",
            disk.pictures,
        ),
    ] {
        page.family(name, Kind::Gauge, help).sample(&[], bytes);
    }
    let (name, help) = (
        "boshi_gateway_disk_level",
        "1 for how the disk stands: fine, filling (70 %), full (90 %).",
    );
    page.family(name, Kind::Gauge, help)
        .sample(&[("level", disk.level.as_str())], 1);
}

/// A lot with its name.
struct Lot<'a> {
    id: &'a str,
    seen: &'a LotView,
}

impl<'a> Lot<'a> {
    fn of(seen: &'a LotView) -> Lot<'a> {
        let id = seen.configured.id.as_str();
        Lot { id, seen }
    }

    fn snapshot(&self) -> Option<&'a Snapshot> {
        self.seen.snapshot.as_ref()
    }
}

/// One number a lot, for those lots that have it.
fn gauge<'a>(
    page: &mut Exposition,
    lots: &[Lot<'a>],
    (name, help): (&'static str, &str),
    number: impl Fn(&Lot<'a>) -> Option<f64>,
) {
    let mut family = page.family(name, Kind::Gauge, help);
    for lot in lots {
        if let Some(number) = number(lot) {
            family.sample(&[("lot", lot.id)], number);
        }
    }
}

fn states(page: &mut Exposition, lots: &[Lot<'_>]) {
    let what = ("boshi_gateway_lot_up", "Whether the lot's task answers.");
    gauge(page, lots, what, |lot| {
        Some(f64::from(u8::from(lot.snapshot().is_some())))
    });
    let what = (
        "boshi_gateway_platform_up",
        "Whether the platform answered last; absent until it was tried.",
    );
    gauge(page, lots, what, |lot| match lot.snapshot()?.network {
        Network::Up => Some(1.0),
        Network::Lost => Some(0.0),
        Network::Unknown => None,
    });
    let what = (
        "boshi_gateway_clock_skew_seconds",
        "By how much the platform's clock is ahead of this one.",
    );
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds, and far fewer than 2^52"
    )]
    gauge(page, lots, what, |lot| Some(lot.seen.skew_seconds as f64));
    let what = (
        "boshi_gateway_unwritten_entries",
        "Entries of the journal that the disk has not taken.",
    );
    gauge(page, lots, what, |lot| {
        Some(many(lot.snapshot()?.unwritten))
    });
}

fn lanes(page: &mut Exposition, lots: &[Lot<'_>]) {
    let of_each = lots
        .iter()
        .filter_map(|lot| Some((lot.id, lot.snapshot()?)));
    let boards = || {
        let boards = of_each.clone();
        boards.flat_map(|(id, it)| it.lanes.iter().map(move |lane| (id, lane)))
    };
    let (name, help) = ("boshi_gateway_gate", "1 for how the barrier is operated.");
    let mut family = page.family(name, Kind::Gauge, help);
    for (id, (lane, _, board)) in boards() {
        let labels = [
            ("lot", id),
            ("lane", lane),
            ("state", gate_word(board.gate)),
        ];
        family.sample(&labels, 1);
    }
    let (name, help) = (
        "boshi_gateway_vehicles_present",
        "Vehicles before the barrier.",
    );
    let mut family = page.family(name, Kind::Gauge, help);
    for (id, (lane, _, board)) in boards() {
        let present = board.sides.iter().filter(|side| side.present.is_some());
        family.sample(&[("lot", id), ("lane", lane)], present.count());
    }
    let (name, help) = (
        "boshi_gateway_vehicles_passing",
        "Vehicles that were let through and have not crossed.",
    );
    let mut family = page.family(name, Kind::Gauge, help);
    for (id, (lane, _, board)) in boards() {
        family.sample(&[("lot", id), ("lane", lane)], board.passing.len());
    }
}

fn devices(page: &mut Exposition, lots: &[Lot<'_>]) {
    let (name, help) = (
        "boshi_gateway_device_up",
        "Whether a device answers; absent until it was asked for.",
    );
    let mut family = page.family(name, Kind::Gauge, help);
    for lot in lots {
        for device in lot.snapshot().map_or(&[][..], |it| &it.devices) {
            let Some(online) = device.online else {
                continue;
            };
            let kind = match device.kind {
                DeviceKind::Display => "display",
                DeviceKind::Recognizer => "recognizer",
                DeviceKind::Barrier => "barrier",
            };
            let lane = &lot.seen.configured.lanes[device.lane.0].name;
            let labels = [
                ("lot", lot.id),
                ("lane", lane),
                ("device", device.device.as_str()),
                ("kind", kind),
            ];
            family.sample(&labels, u8::from(online));
        }
    }
}

fn outbox(page: &mut Exposition, lots: &[Lot<'_>]) {
    let (name, help) = (
        "boshi_gateway_outbox_records",
        "Records to be pushed: live (a vehicle waits), backlog, failed (abnormalities).",
    );
    let mut family = page.family(name, Kind::Gauge, help);
    for lot in lots {
        let Some(depth) = lot.snapshot().map(|it| it.outbox) else {
            continue;
        };
        let parts = [
            ("live", depth.live),
            ("backlog", depth.backlog),
            ("failed", depth.failed),
        ];
        for (state, count) in parts {
            family.sample(&[("lot", lot.id), ("state", state)], count);
        }
    }
    let what = (
        "boshi_gateway_outbox_oldest_seconds",
        "Age of the oldest record that is still to be pushed; 0 when there is none.",
    );
    gauge(page, lots, what, |lot| {
        lot.seen.oldest_pending.map(|age| age.as_secs_f64())
    });
}

/// Everything that is counted by words.
fn totals(page: &mut Exposition, lots: &[Lot<'_>]) {
    let mut total = |name, help, labels: &[&str], words: fn(&Counts) -> &Words| {
        let mut family = page.family(name, Kind::Counter, help);
        for lot in lots {
            let Some(it) = lot.snapshot() else { continue };
            for (word, count) in words(&it.counts).iter() {
                let words = labels.iter().copied().zip(word.split(' '));
                let labels: Vec<_> = [("lot", lot.id)].into_iter().chain(words).collect();
                family.sample(&labels, count);
            }
        }
    };
    total(
        "boshi_gateway_recognitions_ended_total",
        "Recognitions by how they ended.",
        &["outcome"],
        |it| &it.outcomes,
    );
    total(
        "boshi_gateway_lifts_total",
        "Lifts by their cause; seen: the arm went up by itself.",
        &["cause"],
        |it| &it.lifts,
    );
    total(
        "boshi_gateway_acts_total",
        "What barriers made of what they were told.",
        &["result"],
        |it| &it.acts,
    );
    total(
        "boshi_gateway_abnormalities_total",
        "Messages of abnormalities by code.",
        &["code"],
        |it| &it.abnormalities,
    );
    total(
        "boshi_gateway_attempts_total",
        "Attempts to push by what came of them.",
        &["kind", "outcome"],
        |it| &it.attempts,
    );
    total(
        "boshi_gateway_settled_total",
        "Records whose push is over.",
        &["kind", "state"],
        |it| &it.settled,
    );
    let mut seen = |name, help, number: fn(&Counts) -> u64| {
        let mut family = page.family(name, Kind::Counter, help);
        for lot in lots {
            if let Some(it) = lot.snapshot() {
                family.sample(&[("lot", lot.id)], number(&it.counts));
            }
        }
    };
    seen("boshi_gateway_recognitions_total", "Recognitions.", |it| {
        it.recognitions
    });
    seen("boshi_gateway_crossings_total", "Crossings.", |it| {
        it.crossings
    });
}

fn replies(page: &mut Exposition, lots: &[Lot<'_>]) {
    let (name, help) = (
        "boshi_gateway_reply_seconds",
        "How long the platform took to reply.",
    );
    let mut family = page.family(name, Kind::Histogram, help);
    for lot in lots {
        if let Some(it) = lot.snapshot() {
            it.counts.replies.tell(&mut family, &[("lot", lot.id)]);
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts, and far fewer than 2^52"
)]
fn many(count: usize) -> f64 {
    count as f64
}
