//! The parts that measure a gateway, and the chain through both sides.

use std::fmt::Write as _;

use super::{mib, millis};
use crate::equipment::{CAMERAS, Crowd, Family, LANES, PICTURE, Took};
use crate::lot::{self, Figures};
use crate::section::{Goal, goals};
use crate::stats::median;
use crate::{outbox, unpushed};

/// A gateway with its lanes, and the chain through both sides.
pub(crate) fn lanes(figures: &Figures) -> String {
    let starts: Vec<f64> = figures.starts.iter().map(|&start| millis(start)).collect();
    let (p50, p99) = (millis(figures.pulse(0.5)), millis(figures.pulse(0.99)));
    let (start, idle) = (median(starts), mib(figures.idle));
    let mut text = "Gateway and platform are real processes on the servers' core, HTTPS between them; the controller is the\n\
         load. From the event that a plate was read to the arrival of the pulse: the journal's commit, the push,\n\
         the platform's decision and commit, and the command.\n"
        .to_owned();
    text += &goals(&[
        Goal::below("recognition to barrier, p50", 2.0, " ms", p50),
        Goal::below("recognition to barrier, p99", 10.0, " ms", p99),
        Goal::below("start of a gateway", 200.0, " ms", start),
        Goal::below("idle memory of a gateway", 30.0, " MiB", idle),
    ]);
    let _ = write!(
        text,
        "\n| | |\n|---|---|\n\
         | lanes | {} |\n\
         | vehicles measured | {} |\n\
         | starts measured | {} |\n\
         | memory after all vehicles | {:.2} MiB |\n",
        lot::LANES,
        figures.pulses.len(),
        figures.starts.len(),
        mib(figures.loaded),
    );
    text
}

/// A gateway that empties its outbox.
pub(crate) fn outbox(figures: &outbox::Figures) -> String {
    let mut text = format!(
        "{} crossings wait in the journal when the gateway starts, and are pushed over HTTPS to a platform that\n\
         accepts at once, eight under way; each is settled in the journal. The bare client sends as many, eight under\n\
         way, with the same HTTP library, and keeps nothing.\n",
        figures.records
    );
    text += &goals(&[Goal::at_least(
        "drain of an outbox against the bare client",
        0.6,
        figures.gateway / figures.bare,
    )]);
    let _ = write!(
        text,
        "\n| | |\n|---|---|\n\
         | gateway | {:.0} records/s |\n\
         | bare client | {:.0} requests/s |\n\
         | CPU of the gateway a record | {:.0} µs |\n\
         | memory of the gateway at the end | {:.0} MiB |\n",
        figures.gateway,
        figures.bare,
        figures.cpu.as_secs_f64() * 1e6,
        mib(figures.memory),
    );
    text
}

/// Pages of what could not be pushed.
pub(crate) fn unpushed(figures: &unpushed::Figures) -> String {
    let mut text = format!(
        "`queryUnPushRecognitionInfo` over HTTPS at a gateway with {} failed recognitions, all within the period\n\
         asked for, a hundred a page. Each answer also counts them all.\n\n\
         | page | p50 ms | longest ms |\n|---|---|---|\n",
        figures.records
    );
    for asked in &figures.pages {
        let _ = writeln!(
            text,
            "| {} | {:.1} | {:.1} |",
            asked.page,
            millis(asked.took(0.5)),
            millis(asked.took(1.0))
        );
    }
    let _ = write!(
        text,
        "\nThe gateway has {:.0} MiB of memory afterwards.\n",
        mib(figures.memory)
    );
    text
}

/// From a camera's reading to the event.
pub(crate) fn cameras(families: &[Family]) -> String {
    let mut text = format!(
        "A reading with a picture of {} KiB, from its first byte to the push that arrives at the platform (the\n\
         picture kept, the journal's commit, the push over HTTPS), and to the pulse that arrives at the camera.\n\
         {LANES} lanes, one vehicle at a time.\n\n\
         | | to the event, p50 / p99 ms | to the pulse, p50 / p99 ms | readings |\n|---|---|---|---|\n",
        PICTURE / 1024
    );
    for family in families {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            family.name,
            shares(&family.events),
            shares(&family.pulses),
            family.events.count(),
        );
    }
    text
}

/// A gateway with very many cameras.
pub(crate) fn crowd(crowd: &Crowd) -> String {
    format!(
        "{CAMERAS} cameras of 臻识 over TCP, whose inputs are looked at ten times a second; then twenty readings a\n\
         second, each with a picture of {} KiB.\n\n\
         | | |\n|---|---|\n\
         | start to first connection | {:.0} ms |\n\
         | nothing happens: share of a core, memory | {:.1} %, {:.0} MiB |\n\
         | twenty readings a second: share of a core, memory | {:.1} %, {:.0} MiB |\n\
         | reading to the event, p50 / p99 | {} ms |\n",
        PICTURE / 1024,
        millis(crowd.started),
        crowd.idle.0 * 100.0,
        mib(crowd.idle.1),
        crowd.busy.0 * 100.0,
        mib(crowd.busy.1),
        shares(&crowd.events),
    )
}

/// From a camera's reading to the relay that opens.
pub(crate) fn chain(took: &Took) -> String {
    let of = |share| millis(took.share(share));
    let mut text = format!(
        "As above through both real sides: a reading of a camera of 臻识 over TCP, with a picture of {} KiB, to the\n\
         write that closes the relay of a Modbus TCP module. {LANES} lanes, {} vehicles.\n",
        PICTURE / 1024,
        took.count()
    );
    text += &goals(&[
        Goal::below("reading to relay, p50", 10.0, " ms", of(0.5)),
        Goal::below("reading to relay, p99", 50.0, " ms", of(0.99)),
    ]);
    text
}

fn shares(took: &Took) -> String {
    let of = |share| millis(took.share(share));
    format!("{:.1} / {:.1}", of(0.5), of(0.99))
}
