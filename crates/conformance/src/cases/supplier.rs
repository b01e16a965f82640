//! Judging a supplier: its nine endpoints, its lane, and how it pushes.

mod abnormal;
mod asking;
mod crossing;
mod delivery;
mod display;
mod failed;
mod gate;
mod lane;
mod lost;
mod paging;
mod places;
mod recognition;
mod stays;
mod times;
mod unpushed;

use crate::case::Case;
use crate::case::Severity::Must;
use crate::cases::probe::Expect::Accepted;
use crate::cases::probe::{probe, sound};

pub(super) fn cases() -> Vec<Case> {
    let parts = [
        gate::cases,
        display::cases,
        places::cases,
        stays::cases,
        recognition::cases,
        asking::cases,
        crossing::cases,
        times::cases,
        delivery::cases,
        failed::cases,
        unpushed::cases,
        abnormal::cases,
        lost::cases,
    ];
    let title = (
        "车场可服务时 /checkConnect 应答 0",
        "the heartbeat is answered 0",
    );
    let mut cases = vec![probe("BEAT-1.answers", Must, title, Accepted, sound)];
    cases.extend(parts.into_iter().flat_map(|cases| cases()));
    cases
}
