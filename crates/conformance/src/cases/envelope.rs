//! The envelope, rightly and wrongly: transport, content type, fields, times, token.

mod clock;
mod form;
mod token;

use crate::case::{Case, Side};

pub(super) fn cases(side: Side) -> Vec<Case> {
    let mut cases = form::cases(side);
    cases.extend(token::cases(side));
    cases.extend(clock::cases());
    cases
}
