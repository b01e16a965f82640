//! Every case, in the order in which they are run.

mod conduct;
mod envelope;
mod platform;
mod probe;
mod replies;
mod supplier;

use crate::case::{Case, Side};

/// The cases for judging `side`.
pub fn all(side: Side) -> Vec<Case> {
    let mut cases = envelope::cases(side);
    cases.extend(match side {
        Side::Supplier => supplier::cases(),
        Side::Platform => platform::cases(),
    });
    // What was exchanged meanwhile is looked at last.
    cases.extend(replies::cases());
    cases.extend(conduct::cases(side));
    cases
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::case::Severity;
    use crate::requirement::{REQUIREMENTS, requirement};

    #[test]
    fn every_case_is_about_a_requirement_and_has_an_id_of_its_own() {
        for side in [Side::Supplier, Side::Platform] {
            let cases = all(side);
            let ids: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
            assert_eq!(ids.len(), cases.len());
            for case in &cases {
                assert!(requirement(case.requirement).is_some(), "{}", case.id);
            }
        }
    }

    #[test]
    fn every_requirement_of_the_table_has_a_case() {
        let cases = [all(Side::Supplier), all(Side::Platform)].concat_ids();
        for requirement in REQUIREMENTS {
            assert!(cases.contains(requirement.id), "{}", requirement.id);
        }
    }

    /// A decision of ours is never somebody else's failure.
    #[test]
    fn our_own_decisions_are_remarks_and_nothing_else_is() {
        for case in all(Side::Supplier).iter().chain(&all(Side::Platform)) {
            let is_ours = case.requirement.starts_with("D-");
            assert_eq!(case.severity == Severity::Remark, is_ours, "{}", case.id);
        }
    }

    trait Ids {
        fn concat_ids(&self) -> BTreeSet<&'static str>;
    }

    impl Ids for [Vec<Case>; 2] {
        fn concat_ids(&self) -> BTreeSet<&'static str> {
            self.iter().flatten().map(|case| case.requirement).collect()
        }
    }
}
