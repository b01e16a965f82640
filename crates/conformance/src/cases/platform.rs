//! Judging a platform: its three endpoints, and what it asks of a supplier.

mod calls;
mod fields;
mod outage;
mod recognition;
mod repeats;

use crate::case::Case;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = fields::cases();
    cases.extend(recognition::cases());
    cases.extend(repeats::cases());
    cases.extend(calls::cases());
    cases.extend(outage::cases());
    cases
}
