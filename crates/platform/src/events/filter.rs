//! Which events somebody wants, and which of them they may see. Pure.

use boshi_protocol::id::LotId;

use super::Kind;

/// What stands between the lots of an event in the table: no id holds it.
const BETWEEN: char = '\n';

/// Chooses events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Only these kinds; all when there are none.
    pub(crate) kinds: Vec<Kind>,
    /// Only what is of one of these lots or of every lot; all when there are none.
    pub(crate) lots: Vec<LotId>,
    /// The lots that the follower is bound to, if it is: nothing that is of others.
    pub(crate) bounds: Option<Vec<LotId>>,
}

impl Filter {
    /// Whether an event of this kind and of these lots, as the table has them, is wanted.
    pub(crate) fn wants(&self, kind: Kind, lots: Option<&str>) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&kind))
            && self.of_wanted_lots(kind, lots)
            && self.may_see(kind, lots)
    }

    fn of_wanted_lots(&self, kind: Kind, lots: Option<&str>) -> bool {
        if self.lots.is_empty() {
            return true;
        }
        match lots {
            None => kind.holds_everywhere(),
            Some(lots) => apart(lots).any(|lot| is_among(lot, &self.lots)),
        }
    }

    fn may_see(&self, kind: Kind, lots: Option<&str>) -> bool {
        match (&self.bounds, lots) {
            (None, _) => true,
            (Some(_), None) => kind.holds_everywhere(),
            (Some(bounds), Some(lots)) => apart(lots).all(|lot| is_among(lot, bounds)),
        }
    }
}

/// Lots as the table has them; none for every lot.
pub(crate) fn together(lots: &[LotId]) -> Option<String> {
    let lots: Vec<&str> = lots.iter().map(LotId::as_str).collect();
    (!lots.is_empty()).then(|| lots.join(&BETWEEN.to_string()))
}

/// The lot that an event is of, if it is of exactly one.
pub(crate) fn only(lots: Option<&str>) -> Option<&str> {
    lots.filter(|lots| !lots.contains(BETWEEN))
}

/// The lots, one by one.
pub(crate) fn apart(lots: &str) -> impl Iterator<Item = &str> {
    lots.split(BETWEEN)
}

fn is_among(lot: &str, lots: &[LotId]) -> bool {
    lots.iter().any(|known| known.as_str() == lot)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> Vec<LotId> {
        let ids = text.split_whitespace();
        ids.map(|id| LotId::new(id).unwrap()).collect()
    }

    #[test]
    fn who_is_bound_to_lots_sees_only_what_is_of_them_alone_or_holds_everywhere() {
        let free = Filter::default();
        let bound = Filter {
            bounds: Some(ids("A B")),
            ..Filter::default()
        };
        for (kind, lots, seen) in [
            (Kind::CrossingRecorded, "A", true),
            (Kind::CrossingRecorded, "C", false),
            (Kind::PermitAdded, "A B", true),
            (Kind::PermitAdded, "A C", false),
            (Kind::PermitAdded, "", true),
            (Kind::BlockAdded, "", true),
            (Kind::WebhookDisabled, "", false),
        ] {
            let lots = together(&ids(lots));
            assert!(free.wants(kind, lots.as_deref()));
            assert_eq!(
                bound.wants(kind, lots.as_deref()),
                seen,
                "{kind:?} {lots:?}"
            );
        }
        let nothing = Filter {
            bounds: Some(Vec::new()),
            ..Filter::default()
        };
        assert!(!nothing.wants(Kind::CrossingRecorded, Some("A")));
    }

    #[test]
    fn events_are_chosen_by_kind_and_by_any_of_their_lots() {
        let filter = Filter {
            kinds: Kind::meant("permit"),
            lots: ids("A"),
            bounds: None,
        };
        for (kind, lots, wanted) in [
            (Kind::PermitAdded, Some("A"), true),
            (Kind::PermitRemoved, Some("C\nA"), true),
            (Kind::PermitAdded, Some("AB"), false),
            (Kind::PermitAdded, None, true),
            (Kind::BlockAdded, None, false),
        ] {
            assert_eq!(filter.wants(kind, lots), wanted, "{kind:?} {lots:?}");
        }
    }

    #[test]
    fn a_word_means_one_kind_or_a_family_or_nothing() {
        assert_eq!(Kind::meant("stay.opened"), [Kind::StayOpened]);
        assert_eq!(Kind::meant("stay").len(), 5);
        assert_eq!(Kind::meant("sta"), []);
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
    }
}
