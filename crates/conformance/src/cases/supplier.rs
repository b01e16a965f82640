//! Judging a supplier: its nine endpoints, its lane, and how it pushes.

mod abnormal;
mod asking;
mod crossing;
mod delivery;
mod display;
mod failed;
mod gate;
mod lane;
mod paging;
mod places;
mod recognition;
mod stays;
mod times;
mod unpushed;

use crate::case::Case;

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
    ];
    parts.into_iter().flat_map(|cases| cases()).collect()
}
