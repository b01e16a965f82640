//! Times in the envelope: their form (T-5), and how far a clock may be off (D-4).

use jiff::Timestamp;

use crate::bench::Bench;
use crate::case::Severity::{Remark, Should};
use crate::case::{Case, Checked, check};
use crate::cases::probe::Expect::{Accepted, Refused};
use crate::cases::probe::{probe, sound_fields, sound_path};
use crate::clock::wire_time;
use crate::draft::Draft;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = forms();
    cases.extend(window());
    cases
}

fn forms() -> Vec<Case> {
    let formed = |id, form: fn(&Bench) -> String, zh, en| {
        probe(id, Should, (zh, en), Refused, move |bench| {
            at(bench, &form(bench))
        })
    };
    vec![
        formed(
            "T-5.dashes",
            |bench| {
                let time = bench.time();
                format!(
                    "{}-{}-{}{}",
                    &time[..4],
                    &time[4..6],
                    &time[6..8],
                    &time[8..]
                )
            },
            "yyyy-MM-dd 形式的 time 被拒绝",
            "a time with dashes is refused",
        ),
        formed(
            "T-5.iso",
            |bench| bench.clock.now().to_string(),
            "ISO 8601 形式的 time 被拒绝",
            "an ISO 8601 time is refused",
        ),
        formed(
            "T-5.milliseconds",
            |bench| bench.clock.now().as_millisecond().to_string(),
            "毫秒数形式的 time 被拒绝",
            "a time in milliseconds is refused",
        ),
        formed(
            "T-5.no-seconds",
            |bench| bench.time()[..14].to_owned(),
            "没有秒的 time 被拒绝",
            "a time without seconds is refused",
        ),
        formed(
            "T-5.month",
            |bench| format!("{}13{}", &bench.time()[..4], &bench.time()[6..]),
            "不存在的月份被拒绝",
            "a month that does not exist is refused",
        ),
    ]
}

fn window() -> Vec<Case> {
    vec![
        probe(
            "D-4.old",
            Remark,
            ("过期请求被拒绝", "an old request is refused"),
            Refused,
            |bench| at(bench, &wire_time(past(bench, 2))),
        ),
        probe(
            "D-4.ahead",
            Remark,
            (
                "时钟过快的请求被拒绝",
                "a request from the future is refused",
            ),
            Refused,
            |bench| {
                at(
                    bench,
                    &wire_time(bench.clock.now() + bench.timing().clock_window * 2),
                )
            },
        ),
        probe(
            "D-4.near",
            Remark,
            (
                "时钟略慢的请求被接受",
                "a clock that is a little behind is accepted",
            ),
            Accepted,
            |bench| {
                at(
                    bench,
                    &wire_time(bench.clock.now() - bench.timing().clock_window / 3),
                )
            },
        ),
        Case::new(
            "D-4.says-how-far",
            Remark,
            (
                "拒绝时说明相差多少秒",
                "the refusal says by how many seconds",
            ),
            |bench| Box::pin(says_how_far(bench)),
        ),
    ]
}

async fn says_how_far(bench: &Bench) -> Checked {
    let reply = bench.send(&at(bench, &wire_time(past(bench, 2)))).await;
    reply.refused()?;
    let off = (bench.timing().clock_window * 2).as_secs();
    let reason = reply.reason();
    // The request was on its way for a moment.
    let near = off.saturating_sub(2)..=off + bench.timing().reply.as_secs();
    let told = near
        .into_iter()
        .any(|seconds| reason.contains(&seconds.to_string()));
    check(told, || {
        (
            format!("respDesc 为 {reason:?}"),
            format!("respDesc is {reason:?}"),
        )
    })
}

fn past(bench: &Bench, windows: u32) -> Timestamp {
    bench.clock.now() - bench.timing().clock_window * windows
}

/// A request whose envelope says `time`, with the token that belongs to it.
fn at(bench: &Bench, time: &str) -> Draft {
    let setting = &bench.setting;
    bench.draft_of(
        &setting.lot,
        &setting.signer,
        time,
        sound_path(bench),
        sound_fields(bench),
    )
}
