//! Judging a supplier: its nine endpoints, its lane, and how it pushes.

mod abnormal;
mod asking;
mod crossing;
mod delivery;
mod display;
mod failed;
mod forced;
mod gate;
mod held;
mod lane;
mod lost;
mod paging;
mod places;
mod recognition;
mod released;
mod stays;
mod times;
mod unpushed;

use crate::case::Case;
use crate::case::Severity::Must;
use crate::cases::probe::Expect::Accepted;
use crate::cases::probe::{probe, sound};

/// Requests at the same time: a platform's heartbeat, queries and commands together.
const AT_ONCE: usize = 8;

pub(super) fn cases() -> Vec<Case> {
    let parts = [
        gate::cases,
        forced::cases,
        held::cases,
        display::cases,
        places::cases,
        stays::cases,
        recognition::cases,
        asking::cases,
        crossing::cases,
        times::cases,
        delivery::cases,
        failed::cases,
        released::cases,
        unpushed::cases,
        abnormal::cases,
        lost::cases,
    ];
    let title = (
        "车场可服务时 /checkConnect 应答 0",
        "the heartbeat is answered 0",
    );
    let mut cases = vec![
        probe("BEAT-1.answers", Must, title, Accepted, sound),
        Case::new(
            "BEAT-1.at-once",
            Must,
            (
                "同时到达的多个请求都得到应答",
                "many requests at the same time are all answered",
            ),
            |bench| {
                Box::pin(async move {
                    for reply in bench.at_once(&vec![sound(bench); AT_ONCE]).await {
                        reply.accepted()?;
                    }
                    Ok(())
                })
            },
        ),
    ];
    cases.extend(parts.into_iter().flat_map(|cases| cases()));
    cases
}
